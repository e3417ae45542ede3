"""How well a model answers questions about pictures that were held back, beside a glance at the training set."""

from collections.abc import Sequence
from dataclasses import dataclass

from zaohua.metrics.vqa import commonest, vqa_accuracy
from zaohua.multimodal.any.examples import Example
from zaohua.multimodal.any.questions import Posed, questions_about


@dataclass(frozen=True, eq=False)
class Exam:
    """language: of the questions; held_back: the pictures they are about; train: those learnt from; near: of each
    picture held back, the place of the nearest to it among these."""

    language: str
    held_back: Sequence[Example]
    train: Sequence[Example]
    near: Sequence[int]

    @property
    def questions(self) -> list[tuple[int, Posed]]:
        """Each with the place of its picture. Of two checks one is true, the other asks for the next picture's name."""
        count = len(self.held_back)
        return [
            (place, posed)
            for place, item in enumerate(self.held_back)
            for posed in questions_about(item, self.language, self.held_back[(place + 1) % count])
        ]

    def scores(self, answers: Sequence[str]) -> dict[str, float]:
        """VQA accuracy, of all answers and by the sort of question. answers: in the order of the questions."""
        pairs = [
            (posed.sort, answer, posed.answers) for (_, posed), answer in zip(self.questions, answers, strict=True)
        ]
        sorts = sorted({sort for sort, _, _ in pairs})
        found = {f"answer_vqa_{self.language}": _accuracy(pairs)}
        if len(sorts) > 1:
            for sort in sorts:
                found[f"answer_vqa_{sort}_{self.language}"] = _accuracy([pair for pair in pairs if pair[0] == sort])
        return found

    def frequent(self) -> list[str]:
        """To every question the commonest answer to the like of it in the training set, of all that people gave."""
        given: dict[str, list[Sequence[str]]] = {}
        for place, item in enumerate(self.train):
            for posed in questions_about(item, self.language, self.train[(place + 1) % len(self.train)]):
                given.setdefault(posed.like, []).append(posed.answers)
        common = {like: commonest(answers) for like, answers in given.items()}
        return [common.get(posed.like, "") for _, posed in self.questions]

    def nearest(self) -> list[str]:
        """To every question what most people would say of the nearest picture; the commonest answer where that is
        unknown."""
        found = []
        for (place, posed), common in zip(self.questions, self.frequent(), strict=True):
            item, near = self.held_back[place], self.train[self.near[place]]
            others = (item, self.held_back[(place + 1) % len(self.held_back)])
            known = {
                asked.question: commonest([asked.answers])
                for other in others
                for asked in questions_about(near, self.language, other)
            }
            found.append(known.get(posed.question, common))
        return found


def _accuracy(pairs: Sequence[tuple[str, str, Sequence[str]]]) -> float:
    return vqa_accuracy([answer for _, answer, _ in pairs], [given for _, _, given in pairs])

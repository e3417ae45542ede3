"""Questions about a picture: those that the data ask, or else those that its captions and its class answer: what it is,
whether it is this or that, of what kind it is. These make question answering learnable from any captioned pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from zaohua.multimodal.any.examples import Example

_ASKED = {
    "en": ("What is this?", "Is this {}?", "What kind of thing is this?"),
    "zh": ("这是什么？", "这是{}吗？", "这是哪一类东西？"),
}
_ANSWERS = {"en": ("yes", "no"), "zh": ("是", "不是")}


@dataclass(frozen=True)
class Posed:
    """sort: "name", "check", "kind", or "data" for a question of the data; answers: right ones, the main one first."""

    sort: str
    question: str
    answers: Sequence[str]

    @property
    def like(self) -> str:
        """What questions of one sort have in common: the data's their wording."""
        return self.question if self.sort == "data" else self.sort


def question(example: Example, language: str, others: Sequence[Example], draws: Sequence[float]) -> tuple[str, str]:
    """A question about the example and its answer. others: where a wrong caption may come from; draws: four numbers in
    (0, 1) that decide which question, and with which captions."""
    if known := _of_the_data(example, language):
        posed = known[int(draws[0] * len(known))]
        return posed.question, posed.answers[int(draws[1] * len(posed.answers))]
    which = int(draws[0] * (3 if example.label else 2))
    if which == 0:
        posed = _name(example, language)
    elif which == 2:
        posed = _kind(example, language)
    else:
        of = example if draws[2] < 0.5 else others[int(draws[3] * len(others))]
        names = of.texts.get(language) or example.texts[language]
        posed = check(example, language, names[int(draws[1] * len(names))])
    return posed.question, posed.answers[0]


def questions_about(example: Example, language: str, other: Example) -> list[Posed]:
    """All that can be asked of an example, whether it is itself and whether it is the other one."""
    if known := _of_the_data(example, language):
        return known
    if not (names := example.texts.get(language)):
        return []
    found = [_name(example, language), check(example, language, names[0])]
    if other.texts.get(language):
        found.append(check(example, language, other.texts[language][0]))
    return [*found, _kind(example, language)] if example.label else found


def check(example: Example, language: str, name: str) -> Posed:
    """Whether it is called so."""
    right, wrong = _ANSWERS[language]
    return Posed("check", _ASKED[language][1].format(name), [right if name in example.texts[language] else wrong])


def _of_the_data(example: Example, language: str) -> list[Posed]:
    return [Posed("data", asked, given) for asked, given in example.asked.get(language, {}).items()]


def _name(example: Example, language: str) -> Posed:
    return Posed("name", _ASKED[language][0], example.texts[language][:1])


def _kind(example: Example, language: str) -> Posed:
    return Posed("kind", _ASKED[language][2], [example.called.get(language, example.label)])

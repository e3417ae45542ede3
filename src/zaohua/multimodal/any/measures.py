"""How well a model translates between media, beside what a glance at the training set reaches."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.artifacts import Artifact, Image, Text
from zaohua.data.captioned import Captioned, Side
from zaohua.gan.images.pixels import grid
from zaohua.metrics.captions import caption_scores
from zaohua.metrics.errors import word_error_rate
from zaohua.multimodal.any.adherence import Adherence
from zaohua.multimodal.any.answering import Exam
from zaohua.multimodal.any.examples import Example, Examples, spread
from zaohua.multimodal.any.inputs import Input
from zaohua.multimodal.any.model import AnyModel
from zaohua.multimodal.any.preparing import Prepared
from zaohua.multimodal.any.templates import MEDIUM, TEMPLATES
from zaohua.multimodal.any.vocabulary import LANGUAGES
from zaohua.nn.mel import log_mel, usual

_SHOWN = 4  # of each template among the samples of a run
_DRAWN = 16
_FRAMES = 16  # of a spectrogram, whatever its length, by which sounds are compared
_BLOCK = 256
READING = ("caption", "narrate", "transcribe")


@dataclass(frozen=True)
class Asked:
    """Things held back that something is said of in a language. numbers: their places in the side; unheard: whether it
    is the voice that was kept out of both sides."""

    captioned: Captioned
    side: Side
    examples: Examples
    language: str
    numbers: list[int]
    unheard: bool = False

    @property
    def references(self) -> list[list[str]]:
        """All that people say of each."""
        return [self.examples.items[number].texts[self.language] for number in self.numbers]

    @property
    def inputs(self) -> list[Input]:
        """Each as a model reads it."""
        items = [self.examples.items[number] for number in self.numbers]
        return [Input(item.medium, codes=item.codes[0], seen=item.seen[0] if item.seen else None) for item in items]


class Measures:
    """count: things of each kind that are looked at, at most."""

    def __init__(self, found: Prepared, count: int) -> None:
        self.found, self.count = found, count
        self._adherence: dict[int, Adherence | None] = {}

    def asked(self, template: str) -> list[Asked]:
        """What of the held-back data fits a template, language by language."""
        medium = next(part for part in TEMPLATES[template] if part != "text")
        chosen = []
        for captioned, held_back, unheard in zip(
            self.found.data, self.found.validation, self.found.unheard, strict=True
        ):
            if MEDIUM[captioned.kind] != medium:
                continue
            for side, examples in ((captioned.validation, held_back), (captioned.unheard, unheard)):
                if side is None or examples is None:
                    continue
                for language in LANGUAGES:
                    said = [
                        place for place, item in enumerate(examples.items) if self._speaks(template, item, language)
                    ]
                    if said := said[:: -(-len(said) // self.count) or 1]:
                        chosen.append(Asked(captioned, side, examples, language, said, examples is unheard))
        return chosen

    @staticmethod
    def _speaks(template: str, item: Example, language: str) -> bool:
        """Whether something is said of it, or asked where questions are to be answered."""
        return language in item.texts or (template == "answer" and language in item.asked)

    def of(self, model: AnyModel, templates: Iterable[str] | None = None) -> dict[str, float]:
        """Every number of what a model makes of the held-back things; of all templates that it learnt, or of these."""
        scores: dict[str, float] = {}
        for template in templates or self.found.weights:
            for asked in self.asked(template):
                if template in READING:
                    texts = [text.text for text in model.read(asked.inputs, asked.language)]
                    scores |= caption_rows(template, asked, texts)
                elif template == "answer":
                    scores |= answers(model, self._exam(asked), asked.inputs)
                elif template == "draw" and (judge := self.judge(asked.captioned)):
                    prompts = [each[0] for each in asked.references]
                    pictures = torch.from_numpy(np.stack([made.pixels for made in model.generate(prompts, cut=True)]))
                    wanted = [asked.side.classes[number] for number in asked.numbers]
                    scores[f"draw_class_{asked.language}"] = judge.share(pictures.permute(0, 3, 1, 2), wanted)
        return scores

    def baselines(self, templates: Iterable[str] | None = None) -> dict[str, dict[str, float]]:
        """The same of the caption of the nearest thing of the training set ("nearest"), of its most frequent caption
        ("frequent"), and of the held-back pictures themselves ("real")."""
        found: dict[str, dict[str, float]] = {"nearest": {}, "frequent": {}, "real": {}}
        for template in templates or self.found.weights:
            for asked in self.asked(template):
                if template in READING:
                    found["nearest"] |= caption_rows(template, asked, nearest_captions(asked))
                    found["frequent"] |= caption_rows(template, asked, frequent_captions(asked))
                elif template == "answer":
                    exam = self._exam(asked)
                    found["nearest"] |= exam.scores(exam.nearest())
                    found["frequent"] |= exam.scores(exam.frequent())
                elif template == "draw" and (judge := self.judge(asked.captioned)):
                    side, numbers = asked.side, asked.numbers
                    wanted = [side.classes[number] for number in numbers]
                    assert isinstance(side.media, Tensor)
                    found["real"][f"draw_class_{asked.language}"] = judge.share(side.media[numbers], wanted)
        return {name: numbers for name, numbers in found.items() if numbers}

    def _exam(self, asked: Asked) -> Exam:
        """Questions about things held back."""
        place = next(n for n, captioned in enumerate(self.found.data) if captioned is asked.captioned)
        train = self.found.train[place].items
        near = nearest_places(asked, range(len(train)))
        return Exam(asked.language, [asked.examples.items[number] for number in asked.numbers], train, near)

    def shown(self, model: AnyModel, seed: int) -> list[Artifact]:
        """What a model makes of a few held-back things."""
        made: list[Artifact] = []
        for template in self.found.weights:
            medium = TEMPLATES[template][-1]
            for asked in self.asked(template):
                if template in READING:
                    said = model.read(asked.inputs[:_SHOWN], asked.language)
                    pairs = zip(said, asked.references, strict=False)
                    made += [Text(prompt=known[0], text=f" → {text.text}", model=model.name) for text, known in pairs]
                elif template == "answer":
                    exam, inputs = self._exam(asked), asked.inputs
                    posed = exam.questions[:_SHOWN]
                    pictures, questions = [inputs[n] for n, _ in posed], [each.question for _, each in posed]
                    given = model.read(pictures, asked.language, questions=questions, cut=True)
                    made += [Text(prompt=each.prompt, text=f" → {each.text}", model=model.name) for each in given]
                elif template in ("draw", "speak", "film"):
                    prompts = [each[0] for each in asked.references[: _DRAWN if template == "draw" else 1]]
                    artifacts = model.generate(prompts, medium, seed=seed, cut=True)
                    made += [sheet(artifacts)] if template == "draw" else artifacts
        return made

    def judge(self, captioned: Captioned) -> Adherence | None:
        """What tells the classes of these pictures apart, trained when first asked for."""
        key = id(captioned)
        if key not in self._adherence:
            self._adherence[key] = Adherence.of(captioned.train)
        return self._adherence[key]


def caption_rows(template: str, asked: Asked, texts: Sequence[str]) -> dict[str, float]:
    """Scores of texts, with the language in their names; of captions also on those things alone whose names are made of
    words that were learnt."""
    language = asked.language
    if template == "transcribe":
        first = [known[0] for known in asked.references]
        return {f"{template}_wer_{'unheard_' * asked.unheard}{language}": word_error_rate(texts, first)}
    scores = caption_scores(texts, asked.references)
    found = {f"{template}_{name}_{language}": scores[name] for name in ("cider_d", "rouge_l", "chrf")}
    seen = [place for place, number in enumerate(asked.numbers) if asked.captioned.seen(number, language)]
    if len(seen) > 1:
        known = caption_scores([texts[place] for place in seen], [asked.references[place] for place in seen])
        found[f"{template}_cider_d_seen_{language}"] = known["cider_d"]
    return found


def frequent_captions(asked: Asked) -> list[str]:
    """The most frequent caption of the training set, for each."""
    said = [known[asked.language][0] for known in asked.captioned.train.captions if known.get(asked.language)]
    return [Counter(said).most_common(1)[0][0]] * len(asked.numbers)


def nearest_captions(asked: Asked, features: tuple[Tensor, Tensor] | None = None) -> list[str]:
    """The main caption of the training thing nearest to each. features: of the training set and of the held-back one,
    float32 [N, D]; left out: pixels, or spectrograms."""
    train, language = asked.captioned.train, asked.language
    said = [place for place, known in enumerate(train.captions) if known.get(language)]
    return [train.captions[place][language][0] for place in nearest_places(asked, said, features)]


def nearest_places(asked: Asked, among: Sequence[int], features: tuple[Tensor, Tensor] | None = None) -> list[int]:
    """The place in the training set of what is nearest to each, of those at these places. features: as above."""
    known, wanted = features or (looks(asked.captioned, asked.captioned.train), looks(asked.captioned, asked.side))
    known, wanted = known[list(among)], wanted[asked.numbers]
    best = torch.cat([torch.cdist(part, known).argmin(1) for part in wanted.split(_BLOCK)]).tolist()
    return [among[place] for place in best]


def answers(model: AnyModel, exam: Exam, inputs: Sequence[Input]) -> dict[str, float]:
    """Scores of a model's answers. inputs: the pictures, in the exam's order."""
    questions = exam.questions
    shown, asked = [inputs[place] for place, _ in questions], [posed.question for _, posed in questions]
    return exam.scores([text.text for text in model.read(shown, exam.language, questions=asked, cut=True)])


def looks(captioned: Captioned, side: Side) -> Tensor:
    """What things look or sound like, float32 [N, D]: pixels, those of the first, middle and last frames, or
    spectrograms of equal length."""
    if captioned.kind == "pictures":
        assert isinstance(side.media, Tensor)
        return side.media.flatten(1).float()
    if captioned.kind == "clips":
        return torch.stack([spread(clip, 3).flatten().float() for clip in side.media])
    return torch.stack([_spectrogram(wave, round(captioned.rate or 0)) for wave in side.media])


def _spectrogram(wave: Tensor, rate: int) -> Tensor:
    bands = log_mel(wave[None], usual(rate))
    return F.interpolate(bands, size=_FRAMES, mode="linear", align_corners=False).flatten()


def sheet(pictures: Sequence[Image]) -> Image:
    """Pictures as one, eight in a row; its prompt names them."""
    pixels = torch.from_numpy(np.stack([picture.pixels for picture in pictures])).permute(0, 3, 1, 2)
    prompt = " | ".join(picture.prompt for picture in pictures)
    return Image(pixels=grid(pixels, min(8, len(pictures))), prompt=prompt, model=pictures[0].model)

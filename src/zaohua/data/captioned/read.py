"""From a source to pairs: listed with their captions, opened, parted, and told about."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zaohua.data.captioned.builtin import class_name
from zaohua.data.captioned.captions import Captions, Others, Questions, all_words, words
from zaohua.data.captioned.config import CaptionedConfig, Kind
from zaohua.data.captioned.listed import Listed
from zaohua.data.captioned.notes import caption_facts, caption_warnings
from zaohua.data.captioned.opening import Media, Opened, finished_media, open_media, resolved
from zaohua.data.captioned.sources import captioned_of
from zaohua.data.classes import numbered
from zaohua.data.examples import fingerprint
from zaohua.data.pictures.copies import across, copies_among, groups, related
from zaohua.data.pictures.split import held_back
from zaohua.data.report import SourceReport
from zaohua.data.sides import class_counts, identity, sides_of
from zaohua.data.sounds.voices import heard, voices_held_back
from zaohua.errors import UsageError
from zaohua.i18n import t


@dataclass(frozen=True)
class Side:
    """What is learnt from, or what is held back: the n-th of each belong together.

    media: pictures uint8 [N, C, H, W], or a list of sounds float32 [T] or of clips uint8 [F, C, H, W]. captions:
    language -> what is said in it, the main one first. names: where each stands in its source. groups: what each
    belongs to, "" for nothing: variants of a thing, or a voice. classes: "" where there are none. questions: what is
    asked of each, and what people answered.
    """

    media: Media
    captions: list[Captions]
    names: list[str]
    groups: list[str]
    classes: list[str]
    questions: list[Questions]

    def __len__(self) -> int:
        return len(self.captions)


@dataclass(frozen=True)
class Captioned:
    """Both sides in memory. rate: samples per second of sounds, frames a second of clips, or None. report: JSON-able;
    what was read and skipped, captions by language, copies, warnings, and `hash`, the identity of all of it. unheard:
    the sounds of the voice that neither side hears, if the recipe names one. class_names: what classes are called."""

    kind: Kind
    train: Side
    validation: Side
    rate: float | None
    report: dict[str, Any]
    unheard: Side | None = None
    class_names: dict[str, Captions] = field(default_factory=dict)
    _known: dict[str, set[str]] = field(default_factory=dict, repr=False)

    def seen(self, number: int, language: str) -> bool:
        """Whether the main caption of an example held back is made of words that captions to train on have: English
        words whatever their case, Chinese characters. False if it has no caption in that language."""
        if language not in self._known:
            self._known[language] = all_words(self.train.captions, language)
        said = self.validation.captions[number].get(language, [])
        return bool(said) and self._known[language].issuperset(words(said[0], language))


def read_captioned(config: CaptionedConfig, seed: int, *, questions: bool = False, visible: bool = False) -> Captioned:
    """Read, make alike and split. questions: what a table asks in its column `question`, with what people said to it in
    `answer` or `answers`, is read, too, and then a picture may have questions and no caption; visible: a progress bar
    on the terminal, if it takes more than a second.

    Copies of one picture, sound or clip are on the same side, and what belongs together: variants of a pictogram, rows
    of one group, and all sounds of a voice unless voices are to be mixed. Raises UsageError or ZaohuaError, one line,
    if the source is wrong or holds too little.
    """
    report, others = SourceReport(), Others()
    config, found, listed = _open(config.source, config, report, others, questions, visible)
    counted = len(found)
    if config.validation_source is not None:
        _, given, beside = _open(config.validation_source, config, report, others, questions, visible)
        found, listed = found + given, listed + beside
    captions, asked = [one.captions for one in listed], [one.questions for one in listed]
    opened = finished_media(found, config, report, visible=visible)
    named = [(medium.name, medium.label) for medium in opened.media]
    classes, labels = numbered(named[:counted], named[counted:], "auto", config.source)
    copies = copies_among(opened.digests, opened.thumbnails)
    held = _held(opened, copies.pairs, labels, counted, config, seed, copies.digests)
    apart = _unheard(opened, config)
    sides = [side[~apart[side]] for side in sides_of(held, config.kind, config.source)]
    voices = opened.belonging if config.kind == "sounds" and all(opened.belonging) else []
    facts = opened.facts | {
        "kind": config.kind,
        config.kind: {"train": len(sides[0]), "validation": len(sides[1])},
        "classes": class_counts(classes, labels, sides[0]),
        "voices": {"train": heard(voices, sides[0]), "validation": heard(voices, sides[1])},
        "encodings": dict(report.encodings.most_common()),
        **copies.facts([medium.name for medium in opened.media]),
        "hash": _identity(opened, captions, asked, sides),
    }
    kinds = [classes[label] for label in labels] if labels is not None else [""] * len(found)

    def side(numbers: np.ndarray) -> Side:
        chosen = numbers.tolist()
        return Side(
            media=opened.finish(chosen),
            captions=[captions[number] for number in chosen],
            names=[opened.media[number].name for number in chosen],
            groups=[opened.belonging[number] for number in chosen],
            classes=[kinds[number] for number in chosen],
            questions=[asked[number] for number in chosen],
        )

    warnings = opened.warn(facts, copies.exact, across(copies.pairs, held))
    unheard = side(np.flatnonzero(apart)) if apart.any() else None
    named_classes = {label: class_name(config.source, label) for label in classes}
    made = Captioned(config.kind, side(sides[0]), side(sides[1]), opened.rate, facts, unheard, named_classes)
    if not questions:
        others.questions.clear()  # nobody misses them
    facts["captions"] = caption_facts(made, config.languages, others)
    facts["warnings"] = warnings + caption_warnings(made)
    return made


def _open(
    source: str, config: CaptionedConfig, report: SourceReport, others: Others, questions: bool, visible: bool
) -> tuple[CaptionedConfig, list[Any], list[Listed]]:
    """What a source holds, and as what it was listed, in the same order; and the settings with what only the files
    tell."""
    with captioned_of(source, config, report, others, questions=questions) as listed:
        media = [one.medium for one in listed]
        config = resolved(config, media)
        found = open_media(media, config, source, report, visible=visible)
    said = {one.medium.name: one for one in listed}
    return config, found, [said[_medium(one).name] for one in found]


def _medium(opened: Any) -> Any:
    """What an opened picture, sound or clip was listed as."""
    return next(getattr(opened, name) for name in ("picture", "sound", "clip") if hasattr(opened, name))


def _unheard(opened: Opened, config: CaptionedConfig) -> np.ndarray:
    """Which are of the voice that is kept out of both sides, bool [N]. UsageError if nothing is."""
    apart = np.array([group == config.unheard for group in opened.belonging])
    if config.unheard is not None and not apart.any():
        known = ", ".join(sorted(set(filter(None, opened.belonging)))) or "–"
        raise UsageError(t("captioned.unknown_voice", voice=config.unheard, known=known))
    return apart


def _held(
    opened: Opened,
    pairs: Sequence[tuple[int, int]],
    labels: np.ndarray | None,
    counted: int,
    config: CaptionedConfig,
    seed: int,
    digests: np.ndarray,
) -> np.ndarray:
    """Which are held back, bool [N]. counted: those of the main source; of others all are."""
    total, voices = len(opened.media), opened.belonging
    if counted < total:
        return np.arange(total) >= counted
    if config.kind == "sounds" and config.voices == "apart" and all(voices) and len(set(voices)) > 1:
        return voices_held_back(voices, config.validation, seed)
    together = list(pairs) if config.kind == "sounds" else [*pairs, *related(opened.belonging)]
    return held_back(groups(total, together), digests, labels, config.validation, seed)


def _identity(
    opened: Opened, captions: Sequence[Captions], questions: Sequence[Questions], sides: Sequence[np.ndarray]
) -> str:
    said = [repr(sorted(captions[number].items())) for side in sides for number in side]
    asked = [repr(sorted(questions[number].items())) for side in sides for number in side] if any(questions) else []
    return fingerprint([identity(opened.settings, opened.digests, sides, None), *said, *asked])

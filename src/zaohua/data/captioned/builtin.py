"""The built-in sets with captions: pictograms and digits with their names, pictograms that move as they are said to."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from zaohua.data.builtin_captions import emoji_names, moving_captions
from zaohua.data.builtin_clips import moving_emoji
from zaohua.data.builtin_pictures import digits, openmoji, openmoji_kinds
from zaohua.data.captioned.captions import Captions, of_class
from zaohua.data.captioned.config import Kind
from zaohua.data.captioned.listed import Listed
from zaohua.data.emoji_kinds import KIND_NAMES
from zaohua.errors import UsageError
from zaohua.i18n import t


def _openmoji_names() -> Iterator[Listed]:
    for picture in openmoji():
        yield Listed(picture, emoji_names(picture.name))


def _openmoji_kinds() -> Iterator[Listed]:
    for picture in openmoji_kinds():
        yield Listed(picture, emoji_names(picture.name))


def _kind(label: str) -> Captions:
    """A kind that no one would ask for by its name, "other", has none."""
    english, chinese = KIND_NAMES.get(label, ("", ""))
    return {"en": [english], "zh": [chinese]} if english else {}


def _digits() -> Iterator[Listed]:
    for picture in digits():
        yield Listed(picture, of_class(picture.label))


def _moving_emoji() -> Iterator[Listed]:
    for number, clip in enumerate(moving_emoji()):
        yield Listed(clip, moving_captions(number, clip.name.removeprefix("moving-emoji:")))


@dataclass(frozen=True, slots=True)
class _Set:
    kind: Kind
    read: Callable[[], Iterator[Listed]]
    name: Callable[[str], Captions] = of_class  # of a class


_SETS = {
    "openmoji-names": _Set("pictures", _openmoji_names),
    "openmoji-kinds": _Set("pictures", _openmoji_kinds, _kind),
    "digits": _Set("pictures", _digits),
    "moving-emoji": _Set("clips", _moving_emoji),
}


def builtin_captioned(name: str, kind: Kind) -> list[Listed]:
    """The pairs of a built-in set. UsageError for an unknown name or another kind, ZaohuaError if it cannot be had."""
    if name not in _SETS:
        near = get_close_matches(name, _SETS, n=1, cutoff=0.4)
        raise UsageError(t("captioned.unknown_set", name=name, meant=near[0] if near else ", ".join(_SETS)))
    found = _SETS[name]
    if found.kind != kind:
        raise UsageError(t("captioned.other_kind", name=name, kind=found.kind))
    return list(found.read())


def class_name(source: str, label: str) -> Captions:
    """What a class of a source is called, in the languages in which it has a name."""
    scheme, _, name = source.partition(":")
    builtin = _SETS.get(name) if scheme == "builtin" else None
    return builtin.name(label) if builtin else of_class(label)

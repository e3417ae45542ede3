"""Is the word heard? PocketSphinx, a recogniser that has never met our models, listens for a few words.

It knows American English, spoken by adults at 16,000 samples a second; on real recordings of single words it errs too,
so that its score on them stands beside every other.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Literal

import numpy as np

from zaohua.data.digit_names import DIGIT_NAMES
from zaohua.data.sounds.wave import levelled, resampled
from zaohua.errors import UsageError
from zaohua.extras import need
from zaohua.i18n import t

DIGITS = DIGIT_NAMES["en"]
_RATE = 16_000
_AROUND = 0.1  # seconds of silence before and after: the recogniser needs a moment to settle
_GRAMMAR = "words"


class SpeechJudge:
    """Takes every sound for one of a few words. words: English, in lower case, all in the recogniser's dictionary.

    Raises ZaohuaError without the library.
    """

    name = "pocketsphinx"

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._decoder = _decoder()
        self._decoder.add_jsgf_string(_GRAMMAR, f"#JSGF V1.0; grammar g; public <word> = {' | '.join(self.words)};")
        self._decoder.activate_search(_GRAMMAR)

    def heard(
        self, waves: Sequence[np.ndarray], rate: int, *, on_progress: Callable[[int], None] = lambda done: None
    ) -> list[str]:
        """The word in each sound, float32 [T]; "" where none is heard. on_progress: called with the sounds heard."""
        found = []
        for wave in waves:
            found.append(self._word(np.asarray(wave, np.float32), rate))
            on_progress(len(found))
        return found

    def _word(self, wave: np.ndarray, rate: int) -> str:
        around = np.zeros(round(_AROUND * _RATE), np.float32)
        heard = np.concatenate([around, levelled(resampled(wave, rate, _RATE)), around])
        self._decoder.start_utt()
        self._decoder.process_raw((heard.clip(-1, 1) * 32767).astype(np.int16).tobytes(), full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        return found.hypstr if found is not None else ""


def spoken_words(classes: Sequence[str]) -> tuple[str, ...]:
    """What is said in sounds of these classes, if PocketSphinx can be asked for it: digits by their names, other
    classes if they are English words; () if not all are."""
    words = [DIGITS[int(name)] if name in tuple("0123456789") else name.lower() for name in classes]
    if len(words) < 2 or len(set(words)) < len(words) or not all(map(str.isalpha, words)):
        return ()
    decoder = _decoder()
    return tuple(words) if all(word.isascii() and decoder.lookup_word(word) for word in words) else ()


def words_to_hear(classes: Sequence[str], wanted: bool | Literal["auto"]) -> tuple[str, ...]:
    """The words of these classes that a recogniser is to listen for; () if it shall not or, left to itself, cannot.

    Asked beforehand: a run that is to end with it must not fail for it at its end. UsageError if it must and cannot.
    """
    if not wanted or (wanted == "auto" and find_spec("pocketsphinx") is None):
        return ()
    words = spoken_words(classes)
    if not words and wanted is True:
        raise UsageError(t("sounds.no_words", classes=", ".join(classes) or "-"))
    return words


def agreement(heard: Sequence[str], wanted: Sequence[str]) -> dict[str, Any]:
    """accuracy: share of the sounds that were taken for what they should be; by_word: the same of each word;
    taken_for: how often each word was heard, whatever was wanted; "": none. All JSON-able."""
    right: dict[str, list[bool]] = {}
    for found, word in zip(heard, wanted, strict=True):
        right.setdefault(word, []).append(found == word)
    return {
        "accuracy": float(np.mean([found == word for found, word in zip(heard, wanted, strict=True)])),
        "by_word": {word: float(np.mean(found)) for word, found in right.items()},
        "taken_for": {word: heard.count(word) for word in dict.fromkeys((*right, *heard))},
    }


def speech_rows(found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """For a table, in the language in force: what of generated and of real sounds is understood. found: "judge", and an
    `agreement` of each of "generated", "real" and "through"."""
    shares = {name: f"{found[name]['accuracy']:.1%}" for name in ("generated", "real", "through")}
    return [
        (t("judges.understood", judge=found["judge"]), shares["generated"], shares["real"]),
        (t("judges.through"), "", shares["through"]),
    ]


def _decoder() -> Any:
    return need("pocketsphinx", "judges").Decoder(lm=None, loglevel="FATAL")

"""The one vocabulary: the tokeniser's text, then marks, then the codes of pictures and of sounds.

    [ text | marks | image codes | audio codes ]

What comes after the text has no spelling, so no text that a user types can become it. A film is image codes, frame
after frame, between marks of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.model_folder.values import Values

LANGUAGES = ("en", "zh")
MARKS = (*LANGUAGES, "image", "/image", "audio", "/audio", "video", "/video")
MEDIA = "media"  # the key of config.json that says all this


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Where each kind of token lies. text: tokens of the tokeniser; image_codes, audio_codes: 0 where the model has no
    such medium; grid: rows and columns of a picture's codes; longest: codes of a sound, at most; frames, fps: of a
    film, 0 where there are none."""

    text: int
    image_codes: int = 0
    grid: tuple[int, int] = (0, 0)
    audio_codes: int = 0
    longest: int = 0
    frames: int = 0
    fps: float = 0.0

    @property
    def size(self) -> int:
        """Rows of the model's table."""
        return self.audio_offset + self.audio_codes

    @property
    def image_offset(self) -> int:
        """The first image code."""
        return self.text + len(MARKS)

    @property
    def audio_offset(self) -> int:
        """The first audio code."""
        return self.image_offset + self.image_codes

    @property
    def picture(self) -> int:
        """Codes of one picture."""
        return prod(self.grid)

    def mark(self, name: str) -> int:
        """Token of one of MARKS."""
        return self.text + MARKS.index(name)

    def span(self, medium: str) -> range:
        """Tokens that the codes of "image", "audio" or "video" become."""
        if medium == "audio":
            return range(self.audio_offset, self.audio_offset + self.audio_codes)
        return range(self.image_offset, self.image_offset + self.image_codes)

    def has(self, medium: str) -> bool:
        """Whether the model has tokens for "image", "audio" or "video"."""
        if medium == "video":
            return self.frames > 0
        return len(self.span(medium)) > 0

    def longest_of(self, medium: str) -> int:
        """Codes of one picture, sound or film, at most."""
        return {"image": self.picture, "audio": self.longest, "video": self.frames * self.picture}[medium]

    def tokens(self, medium: str, codes: np.ndarray) -> np.ndarray:
        """Codes -> tokens between the medium's marks, int64."""
        inner = codes.reshape(-1).astype(np.int64) + self.span(medium).start
        return np.concatenate(([self.mark(medium)], inner, [self.mark(f"/{medium}")]))

    def codes(self, medium: str, tokens: Sequence[int] | np.ndarray) -> np.ndarray:
        """Tokens -> codes, int64; marks and whatever else is no code of the medium left out."""
        found, span = np.asarray(tokens, np.int64).reshape(-1), self.span(medium)
        return found[(found >= span.start) & (found < span.stop)] - span.start

    # ---- config.json

    def to_json(self) -> dict[str, Any]:
        """What stands under "media"."""
        found: dict[str, Any] = {"text": self.text, "marks": {name: self.mark(name) for name in MARKS}}
        if self.image_codes:
            found["image"] = {"offset": self.image_offset, "codes": self.image_codes, "grid": list(self.grid)}
        if self.audio_codes:
            found["audio"] = {"offset": self.audio_offset, "codes": self.audio_codes, "longest": self.longest}
        if self.frames:
            found["video"] = {"frames": self.frames, "fps": self.fps}
        return found

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], path: Path) -> "Vocabulary":
        """The same back. Raises ZaohuaError, in one line, for what is no such table."""

        def section(name: str) -> Values | None:
            found = raw.get(name)
            return Values(found if isinstance(found, dict) else {}, path) if name in raw else None

        image, audio, video = section("image"), section("audio"), section("video")
        rows, columns = (image.widths("grid", most=2) * 2)[:2] if image else (0, 0)  # a square may be told by its side
        return cls(
            text=Values(raw, path).whole("text"),
            image_codes=image.whole("codes") if image else 0,
            grid=(rows, columns),
            audio_codes=audio.whole("codes") if audio else 0,
            longest=audio.whole("longest") if audio else 0,
            frames=video.whole("frames") if video else 0,
            fps=video.positive("fps") if video else 0.0,
        )

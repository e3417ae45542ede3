"""What comes out of a model: which medium is asked for, what may be written to be one, what the tokens then are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from zaohua.artifacts import Artifact, Audio, Image, Text, Video
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.engine.spans import Span
from zaohua.multimodal.any.examples import Tokenisers
from zaohua.multimodal.any.vocabulary import LANGUAGES, Vocabulary

ARTIFACTS: dict[str, type[Artifact]] = {"text": Text, "image": Image, "audio": Audio, "video": Video}


def target_of(to: str, known: Sequence[str]) -> tuple[str, str]:
    """ "text:zh" -> ("text", "zh"); a medium alone in the first language known. Raises UsageError for another one."""
    medium, _, language = to.partition(":")
    language = language or (known[0] if known else LANGUAGES[0])
    if medium not in ARTIFACTS or (":" in to and medium != "text"):
        raise UsageError(t("anymodal.unknown_target", to=to))
    if medium == "text" and language not in known:
        raise UsageError(t("anymodal.other_language", found=language, known=", ".join(known)))
    return medium, language


def spans_of(medium: str, vocabulary: Vocabulary, count: int) -> dict[str, Any]:
    """What a request may write to be a picture, sound or film of so many codes, as its options; a sound may end
    before."""
    codes = vocabulary.span(medium)
    if medium != "audio":
        return {"spans": (Span(codes.start, codes.stop, count),)}
    closing = vocabulary.mark("/audio")
    return {"spans": (Span(codes.start, codes.stop, count, closing),), "stop_ids": frozenset({closing})}


def artifacts_of(
    medium: str,
    tokens: Sequence[Sequence[int]],
    vocabulary: Vocabulary,
    tokenisers: Tokenisers,
    told: Sequence[dict[str, Any]],
) -> list[Any]:
    """Pictures, sounds or films of the tokens that were written. told: where each comes from, see Artifact."""
    codes = [torch.from_numpy(vocabulary.codes(medium, each)) for each in tokens]
    image, audio = tokenisers.image, tokenisers.audio
    if medium == "audio":
        assert audio is not None
        waves = [audio.decode(each[None])[0].numpy() if len(each) else np.zeros(1, np.float32) for each in codes]
        return [Audio(samples=wave, rate=audio.rate, **facts) for wave, facts in zip(waves, told, strict=True)]
    assert image is not None
    pixels = image.decode(torch.stack(codes).view(-1, *vocabulary.grid)).permute(0, 2, 3, 1).numpy()
    if medium == "image":
        return [Image(pixels=picture, **facts) for picture, facts in zip(pixels, told, strict=True)]
    films = pixels.reshape(len(codes), -1, *pixels.shape[1:])
    films = films.repeat(3, axis=4) if films.shape[4] == 1 else films[..., :3]
    return [
        Video(frames=np.ascontiguousarray(film), fps=vocabulary.fps, **facts)
        for film, facts in zip(films, told, strict=True)
    ]

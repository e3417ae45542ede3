"""What a model reads before it writes: a text, or what it takes of a picture, a sound or a film."""

from collections.abc import Callable

import numpy as np
import torch

from zaohua.language.engine.given import Vectors
from zaohua.multimodal.any.folder import Parts
from zaohua.multimodal.any.inputs import Input, codes_of
from zaohua.multimodal.any.languages import prompt_language
from zaohua.multimodal.any.templates import Part, medium_part, seen_part, text_part
from zaohua.multimodal.sight import Eye


def prompt_ids(parts: Parts, text: str, room: int | None = None) -> list[int]:
    """Tokens of a prompt with its marks; none for none. room: as below. Raises UsageError for another language."""
    text = text.strip()
    if not text:
        return []
    return text_prompt(parts, text, prompt_language(text, parts.knows.languages), room).tokens.tolist()


def text_prompt(parts: Parts, text: str, language: str, room: int | None = None) -> Part:
    """A text. room: tokens that it may take with its marks, if there is a limit."""
    ids = np.asarray(parts.tokenizer.encode(text), np.int64)[: None if room is None else max(0, room - 2)]
    return text_part(parts.vocabulary, language, ids, parts.tokenizer.eot_id)


@torch.no_grad()
def medium_prompt(parts: Parts, given: Input, eye: Callable[[], Eye]) -> tuple[Part, Vectors | None]:
    """A picture, sound or film: its codes, or the place for what is seen of it. eye: opens what pictures are looked at
    with, where that is needed."""
    sight = parts.sight
    if sight is None or given.medium != "image":
        codes = codes_of(given, parts.vocabulary, parts.tokenisers)
        return medium_part(parts.vocabulary, given.medium, codes), None
    seen = given.seen
    if seen is None:
        assert parts.tokenisers.image is not None
        seen = eye().look(parts.tokenisers.image.pixels(given.content))[0]
    vectors = sight(seen[None].to(sight.positions.device))[0]
    return seen_part(parts.vocabulary, seen, sight.tokens), Vectors(1, vectors)

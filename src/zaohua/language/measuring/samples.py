"""Beginnings of held-out texts, how they really go on, and how a model goes on with them."""

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from zaohua.data.shards import TokenShards
from zaohua.language.engine.request import Request
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig
from zaohua.language.tokenizer import Tokenizer
from zaohua.seeding import sample_keys, uniform

_STREAM = 3  # this use of randomness, see zaohua.seeding
# What a shuffle moves: single Chinese characters, or whatever stands between blank space.
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(rf"[{_HAN}]|[^\s{_HAN}]+")


@dataclass(frozen=True)
class HeldOut:
    """A piece of held-out text cut in two, as token ids. ended: its document ends with it."""

    beginning: list[int]
    rest: list[int]
    ended: bool


@dataclass(frozen=True)
class Sample:
    """One beginning, what the model wrote after it and what stands there; ended: whether the text came to its end,
    and not only its budget."""

    beginning: str
    written: str
    real: str
    ended: bool
    real_ended: bool


def held_out(shards: TokenShards, eot_id: int, count: int, beginning: int, rest: int) -> list[HeldOut]:
    """At most `count` pieces of `beginning` + `rest` tokens at equal distances over the stream; each starts with a
    document where there are documents enough. A document that ends before is cut so that half of it, at most, is its
    beginning. Pieces of which nothing is left to go on with are left out."""
    documents = shards.document_starts
    enough = len(documents) >= count
    last = len(documents) - 1 if enough else max(0, shards.num_tokens - beginning - rest)
    chosen = np.unique(np.linspace(0, last, count).round().astype(np.int64))
    if enough:
        chosen = documents[chosen]
    found = []
    for start in chosen.tolist():
        ids = shards.read(start, min(beginning + rest + 1, shards.num_tokens - start)).tolist()
        ended = eot_id in ids
        ids = ids[: ids.index(eot_id)] if ended else ids[: beginning + rest]
        cut = min(beginning, len(ids) // 2)
        if ids[cut:] and (cut or not beginning):
            found.append(HeldOut(ids[:cut], ids[cut:], ended))
    return found


def write(
    model: LanguageModel,
    pieces: Sequence[HeldOut],
    *,
    max_new_tokens: int,
    sampling: SamplingConfig,
    seed: int,
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[Sample]:
    """The model's own text after each beginning, all of them at once. on_progress: called with the tokens written."""
    tokenizer = model.tokenizer
    requests = [
        Request(
            prompt=tokenizer.frame[0] + piece.beginning or tokenizer.opening,
            sampling=sampling,
            max_new_tokens=max_new_tokens,
            seed=seed,
            index=index,
            stop_ids=model.ends,
        )
        for index, piece in enumerate(pieces)
    ]
    count = itertools.count(1)
    texts = model.engine.complete(requests, lambda _place, _token: on_progress(next(count)))
    return [
        Sample(
            _text(tokenizer, piece.beginning),
            text.text,
            _text(tokenizer, piece.rest),
            text.finish_reason == "stop",
            piece.ended,
        )
        for piece, text in zip(pieces, texts, strict=True)
    ]


def shuffled(texts: Sequence[str], seed: int, *, marks: bool = True) -> list[str]:
    """Each text with its words, or its Chinese characters, in random order; blank space stays where it was. marks:
    punctuation between Chinese characters, which tells the lines of a poem, moves as one of them."""
    return [_shuffle(text, marks, seed, index) for index, text in enumerate(texts)]


def _shuffle(text: str, marks: bool, seed: int, index: int) -> str:
    def moves(piece: str) -> bool:
        return marks or any(map(str.isalnum, piece))

    pieces = list(filter(moves, _PIECE.findall(text)))
    draws = uniform(sample_keys(seed, 0, torch.tensor([index]), _STREAM), max(1, len(pieces)))[0]
    order = iter(draws.argsort().tolist())
    return _PIECE.sub(lambda found: pieces[next(order)] if moves(found[0]) else found[0], text)


def _text(tokenizer: Tokenizer, ids: list[int]) -> str:
    """Without the halves of characters that a cut between tokens leaves at either end."""
    return tokenizer.decode(ids).strip("\ufffd")

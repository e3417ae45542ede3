"""Starting weights of the rows of codes, and of the sight."""

from collections.abc import Sequence

import torch

from zaohua.language.decoder import Decoder
from zaohua.multimodal.any.examples import Examples, Tokenisers
from zaohua.multimodal.any.vocabulary import Vocabulary
from zaohua.multimodal.sight import Sight

_SHARED = 0.7  # of a row's variance


@torch.no_grad()
def codes_by_place(decoder: Decoder, vocabulary: Vocabulary, tokenisers: Tokenisers, seed: int) -> None:
    """Let codes that lie near each other on the tokeniser's grid, and mean nearly the same, begin with rows alike: a
    few thousand pictures show many codes too seldom for each to be learnt from nothing.

    A row is a random linear map of the code's place plus noise of its own, as large as rows are elsewhere. They are
    ordinary weights and train on like all others.
    """
    table, generator = decoder.embed_tokens.weight, torch.Generator().manual_seed(seed)
    for medium, tokeniser in (("image", tokenisers.image), ("audio", tokenisers.audio)):
        if tokeniser is None:
            continue
        span = vocabulary.span(medium)
        places = tokeniser.network.quantiser.grid().cpu()  # [codes, D]
        places = (places - places.mean(0)) / places.std(0)
        mapped = places @ torch.randn(places.shape[1], table.shape[1], generator=generator) / places.shape[1] ** 0.5
        own = table[span.start : span.stop]
        own.copy_((_SHARED**0.5 * own.std() * mapped) + (1 - _SHARED) ** 0.5 * own)


def sight_like_tokens(decoder: Decoder, sight: Sight, train: Sequence[Examples], seed: int) -> None:
    """Let what a picture looks like begin as vectors as large as those of tokens, standardised by the pictures to learn
    from."""
    seen = torch.stack([item.seen[0] for examples in train for item in examples.items if item.seen])
    sight.start(seen, torch.Generator().manual_seed(seed), float(decoder.embed_tokens.weight.detach().std()))

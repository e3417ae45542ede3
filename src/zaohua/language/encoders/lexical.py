"""Weights with which vectors of texts begin as tf-idf: learning starts where counting ends.

A vector a text is the mean of its tokens' last hidden states. Let the blocks add nothing yet, and let each token be a
random direction, as long as the token is rare: random directions are nearly orthogonal (Johnson and Lindenstrauss
1984), so cosines of such means are nearly those of tf-idf counts. From pairs a model then learns which tokens belong
together. Without this it has to find out first that equal words do, which takes far more text than people have.
"""

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F

from zaohua.language.encoders.encoder import Encoder
from zaohua.nn.transformer import Block

_STD = 0.1  # of the embeddings, see zaohua.language.initialise
_COMMON = 2  # channels that hold what is left of a frequent token's length


def token_weights(texts: Iterable[np.ndarray], vocab_size: int, special: Iterable[int]) -> np.ndarray:
    """1 + ln((1 + N) / (1 + df)) of every token, over its highest value; 0 for special ones. float64 [V]"""
    count, found = 0, np.zeros(vocab_size)
    for ids in texts:
        found[np.unique(ids)] += 1
        count += 1
    weights = (1 + np.log((1 + count) / (1 + found))) / (1 + np.log(1 + count))
    weights[list(special)] = 0
    return weights


@torch.no_grad()
def begin_as_tfidf(encoder: Encoder, weights: np.ndarray, seed: int, *, reading: bool = False) -> None:
    """Give an encoder with norms after the sums these weights. weights: of the tokens, 0 … 1, see above. reading: the
    attention of the last layer keeps its own, so that the first token, from which labels are read, sees the others.

    The norms make all tokens equally long, so what a frequent one lacks goes into two channels that all share and the
    last norm leaves out.
    """
    width = encoder.config.width
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(len(weights), width - _COMMON, generator=generator)
    directions = F.normalize(directions - directions.mean(1, keepdim=True))  # the norms take the mean away
    own = torch.from_numpy(weights).float()[:, None]
    rest = (1 - own**2).sqrt() / 2**0.5
    table = torch.cat((rest, -rest, own * directions), 1)
    encoder.embed_tokens.weight.copy_(table * _STD * width**0.5)
    encoder.embed_types.weight.zero_()
    if encoder.config.positions == "learned":
        encoder.embed_positions.get_parameter("weight").zero_()
    last = encoder.transformer.layers[-1]
    assert isinstance(last, Block)
    kept = last.self_attn.o_proj.weight if reading else None
    for name, parameter in encoder.transformer.named_parameters():
        if name.endswith(("o_proj.weight", "down_proj.weight")) and parameter is not kept:
            parameter.zero_()
    last.post_attention_layernorm.get_parameter("weight")[:_COMMON] = 0

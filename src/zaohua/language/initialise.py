"""Starting weights of a decoder."""

import torch
from torch import nn

from zaohua.language.decoder import Decoder
from zaohua.nn.transformer import Block

SHARPEST_PAIRS = 3  # of rotary frequencies: the fastest ones tell neighbouring positions apart


@torch.no_grad()
def initialise(decoder: Decoder, seed: int, look_back: int = 0) -> None:
    """Draw the weights: matrices N(0, 1/fan_in), embeddings N(0, 0.02²) where the head is tied to them, else N(0, 1).

    Projections that write into the residual stream, and an untied head, start at zero: every block is the identity
    and every token equally likely. look_back: see `look_back_heads`; measured in docs/en/decisions.md.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in decoder.named_parameters():
        if parameter.ndim == 1:
            nn.init.ones_(parameter)
        elif name.endswith(("o_proj.weight", "down_proj.weight", "lm_head.weight")):
            nn.init.zeros_(parameter)
        elif name == "embed_tokens.weight":
            nn.init.normal_(parameter, std=0.02 if decoder.config.tied else 1.0, generator=generator)
        else:
            nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5, generator=generator)
    look_back_heads(decoder, look_back)


@torch.no_grad()
def look_back_heads(decoder: Decoder, count: int) -> None:
    """Point heads at the 1st, 2nd, 3rd … token before their own: `count` in the first layer, one less in the second.

    A language model first learns which tokens follow which; these heads know from the start where "the token before"
    is. One embedding channel is made constant. Queries and keys read only it, so they are the same at all positions
    until the rotary embedding turns them: a key that is turned `n` positions ahead meets the query `n` later head on.
    They are ordinary weights and train on like all others.
    """
    if count == 0:
        return
    config, embedding = decoder.config, decoder.embed_tokens.weight
    embedding[:, 0] = embedding.std()
    half, group = config.head_dim // 2, config.heads // config.kv_heads
    pairs = torch.arange(min(SHARPEST_PAIRS, half))
    frequencies = config.rope_theta ** -(pairs / half)
    for layer, block in enumerate(decoder.transformer.layers[:2]):
        assert isinstance(block, Block)
        attention = block.self_attn
        for head in range(min(count - layer, config.kv_heads)):
            for matrix, index, ahead in ((attention.q_proj, head * group, 0), (attention.k_proj, head, head + 1)):
                rows = matrix.weight[index * config.head_dim : (index + 1) * config.head_dim]
                rows.zero_()
                rows[pairs, 0] = torch.cos(frequencies * ahead)
                rows[half + pairs, 0] = torch.sin(frequencies * ahead)

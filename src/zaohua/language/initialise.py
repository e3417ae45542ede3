"""Starting weights."""

import torch
from torch import nn

from zaohua.language.decoder import Decoder
from zaohua.language.encoders.encoder import Encoder
from zaohua.nn.transformer import Block

SHARPEST_PAIRS = 3  # of rotary frequencies: the fastest ones tell neighbouring positions apart
NEIGHBOUR_PAIRS, NEIGHBOUR_SHARPNESS = 8, 2.0


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


@torch.no_grad()
def initialise_encoder(encoder: Encoder, seed: int) -> None:
    """Draw the weights: matrices of the blocks N(0, 1/fan_in), embeddings N(0, 0.1²), heads N(0, 0.02²), gains one,
    biases zero; then see `neighbour_heads`.

    BERT's 0.02 for the embeddings is less than what a few steps of AdamW at the rates of small models add to all rows
    alike: tokens become indistinguishable, and the model stays at token frequencies (docs/en/decisions.md).
    """
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in encoder.named_parameters():
        if parameter.ndim > 1:
            inside, embeds = ".layers." in name, name.startswith("embed_")
            std = parameter.shape[1] ** -0.5 if inside else 0.1 if embeds else 0.02
            nn.init.normal_(parameter, std=std, generator=generator)
        else:
            nn.init.constant_(parameter, 0.0 if name.endswith("bias") else 1.0)
    neighbour_heads(encoder)


@torch.no_grad()
def read_whole_text(encoder: Encoder) -> None:
    """Let the last layer attend to all tokens alike, by queries of zero: guessing hidden tokens has taught it to look
    beside each, and the first token, from which labels are read, to look nowhere in particular."""
    block = encoder.transformer.layers[-1]
    assert isinstance(block, Block)
    nn.init.zeros_(block.self_attn.q_proj.weight)
    nn.init.zeros_(block.self_attn.q_proj.bias)


@torch.no_grad()
def neighbour_heads(encoder: Encoder) -> None:
    """Point heads of the first two layers at the tokens 1 before, 1 after, 2 before, 2 after … their own.

    What stands beside a gap says most about it, and with learned positions a model is long in finding out where
    "beside" is. Here positions begin as sines and cosines in channels of their own, in which tokens are zero; queries
    and keys of these heads read those alone, keys turned by as many positions as the head looks aside. They are
    ordinary weights and train on like all others.
    """
    config = encoder.config
    pairs = min(NEIGHBOUR_PAIRS, config.head_dim // 2, config.width // 8)
    if config.positions != "learned" or pairs < 2:
        return
    frequencies = 2.0 * 0.05 ** (torch.arange(pairs) / (pairs - 1))  # radians per position, 2 … 0.1
    angles = torch.outer(torch.arange(config.context), frequencies)
    positions, channels = encoder.embed_positions.weight, 2 * pairs
    positions[:, :channels] = torch.cat((angles.cos(), angles.sin()), 1) * 2**0.5 * positions.std()
    encoder.embed_tokens.weight[:, :channels] = 0
    encoder.embed_types.weight[:, :channels] = 0
    for layer, block in enumerate(encoder.transformer.layers[:2]):
        assert isinstance(block, Block)
        for head in range(config.heads if layer == 0 else config.heads // 2):
            aside = (head // 2 + 1) * (1 if head % 2 else -1)
            rows = slice(head * config.head_dim, head * config.head_dim + channels)
            for projection, turn in ((block.self_attn.q_proj, 0), (block.self_attn.k_proj, -aside)):
                weight = projection.weight[head * config.head_dim : (head + 1) * config.head_dim]
                weight.zero_()
                cos, sin = torch.cos(frequencies * turn), torch.sin(frequencies * turn)
                turned = torch.cat((torch.cat((cos.diag(), -sin.diag()), 1), torch.cat((sin.diag(), cos.diag()), 1)))
                projection.weight[rows, :channels] = turned * NEIGHBOUR_SHARPNESS

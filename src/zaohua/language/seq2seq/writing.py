"""Writing with an encoder-decoder: token by token, many texts at once, whatever was read."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from zaohua.language.engine.request import MOST_TOKENS, check_range
from zaohua.language.sampling import SamplingConfig, choose, penalise
from zaohua.language.seq2seq.module import EncoderDecoder, Memory
from zaohua.language.tokenizer import Tokenizer
from zaohua.seeding import uniform


@torch.inference_mode()
def written(
    module: EncoderDecoder,
    tokenizer: Tokenizer,
    memory: Memory,
    real: Tensor,  # bool [B, S]
    max_new_tokens: int,
    config: SamplingConfig,
    keys: Tensor | None = None,
) -> list[list[int]]:
    """Ids written to each of B things that were read, with the end-of-text token where it came.

    keys: int32 [B], where tokens are drawn. Raises UsageError for a number of tokens out of range.
    """
    check_range("max_new_tokens", max_new_tokens, 1, MOST_TOKENS)
    limit, count = min(max_new_tokens, module.config.context), len(real)
    device, end = module.embed_tokens.weight.device, tokenizer.eot_id
    cache = module.new_cache(count, limit)
    blocked = torch.ones(module.config.vocab_size, dtype=torch.bool, device=device)  # what is no text
    blocked[: tokenizer.vocab_size] = False
    blocked[[token for token in tokenizer.special.values() if token != end]] = True
    new = torch.full((count, 1), end, device=device)  # the token before the first
    seen = torch.zeros(count, len(blocked), dtype=torch.bool, device=device)
    counts = torch.zeros(count, len(blocked), device=device)
    found: list[list[int]] = [[] for _ in range(count)]
    for step in range(limit):
        logits = module.write(new, memory, real, cache)[:, -1].float().masked_fill(blocked, -torch.inf)
        if config.penalises:
            logits = penalise(logits, seen, counts, config)
        draws = torch.zeros(count) if keys is None else uniform(keys, 1, step)[:, 0]
        new = torch.tensor(choose(logits, draws.to(device), config), device=device)[:, None]
        seen.scatter_(1, new, True)
        counts.scatter_add_(1, new, torch.ones_like(new, dtype=counts.dtype))
        for row, token in zip(found, new[:, 0].tolist(), strict=True):
            if row[-1:] != [end]:
                row.append(token)
        if all(row[-1:] == [end] for row in found):
            break
    return found


def padded(texts: Sequence[Sequence[int] | np.ndarray], pad: int) -> tuple[Tensor, Tensor]:
    """Rows of one length: ids [B, T] and, bool [B, T], which are no padding."""
    lengths = torch.tensor([len(ids) for ids in texts])
    rows = torch.full((len(texts), int(lengths.max())), pad)
    for row, ids in zip(rows, texts, strict=True):
        row[: len(ids)] = torch.as_tensor(np.asarray(ids, dtype=np.int64))
    return rows, torch.arange(rows.shape[1]) < lengths[:, None]


def taught(texts: Sequence[np.ndarray], end: int, context: int) -> tuple[Tensor, Tensor]:
    """What has been written and what comes next, [B, T] each; -100 past the end of a text. One that is cut has no end
    to learn."""
    inputs, real = padded([np.insert(ids, 0, end)[:context] for ids in texts], end)
    targets, _ = padded([np.append(ids, end)[:context] for ids in texts], end)
    return inputs, targets.masked_fill(~real, -100)

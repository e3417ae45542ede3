"""Which of several things made of a prompt the model itself would call by it most surely: it reads what it has made.

Reranking as Ramesh et al. 2021 (arXiv:2102.12092) do it with CLIP; here one model does both.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F

from zaohua.multimodal.any.folder import Parts
from zaohua.multimodal.any.languages import prompt_language
from zaohua.multimodal.any.network import read_rows
from zaohua.multimodal.any.prompts import text_prompt
from zaohua.multimodal.any.rows import batch_of
from zaohua.multimodal.any.templates import Part, Weighting, medium_part, row, seen_part
from zaohua.multimodal.sight import Eye

_AT_ONCE = 128  # rows


def best(found: Sequence[float], count: int, keep: int) -> list[int]:
    """Places of the `keep` likeliest of every `count` things in a row, the likeliest first."""
    scores = torch.tensor(found, dtype=torch.float64).view(-1, count)
    order = scores.argsort(dim=1, descending=True, stable=True)[:, :keep]
    return (order + count * torch.arange(len(order))[:, None]).flatten().tolist()


@torch.no_grad()
def likelihoods(
    parts: Parts, eye: Callable[[], Eye], medium: str, codes: Sequence[np.ndarray], prompts: Sequence[str]
) -> list[float]:
    """log p(prompt | thing), in nats, for every thing and the prompt beside it. codes: of each thing; eye: opens what
    pictures are looked at with, where the model reads them so."""
    found: list[float] = []
    device = parts.decoder.embed_tokens.weight.device
    for start in range(0, len(codes), _AT_ONCE):
        things, rows = _things(parts, eye, medium, codes[start : start + _AT_ONCE]), []
        for thing, prompt in zip(things, prompts[start:], strict=False):
            text = text_prompt(parts, prompt, prompt_language(prompt, parts.knows.languages))
            rows.append(row([thing, text], Weighting()))
        batch = batch_of(rows).to(device)
        logits = read_rows(parts.decoder, parts.sight, batch.inputs, batch.looking)
        nats = F.cross_entropy(logits.flatten(0, 1).float(), batch.targets.flatten(), reduction="none")
        found += (-nats.view_as(batch.weights) * batch.weights).sum(1).tolist()
    return found


def _things(parts: Parts, eye: Callable[[], Eye], medium: str, codes: Sequence[np.ndarray]) -> list[Part]:
    """What the model reads of them."""
    vocabulary, sight, image = parts.vocabulary, parts.sight, parts.tokenisers.image
    if sight is None or medium != "image":
        return [medium_part(vocabulary, medium, each) for each in codes]
    assert image is not None
    drawn = image.decode(torch.from_numpy(np.stack(codes)).view(-1, *vocabulary.grid))
    return [seen_part(vocabulary, seen, sight.tokens) for seen in eye().look(drawn)]

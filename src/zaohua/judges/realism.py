"""Can anything still tell? A fresh classifier learns real from generated and is tried on pictures it has not seen.

Its accuracy is the discriminator's question asked by one that the generator has never met: 50% means that the two are
indistinguishable to it, 100% that it always knows. A generator that repeats itself is found out as well as one that
blurs, since its pictures in training tell of those held out.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.judges.fit import accuracy, fit_classifier
from zaohua.judges.pictures import resized
from zaohua.machine import usual_device

STEPS = 400
_BATCH, _SHIFT = 64, 2
_HELD_OUT = 0.25  # of the pictures of each kind
_SIDES = (16, 64)  # pixels: smaller and larger pictures are judged at these
_FEWEST = 16  # pictures of each kind
_MOST = 5_000
_MOST_EPOCHS = 100  # a few pictures are known by heart by then, which tells nothing of others


def realism(
    real: Tensor,
    fake: Tensor,
    *,
    steps: int = STEPS,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> float:
    """Held-out accuracy of a small classifier trained for `steps` batches. uint8 [N, C, H, W] and [M, C, H, W]

    It sees each picture a hundred times at most. Both kinds are cut to equal numbers, at most 5,000. ZaohuaError for
    fewer than 16 of either.
    """
    count = _common(len(real), len(fake))
    held_out = round(count * _HELD_OUT)
    generator = torch.Generator().manual_seed(seed)
    kinds = [_inputs(kind[torch.randperm(len(kind), generator=generator)[:count]]) for kind in (real, fake)]
    unseen, seen = (torch.cat(parts) for parts in zip(*(kind.tensor_split((held_out,)) for kind in kinds), strict=True))
    wanted = [torch.arange(2, device=seen.device).repeat_interleave(size) for size in (held_out, count - held_out)]
    epochs = min(max(1, round(steps * _BATCH / len(seen))), _MOST_EPOCHS)
    module = fit_classifier(
        seen, wanted[1], classes=2, epochs=epochs, batch=_BATCH, shift=_SHIFT, seed=seed, on_progress=on_progress
    )
    return accuracy(module, unseen, wanted[0])


def realism_report(
    real: Tensor,
    fake: Tensor,
    *,
    steps: int = STEPS,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, float]:
    """value: see realism. floor: the same between one half of the real pictures and the other, where there is nothing
    to learn. error: standard error of the value if it were 50%. ZaohuaError for fewer than 32 real pictures."""
    half = _common(len(real) // 2, len(fake))
    value = realism(real, fake, steps=steps, seed=seed, on_progress=lambda done, total: on_progress(done, 2 * total))
    one, other = real[torch.randperm(len(real), generator=torch.Generator().manual_seed(seed))].split(half)[:2]
    floor = realism(
        one, other, steps=steps, seed=seed, on_progress=lambda done, total: on_progress(total + done, 2 * total)
    )
    tried = 2 * round(_common(len(real), len(fake)) * _HELD_OUT)
    return {"value": value, "floor": floor, "error": 0.5 / math.sqrt(tried)}


def _common(real: int, fake: int) -> int:
    """How many pictures of each kind are looked at."""
    count = min(real, fake, _MOST)
    if count < _FEWEST:
        raise ZaohuaError(t("judges.too_few", count=count, needed=_FEWEST))
    return count


def _inputs(pictures: Tensor) -> Tensor:
    """uint8 [N, C, H, W] -> float [N, C, S, S] in -1 … 1, on a GPU if there is one"""
    smallest, largest = _SIDES
    side = min(max(smallest, max(pictures.shape[-2:])), largest)
    return resized(pictures.to(usual_device(None)).float(), side) / 127.5 - 1

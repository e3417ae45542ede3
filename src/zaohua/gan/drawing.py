"""What a generator starts from: latent vectors and classes, by a seed and by what is asked for."""

from collections.abc import Sequence

import torch
from torch import Tensor

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.seeding import normal, sample_keys, uniform

MOST = 10_000  # samples in one call
_LATENTS, _CLASSES = 11, 12  # streams of randomness


def draw(
    n: int,
    latent: int,
    classes: Sequence[str],
    *,
    seed: int = 0,
    label: str | int | None = None,
    truncation: float = 1.0,
    device: torch.device | None = None,
    name: str = "",
) -> tuple[Tensor, Tensor | None]:
    """Latent vectors float32 [n, latent] and the numbers of their classes int64 [n], None without classes.

    The i-th follows from the seed and i alone. label: name or number of the class of all; None: drawn evenly.
    truncation: factor on the vectors, 1 for the whole variety. name: of the model, for errors. Raises UsageError for a
    value out of range.
    """
    if not 1 <= n <= MOST:
        raise UsageError(t("gan.too_many", most=MOST, value=n))
    if not 0 <= truncation <= 1:
        raise UsageError(t("gan.truncation_out_of_range", value=truncation))
    indices = torch.arange(n)
    z = normal(sample_keys(seed, 0, indices, _LATENTS).to(device), latent) * truncation
    if not classes:
        if label is not None:
            raise UsageError(t("gan.no_classes", model=name))
        return z, None
    if label is not None:
        return z, torch.full((n,), number_of(label, classes), device=device)
    drawn = uniform(sample_keys(seed, 0, indices, _CLASSES).to(device), 1)[:, 0]
    return z, (drawn * len(classes)).long()


def number_of(label: str | int, classes: Sequence[str]) -> int:
    """The number of a class by its name, or by itself. UsageError for one that is not among them."""
    if isinstance(label, str) and label in classes:
        return list(classes).index(label)
    if str(label).isascii() and str(label).isdecimal() and int(label) < len(classes):
        return int(label)
    raise UsageError(t("gan.unknown_class", label=label, known=", ".join(classes)))

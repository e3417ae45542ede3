"""How much of an answer each modality makes, for any model: by leaving it out, alone or in every company.

Attention weights say what a fusion looked at. These say what becomes of the answer without a modality, which is a
statement about the model and its input, not about what caused what in the world.
"""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import combinations
from math import comb

import torch
from torch import Tensor

# What is to be explained, such as the log-probability of the answer, where only these modalities are kept and all
# others absent: [B] or [B, T]
Value = Callable[[frozenset[str]], Tensor]
_MOST = 10  # modalities: exact values ask the model once for each set of them


@torch.no_grad()
def leave_one_out(value: Value, modalities: Sequence[str]) -> Tensor:
    """v(all) - v(all but m) for each modality: what is lost without it; zero for one that is absent as it is.

    Returns [B, T, M] like the weights of a fusion, in the order of `modalities`; T is 1 for a value of [B].
    """
    everyone = frozenset(modalities)
    whole = value(everyone)
    return _shaped([whole - value(everyone - {name}) for name in modalities])


@torch.no_grad()
def shapley(value: Value, modalities: Sequence[str]) -> Tensor:
    """The mean of v(S + m) - v(S) over all orders in which modalities may come in (Shapley 1953), exactly.

    They add up to v(all) - v(none). Returns what `leave_one_out` does; ValueError for more than ten modalities.
    """
    if len(modalities) > _MOST:
        raise ValueError(f"exact Shapley values are for {_MOST} modalities at most, not {len(modalities)}")
    ask, count = cache(value), len(modalities)
    shares = []
    for name in modalities:
        others = [other for other in modalities if other != name]
        gains = [
            (ask(frozenset(company) | {name}) - ask(frozenset(company))) / (count * comb(count - 1, size))
            for size in range(count)
            for company in combinations(others, size)
        ]
        shares.append(torch.stack(gains).sum(0))
    return _shaped(shares)


def _shaped(shares: list[Tensor]) -> Tensor:
    """M x [B] or [B, T] -> [B, T, M]"""
    found = torch.stack(shares, dim=-1)
    return found[:, None] if found.dim() == 2 else found

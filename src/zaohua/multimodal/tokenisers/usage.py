"""How much of a tokeniser's codes is used: a share near 0 means that most of them say nothing."""

import torch
from torch import Tensor


def code_usage(ids: Tensor, codes: int) -> dict[str, float]:
    """codes_used: share of the codes that occur; code_perplexity: exp of the entropy of how often each does, which is
    the number of codes if all are as frequent. ids: int64 [...]"""
    shares = torch.bincount(ids.flatten(), minlength=codes).double() / max(1, ids.numel())
    some = shares[shares > 0]
    return {"codes_used": len(some) / codes, "code_perplexity": float(torch.exp(-(some * some.log()).sum()))}

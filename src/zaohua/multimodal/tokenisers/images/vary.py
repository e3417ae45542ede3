"""Pictures moved and recoloured by the key of their sample, before a tokeniser learns from them."""

from itertools import permutations

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.seeding import uniform

_WHERE, _WHETHER = 0, 1  # sites of randomness
_ORDERS = torch.tensor(list(permutations(range(3))))


def varied(x: Tensor, keys: Tensor, *, shift: float, colours: float) -> Tensor:
    """Every picture moved by up to `shift` of its side, its edge repeated; in a share `colours` of them red, green and
    blue in any order, which leaves grey as it is. x: float [B, C, H, W]; keys: int32 [B]"""
    reach = round(shift * x.shape[-1])
    if reach:
        corner = torch.floor(uniform(keys, 2, _WHERE).cpu() * (2 * reach + 1)).long()  # [B, 2]
        height, width = x.shape[-2:]
        padded = F.pad(x, (reach,) * 4, mode="replicate")
        moved = [
            one[:, y : y + height, left : left + width] for one, (y, left) in zip(padded, corner.tolist(), strict=True)
        ]
        x = torch.stack(moved)
    if colours and x.shape[1] > 1:
        whether, which = uniform(keys, 2, _WHETHER).cpu().unbind(1)
        order = torch.where(whether < colours, torch.floor(which * len(_ORDERS)).long(), 0)
        channels = _ORDERS[order].to(x.device)[:, :, None, None].expand(-1, -1, *x.shape[2:])
        x = torch.cat((x.gather(1, channels), x[:, 3:]), 1)
    return x

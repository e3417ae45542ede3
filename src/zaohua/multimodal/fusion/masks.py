"""Which features are there, and leaving modalities out on purpose while training."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.seeding import uniform


def full_masks(feats: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None) -> dict[str, Tensor]:
    """A mask for every modality that is given, bool [B, T_m]. Raises ValueError for one that does not fit it."""
    full = {}
    for name, x in feats.items():
        mask = None if masks is None else masks.get(name)
        if mask is None:
            mask = torch.ones(x.shape[:2], dtype=torch.bool, device=x.device)
        if mask.shape != x.shape[:2] or mask.dtype != torch.bool:
            raise ValueError(f"the mask of {name!r} is bool {list(x.shape[:2])}, not {mask.dtype} {list(mask.shape)}")
        full[name] = mask
    return full


class ModalityDropout(nn.Module):
    """Whole modalities of whole samples become absent, each with probability p (Neverova et al. 2015, ModDrop).

    Only masks are edited, so that it serves every fusion, and a dropped modality is what a missing one is. keep_one:
    where all that a sample has would go, one of them stays, each as likely. site: which dropout of the model this is.
    """

    def __init__(self, p: float, *, keep_one: bool = True, site: int = 0) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability, not {p}")
        self.p, self.keep_one, self.site = p, keep_one, site

    def forward(
        self, feats: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None, keys: Tensor | None
    ) -> dict[str, Tensor]:
        """feats, masks: as a fusion takes them; keys: int32 [B] of zaohua.seeding, None outside training."""
        full = full_masks(feats, masks)
        if keys is None or self.p == 0:
            return full
        names = sorted(full)
        there = torch.stack([full[name].any(-1) for name in names], dim=-1)  # [B, M]
        lots = uniform(keys, len(names), self.site).to(there.device).masked_fill(~there, -1.0)
        kept = there & (lots >= self.p)
        if self.keep_one:
            luckiest = torch.zeros_like(kept).scatter_(1, lots.argmax(-1, keepdim=True), True)
            kept = kept | (luckiest & there)  # the highest lot is kept anyway where any is
        return {name: full[name] & kept[:, m, None] for m, name in enumerate(names)}

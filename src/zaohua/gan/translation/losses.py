"""What holds a translated picture to the one it was made from, beside the adversarial loss (zaohua.gan.losses).

Pictures are about -1 … 1; every loss is a mean over the batch.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.judges import perceptual
from zaohua.judges.extractor import Extractor


def l1(made: Tensor, wanted: Tensor) -> Tensor:
    """E[|ŷ - y|], the mean over all numbers: how pix2pix reconstructs (Isola et al. 2017, arXiv:1611.07004, eq. 3), and
    CycleGAN what has gone there and back (Zhu et al. 2017, arXiv:1703.10593, eq. 2) or is of the wanted kind (§5.2)."""
    return (made - wanted).abs().mean()


def patch_nce(queries: Tensor, keys: Tensor, temperature: float) -> Tensor:
    """-log( exp(q·k⁺/τ) / Σ exp(q·k/τ) ): of all places of a picture, which one became this place of its translation?

    Park et al. 2020 (arXiv:2007.15651), eq. 3, its negatives being the other places of the same picture. queries: unit
    vectors at some places of what was made, [B, N, D]; keys: at the same places of what it was made from. The mean over
    pictures and places.
    """
    logits = queries @ keys.transpose(1, 2) / temperature  # [B, N, N], the right answers on the diagonal
    places = torch.arange(logits.shape[1], device=logits.device).expand(logits.shape[:2])
    return F.cross_entropy(logits.flatten(0, 1), places.flatten())


def feature_distance(made: Sequence[Tensor], real: Sequence[Tensor]) -> Tensor:
    """Mean of E[|f_i(ŷ) - f_i(y)|] over the discriminator's layers (Wang et al. 2018, arXiv:1711.11585, eq. 4)."""
    return torch.stack([l1(one, other.detach()) for one, other in zip(made, real, strict=True)]).mean()


def looks_apart(made: Tensor, wanted: Tensor, eye: Extractor) -> Tensor:
    """Sum over the eye's stages of E[‖f_i(ŷ)/‖f_i(ŷ)‖ - f_i(y)/‖f_i(y)‖‖²], as zaohua.judges.perceptual measures it;
    such a loss holds to what is drawn, where L1 holds to each pixel (Johnson et al. 2016, arXiv:1603.08155)."""
    with torch.no_grad():
        seen = perceptual.features((wanted.float() + 1) * 127.5, eye)
    return perceptual.distance(perceptual.features((made.float() + 1) * 127.5, eye), seen).mean()

"""Fusion as a part that can be swapped: one signature for every way of making one thing of several modalities.

fusion = make_fusion("attention", {"image": 48, "audio": 192}, 64)
fused = fusion({"image": image, "audio": audio}, {"audio": heard})  # x [B, T, D], mask [B, T], weights [B, T, M]
"""

from zaohua.multimodal.fusion.base import Fused, Fusion
from zaohua.multimodal.fusion.levels import levels_loss
from zaohua.multimodal.fusion.masks import ModalityDropout
from zaohua.multimodal.fusion.registry import fusions, gives_logits, make_fusion

__all__ = ["Fused", "Fusion", "ModalityDropout", "fusions", "gives_logits", "levels_loss", "make_fusion"]

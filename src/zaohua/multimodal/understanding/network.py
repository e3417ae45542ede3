"""Encoders, a fusion, and a head: one network over whatever is there."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion import Fused, ModalityDropout, make_fusion
from zaohua.multimodal.understanding.batches import Batch
from zaohua.multimodal.understanding.encoders import encoders_of
from zaohua.multimodal.understanding.shape import Shape
from zaohua.nn.norm import RMSNorm
from zaohua.seeding import dropout

_FEATURES, _HEAD, _ABSENT = 501, 521, 541  # sites of randomness, see zaohua.seeding


class Understander(nn.Module):
    """Logits of the classes, or one number, standardised, from a batch of any modalities.

    modality_dropout: probability with which each modality of each sample is absent while training.
    """

    target_mean: Tensor
    target_deviation: Tensor
    entries = ("encode", "decide")  # methods that read its own weights, see Parallel.wrap

    def __init__(self, shape: Shape, modality_dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        self.encoders = encoders_of(shape)
        self.norms = nn.ModuleDict({name: RMSNorm(shape.width, 1e-6) for name in self.encoders})
        width = shape.outputs if shape.decides else shape.width
        self.fusion = make_fusion(shape.fusion, dict.fromkeys(self.encoders, shape.width), width, **shape.options)
        self.head: nn.Module = nn.Identity()
        if not shape.decides:
            hidden = 2 * shape.width
            self.head = nn.Sequential(
                RMSNorm(shape.width, 1e-6), nn.Linear(shape.width, hidden), nn.GELU(), nn.Linear(hidden, shape.outputs)
            )
        self.absence = ModalityDropout(modality_dropout, site=_ABSENT)
        self.register_buffer("target_mean", torch.zeros(()))
        self.register_buffer("target_deviation", torch.ones(()))

    def forward(self, batch: Batch, keys: Tensor | None = None) -> tuple[Tensor, Fused]:
        """Outputs [B, outputs], and the fusion's account. keys: int32 [B] while training, see zaohua.seeding."""
        features, masks = self.encode(batch, keys)
        return self.decide(features, self.absence(features, masks, keys), keys)

    def encode(self, batch: Batch, keys: Tensor | None = None) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Features [B, T_m, D] and masks bool [B, T_m] of the modalities that any sample of the batch has."""
        features, masks = {}, {}
        for place, name in enumerate(self.encoders):
            present = batch.present.get(name)
            if present is None or (keys is None and not present.any()):  # while training, all ranks run all parts
                continue
            x, there = self.encoders[name](*batch.inputs[name], keys)
            features[name] = dropout(self.norms[name](x), self.shape.dropout, keys, _FEATURES + place)
            masks[name] = there & present[:, None]
        return features, masks

    def decide(
        self, features: Mapping[str, Tensor], masks: Mapping[str, Tensor], keys: Tensor | None = None
    ) -> tuple[Tensor, Fused]:
        """The same from features; a modality that is left out is absent."""
        fused = self.fusion(features, masks)
        x = dropout(fused.x, self.shape.dropout, keys, _HEAD) if not self.shape.decides else fused.x
        return self.head(x)[:, 0], fused

    @torch.no_grad()
    def standardise(self, targets: Tensor) -> None:
        """Take mean and standard deviation of the numbers to be told. float64 [N]"""
        self.target_mean.copy_(targets.mean())
        deviation = targets.std(correction=0)
        self.target_deviation.copy_(torch.where(deviation > 0, deviation, 1.0))

    def standardised(self, targets: Tensor) -> Tensor:
        """Numbers to be told as the network tells them. [N]"""
        return ((targets - self.target_mean) / self.target_deviation).to(self.target_mean.dtype)

    def numbers(self, outputs: Tensor) -> Tensor:
        """The way back: outputs [N, 1] -> float64 [N]"""
        return outputs[:, 0].double() * self.target_deviation.double() + self.target_mean.double()

"""Segments to train on: which clip and where in it follows from each sample's key."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.nn.mel import LOG_FLOOR, MelConfig, log_mel
from zaohua.seeding import uniform


class Segments:
    """Clips with their spectrograms. A segment begins at any frame; a clip is drawn as often as it is long."""

    def __init__(self, clips: Sequence[Tensor], mel: MelConfig, frames: int) -> None:
        """clips: float32 [T] each; frames: of a segment. A clip that is shorter ends in silence."""
        self.mel, self.frames = mel, frames
        self.waves, self.mels = [], []
        for clip in clips:
            bands = log_mel(clip[None], mel)[0]
            count = max(bands.shape[1], frames)
            bands = F.pad(bands, (0, count - bands.shape[1]), value=LOG_FLOOR)
            self.mels.append(bands)
            self.waves.append(F.pad(clip, (0, count * mel.hop - len(clip))))
        self._ends = torch.tensor([bands.shape[1] for bands in self.mels]).cumsum(0)

    def draw(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Spectrograms [B, bands, frames] and waves [B, frames · hop]. keys: int32 [B]"""
        which, where = uniform(keys.cpu(), 2).double().unbind(1)
        mels, waves = [], []
        for clip, place in zip(torch.searchsorted(self._ends, which * self._ends[-1], right=True), where, strict=True):
            bands, wave = self.mels[clip], self.waves[clip]
            start = int(place * (bands.shape[1] - self.frames + 1))
            mels.append(bands[:, start : start + self.frames])
            waves.append(wave[start * self.mel.hop : (start + self.frames) * self.mel.hop])
        return torch.stack(mels).to(keys.device), torch.stack(waves).to(keys.device)

"""Stretches of clips, all of one length, at every place where one fits; the frames are in memory once."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Windows:
    """frames: uint8 [F, C, H, W], clip after clip; starts: first frame of each window, int64 [N]; clips: the number of
    the clip that each lies in, int64 [N]; length: frames of a window, T."""

    frames: Tensor
    starts: Tensor
    clips: Tensor
    length: int

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, numbers: Tensor, times: Tensor | None = None) -> Tensor:
        """Windows by number, int64 [n], whole or at some frames of each, int64 [n, k]: uint8 [n, T or k, C, H, W]"""
        if times is None:
            times = torch.arange(self.length, device=numbers.device).expand(len(numbers), -1)
        return self.frames[self.starts[numbers][:, None] + times]

    def spread(self, count: int) -> Tensor:
        """Numbers of up to `count` windows, evenly through all clips: int64 [n]"""
        return torch.linspace(0, len(self) - 1, min(count, len(self))).round().long()

    def to(self, device: torch.device) -> "Windows":
        """The same there."""
        return Windows(self.frames.to(device), self.starts.to(device), self.clips.to(device), self.length)


def windows_of(clips: list[np.ndarray], channels: int, length: int) -> Windows:
    """All windows of clips uint8 [F, S, S, 1 or 3], each of at least `length` frames, in 1 or 3 channels. The list is
    emptied on the way, so that no frame is in memory twice."""
    lengths = np.array([len(clip) for clip in clips])
    side = clips[0].shape[1]
    frames = torch.empty(int(lengths.sum()), channels, side, side, dtype=torch.uint8)
    begins = np.cumsum(lengths) - lengths
    for begin in begins[::-1]:
        clip = clips.pop()
        frames[begin : begin + len(clip)] = torch.from_numpy(clip).permute(0, 3, 1, 2)  # grey is the same in all
    starts = [begin + np.arange(count - length + 1) for begin, count in zip(begins, lengths, strict=True)]
    numbers = np.repeat(np.arange(len(lengths)), lengths - length + 1)
    return Windows(frames, torch.from_numpy(np.concatenate(starts)), torch.from_numpy(numbers), length)

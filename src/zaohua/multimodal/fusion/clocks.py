"""One clock for streams of different pace: every stream is averaged over the span of each step."""

from typing import NamedTuple

import torch
from torch import Tensor


class Stream(NamedTuple):
    """x: features in order of time, [B, T, D], zero where absent; mask: where they are valid, bool [B, T]. One that is
    not given has no steps."""

    x: Tensor
    mask: Tensor


def clock(streams: list[Stream], reference: int | None) -> tuple[int, Tensor]:
    """Steps T of the output, and of how many of them each sample makes use, int64 [B].

    reference: number of the stream that leads; None is one step over everything. Where it is not given at all the
    longest leads; a sample that lacks it alone has all of its time.
    """
    if reference is None:
        return 1, torch.ones(len(streams[0].x), dtype=torch.int64, device=streams[0].x.device)
    steps = streams[reference].x.shape[1] or max(stream.x.shape[1] for stream in streams)
    lengths = _lengths(streams[reference].mask)
    return steps, torch.where(lengths > 0, lengths, steps)


def align(stream: Stream, steps: int, lengths: Tensor) -> Stream:
    """The stream in so many steps, of which a sample's own cover its first `lengths`, [B], from end to end.

    A step is the mean of the valid features within its span, by how much of the span each takes: the mean of all for
    one step, the stream itself for as many steps as it has. A step without any is absent.
    """
    x, mask = stream
    if steps == 1 and x.shape[1] == 1:
        return stream
    own = _lengths(mask)[:, None, None]  # [B, 1, 1]
    step = torch.arange(steps, device=x.device)[:, None]  # [T, 1]
    frame = torch.arange(x.shape[1], device=x.device)  # [S]
    # In units of 1 / (own · lengths) of the whole both clocks have whole numbers, and the overlap is exact.
    each = lengths[:, None, None]
    overlap = torch.minimum((step + 1) * own, (frame + 1) * each) - torch.maximum(step * own, frame * each)
    shares = overlap.clamp(min=0) * mask[:, None]  # [B, T, S]
    total = shares.sum(-1, keepdim=True)
    return Stream((shares / total.clamp(min=1)).to(x.dtype) @ x, total[..., 0] > 0)


def _lengths(mask: Tensor) -> Tensor:
    """Place of the last valid feature, counted from 1; 0 if there is none. bool [B, T] -> int64 [B]"""
    return (mask.flip(-1).cumsum(-1) > 0).sum(-1)

"""What text costs under a decoder, in nats: the sums behind every perplexity, in few large forward passes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from zaohua.data.order import sliding_windows
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder, DecoderConfig

CPU_TOKENS_PER_PASS, TOKENS_PER_PASS = 2_048, 16_384  # activations stay in a CPU's cache: more took 1.7 times as long
_NOT_COUNTED = -100  # what Decoder.loss leaves out
SLIDING = "sliding_"  # stands before the names of results from overlapping windows


def tokens_per_pass(device: torch.device) -> int:
    """How many tokens one forward pass should read."""
    return CPU_TOKENS_PER_PASS if device.type == "cpu" else TOKENS_PER_PASS


def check_stride(stride: int | None, context: int) -> int:
    """The stride in force: the context, for blocks that do not overlap, if it is left open.
    UsageError if it is not between 1 and the context."""
    if stride is None:
        return context
    if not 1 <= stride <= context:
        raise UsageError(t("measure.bad_stride", stride=stride, context=context))
    return stride


def named(scores: dict[str, float], stride: int, context: int) -> dict[str, float]:
    """Scores under names that say how they came about: those of overlapping windows begin with "sliding_"."""
    return scores if stride == context else {SLIDING + name: value for name, value in scores.items()}


class Predictor(Protocol):
    """A decoder, or what stands for one."""

    @property
    def config(self) -> DecoderConfig:
        """Its shape."""

    def loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        """As Decoder.loss."""


@dataclass(frozen=True)
class Pass:
    """Windows of one forward pass: where they begin, int64 [b], how many targets each has, and how many of those, at
    its end, count."""

    starts: np.ndarray
    length: int
    fresh: int

    def nats(self, decoder: Predictor, tokens: np.ndarray, device: torch.device) -> Tensor:
        """Summed loss of the targets that count. tokens: int64 [b, length + 1] -> float64 []"""
        windows = torch.from_numpy(tokens).to(device)
        targets = windows[:, 1:].clone()
        targets[:, : self.length - self.fresh] = _NOT_COUNTED
        return decoder.loss(windows[:, :-1], targets).double() * (len(tokens) * self.fresh)


def passes(num_tokens: int, context: int, stride: int, tokens: int) -> Iterator[Pass]:
    """Every token but the first once, in forward passes of about `tokens` tokens. See sliding_windows."""
    starts, lengths, fresh = sliding_windows(num_tokens, context, stride)
    shapes = np.stack([lengths, fresh], axis=1)
    for length, counted in np.unique(shapes, axis=0)[::-1].tolist():
        chosen = starts[(shapes == (length, counted)).all(axis=1)]
        per_pass = max(1, tokens // context)
        for index in range(0, len(chosen), per_pass):
            yield Pass(chosen[index : index + per_pass], length, counted)


def text_nats(decoder: Decoder, ids: Sequence[int], stride: int) -> float:
    """Summed loss of ids[1:], each given those before it within the window. ids: [T]"""
    device, array = decoder.embed_tokens.weight.device, np.asarray(ids, dtype=np.int64)
    total = 0.0
    for each in passes(len(array), decoder.config.context, stride, tokens_per_pass(device)):
        windows = np.lib.stride_tricks.sliding_window_view(array, each.length + 1)[each.starts]
        total += each.nats(decoder, windows, device).item()
    return total


@dataclass(frozen=True)
class Continuation:
    """How a decoder sees one continuation of a beginning."""

    nats: float  # summed loss of the continuation's tokens
    greedy: bool  # whether each of them was the most probable


@torch.inference_mode()
def continuations(
    decoder: Decoder,
    pairs: Sequence[tuple[Sequence[int], Sequence[int]]],
    on_progress: Callable[[int], None] = lambda done: None,
) -> list[Continuation]:
    """Score the second part of each pair after the first, which holds at least one token.

    A pair longer than the context loses tokens from its start; a second part longer than the context is scored in
    blocks of it, the first of which sees what fits of the beginning. on_progress: called with the pairs done.
    """
    context, per_pass = decoder.config.context, tokens_per_pass(decoder.embed_tokens.weight.device)
    pieces: list[tuple[int, np.ndarray, int]] = []  # pair, tokens, and how many of these, at the end, count
    for number, (beginning, ending) in enumerate(pairs):
        whole = np.asarray([*beginning, *ending], dtype=np.int64)
        for start in range(0, len(ending), context):
            size = min(context, len(ending) - start)
            end = len(beginning) + start + size
            pieces.append((number, whole[max(0, end - context - 1) : end], size))
    pieces.sort(key=lambda piece: -len(piece[1]))  # neighbours of equal length need no padding
    nats, greedy = [0.0] * len(pairs), [True] * len(pairs)
    done = 0
    while done < len(pieces):
        batch = pieces[done : done + max(1, per_pass // len(pieces[done][1]))]
        sums, hits = _score(decoder, [(tokens, size) for _, tokens, size in batch], per_pass)
        for (number, _, _), lost, hit in zip(batch, sums, hits, strict=True):
            nats[number] += lost
            greedy[number] &= hit
        done += len(batch)
        on_progress(done)
    return [Continuation(*found) for found in zip(nats, greedy, strict=True)]


def _score(decoder: Decoder, rows: Sequence[tuple[np.ndarray, int]], per_pass: int) -> tuple[list[float], list[bool]]:
    """Summed loss of the last `size` tokens of each row, the longest first, and whether all of them were the likeliest.
    The head, most of the work with a large vocabulary, is run on these alone, so many at a time."""
    device = decoder.embed_tokens.weight.device
    windows = torch.zeros(len(rows), len(rows[0][0]), dtype=torch.long)
    counted = torch.zeros(windows.shape, dtype=torch.bool)
    for row, (tokens, size) in enumerate(rows):
        windows[row, : len(tokens)] = torch.from_numpy(tokens)  # padded behind, where a causal decoder never looks
        counted[row, len(tokens) - size : len(tokens)] = True
    windows, counted = windows.to(device), counted[:, 1:].to(device)
    hidden, targets = decoder.hidden(windows[:, :-1])[counted], windows[:, 1:][counted]  # [N, D], [N]
    owners = counted.nonzero()[:, 0]
    sums = torch.zeros(len(rows), dtype=torch.float64, device=device)
    misses = torch.zeros(len(rows), dtype=torch.long, device=device)
    for start in range(0, len(targets), per_pass):
        part = slice(start, start + per_pass)
        logits = decoder.lm_head(hidden[part]).float()  # [n, V]
        lost = F.cross_entropy(logits, targets[part], reduction="none")
        sums.index_add_(0, owners[part], lost.double())
        misses.index_add_(0, owners[part], (logits.argmax(-1) != targets[part]).long())
    return sums.tolist(), (misses == 0).tolist()

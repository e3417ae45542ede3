"""From logits to the next token: penalties, filters and the draw. Pure functions of logits [B, V].

The order is fixed, the same as in transformers: penalties, temperature, top-k, top-p, min-p. Each filter sees the
distribution that the one before it has left.
"""

import math
from dataclasses import dataclass, field, fields

import torch
from torch import Tensor

from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

_BLOCKED = -math.inf


@dataclass(frozen=True, kw_only=True)
class SamplingConfig:
    """How the next token is chosen. Raises UsageError for a value out of range.

    temperature: 0 takes the most probable token always. top_k: keep the k most probable. top_p: keep the fewest whose
    probabilities add up to p (Holtzman et al. 2020, arXiv:1904.09751). min_p: keep those at least min_p times as
    probable as the best (Nguyen et al. 2024, arXiv:2407.01082). repetition_penalty: above 1 makes tokens of the prompt
    and the text less likely (Keskar et al. 2019, arXiv:1909.05858). presence_penalty, frequency_penalty: taken off the
    logit of every token already written, once or once per time (OpenAI's definition; the prompt does not count).
    """

    temperature: float = 0.8
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    penalises: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        def check(name: str, valid: bool, expected: str) -> None:
            if not valid:
                value = getattr(self, name)
                raise UsageError(t("generate.bad_option", name=name, value=value, expected=t(f"generate.{expected}")))

        finite = math.isfinite
        check("temperature", finite(self.temperature) and self.temperature >= 0, "expected_zero_or_more")
        check("top_k", self.top_k is None or self.top_k >= 1, "expected_one_or_more")
        check("top_p", self.top_p is None or 0 < self.top_p <= 1, "expected_share")
        check("min_p", self.min_p is None or 0 <= self.min_p <= 1, "expected_share_or_zero")
        check(
            "repetition_penalty", finite(self.repetition_penalty) and self.repetition_penalty > 0, "expected_positive"
        )
        check("presence_penalty", finite(self.presence_penalty), "expected_number")
        check("frequency_penalty", finite(self.frequency_penalty), "expected_number")
        penalises = self.repetition_penalty != 1 or self.presence_penalty != 0 or self.frequency_penalty != 0
        object.__setattr__(self, "penalises", penalises)

    @classmethod
    def names(cls) -> list[str]:
        """The settings, in order."""
        return [setting.name for setting in fields(cls) if setting.init]


def penalise(logits: Tensor, seen: Tensor, counts: Tensor, config: SamplingConfig) -> Tensor:
    """Make tokens that came before less likely. logits: [B, V]; seen: bool [B, V], in prompt or text;
    counts: [B, V], times written in the text."""
    if config.repetition_penalty != 1:
        scaled = torch.where(logits > 0, logits / config.repetition_penalty, logits * config.repetition_penalty)
        logits = torch.where(seen, scaled, logits)
    return logits - config.presence_penalty * (counts > 0) - config.frequency_penalty * counts


def keep_top_k(logits: Tensor, k: int) -> Tensor:
    """All but the k largest become -inf; among equals the lowest ids stay, so exactly k do."""
    k = min(k, logits.shape[-1])
    smallest = logits.topk(k, dim=-1).values[..., -1:]
    above, level = logits > smallest, logits == smallest
    room = k - above.sum(-1, keepdim=True)
    return logits.masked_fill(~(above | (level & (level.cumsum(-1) <= room))), _BLOCKED)


def keep_top_p(logits: Tensor, p: float) -> Tensor:
    """Keep the smallest set of most probable tokens whose probabilities add up to p or more."""
    ordered, order = logits.sort(dim=-1, descending=True, stable=True)
    probabilities = ordered.softmax(-1)
    before = probabilities.cumsum(-1) - probabilities  # mass of those more probable: 0 for the best, which stays
    return torch.empty_like(logits).scatter_(-1, order, ordered.masked_fill(before >= p, _BLOCKED))


def keep_min_p(logits: Tensor, p: float) -> Tensor:
    """Keep the tokens at least p times as probable as the most probable one."""
    probabilities = logits.softmax(-1)
    return logits.masked_fill(probabilities < p * probabilities.amax(-1, keepdim=True), _BLOCKED)


def filter_logits(logits: Tensor, config: SamplingConfig) -> Tensor:
    """Temperature (which must not be 0), then top-k, top-p and min-p. [B, V] -> [B, V], -inf where dropped."""
    # With the largest at 0, no temperature however small can overflow.
    logits = (logits - logits.amax(-1, keepdim=True)) / max(config.temperature, 1e-6)
    if config.top_k is not None:
        logits = keep_top_k(logits, config.top_k)
    if config.top_p is not None and config.top_p < 1:
        logits = keep_top_p(logits, config.top_p)
    if config.min_p:
        logits = keep_min_p(logits, config.min_p)
    return logits


def _largest(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Where the largest number of each row is, and which. [B, V] -> 2 x [B]"""
    if logits.device.type == "cpu":  # by numpy: PyTorch would wake its threads, which then take the time of others
        numbers = logits.numpy()
        return torch.from_numpy(numbers.argmax(-1)), torch.from_numpy(numbers.max(-1))
    return logits.argmax(-1), logits.amax(-1)


def choose(logits: Tensor, uniform: Tensor, config: SamplingConfig) -> list[int]:
    """The next token of each row: the most probable at temperature 0, else a draw by inverting the cumulative
    distribution at `uniform` [B] in (0, 1). logits: [B, V], penalties already applied."""
    if config.temperature == 0:
        tokens, total = _largest(logits)
    else:
        cumulative = filter_logits(logits, config).softmax(-1).cumsum(-1, dtype=torch.float64)
        total = cumulative[:, -1]
        tokens = torch.searchsorted(cumulative, (uniform * total)[:, None], right=True)[:, 0]
    if not all(map(math.isfinite, total.tolist())):
        raise ZaohuaError(t("generate.not_finite"))
    return tokens.tolist()

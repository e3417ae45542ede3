"""The table of fusions and the way to make one by its name."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.multimodal.fusion.additive import Concat, Sum
from zaohua.multimodal.fusion.attention import Attention
from zaohua.multimodal.fusion.base import Fusion
from zaohua.multimodal.fusion.gating import FiLM, Gated
from zaohua.multimodal.fusion.latents import Bottleneck, Perceiver
from zaohua.multimodal.fusion.levels import Decision, MultiLevel
from zaohua.multimodal.fusion.multiplicative import Bilinear, LowRank, TensorFusion
from zaohua.multimodal.fusion.tokens import Cross

fusions: dict[str, type[Fusion]] = {
    "concat": Concat,
    "sum": Sum,
    "gated": Gated,
    "film": FiLM,
    "tensor": TensorFusion,
    "lowrank": LowRank,
    "bilinear": Bilinear,
    "attention": Attention,
    "cross": Cross,
    "bottleneck": Bottleneck,
    "perceiver": Perceiver,
    "decision": Decision,  # dim is the number of classes: what comes out are logits
    "multilevel": MultiLevel,  # likewise
}


def gives_logits(name: str) -> bool:
    """Whether this fusion decides itself, so that its `dim` is the number of classes and no head comes after it."""
    return fusions.get(name) in (Decision, MultiLevel)


def make_fusion(name: str, dims: Mapping[str, int], dim: int, **options: Any) -> Fusion:
    """The fusion of this name. dims, dim, options: as its class takes them.

    Raises UsageError, one line, for a name or an option that is not there and for values that do not fit.
    """
    if name not in fusions:
        raise UsageError(t("fusion.unknown", name=name, names=", ".join(fusions)))
    known = list(signature(fusions[name]).parameters)[2:]  # after dims and dim
    for option in options:
        if option not in known:
            raise UsageError(t("fusion.no_option", name=name, option=option, options=", ".join(known)))
    try:
        return fusions[name](dims, dim, **options)
    except ValueError as error:
        raise UsageError(t("fusion.not_made", name=name, reason=error)) from error

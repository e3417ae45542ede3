"""Rotary positions in config.json: as transformers 5 writes them, and as the versions before it did."""

from collections.abc import Mapping
from typing import Any

from zaohua.model_folder.values import Values
from zaohua.nn.config import TransformerConfig
from zaohua.nn.rotary import RopeScaling


def read(values: Values) -> tuple[float, RopeScaling | None]:
    """(theta, scaling); a kind of scaling other than linear and llama3 is refused by its name."""
    key = "rope_parameters" if values.raw.get("rope_parameters") else "rope_scaling"
    rope = values.raw.get(key) or {}
    if not isinstance(rope, Mapping):
        raise values.unsupported(key, rope)
    inner = Values(rope, values.path)
    theta = inner.positive("rope_theta", values.positive("rope_theta", 10_000.0))
    inner.supported("partial_rotary_factor", 1.0, 1)
    kind = rope.get("rope_type") or rope.get("type") or "default"
    if kind == "default":
        return theta, None
    if kind == "linear":
        return theta, RopeScaling(kind="linear", factor=inner.positive("factor"))
    if kind != "llama3":
        raise values.unsupported("rope_type", kind)
    low, high = inner.positive("low_freq_factor"), inner.positive("high_freq_factor")
    if high <= low:
        raise inner.unsupported("high_freq_factor", high)
    original = inner.whole("original_max_position_embeddings", largest=1 << 31)
    factor = inner.positive("factor")
    return theta, RopeScaling(kind="llama3", factor=factor, low=low, high=high, original_context=original)


def write(config: TransformerConfig) -> dict[str, Any]:
    """The keys of config.json for both generations of readers."""
    scaling = config.rope_scaling
    old: dict[str, Any] | None = None
    if scaling is not None:
        old = {"rope_type": scaling.kind, "factor": scaling.factor}
        if scaling.kind == "llama3":
            old |= {"low_freq_factor": scaling.low, "high_freq_factor": scaling.high}
            old["original_max_position_embeddings"] = scaling.original_context
    return {
        "rope_theta": config.rope_theta,
        "rope_scaling": old,
        "rope_parameters": {**(old or {"rope_type": "default"}), "rope_theta": config.rope_theta},
    }

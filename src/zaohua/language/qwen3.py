"""The Qwen3 form of a decoder: its config.json and its parameter names, in both directions."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.decoder import DecoderConfig

_LARGEST = 1_000_000  # of a dimension: keeps a hostile config from overflowing or exhausting memory
_PLAIN = {"attention_bias": False, "use_sliding_window": False, "hidden_act": "silu"}


def published_name(name: str) -> str:
    """Our parameter name -> the one in Qwen3 folders."""
    return name if name.startswith("lm_head.") else "model." + name.removeprefix("transformer.")


def our_name(name: str) -> str:
    """The inverse of published_name."""
    rest = name.removeprefix("model.")
    return "transformer." + rest if rest.startswith(("layers.", "norm.")) else rest


def to_json(config: DecoderConfig, eot: int, dtype: str) -> dict[str, Any]:
    """config.json. eot: id of <|endoftext|>; dtype: of the weights, such as "float32"."""
    return {
        "architectures": ["Qwen3ForCausalLM"],
        "model_type": "qwen3",
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "hidden_size": config.width,
        "intermediate_size": config.ffn_width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "hidden_act": "silu",
        "rms_norm_eps": config.norm_eps,
        "rope_theta": config.rope_theta,  # readers before transformers 5
        "rope_scaling": None,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},  # from transformers 5 on
        "tie_word_embeddings": config.tied,
        "attention_bias": False,
        "attention_dropout": 0.0,
        "use_sliding_window": False,
        "sliding_window": None,
        "max_window_layers": config.layers,
        "layer_types": ["full_attention"] * config.layers,
        "initializer_range": 0.02,
        "use_cache": True,
        "bos_token_id": eot,
        "eos_token_id": eot,
        "pad_token_id": eot,
        "dtype": dtype,
        "torch_dtype": dtype,  # readers before transformers 5
    }


def generation_json(eot: int) -> dict[str, Any]:
    """generation_config.json, with the defaults of LanguageModel.generate."""
    return {"bos_token_id": eot, "eos_token_id": eot, "pad_token_id": eot, "do_sample": True, "temperature": 0.8}


def from_json(raw: Mapping[str, Any], path: Path) -> DecoderConfig:
    """The decoder that config.json describes. A setting this decoder has no part for is refused, never ignored."""
    rope = raw.get("rope_parameters") or raw.get("rope_scaling") or {}
    rope = rope if isinstance(rope, Mapping) else {"rope_type": rope}
    asked = {key: raw.get(key, plain) for key, plain in _PLAIN.items()}
    asked["rope_type"] = rope.get("rope_type") or rope.get("type") or "default"
    for key, value in asked.items():
        if value != _PLAIN.get(key, "default"):
            raise ZaohuaError(t("hub.unsupported", path=path, key=key, value=one_line(value)))
    layer_types = raw.get("layer_types")
    if layer_types and (not isinstance(layer_types, list) or any(kind != "full_attention" for kind in layer_types)):
        raise ZaohuaError(t("hub.unsupported", path=path, key="layer_types", value=one_line(layer_types)))

    def refuse(key: str, value: Any, expected: str) -> ZaohuaError:
        return ZaohuaError(t("hub.bad_value", path=path, key=key, value=one_line(value), expected=expected))

    def whole(key: str, default: Any = None, largest: int = _LARGEST) -> int:
        value = default if raw.get(key) is None else raw[key]
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
            raise refuse(key, value, t("hub.expected_whole", largest=largest))
        return value

    def positive(key: str, value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < 1e30:
            raise refuse(key, value, t("hub.expected_positive"))
        return float(value)

    width, heads = whole("hidden_size"), whole("num_attention_heads")
    kv_heads, head_dim = whole("num_key_value_heads", heads), whole("head_dim", width // heads)
    if heads % kv_heads:
        raise refuse("num_key_value_heads", kv_heads, t("hub.expected_divides", heads=heads))
    if head_dim % 2:
        raise refuse("head_dim", head_dim, t("hub.expected_even"))
    return DecoderConfig(
        layers=whole("num_hidden_layers", largest=10_000),
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        ffn_width=whole("intermediate_size"),
        rope_theta=positive("rope_theta", rope.get("rope_theta") or raw.get("rope_theta", 10_000.0)),
        norm_eps=positive("rms_norm_eps", raw.get("rms_norm_eps", 1e-6)),
        vocab_size=whole("vocab_size", largest=10 * _LARGEST),
        context=whole("max_position_embeddings", largest=1 << 31),
        tied=bool(raw.get("tie_word_embeddings", False)),
    )

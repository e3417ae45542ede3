"""Llama, and Mistral, Qwen2 and Qwen3, which differ from it by a window, by biases and by norms of queries and keys."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from zaohua.language.decoder import DecoderConfig
from zaohua.language.families import rope
from zaohua.language.families.base import Config, Part, SpecialIds, place, stored, usual_keys
from zaohua.model_folder.values import LARGEST, Values
from zaohua.nn.rotary import RopeScaling

MODEL_TYPES = ("llama", "mistral", "qwen2", "qwen3")
_CLASSES = {"llama": "Llama", "mistral": "Mistral", "qwen2": "Qwen2", "qwen3": "Qwen3"}
_BLOCK = (
    *(f"self_attn.{part}" for part in ("q_proj", "k_proj", "v_proj", "o_proj", "q_norm", "k_norm")),
    *(f"mlp.{part}" for part in ("gate_proj", "up_proj", "down_proj")),
    "input_layernorm",
    "post_attention_layernorm",
)
_MODULES = {
    "embed_tokens": "model.embed_tokens",
    **{f"transformer.layers.{{}}.{part}": f"model.layers.{{}}.{part}" for part in _BLOCK},
    "transformer.norm": "model.norm",
    "lm_head": "lm_head",
}


def from_json(raw: Mapping[str, Any], path: Path, names: Collection[str] = ()) -> DecoderConfig:
    """See Family."""
    values, kind = Values(raw, path), raw["model_type"]
    values.supported("hidden_act", "silu", "swish")
    theta, scaling = rope.read(values)
    return decoder_config(
        values,
        {
            "layers": "num_hidden_layers",
            "width": "hidden_size",
            "heads": "num_attention_heads",
            "kv_heads": "num_key_value_heads",
            "head_dim": "head_dim",
            "ffn_width": "intermediate_size",
            "vocab_size": "vocab_size",
            "context": "max_position_embeddings",
        },
        rope_theta=theta,
        rope_scaling=scaling,
        norm_eps=values.positive("rms_norm_eps", 1e-6),
        bias=_bias(values, kind),
        qk_norm=kind == "qwen3",
        window=_window(values, kind),
        tied=values.flag("tie_word_embeddings", False),
    )


def decoder_config(
    values: Values,
    keys: Mapping[str, str],  # our name of each number of the shape -> its key
    *,
    rope_theta: float,
    rope_scaling: RopeScaling | None,
    norm_eps: float,
    bias: Literal["none", "qkv", "attention", "all"],
    qk_norm: bool,
    window: int | None,
    tied: bool,
) -> DecoderConfig:
    """The decoder of this shape, after its numbers were seen to fit each other."""
    width, heads = values.whole(keys["width"]), values.whole(keys["heads"])
    kv_heads, head_dim = values.whole(keys["kv_heads"], heads), values.whole(keys["head_dim"], width // heads)
    if heads % kv_heads:
        raise values.divides(keys["kv_heads"], kv_heads, keys["heads"], heads)
    if head_dim % 2:
        raise values.even(keys["head_dim"], head_dim)
    return DecoderConfig(
        layers=values.whole(keys["layers"], largest=10_000),
        width=width,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        ffn_width=values.whole(keys["ffn_width"]),
        vocab_size=values.whole(keys["vocab_size"], largest=10 * LARGEST),
        context=values.whole(keys["context"], largest=1 << 31),
        rope_theta=rope_theta,
        rope_scaling=rope_scaling,
        norm_eps=norm_eps,
        bias=bias,
        qk_norm=qk_norm,
        window=window,
        tied=tied,
    )


def fits(config: Config) -> bool:
    """See Family."""
    return (
        isinstance(config, DecoderConfig)
        and (config.norm, config.norm_first, config.positions, config.mlp) == ("rms", True, "rotary", "swiglu")
        and config.causal
        and not config.cross
        and model_type(config) is not None
    )


def model_type(config: DecoderConfig) -> str | None:
    """Which of the four has these switches."""
    if config.qk_norm:
        return "qwen3" if config.bias in ("none", "attention") else None
    if config.bias == "qkv":
        return "qwen2"
    if config.window is None:
        return "llama"
    return "mistral" if config.bias == "none" else None


def to_json(config: DecoderConfig, ids: SpecialIds, dtype: str) -> dict[str, Any]:
    """See Family."""
    kind = model_type(config)
    assert kind is not None
    raw = {
        "architectures": [f"{_CLASSES[kind]}ForCausalLM"],
        "model_type": kind,
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
        **rope.write(config),
        "tie_word_embeddings": config.tied,
        "attention_dropout": 0.0,
        **usual_keys(dtype, bos=ids.bos, eos=ids.eos, pad=ids.pad),
    }
    if kind in ("llama", "qwen3"):
        raw["attention_bias"] = config.bias != "none"
    if kind == "llama":
        raw["mlp_bias"] = config.bias == "all"
    if kind != "llama":
        raw["sliding_window"] = config.window
    if kind.startswith("qwen"):
        raw["use_sliding_window"] = config.window is not None
        raw["max_window_layers"] = config.layers if config.window is None else 0
        raw["layer_types"] = ["sliding_attention" if config.window else "full_attention"] * config.layers
    return raw


def layout(config: DecoderConfig, names: Iterable[str]) -> dict[str, Part]:
    """See Family."""
    return place(stored(names, config), _MODULES)


def canonical(name: str) -> str | None:
    """See Family. Files of early readers bring tables of rotary frequencies along."""
    return None if name.endswith("rotary_emb.inv_freq") else name


def _bias(values: Values, kind: str) -> Literal["none", "qkv", "attention", "all"]:
    if kind == "qwen2":
        return "qkv"
    attention = values.flag("attention_bias", False)
    if kind == "mistral" or not attention:
        values.supported("attention_bias", False)
        values.supported("mlp_bias", False)
        return "none"
    return "all" if values.flag("mlp_bias", False) else "attention"


def _window(values: Values, kind: str) -> int | None:
    """How far back a query sees; layers that differ in it are refused."""
    types = values.raw.get("layer_types")
    slides = kind == "mistral" or (kind.startswith("qwen") and values.flag("use_sliding_window", False))
    if isinstance(types, list) and types:
        kinds = {kind if isinstance(kind, str) else "?" for kind in types}
        if not (kinds <= {"full_attention"} or (slides and kinds <= {"sliding_attention"})):
            raise values.unsupported("layer_types", types)
        slides = kinds == {"sliding_attention"}
    elif types:
        raise values.unsupported("layer_types", types)
    elif slides and kind != "mistral":  # before layer_types: that many layers see everything, then the others do not
        whole = values.raw.get("max_window_layers", 28)
        if whole != 0 and not (isinstance(whole, int) and whole >= values.whole("num_hidden_layers")):
            raise values.unsupported("max_window_layers", whole)
        slides = whole == 0
    if slides and "sliding_window" not in values.raw:
        return 4096  # what transformers takes for granted
    if not slides or values.raw["sliding_window"] is None:
        return None
    return values.whole("sliding_window", largest=1 << 31)

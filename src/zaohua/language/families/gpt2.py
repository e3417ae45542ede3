"""GPT-2: learned positions, layer norms, biases everywhere; its matrices lie [in, out], query, key and value in one."""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from zaohua.language.decoder import DecoderConfig
from zaohua.language.families.base import Config, Part, SpecialIds, place, stored, usual_keys
from zaohua.model_folder.values import LARGEST, Values

MODEL_TYPES = ("gpt2",)
_MODULES = {
    "embed_tokens": "transformer.wte",
    "embed_positions": "transformer.wpe",
    "transformer.layers.{}.input_layernorm": "transformer.h.{}.ln_1",
    "transformer.layers.{}.self_attn.q_proj": "transformer.h.{}.attn.c_attn",
    "transformer.layers.{}.self_attn.k_proj": "transformer.h.{}.attn.c_attn",
    "transformer.layers.{}.self_attn.v_proj": "transformer.h.{}.attn.c_attn",
    "transformer.layers.{}.self_attn.o_proj": "transformer.h.{}.attn.c_proj",
    "transformer.layers.{}.post_attention_layernorm": "transformer.h.{}.ln_2",
    "transformer.layers.{}.mlp.up_proj": "transformer.h.{}.mlp.c_fc",
    "transformer.layers.{}.mlp.down_proj": "transformer.h.{}.mlp.c_proj",
    "transformer.norm": "transformer.ln_f",
    "lm_head": "lm_head",
}
_MASK = re.compile(r"h\.\d+\.attn\.(masked_)?bias$")  # a buffer of early files, told from c_attn.bias by its name
_TANH, _EXACT = ("gelu_new", "gelu_pytorch_tanh"), "gelu"


def from_json(raw: Mapping[str, Any], path: Path, names: Collection[str] = ()) -> DecoderConfig:
    """See Family."""
    values = Values(raw, path)
    activation = values.supported("activation_function", *_TANH, _EXACT)
    values.supported("scale_attn_weights", True)
    values.supported("scale_attn_by_inverse_layer_idx", False)
    values.supported("add_cross_attention", False)
    width, heads = values.in_parts("n_embd", "n_head")
    return decoder_config(
        layers=values.whole("n_layer", largest=10_000),
        width=width,
        heads=heads,
        ffn_width=values.whole("n_inner", 4 * width, largest=4 * LARGEST),
        vocab_size=values.whole("vocab_size", largest=10 * LARGEST),
        context=values.whole("n_positions", raw.get("n_ctx"), largest=LARGEST),
        norm_eps=values.positive("layer_norm_epsilon", 1e-5),
        mlp="gelu" if activation == _EXACT else "gelu_tanh",
        tied=values.flag("tie_word_embeddings", True),
    )


def decoder_config(*, width: int, heads: int, **rest: Any) -> DecoderConfig:
    """The decoder with GPT-2's switches and these numbers."""
    return DecoderConfig(
        width=width,
        heads=heads,
        kv_heads=heads,
        head_dim=width // heads,
        norm="layer",
        positions="learned",
        bias="all",
        qk_norm=False,
        **rest,
    )


def fits(config: Config) -> bool:
    """See Family."""
    return (
        isinstance(config, DecoderConfig)
        and (config.norm, config.norm_first, config.positions, config.bias) == ("layer", True, "learned", "all")
        and config.mlp in ("gelu", "gelu_tanh")
        and config.kv_heads == config.heads
        and config.heads * config.head_dim == config.width
        and config.causal
        and not (config.qk_norm or config.window or config.cross)
    )


def to_json(config: DecoderConfig, ids: SpecialIds, dtype: str) -> dict[str, Any]:
    """See Family."""
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "vocab_size": config.vocab_size,
        "n_positions": config.context,
        "n_ctx": config.context,  # llama.cpp's converter asks for it
        "n_embd": config.width,
        "n_layer": config.layers,
        "n_head": config.heads,
        "n_inner": config.ffn_width,
        "activation_function": _EXACT if config.mlp == "gelu" else _TANH[0],
        "layer_norm_epsilon": config.norm_eps,
        "tie_word_embeddings": config.tied,
        "resid_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "attn_pdrop": 0.0,
        **usual_keys(dtype, bos=ids.bos, eos=ids.eos, pad=ids.pad),
    }


def layout(config: DecoderConfig, names: Iterable[str]) -> dict[str, Part]:
    """See Family."""
    return place(stored(names, config), _MODULES, transposed=lambda published: published.startswith("transformer.h."))


def canonical(name: str) -> str | None:
    """See Family. The first files came without the prefix and with their causal masks."""
    if _MASK.search(name):
        return None
    return name if name.startswith(("transformer.", "lm_head.")) else f"transformer.{name}"

"""The metadata that describe a decoder's shape, in both directions."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.decoder import DecoderConfig
from zaohua.language.families import gpt2, llama
from zaohua.model_folder.values import LARGEST, Values
from zaohua.nn.rotary import RopeScaling

ARCHITECTURES = ("llama", "qwen2", "qwen3", "gpt2")
_LLAMA3 = [(8.0, 8192), (32.0, 8192)]  # factor and first context of Llama 3.1 and 3.2; low and high are 1 and 4


def read_shape(
    metadata: Mapping[str, Any], path: Path, tensors: Collection[str], factors: Tensor | None
) -> DecoderConfig:
    """The decoder that a file describes. tensors: their names there; factors: of rope_freqs.weight, [head_dim / 2].

    A setting that our blocks have no part for is refused with a ZaohuaError.
    """
    arch = metadata.get("general.architecture")
    if arch not in ARCHITECTURES:
        known = ", ".join(ARCHITECTURES)
        raise ZaohuaError(t("hub.unknown_architecture", path=path, found=one_line(arch), known=known))
    values = Values(metadata, path)
    values.supported(f"{arch}.expert_count", 0)
    tied = "output.weight" not in tensors
    if arch == "gpt2":
        return _gpt2(values, tied)
    scaling = _scaling(values, arch)
    config = llama.decoder_config(
        values,
        {
            "layers": f"{arch}.block_count",
            "width": f"{arch}.embedding_length",
            "heads": f"{arch}.attention.head_count",
            "kv_heads": f"{arch}.attention.head_count_kv",
            "head_dim": f"{arch}.attention.key_length",
            "ffn_width": f"{arch}.feed_forward_length",
            "vocab_size": "vocab_size",
            "context": f"{arch}.context_length",
        },
        rope_theta=values.positive(f"{arch}.rope.freq_base", 10_000.0),
        rope_scaling=scaling,
        norm_eps=values.positive(f"{arch}.attention.layer_norm_rms_epsilon"),
        bias=_bias(arch, tensors),
        qk_norm=arch == "qwen3",
        window=None,
        tied=tied,
    )
    values.supported(f"{arch}.rope.dimension_count", config.head_dim)
    window = metadata.get(f"{arch}.attention.sliding_window")
    if isinstance(window, int) and 0 < window < config.context:
        raise values.unsupported(f"{arch}.attention.sliding_window", window)
    if factors is None:
        return config
    return _with_factors(config, factors, values)


def write_shape(config: DecoderConfig, path: Path) -> tuple[dict[str, Any], Tensor | None]:
    """Metadata and, for llama3's scaling, rope_freqs.weight; a shape that llama.cpp has no part for is refused."""
    if gpt2.fits(config) and config.mlp == "gelu_tanh":
        arch = "gpt2"
    else:
        arch = (llama.model_type(config) if llama.fits(config) else None) or "?"
    kind = config.rope_scaling.kind if config.rope_scaling else None
    biased = config.bias == "attention" and arch == "qwen3"
    if arch not in ARCHITECTURES or config.window is not None or biased or (kind == "llama3" and arch != "llama"):
        raise ZaohuaError(t("gguf.no_shape", path=path, known=", ".join(ARCHITECTURES)))
    raw: dict[str, Any] = {
        "general.architecture": arch,
        f"{arch}.block_count": config.layers,
        f"{arch}.context_length": config.context,
        f"{arch}.embedding_length": config.width,
        f"{arch}.feed_forward_length": config.ffn_width,
        f"{arch}.attention.head_count": config.heads,
    }
    if arch == "gpt2":
        return raw | {"gpt2.attention.layer_norm_epsilon": config.norm_eps}, None
    raw |= {
        f"{arch}.attention.head_count_kv": config.kv_heads,
        f"{arch}.attention.key_length": config.head_dim,
        f"{arch}.attention.value_length": config.head_dim,
        f"{arch}.attention.layer_norm_rms_epsilon": config.norm_eps,
        f"{arch}.rope.dimension_count": config.head_dim,
        f"{arch}.rope.freq_base": config.rope_theta,
        f"{arch}.vocab_size": config.vocab_size,
    }
    if config.rope_scaling is None:
        return raw, None
    if kind == "linear":
        factor = config.rope_scaling.factor
        return raw | {f"{arch}.rope.scaling.type": "linear", f"{arch}.rope.scaling.factor": factor}, None
    return raw, _factors(config, config.rope_scaling)


def _gpt2(values: Values, tied: bool) -> DecoderConfig:
    width, heads = values.in_parts("gpt2.embedding_length", "gpt2.attention.head_count")
    return gpt2.decoder_config(
        layers=values.whole("gpt2.block_count", largest=10_000),
        width=width,
        heads=heads,
        ffn_width=values.whole("gpt2.feed_forward_length", largest=4 * LARGEST),
        vocab_size=values.whole("vocab_size", largest=10 * LARGEST),
        context=values.whole("gpt2.context_length"),
        norm_eps=values.positive("gpt2.attention.layer_norm_epsilon"),
        mlp="gelu_tanh",
        tied=tied,
    )


def _bias(arch: str, tensors: Collection[str]) -> Literal["none", "qkv", "attention", "all"]:
    if arch == "qwen3" or (arch == "llama" and "blk.0.attn_q.bias" not in tensors):
        return "none"
    if arch == "qwen2":
        return "qkv"
    return "all" if "blk.0.ffn_up.bias" in tensors else "attention"


def _scaling(values: Values, arch: str) -> RopeScaling | None:
    kind = values.supported(f"{arch}.rope.scaling.type", "none", "linear")
    if kind == "none":
        return None
    return RopeScaling(kind="linear", factor=values.positive(f"{arch}.rope.scaling.factor"))


def _factors(config: DecoderConfig, scaling: RopeScaling) -> Tensor:
    """By how much each rotary frequency is divided, [head_dim / 2]."""
    plain = config.rope_theta ** -(torch.arange(0, config.head_dim, 2, dtype=torch.float32) / config.head_dim)
    return plain / scaling.apply(plain)


def _with_factors(config: DecoderConfig, factors: Tensor, values: Values) -> DecoderConfig:
    """The file keeps what llama3's scaling comes to, not its settings: those of the published models are tried."""
    if (factors == 1).all():
        return config
    for factor, original in _LLAMA3:
        scaling = RopeScaling(kind="llama3", factor=factor, original_context=original)
        if factors.shape == (config.head_dim // 2,) and torch.allclose(_factors(config, scaling), factors, rtol=1e-4):
            return replace(config, rope_scaling=scaling)
    raise values.unsupported("rope_freqs.weight", [round(number, 3) for number in factors.tolist()])

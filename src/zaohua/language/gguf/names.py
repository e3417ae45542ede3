"""Names of tensors: ggml's for those that the families publish, by the `gguf` library's table."""

from collections.abc import Iterable
from dataclasses import replace

from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, get_tensor_name_map
from torch import Tensor

from zaohua.language.decoder import DecoderConfig
from zaohua.language.families import family_for
from zaohua.language.families.base import Part

EMBEDDING, FACTORS = "token_embd.weight", "rope_freqs.weight"
_ARCHITECTURES = {name: arch for arch, name in MODEL_ARCH_NAMES.items()}


def layout(config: DecoderConfig, arch: str, names: Iterable[str]) -> dict[str, Part]:
    """ggml's name -> what the tensor holds. names: of our parameters. Every matrix lies [out, in]."""
    family = family_for(config)
    assert family is not None
    table = get_tensor_name_map(_ARCHITECTURES[arch], config.layers)
    parts = {}
    for published, part in family.layout(config, names).items():
        name = table.get_name(published, try_suffixes=(".weight", ".bias"))
        assert name is not None, published
        parts[name] = replace(part, transposed=False)
    return parts


def turned_heads(config: DecoderConfig, arch: str, name: str) -> int:
    """Heads whose rotary pairs lie side by side in this tensor; 0 where they lie in halves, as everywhere else."""
    if arch != MODEL_ARCH_NAMES[MODEL_ARCH.LLAMA]:
        return 0
    return config.heads if ".attn_q." in name else config.kv_heads if ".attn_k." in name else 0


def turn(tensor: Tensor, heads: int) -> Tensor:
    """Rows with their rotary pairs in halves -> side by side; as it is for 0 heads."""
    return tensor.unflatten(0, (heads, 2, -1)).transpose(1, 2).flatten(0, 2) if heads else tensor


def turn_back(tensor: Tensor, heads: int) -> Tensor:
    """The inverse of turn."""
    return tensor.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2) if heads else tensor

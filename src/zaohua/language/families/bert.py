"""BERT: an encoder with norms after the sums, and what reads it: a masked head, a classifier, or nothing."""

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from zaohua.i18n import t
from zaohua.language.encoders.encoder import EncoderConfig
from zaohua.language.families.base import Config, Part, SpecialIds, place, usual_keys
from zaohua.model_folder.values import LARGEST, Values

MODEL_TYPES = ("bert",)
_HEADS: dict[str, Literal["masked", "class", "none"]] = {
    "BertForMaskedLM": "masked",
    "BertForPreTraining": "masked",
    "BertForSequenceClassification": "class",
    "BertModel": "none",
}
_CLASSES = {"masked": "BertForMaskedLM", "class": "BertForSequenceClassification", "none": "BertModel"}
_BLOCK = {
    "self_attn.q_proj": "attention.self.query",
    "self_attn.k_proj": "attention.self.key",
    "self_attn.v_proj": "attention.self.value",
    "self_attn.o_proj": "attention.output.dense",
    "input_layernorm": "attention.output.LayerNorm",
    "mlp.up_proj": "intermediate.dense",
    "mlp.down_proj": "output.dense",
    "post_attention_layernorm": "output.LayerNorm",
}
_MODULES = {
    "embed_tokens": "bert.embeddings.word_embeddings",
    "embed_types": "bert.embeddings.token_type_embeddings",
    "embed_positions": "bert.embeddings.position_embeddings",
    "embed_norm": "bert.embeddings.LayerNorm",
    **{f"transformer.layers.{{}}.{ours}": f"bert.encoder.layer.{{}}.{theirs}" for ours, theirs in _BLOCK.items()},
    "pooler": "bert.pooler.dense",
    "masked_head.dense": "cls.predictions.transform.dense",
    "masked_head.norm": "cls.predictions.transform.LayerNorm",
    "masked_head": "cls.predictions",
    "classifier": "classifier",
}
_POOLER = "bert.pooler.dense.weight"


def from_json(raw: Mapping[str, Any], path: Path, names: Collection[str] = ()) -> EncoderConfig:
    """See Family."""
    values = Values(raw, path)
    values.supported("hidden_act", "gelu")
    values.supported("position_embedding_type", "absolute")
    values.supported("is_decoder", False)
    values.supported("add_cross_attention", False)
    values.supported("tie_word_embeddings", True)
    width, heads = values.in_parts("hidden_size", "num_attention_heads")
    head = _head(values, names)
    return EncoderConfig(
        layers=values.whole("num_hidden_layers", largest=10_000),
        width=width,
        heads=heads,
        kv_heads=heads,
        head_dim=width // heads,
        ffn_width=values.whole("intermediate_size", largest=4 * LARGEST),
        vocab_size=values.whole("vocab_size", largest=10 * LARGEST),
        context=values.whole("max_position_embeddings", 512),
        types=values.whole("type_vocab_size", 2),
        norm_eps=values.positive("layer_norm_eps", 1e-12),
        head=head,
        pooler=head == "class" or _POOLER in names,
        labels=_labels(values) if head == "class" else (),
    )


def fits(config: Config) -> bool:
    """See Family."""
    return (
        isinstance(config, EncoderConfig)
        and (config.norm, config.norm_first, config.positions, config.bias) == ("layer", False, "learned", "all")
        and config.mlp == "gelu"
        and config.kv_heads == config.heads
        and config.heads * config.head_dim == config.width
        and not (config.causal or config.qk_norm or config.window or config.cross)
        and (config.pooler or config.head != "class")
    )


def to_json(config: EncoderConfig, ids: SpecialIds, dtype: str) -> dict[str, Any]:
    """See Family."""
    raw: dict[str, Any] = {
        "architectures": [_CLASSES[config.head]],
        "model_type": "bert",
        "vocab_size": config.vocab_size,
        "max_position_embeddings": config.context,
        "type_vocab_size": config.types,
        "hidden_size": config.width,
        "intermediate_size": config.ffn_width,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "hidden_act": "gelu",
        "layer_norm_eps": config.norm_eps,
        "position_embedding_type": "absolute",
        "tie_word_embeddings": True,
        "hidden_dropout_prob": config.dropout,
        "attention_probs_dropout_prob": 0.0,
        **usual_keys(dtype, pad=ids.pad),
    }
    if config.head == "class":
        raw["id2label"] = {str(index): label for index, label in enumerate(config.labels)}
        raw["label2id"] = {label: index for index, label in enumerate(config.labels)}
        if len(config.labels) == 1:
            raw["problem_type"] = "regression"
    return raw


def layout(config: EncoderConfig, names: Iterable[str]) -> dict[str, Part]:
    """See Family."""
    return place(names, _MODULES)


def canonical(name: str) -> str | None:
    """See Family. Left out: what is tied, and the head that guesses whether two sentences follow each other."""
    name = name.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")
    if name.startswith(("embeddings.", "encoder.", "pooler.")):
        name = f"bert.{name}"
    if name == "cls.predictions.decoder.bias":
        return "cls.predictions.bias"
    tied = name in ("cls.predictions.decoder.weight", "bert.embeddings.position_ids")
    return None if tied or name.startswith("cls.seq_relationship.") else name


def _head(values: Values, names: Collection[str]) -> Literal["masked", "class", "none"]:
    """By the class that config.json names, else by the tensors there are."""
    classes = values.raw.get("architectures")
    if not classes:
        has_masked = "cls.predictions.bias" in names
        return "masked" if has_masked else "class" if "classifier.weight" in names else "none"
    name = classes[0] if isinstance(classes, list) else classes
    if not isinstance(name, str) or name not in _HEADS:
        raise values.unsupported("architectures", name)
    return _HEADS[name]


def _labels(values: Values) -> tuple[str, ...]:
    """Names of the classes in the order of their logits."""
    table = values.raw.get("id2label")
    if table is None:
        return tuple(f"LABEL_{index}" for index in range(values.whole("num_labels", 2)))
    wanted = [str(index) for index in range(len(table))] if isinstance(table, Mapping) else []
    if not wanted or not all(isinstance(table.get(index), str) for index in wanted):
        raise values.refuse("id2label", table, t("hub.expected_labels"))
    return tuple(table[index] for index in wanted)

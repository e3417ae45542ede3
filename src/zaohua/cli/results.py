"""A model's numbers beside those of its baselines."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zaohua.cli.common import table
from zaohua.i18n import t

if TYPE_CHECKING:
    from rich.table import Table

_NAMES = {
    "loss": "cli.metric_loss",
    "perplexity": "cli.metric_perplexity",
    "bits_per_byte": "cli.metric_bits_per_byte",
}


def results_table(metrics: Mapping[str, Any], baselines: Mapping[str, Any]) -> "Table":
    """One row per metric: the model, then each baseline that has the metric too. Lower is better in all of _NAMES."""
    rivals = {name: scores for name, scores in baselines.items() if isinstance(scores, Mapping)}
    made = table(t("cli.results"), t("cli.metric"), t("cli.model"), *(_rival(*item) for item in rivals.items()))
    for name, value in metrics.items():
        label = t(_NAMES[name]) if name in _NAMES else name
        made.add_row(label, _number(value), *(_number(scores.get(name)) for scores in rivals.values()))
    return made


def _rival(name: str, scores: Mapping[str, Any]) -> str:
    if name == "ngram":
        return t("cli.ngram", order=scores.get("order", "?"))
    return t("cli.unigram") if name == "unigram" else name


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)

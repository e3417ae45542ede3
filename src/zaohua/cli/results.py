"""A model's numbers beside those of its baselines, and what it writes beside real text."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zaohua.cli.common import table
from zaohua.i18n import t
from zaohua.report.comparison import metric_name, rival_name
from zaohua.report.modalities import account_rows, noise_rows
from zaohua.report.quality import COLUMNS, quality_rows

if TYPE_CHECKING:
    from rich.table import Table

_NAMES = {
    "loss": "cli.metric_loss",
    "perplexity": "cli.metric_perplexity",
    "bits_per_byte": "cli.metric_bits_per_byte",
}
_OF_PICTURES = {"fd", "l1", "perceptual", "psnr", "codes_used", "code_perplexity"}  # that were copied
_OF_SOUNDS = {"mel_distance", "stft_distance", "understood", "tokens_per_second"}
_TITLES = (
    (_NAMES.keys(), "cli.results"),
    ({"fd", "l1", "perceptual"}, "translate.results"),
    (_OF_PICTURES | _OF_SOUNDS, "tokenise.results"),
)
_RIVALS = {"unigram": "cli.unigram", "before": "cli.before"}


def results_table(metrics: Mapping[str, Any], baselines: Mapping[str, Any]) -> "Table":
    """One row per metric: the model, then each baseline that has the metric too. Lower is better in all of _NAMES."""
    rivals = {name: scores for name, scores in baselines.items() if isinstance(scores, Mapping)}
    title = t(next((key for names, key in _TITLES if metrics.keys() <= names), "encoder.results"))
    made = table(title, t("cli.metric"), t("cli.model"), *(_rival(*item) for item in rivals.items()))
    for name, value in metrics.items():
        of_language = name in _NAMES and not ("macro_f1" in metrics or "mae" in metrics)
        label = t(_NAMES[name]) if of_language else metric_name(name, metrics)
        made.add_row(label, _number(value), *(_number(scores.get(name)) for scores in rivals.values()))
    return made


def sliding_table(found: Mapping[str, Any]) -> "Table":
    """Metrics in windows that overlap, with what every token has seen before it."""
    context, stride = found["context"], found["stride"]
    title = t("measure.sliding_table", seen=context - stride, context=context, stride=stride)
    made = table(title, t("cli.metric"), t("cli.model"))
    for name, label in _NAMES.items():
        made.add_row(t(label), _number(found[f"sliding_{name}"]))
    return made


def quality_table(found: Mapping[str, Any]) -> "Table":
    """One row per measure: the model's texts, held-out text, and the floor."""
    title = t("measure.table", samples=found["samples"], tokens=found["max_new_tokens"])
    made = table(title, t("measure.measure"), *(t(f"measure.{column}") for column in COLUMNS))
    for row in quality_rows(found):
        made.add_row(*row)
    return made


def account_tables(found: Mapping[str, Any]) -> "list[Table]":
    """What a model that understands makes of each choice of modalities, and of noise over one of them."""
    tables: list[Table] = []
    for head, rows in (account_rows(found), noise_rows(found)):
        made = table(t("understand.results") if not tables else "", *head)
        for row in rows:
            made.add_row(*row)
        tables += [made] if rows else []
    return tables


def tasks_table(found: Mapping[str, Mapping[str, Any]]) -> "Table":
    """One row per metric of each task of lm-eval."""
    columns = ("task", "metric", "value", "stderr")
    made = table(t("measure.lm_eval_table"), *(t(f"measure.lm_eval_{column}") for column in columns))
    for task, metrics in found.items():
        for name, scores in metrics.items():
            made.add_row(task, name, _number(scores["value"]), _number(scores["stderr"]))
    return made


def scores_table(found: Mapping[str, Any]) -> "Table":
    """One row per measure of what was generated and of what is real. found: "scores" (zaohua.judges.scores.compare) and
    perhaps "realism" (zaohua.judges.realism.realism_report) and "speech" (zaohua.judges.speech)."""
    from zaohua.judges.scores import realism_row, score_rows
    from zaohua.judges.speech import speech_rows

    title = t("judges.table", count=found["scores"]["count"], reference=found["scores"]["reference"])
    made = table(title, t("cli.metric"), t("judges.generated"), t("judges.real"))
    rows = score_rows(found["scores"]) + ([realism_row(found["realism"])] if "realism" in found else [])
    rows += speech_rows(found["speech"]) if "speech" in found else []
    for row in rows:
        made.add_row(*row)
    return made


def _rival(name: str, scores: Mapping[str, Any]) -> str:
    if name == "ngram":
        return t("cli.ngram", order=scores.get("order", "?"))
    return t(_RIVALS[name]) if name in _RIVALS else rival_name(name, scores)


def _number(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else str(value)

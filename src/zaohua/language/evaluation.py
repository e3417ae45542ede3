"""Measuring a decoder on held-out text, beside tables of counts that have seen the same training text."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import torch

from zaohua import recipe as recipes
from zaohua.data.config import TextDataConfig
from zaohua.data.shards import TokenShards
from zaohua.errors import UsageError, ZaohuaError
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.language.corpus import Corpus, prepare
from zaohua.language.formats import load_decoder
from zaohua.language.measuring.forms import find_form
from zaohua.language.measuring.progress import bars
from zaohua.language.measuring.quality import Measuring, measure
from zaohua.language.model import LanguageModel, check_weights
from zaohua.language.scoring import Predictor, check_stride, named, passes, tokens_per_pass
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.metrics.ngram import baselines
from zaohua.metrics.perplexity import scores
from zaohua.nn.int8 import to_int8
from zaohua.tasks import load_task
from zaohua.training.parallel import Parallel, here

_CONTINUE = "continue"  # the task that goes on from a decoder with more texts
# Settings that other data to measure on take from the model's run.
_INHERITED = ("normalise", "min_chars", "exact_dedup", "near_dedup", "near_dedup_threshold")


@torch.no_grad()
def evaluate(
    decoder: Predictor, shards: TokenShards, parallel: Parallel, stride: int | None = None
) -> dict[str, float]:
    """Every token but the first once: loss (nats/token), perplexity, bits_per_byte.

    stride: left out, in blocks of the context; smaller, in windows that overlap, so that each token is predicted from
    at least context - stride tokens, and the names begin with "sliding_". All ranks must call it together; each does
    its share of the passes. Raises UsageError for a stride out of range.
    """
    context = decoder.config.context
    stride = check_stride(stride, context)
    total = torch.zeros((), dtype=torch.float64, device=parallel.device)
    todo = list(passes(shards.num_tokens, context, stride, tokens_per_pass(parallel.device)))
    for index in range(0, len(todo), parallel.world):
        mine = index + parallel.rank
        each = todo[mine if mine < len(todo) else 0]  # sharded weights need every rank in every pass
        nats = each.nats(decoder, shards.gather(each.starts, each.length + 1), parallel.device)
        if mine < len(todo):
            total += nats
    found = scores(parallel.sum(total).item(), shards.num_tokens - 1, shards.num_bytes)
    return named(found, stride, context)


def corpus_baselines(corpus: Corpus) -> dict[str, Any]:
    """Unigram and n-gram scores on the corpus' validation tokens; computed once and kept beside it."""
    file = corpus.folder / "baselines.json"
    if file.exists():
        return json.loads(file.read_text(encoding="utf-8"))
    vocab_size, validation = corpus.tokenizer.vocab_size, corpus.validation
    found = baselines(corpus.train, validation, vocab_size, validation.num_bytes)
    write_atomic(file, json.dumps(found))
    return found


def evaluate_folder(
    folder: Path,
    source: str | None,
    column: str | None = None,
    *,
    stride: int | None = None,
    samples: int = Measuring.samples,
    form: str | None = None,
    judge: LanguageModel | None = None,
    weights: Literal["full", "int8"] = "full",
) -> dict[str, Any]:
    """Metrics and baselines of a model folder, and the quality of what it writes.

    source: data to measure on, split as in training: the tables count its larger part, model and tables are scored
    on the smaller; cleaned as in the run the folder lies in, if it lies in one. column: of a table.
    Left out: the data of that run; if it taught to answer, the answers it held back, beside those of the base, and
    nothing else is measured. stride: also in windows that overlap, under "sliding". samples: texts to write, 0 for
    none; form, judge: see zaohua.language.measuring.quality; a run's own form if left out. weights: "int8" also
    measures the model with a byte per weight, under "int8", and lets that one write the texts.
    Raises ZaohuaError if there are no data, UsageError for a value out of range.
    """
    run_recipe = folder.resolve().parent.parent / "recipe.toml"
    raw = recipes.load_recipe(run_recipe) if run_recipe.is_file() else None
    if source is None and raw is not None:
        task_class = load_task(raw.get("task"))
        if hasattr(task_class, "measure_again"):  # one that measures answers, in its own way
            _refuse(folder, stride=stride, form=form, judge=judge, weights=None if weights == "full" else weights)
            return task_class(recipes.validate(raw, task_class.Recipe, str(run_recipe))).measure_again(folder)
    decoder, tokenizer, ends = load_decoder(folder)
    if source is None and raw is not None and raw.get("task") == _CONTINUE:  # in the blocks in which the run measures
        decoder.config = replace(decoder.config, context=raw["model"]["context"])
    check_stride(stride, decoder.config.context)
    check_weights(weights)
    if form is None and raw is not None:
        form = raw.get("sample", {}).get("form")
    if form is not None:
        find_form(form)
    corpus = _corpus(folder, raw, str(run_recipe), source, column, decoder.config.context)
    alone = Parallel(rank=0, world=1, device=here(), mode="single")
    metrics = evaluate(decoder.to(alone.device), corpus.validation, alone)
    found = {"metrics": metrics, "baselines": corpus_baselines(corpus), "data": corpus.report["sources"]}
    if stride is not None and stride != decoder.config.context:
        overlapping = evaluate(decoder, corpus.validation, alone, stride)
        found["sliding"] = {"context": decoder.config.context, "stride": stride, **overlapping}
    if weights == "int8":
        rounded = evaluate(to_int8(decoder), corpus.validation, alone)
        found["int8"] = rounded | {"delta_bits_per_byte": rounded["bits_per_byte"] - metrics["bits_per_byte"]}
    if samples:
        model = LanguageModel(decoder.eval(), tokenizer, ends=ends)
        with bars() as on_stage:
            found["quality"] = measure(model, corpus, Measuring(samples=samples, form=form, judge=judge), on_stage)
    return found


def _refuse(folder: Path, **options: Any) -> None:
    """UsageError for options that mean nothing for answers in conversations."""
    if foreign := [name for name, value in options.items() if value is not None]:
        raise UsageError(t("measure.not_for_this_model", path=folder, options=", ".join(foreign)))


def _corpus(
    folder: Path, raw: dict[str, Any] | None, origin: str, source: str | None, column: str | None, context: int
) -> Corpus:
    """The data to measure on. raw: the recipe of the run that the folder lies in, from the file `origin`."""
    if source is not None:
        settings = {key: value for key, value in raw.get("data", {}).items() if key in _INHERITED} if raw else {}
        settings |= {"source": source} | ({"column": column} if column else {})
        data = recipes.validate(settings, TextDataConfig, origin)
        tokenizer, seed = TokenizerConfig(kind="folder", path=str(folder)), 1
    elif raw is not None:
        data = recipes.validate(raw["data"], TextDataConfig, origin)
        given = raw.get("tokenizer", {"kind": "folder", "path": str(folder)})  # "continue" keeps the base's
        tokenizer = recipes.validate(given, TokenizerConfig, origin)
        seed = raw["train"]["seed"]
    else:
        raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
    return prepare(data, tokenizer, seed=seed, context=context, visible=True)

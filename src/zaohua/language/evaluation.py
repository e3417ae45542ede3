"""Measuring a decoder on held-out text, beside tables of counts that have seen the same training text."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zaohua import recipe as recipes
from zaohua.data.config import TextDataConfig
from zaohua.data.order import validation_windows
from zaohua.data.shards import TokenShards
from zaohua.errors import ZaohuaError
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.language.corpus import Corpus, prepare
from zaohua.language.decoder import Decoder
from zaohua.language.folder import load_folder
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.metrics.ngram import baselines
from zaohua.metrics.perplexity import scores
from zaohua.training.parallel import Parallel, here

CPU_TOKENS_PER_PASS, TOKENS_PER_PASS = 2_048, 16_384  # activations stay in a CPU's cache: more took 1.7 times as long
# Settings that other data to measure on take from the model's run.
_INHERITED = ("normalise", "min_chars", "exact_dedup", "near_dedup", "near_dedup_threshold")


@torch.no_grad()
def evaluate(decoder: Decoder, shards: TokenShards, parallel: Parallel) -> dict[str, float]:
    """Every token but the first once, in blocks of the context: loss (nats/token), perplexity, bits_per_byte.

    All ranks must call it together; each does its share of the passes.
    """
    total = torch.zeros((), dtype=torch.float64, device=parallel.device)
    per_pass = CPU_TOKENS_PER_PASS if parallel.device.type == "cpu" else TOKENS_PER_PASS
    batches = list(_batches(shards.num_tokens, decoder.config.context, per_pass))
    for index in range(0, len(batches), parallel.world):
        mine = index + parallel.rank
        starts, length = batches[mine if mine < len(batches) else 0]  # sharded weights need every rank in every pass
        windows = torch.from_numpy(shards.gather(starts, length + 1)).to(parallel.device)
        nats = decoder.loss(windows[:, :-1], windows[:, 1:]).double() * len(starts) * length
        if mine < len(batches):
            total += nats
    return scores(parallel.sum(total).item(), shards.num_tokens - 1, shards.num_bytes)


def _batches(num_tokens: int, context: int, tokens: int) -> Iterator[tuple[np.ndarray, int]]:
    """Validation windows of equal length, about `tokens` of them in a forward pass: starts [b] and the length."""
    starts, lengths = validation_windows(num_tokens, context)
    per_pass = max(1, tokens // context)
    for length in np.unique(lengths)[::-1].tolist():
        chosen = starts[lengths == length]
        for index in range(0, len(chosen), per_pass):
            yield chosen[index : index + per_pass], length


def corpus_baselines(corpus: Corpus) -> dict[str, Any]:
    """Unigram and n-gram scores on the corpus' validation tokens; computed once and kept beside it."""
    file = corpus.folder / "baselines.json"
    if file.exists():
        return json.loads(file.read_text(encoding="utf-8"))
    vocab_size, validation = corpus.tokenizer.vocab_size, corpus.validation
    found = baselines(corpus.train, validation, vocab_size, validation.num_bytes)
    write_atomic(file, json.dumps(found))
    return found


def evaluate_folder(folder: Path, source: str | None, column: str | None = None) -> dict[str, Any]:
    """Metrics and baselines of a model folder.

    source: data to measure on, split as in training: the tables count its larger part, model and tables are scored
    on the smaller; cleaned as in the run the folder lies in, if it lies in one. column: of a table.
    Left out: the data of that run. Raises ZaohuaError if there is none.
    """
    decoder, _ = load_folder(folder)
    run_recipe = folder.resolve().parents[1] / "recipe.toml"
    raw = recipes.load_recipe(run_recipe) if run_recipe.is_file() else None
    if source is not None:
        settings = {key: value for key, value in raw.get("data", {}).items() if key in _INHERITED} if raw else {}
        settings |= {"source": source} | ({"column": column} if column else {})
        data = recipes.validate(settings, TextDataConfig, str(run_recipe))
        tokenizer, seed = TokenizerConfig(kind="folder", path=str(folder)), 1
    elif raw is not None:
        data = recipes.validate(raw["data"], TextDataConfig, str(run_recipe))
        tokenizer = recipes.validate(raw["tokenizer"], TokenizerConfig, str(run_recipe))
        seed = raw["train"]["seed"]
    else:
        raise ZaohuaError(t("generate.no_data_to_measure", path=folder))
    corpus = prepare(data, tokenizer, seed=seed, context=decoder.config.context, visible=True)
    alone = Parallel(rank=0, world=1, device=here(), mode="single")
    metrics = evaluate(decoder.to(alone.device), corpus.validation, alone)
    return {"metrics": metrics, "baselines": corpus_baselines(corpus), "data": data.sources}

"""From sources to token streams: read, clean, remove duplicates, split, train the tokeniser, encode.

A prepared corpus is kept in a folder named after the hash of its sources' content and of all settings:

    CACHE/KEY/  report.json  tokenizer/  train/  validation/

It is made in CACHE/KEY.part, stage by stage; a stage that has finished is not done again after a kill, and the folder
takes its name when everything is there. Processes that want the same corpus wait for each other.
"""

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from zaohua.data.clean import clean
from zaohua.data.config import TextDataConfig
from zaohua.data.dedup import deduplicate
from zaohua.data.languages import language_of
from zaohua.data.order import fit_context
from zaohua.data.report import SourceReport
from zaohua.data.shards import ShardWriter, TokenShards
from zaohua.data.sources import Document, read_sources
from zaohua.data.split import Split, split
from zaohua.data.spool import Spool
from zaohua.errors import ZaohuaError
from zaohua.files import flush, write_atomic
from zaohua.i18n import t
from zaohua.language.corpus_cache import cache_folder, corpus_key
from zaohua.language.corpus_progress import OnProgress, bars, silent
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import sample, sample_share, train
from zaohua.report.numbers import percent
from zaohua.report.source import lines
from zaohua.training.monitor import say

_BATCH = 4 * 2**20  # characters encoded together, by all cores
_MOST_UNKNOWN = 1e-3  # share of characters that a vocabulary may leave out without a word


@dataclass(frozen=True)
class Corpus:
    """A prepared corpus. context: the recipe's, or less where the text cannot fill two windows of it.

    report: JSON-able; what was read, skipped and removed, the split, tokens, bytes per token by language, warnings,
    seconds, and `hash`, the identity of all of it.
    """

    tokenizer: Tokenizer
    train: TokenShards
    validation: TokenShards
    report: dict[str, Any]
    folder: Path
    context: int


def prepare(
    data: TextDataConfig,
    tokenizer: TokenizerConfig,
    *,
    seed: int,
    context: int,
    cache: Path | None = None,
    progress: OnProgress | None = None,
    visible: bool = False,
) -> Corpus:
    """The corpus of these settings, from the cache if it is there.

    seed: decides the split. context: tokens the model will see at once. cache: folder of prepared corpora.
    progress: called with the stage and bytes done and in all; visible: show bars, then what was found, and warnings.
    Raises ZaohuaError if there is no text, or less than two windows of the shortest context.
    """
    key = corpus_key(data, tokenizer, seed)
    folder = (cache or cache_folder()) / key
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "report.json").is_file():
            with bars() if visible and progress is None else nullcontext(progress or silent) as shown:
                _make(folder, data, tokenizer, seed, shown)
        shutil.rmtree(folder / "text", ignore_errors=True)
    corpus = _open(folder, {"hash": key, "sources": data.sources}, tokenizer, context)
    for line in [*lines(corpus.report), *corpus.report["warnings"]]:
        say(line, quiet=not visible)
    return corpus


def _open(folder: Path, origin: dict[str, Any], config: TokenizerConfig, context: int) -> Corpus:
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    tokenizer = Tokenizer.load(folder / "tokenizer")
    streams = TokenShards(folder / "train"), TokenShards(folder / "validation")
    fitted = fit_context(streams[0].num_tokens, context)
    warnings = []
    if config.kind == "bpe" and tokenizer.vocab_size < config.vocab_size:
        warnings.append(t("tokenizer.vocab_lowered", asked=config.vocab_size, size=tokenizer.vocab_size))
    if report["unknown"] > _MOST_UNKNOWN:
        what = "unknown_characters" if config.kind == "char" else "unknown_to_this_model"
        share = percent(report["unknown"])
        warnings.append(t(f"tokenizer.{what}", share=share, size=tokenizer.vocab_size))
    if fitted < context:
        warnings.append(t("corpus.context_lowered", asked=context, tokens=streams[0].num_tokens, context=fitted))
    return Corpus(tokenizer, *streams, origin | report | {"warnings": warnings}, folder, fitted)


def _make(folder: Path, data: TextDataConfig, config: TokenizerConfig, seed: int, progress: OnProgress) -> None:
    """Fill the corpus folder, going on where a killed process stopped."""
    started = time.monotonic()
    work = folder.with_suffix(".part")
    work.mkdir(exist_ok=True)
    for leftover in [*work.glob(".*"), *work.glob("*/.*")]:  # temporary files of a killed process
        leftover.unlink()
    spool, report = _text(work / "text", data, progress)
    sides = split(spool, data.validation, seed)
    tokenizer = _tokenizer(work / "tokenizer", config, sides, progress)
    total = int(spool.bytes[spool.numbers].sum())
    by_language: dict[str, Counter[str]] = {}
    done = 0
    streams = {}
    for name, side in (("train", sides.train), ("validation", sides.validation)):
        texts = _shown(side(), "encode", done, total, progress)
        streams[name] = _encode(work / name, texts, tokenizer, by_language, begins=name == "train")
        done += streams[name].num_bytes
    if streams["validation"].num_tokens < 2:
        raise ZaohuaError(t("corpus.no_validation"))
    report |= {
        "kept": spool.amounts(),
        "split": sides.as_dict(),
        "vocab_size": tokenizer.vocab_size,
        "tokens": {name: stream.num_tokens for name, stream in streams.items()},
        "bytes_per_token": _ratios(by_language),
        "unknown": _unknown(tokenizer, streams["train"]),
        "seconds": round(time.monotonic() - started, 3),
    }
    write_atomic(work / "report.json", json.dumps(report, ensure_ascii=False, indent=1) + "\n")
    shutil.rmtree(folder, ignore_errors=True)  # one that has lost its report
    work.rename(folder)


def _text(folder: Path, data: TextDataConfig, progress: OnProgress) -> tuple[Spool, dict[str, Any]]:
    """Stage 1: the cleaned documents on disk, and the report about them."""
    done = folder / "report.json"
    if not done.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        report = SourceReport()
        spool = deduplicate(clean(_reading(data, report, progress), data, report), data, report, folder)
        if not len(spool):
            raise ZaohuaError(t("corpus.no_text", documents=report.documents, source=", ".join(data.sources)))
        np.save(folder / "keep.npy", spool.keep)
        for file in folder.iterdir():
            flush(file)
        write_atomic(done, json.dumps(report.as_dict(), ensure_ascii=False))
    spool = Spool(folder, np.load(folder / "keep.npy", allow_pickle=False))
    return spool, json.loads(done.read_text(encoding="utf-8"))


def _tokenizer(folder: Path, config: TokenizerConfig, sides: Split, progress: OnProgress) -> Tokenizer:
    """Stage 2: the tokeniser, from a sample of the training side alone."""
    if not (folder / "special_tokens_map.json").is_file():  # the last file that save() writes
        total = int(sides.spool.bytes[sides.spool.numbers].sum())
        texts = _shown(sides.train(), "tokenizer", 0, None, progress)  # most of the time goes by after reading
        train(config, sample((text.text for text in texts), sample_share(config, total))).save(folder)
    return Tokenizer.load(folder)


def _encode(
    folder: Path,
    texts: Iterable[Document],
    tokenizer: Tokenizer,
    by_language: dict[str, Counter[str]],
    *,
    begins: bool,
) -> TokenShards:
    """Stage 3: one side as a token stream, documents parted by end-of-text tokens.

    begins: put one before the first document too, so that the model learns to begin a text after it.
    """
    writer = ShardWriter(folder, tokenizer.vocab_size, tokenizer.eot_id)
    languages, sizes = [], []  # of each document
    skip = writer.appended
    start = np.array([tokenizer.eot_id] if begins and not skip else [], np.int32)
    for batch in _batches(texts, tokenizer):
        for part in batch:
            if part.first:
                languages.append(language_of(part.text))
                sizes.append(0)
            sizes[-1] += part.num_bytes
        fresh = batch[skip:]
        skip -= len(batch) - len(fresh)
        for part, ids in zip(fresh, tokenizer.encode_batch([part.text for part in fresh]), strict=True):
            writer.append(np.concatenate([start, ids]), part.num_bytes, ends=part.ends)
            start = start[:0]
    stream = writer.close()
    lengths = np.diff(stream.document_starts, append=stream.num_tokens)
    for language, size, length in zip(languages, sizes, lengths.tolist(), strict=True):
        by_language.setdefault(language, Counter()).update(bytes=size, tokens=length)
    return stream


@dataclass(frozen=True, slots=True)
class _Part:
    """A document or a part of a long one, as it is encoded."""

    text: str
    num_bytes: int
    first: bool  # of its document
    ends: bool  # its document, with another one after it


def _batches(texts: Iterable[Document], tokenizer: Tokenizer) -> Iterator[list[_Part]]:
    """Parts in order, about _BATCH characters at a time."""
    batch: list[_Part] = []
    size = 0
    for part in _parts(texts, tokenizer):
        batch.append(part)
        size += len(part.text)
        if size >= _BATCH:
            yield batch
            batch, size = [], 0
    yield batch


def _parts(texts: Iterable[Document], tokenizer: Tokenizer) -> Iterator[_Part]:
    waiting: tuple[str, bool] | None = None  # held back until it is known whether its document goes on
    for document in texts:
        for number, text in enumerate(tokenizer.cut(document.text)):
            if waiting is not None:
                yield _part(*waiting, ends=number == 0)
            waiting = text, number == 0
    if waiting is not None:
        yield _part(*waiting, ends=False)


def _part(text: str, first: bool, *, ends: bool) -> _Part:
    return _Part(text, len(text.encode()), first, ends)


def _ratios(by_language: dict[str, Counter[str]]) -> dict[str, float]:
    ordered = sorted(by_language.items(), key=lambda item: -item[1]["bytes"])
    return {language: round(count["bytes"] / max(count["tokens"], 1), 3) for language, count in ordered}


def _unknown(tokenizer: Tokenizer, stream: TokenShards) -> float:
    """Share of the tokens that stand for characters the vocabulary has no room for; bytes know them all."""
    unknown = tokenizer.unknown_id
    return 0.0 if unknown is None else stream.count(unknown) / max(stream.num_tokens, 1)


def _reading(data: TextDataConfig, report: SourceReport, progress: OnProgress) -> Iterator[Document]:
    for document in read_sources(data, report):
        progress("read", report.bytes_read, report.bytes_total)
        yield document


def _shown(
    texts: Iterable[Document], stage: str, done: int, total: int | None, progress: OnProgress
) -> Iterator[Document]:
    for document in texts:
        progress(stage, done, total)
        yield document
        done += len(document.text.encode())

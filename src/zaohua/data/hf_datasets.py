"""Data sets of the Hugging Face hub, or a local folder in the same form, streamed through the library datasets."""

import logging
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from zaohua.data.document import Document
from zaohua.data.readers.columns import LOOKED_AT, choose, joined
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

_SPLITS = ("train", "validation", "test")


def parse_place(where: str) -> tuple[str, str | None, str]:
    """The (path, config, split) of "org/name[:config][:split]"; a lone part that names a usual split is the split."""
    path, _, rest = where.partition(":")
    first, _, second = rest.partition(":")
    if not second and first in _SPLITS:
        return path, None, first
    return path, first or None, second or "train"


def hub_documents(where: str, column: str | None) -> Iterator[Document]:
    """The rows of a data set, one document each, without downloading it whole."""
    path, config, split = parse_place(where)
    rows = hub_rows(path, config, split)
    sample = list(islice(rows, LOOKED_AT))
    names = list(dict.fromkeys(key for row in sample for key in row))
    columns = choose(names, sample, column, f"hf:{where}") if sample else []
    for number, row in enumerate(chain(sample, rows), 1):
        if text := joined(map(row.get, columns)):
            yield Document(text, f"{path}:{number}")


def revision(where: str) -> str:
    """Name and, where the hub answers, commit of a data set; of a local folder, its files' sizes and times."""
    path, *_ = parse_place(where)
    if Path(path).is_dir():
        files = sorted(file for file in Path(path).rglob("*") if file.is_file())
        return where + "".join(f"\0{file}\0{file.stat().st_size}\0{file.stat().st_mtime_ns}" for file in files)
    from huggingface_hub import HfApi

    try:
        return f"{where}@{HfApi().dataset_info(path, timeout=10).sha}"
    except Exception:  # whatever the HTTP library underneath raises: without an answer the name has to do
        return where


def hub_rows(path: str, config: str | None, split: str) -> Iterator[dict[str, Any]]:
    """The rows as the library streams them. ZaohuaError without it, without a network, or for a wrong name."""
    try:
        import datasets
    except ImportError as error:
        raise ZaohuaError(t("data.needs_datasets")) from error
    datasets.utils.logging.set_verbosity_error()  # what goes wrong is said once, by the error below
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    try:
        yield from datasets.load_dataset(path, config, split=split, streaming=True)
    except Exception as error:  # the library's own, the file formats' and the HTTP library's
        reason = str(error).strip().partition("\n")[0][:200]
        raise ZaohuaError(t("data.hub_failed", name=path, error=reason)) from error

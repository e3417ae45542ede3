"""Which prepared corpus belongs to a recipe: a key made of the content of its sources and of every setting."""

import hashlib
import json
import os
from pathlib import Path

from zaohua.data.config import TextDataConfig
from zaohua.data.sources import fingerprint
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig

_FORMAT = 2  # raise when the same sources and settings would be prepared otherwise than before


def cache_folder() -> Path:
    """Where prepared corpora lie unless told otherwise: $ZAOHUA_CACHE, else the user's cache folder."""
    if chosen := os.environ.get("ZAOHUA_CACHE"):
        return Path(chosen) / "corpora"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "zaohua" / "corpora"


def corpus_key(data: TextDataConfig, tokenizer: TokenizerConfig, seed: int) -> str:
    """32 hexadecimal digits: other content, settings or seed, another key; where the files lie does not matter.

    Raises ZaohuaError for a source or a tokeniser's folder that is not there.
    """
    settings = {
        "format": _FORMAT,
        "seed": seed,
        "data": data.model_dump(exclude={"source", "needs"}),
        "sources": [fingerprint(source) for source in data.sources],
        "tokenizer": tokenizer.model_dump(exclude={"path"}),
    }
    if tokenizer.path is not None:
        existing = Tokenizer.load(tokenizer.path)
        settings["existing"] = [existing.backend.to_str(), existing.settings]
    return hashlib.blake2b(json.dumps(settings, sort_keys=True).encode(), digest_size=16).hexdigest()

"""Fluency in the eyes of another model, which has read far more and has not seen this one learn."""

from collections.abc import Sequence

from zaohua.language.model import LanguageModel
from zaohua.language.scoring import continuations
from zaohua.metrics.perplexity import bits_per_byte

DEFAULT = "builtin:smollm2"
"""A small English model with known weights: its word on other languages is worth little."""


def unread_share(judge: LanguageModel, texts: Sequence[str]) -> float:
    """Share of tokens that stand for characters outside the judge's vocabulary: these cost it next to nothing."""
    ids = [id for text in texts for id in judge.tokenizer.encode(text)]
    return sum(id == judge.tokenizer.unknown_id for id in ids) / len(ids) if ids else 0.0


def judged_bits(judge: LanguageModel, texts: Sequence[str]) -> float | None:
    """Bits per byte of all texts together, each read as a document of its own. Low is what the judge would write
    itself; far below real text is dull, not good. None without text."""
    written = [text for text in texts if text]
    if not written:
        return None
    found = continuations(judge.decoder, [(judge.tokenizer.opening, judge.tokenizer.encode(text)) for text in written])
    return bits_per_byte(
        sum(each.nats for each in found), sum(len(text.encode("utf-8", "replace")) for text in written)
    )

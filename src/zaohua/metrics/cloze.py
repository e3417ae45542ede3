"""What counting reaches where a token was hidden: how often tokens occur, and what stands beside them.

    P(w | left, right) ∝ P(w | left) · P(w | right) / P(w)

which is exact where both sides are independent given w. Each side is an interpolated Witten-Bell table of up to
three tokens (zaohua.metrics.ngram), the right one of the text read backwards. A side ends before a token that is
hidden too: the table sees what the model sees.
"""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from zaohua.metrics.ngram import TOKEN_LIMIT, WittenBell
from zaohua.metrics.perplexity import perplexity
from zaohua.metrics.stream import Tokens, spread

_ORDER = 3
_MOST = 4000  # places scored, spread over all: each costs two passes over the vocabulary


def cloze_baselines(
    train: Tokens, batches: Sequence[tuple[Tensor, Tensor]], vocab_size: int, ordinary: np.ndarray
) -> dict[str, object]:
    """ "unigram" and "ngram" (both sides), each with loss (nats per hidden token), accuracy and perplexity.

    batches: (inputs, targets), 2 x [B, T], targets -100 where nothing is hidden. ordinary: bool [V], tokens that may
    be hidden; a neighbour that is none ends a side, as does the edge of a row.
    """
    tokens = spread(train, TOKEN_LIMIT)
    left, right = (WittenBell.fit(stream, vocab_size, _ORDER) for stream in (tokens, tokens[::-1]))
    alone = left.probabilities(tokens[:0]) * ordinary
    alone = alone / alone.sum()
    rows = [pair for inputs, targets in batches for pair in zip(inputs.numpy(), targets.numpy(), strict=True)]
    places = [(inputs, targets, place) for inputs, targets in rows for place in np.flatnonzero(targets >= 0)]
    chosen = [places[len(places) * i // min(_MOST, len(places))] for i in range(min(_MOST, len(places)))]
    totals = np.zeros((2, 2))  # unigram, ngram x nats, right
    for inputs, targets, place in chosen:
        hidden = ~ordinary[inputs]
        before = inputs[_after_last(hidden[:place]) : place]
        after = inputs[place + 1 :][: _first(hidden[place + 1 :])][::-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            both = left.probabilities(before) * right.probabilities(after) / alone
        both = np.where(ordinary, both, 0.0)
        for kind, scores in enumerate((alone, both)):
            wanted = targets[place]
            totals[kind] += -np.log(scores[wanted] / scores.sum()), scores.argmax() == wanted
    means = totals / len(chosen)
    unigram, ngram = (
        {"loss": loss, "accuracy": right, "perplexity": perplexity(loss)} for loss, right in means.tolist()
    )
    return {"unigram": unigram, "ngram": {"order": _ORDER, **ngram}, "places": len(chosen)}


def _after_last(flags: np.ndarray) -> int:
    """Index after the last True; 0 if there is none."""
    found = np.flatnonzero(flags)
    return int(found[-1]) + 1 if len(found) else 0


def _first(flags: np.ndarray) -> int:
    """Index of the first True; the length if there is none."""
    found = np.flatnonzero(flags)
    return int(found[0]) if len(found) else len(flags)

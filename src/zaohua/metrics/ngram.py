"""The honest baseline of every language model: an interpolated Witten-Bell n-gram table over the same tokens.

    P_k(w | h) = (c(h, w) + T(h) · P_{k-1}(w | h')) / (c(h) + T(h)),    P_0(w) = 1 / V

h: the k-1 tokens before w; h': h without its first; c: counts in the training tokens; T(h): how many different
tokens followed h there. Witten & Bell 1991 (IEEE Transactions on Information Theory 37:4), in the interpolated
form of Chen & Goodman 1998 (TR-10-98).

Contexts run on over document ends, as the model's do: the end-of-text token is a token like any other. Scoring reads
the validation stream as a whole, so that, unlike the model, the table never starts a block without context.

Counting is exact and has no loop over tokens: an n-gram's id is its rank among the sorted keys
id(first n-1 tokens) · V + last token.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from zaohua.metrics.perplexity import scores
from zaohua.metrics.stream import Tokens, length, read, spread

TOKEN_LIMIT = 20_000_000  # tokens counted at most: 1.3 GB of memory while counting
_RUNS = 20  # the tail of each of this many stretches of the training tokens is held out to choose the order


@dataclass(frozen=True)
class _Level:
    """Counts of the k-grams of one order k. An entry (h, w) stands at the rank of its key, which is its id."""

    keys: np.ndarray  # int64 [U], sorted: id(h) · V + w
    counts: np.ndarray  # int64 [U]: c(h, w)
    totals: np.ndarray  # int64 [ids of order k-1]: c(h)
    kinds: np.ndarray  # int64 [ids of order k-1]: T(h)

    def find(self, keys: np.ndarray) -> np.ndarray:
        """Ids of these keys, -1 where there is none. int64 [N] -> int64 [N]"""
        ids = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        return np.where(self.keys[ids] == keys, ids, -1)


def _levels(tokens: np.ndarray, vocab_size: int, order: int) -> Iterator[_Level]:
    """The tables of order 1, 2, … `order`, one at a time, so that a reader need not hold them all."""
    ids = np.zeros(len(tokens) + 1, dtype=np.int64)  # ids[j]: the (k-1)-gram just before tokens[k-1+j]
    num_contexts = 1
    for k in range(1, min(order, len(tokens)) + 1):
        keys, counts, ids = _count(ids[:-1] * vocab_size + tokens[k - 1 :])
        contexts = keys // vocab_size
        totals = np.bincount(contexts, weights=counts, minlength=num_contexts).astype(np.int64)
        yield _Level(keys, counts, totals, np.bincount(contexts, minlength=num_contexts))
        num_contexts = len(keys)


def _count(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sorted distinct keys, how often each occurs, and each key's rank: np.unique in half its time and memory.

    int64 [N] -> int64 [U], int64 [U], int64 [N]
    """
    order = np.argsort(keys)
    keys = keys[order]
    first = np.empty(len(keys), dtype=bool)  # where a new key begins
    first[0] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    ranks = np.empty(len(keys), dtype=np.int64)
    ranks[order] = np.cumsum(first) - 1
    return keys[starts], np.diff(starts, append=len(keys)), ranks


class _Scorer:
    """Probabilities of the tokens of one stream, raised by one order at a time."""

    def __init__(self, tokens: np.ndarray, vocab_size: int) -> None:
        self.tokens, self.vocab_size = tokens, vocab_size
        self.probabilities = np.full(len(tokens), 1.0 / vocab_size)  # P_0
        self.contexts = np.zeros(len(tokens), dtype=np.int64)  # id of each token's history in the last table, or -1

    def add(self, level: _Level) -> float:
        """Take the next order into account and return the mean loss in nats per token."""
        known = np.flatnonzero(self.contexts >= 0)
        contexts = self.contexts[known]
        total, kinds = level.totals[contexts], level.kinds[contexts]
        ids = level.find(contexts * self.vocab_size + self.tokens[known])
        count = np.where(ids >= 0, level.counts[ids], 0)
        seen = total > 0  # a history that only ends the training tokens was never continued
        p = self.probabilities[known]
        self.probabilities[known] = np.where(seen, (count + kinds * p) / np.maximum(total + kinds, 1), p)
        longer = np.full(len(self.tokens), -1, dtype=np.int64)
        longer[known] = ids
        self.contexts[1:] = longer[:-1]  # the k-gram ending at a token is the history of the next
        self.contexts[:1] = -1  # the stream's first tokens have no longer history
        return float(-np.log(self.probabilities).mean())


class WittenBell:
    """An n-gram language model. Fits tens of millions of tokens; memory grows with the order."""

    def __init__(self, levels: list[_Level], vocab_size: int) -> None:
        self._levels, self.vocab_size = levels, vocab_size

    @property
    def order(self) -> int:
        """Longest n-gram in use: 3 looks at two tokens of context."""
        return len(self._levels)

    @classmethod
    def fit(cls, tokens: np.ndarray, vocab_size: int, order: int) -> "WittenBell":
        """Count the n-grams of `tokens`, ids in [0, vocab_size), up to `order`. Raises ValueError on foreign ids."""
        return cls(list(_levels(_checked(tokens, vocab_size), vocab_size, order)), vocab_size)

    def nll(self, tokens: np.ndarray) -> float:
        """Mean negative log-likelihood of a stream, in nats per token; its first tokens have shorter contexts."""
        scorer = _Scorer(_checked(tokens, self.vocab_size), self.vocab_size)
        loss = float(np.log(self.vocab_size))
        for level in self._levels:
            loss = scorer.add(level)
        return loss

    def probabilities(self, context: np.ndarray) -> np.ndarray:
        """P(w | the last order-1 tokens of `context`) for every w. int64 [T] -> float64 [V]"""
        p = np.full(self.vocab_size, 1.0 / self.vocab_size)
        for k, level in enumerate(self._levels):
            history = self._id(context[len(context) - k :]) if k <= len(context) else -1
            if history < 0 or level.totals[history] == 0:
                break
            first, last = np.searchsorted(level.keys, [history * self.vocab_size, (history + 1) * self.vocab_size])
            count = np.zeros(self.vocab_size)
            count[level.keys[first:last] % self.vocab_size] = level.counts[first:last]
            p = (count + level.kinds[history] * p) / (level.totals[history] + level.kinds[history])
        return p

    def _id(self, history: np.ndarray) -> int:
        """Id of an n-gram of any length, -1 if it never occurred."""
        found = 0
        for level, token in zip(self._levels, history, strict=False):
            found = int(level.find(np.array([found * self.vocab_size + int(token)]))[0])
            if found < 0:
                break
        return found


def losses_by_order(train: np.ndarray, held_out: np.ndarray, vocab_size: int, max_order: int) -> list[float]:
    """Mean loss of `held_out` in nats per token under the tables of order 1, 2, … fitted on `train`."""
    scorer = _Scorer(_checked(held_out, vocab_size), vocab_size)
    return [scorer.add(level) for level in _levels(_checked(train, vocab_size), vocab_size, max_order)]


def best_order(tokens: np.ndarray, vocab_size: int, max_order: int = 6) -> int:
    """The order that predicts a held-out tenth of the training tokens best; the validation split is not looked at.

    The tenth is the tails of equal stretches, so that every part of the corpus is in it.
    """
    runs = np.array_split(tokens, min(_RUNS, max(1, len(tokens) // 20)))
    kept = np.concatenate([run[: len(run) - len(run) // 10] for run in runs])
    held_out = np.concatenate([run[len(run) - len(run) // 10 :] for run in runs])
    if len(held_out) == 0:
        return 1
    return int(np.argmin(losses_by_order(kept, held_out, vocab_size, max_order))) + 1


def baselines(
    train: Tokens, validation: Tokens, vocab_size: int, validation_bytes: int, max_order: int = 6
) -> dict[str, object]:
    """What a table of counts reaches on the validation tokens: "unigram" and "ngram", each with loss (nats per token),
    perplexity and bits_per_byte; "ngram" with its order; "tokens_used" of the training tokens, which are cut to
    TOKEN_LIMIT pieces spread over the corpus.

    validation_bytes: UTF-8 length of the validation text. Raises ValueError if either stream is empty.
    """
    tokens = spread(train, TOKEN_LIMIT)
    held_out = read(validation, 0, length(validation))
    if len(tokens) == 0 or len(held_out) == 0:
        raise ValueError("an n-gram baseline needs training and validation tokens")
    order = best_order(tokens, vocab_size, max_order)
    losses = losses_by_order(tokens, held_out, vocab_size, order)
    unigram, ngram = (scores(loss * len(held_out), len(held_out), validation_bytes) for loss in (losses[0], losses[-1]))
    return {"unigram": unigram, "ngram": {"order": order, **ngram}, "tokens_used": len(tokens)}


def _checked(tokens: np.ndarray, vocab_size: int) -> np.ndarray:
    """The ids as int64. Raises ValueError if one is outside the vocabulary: its keys would be another n-gram's."""
    tokens = np.asarray(tokens, dtype=np.int64)
    if len(tokens) and not 0 <= tokens.min() <= tokens.max() < vocab_size:
        raise ValueError(f"token ids must lie in [0, {vocab_size}), found {tokens.min()} to {tokens.max()}")
    return tokens

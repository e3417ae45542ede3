"""Which tokens make up a word: what whole-word masking hides together.

Letters end to end are a word, but for Chinese, which is written without spaces: there the library rjieba, extra
`chinese`, finds the words (the dictionary and method of jieba). Every other character stands alone.
"""

import json
import re
from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor, from_numpy

from zaohua.extras import need
from zaohua.language.tokenizer import Tokenizer
from zaohua.language.tokenizer_fast import byte_table

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"([{_HAN}]+)|((?:(?![{_HAN}])[^\W\d_])+)|[\s\S]")


def words(text: str) -> Iterator[str]:
    """The words and other characters of a text, in order; end to end they are the text."""
    for run in _RUN.finditer(text):
        if run[1] and len(run[1]) > 1:
            yield from need("rjieba", "chinese").cut(run[1])
        else:
            yield run[0]


def token_pieces(tokenizer: Tokenizer) -> list[bytes]:
    """The bytes that each id stands for in a text. A special token is a line end: it parts words."""
    pieces = byte_table(tokenizer.backend)
    if pieces is None:
        pieces = [b""] * tokenizer.vocab_size
        word_pieces = json.loads(tokenizer.backend.to_str())["model"]["type"] == "WordPiece"
        for token, index in tokenizer.backend.get_vocab(with_added_tokens=True).items():
            begins = word_pieces and not token.startswith("##")
            pieces[index] = (f" {token}" if begins else token.removeprefix("##") if word_pieces else token).encode()
    for index in tokenizer.special.values():
        pieces[index] = b"\n"
    return pieces


def word_numbers(ids: Tensor, pieces: Sequence[bytes]) -> Tensor:
    """Number of the word that each token belongs to, from 0 in every row. ids: [B, T] -> int64 [B, T]

    A token that holds the end of one word and the beginning of the next belongs to the former.
    """
    return from_numpy(np.stack([_row([pieces[index] for index in row]) for row in ids.tolist()]))


def _row(tokens: list[bytes]) -> np.ndarray:
    lengths = np.array([len(token) for token in tokens])
    # Every byte that is no UTF-8, of a character cut by the row's edge, becomes a character that turns back into it.
    text = b"".join(tokens).decode("utf-8", "surrogateescape")
    sizes = [len(word.encode("utf-8", "surrogateescape")) for word in words(text)]
    begins = np.zeros(lengths.sum() + 1, bool)
    begins[np.cumsum([0, *sizes])] = True
    starts = begins[np.cumsum(lengths) - lengths]
    starts[0] = True
    return np.cumsum(starts) - 1

"""Fast encoders with the same ids as tokenizers: tiktoken's merge loop for BPE, a table for characters.

tokenizers merges the pairs of a list; tiktoken merges any pair whose joined bytes are a token. Both take the lowest
rank first and, among equals, the leftmost. Suppose every merge makes a token of its own, ids rise with the merges,
and every token, encoded alone, gives itself. Whatever tokens a text stands in at some point of the merging, a part
of it that no token crosses stands as it would alone at that point. So two neighbours whose joined bytes are a token
T can only be the pair that the list joins to T: T alone is reached through no other. The two loops therefore take
the same steps. `fast_encoder` checks these conditions and returns None where they do not hold.
"""

import json
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from tokenizers import Tokenizer as Backend

# How Qwen2 and Qwen3 cut text before merging, with the letter cases written out as llama.cpp does.
PATTERN = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
CHARACTERS = r"[\s\S]"
LONGEST_SPACE = 400_000  # white characters in a row: at a million tiktoken's regular expressions overflow and abort

FastEncoder = Callable[[str], np.ndarray]


def _byte_letters() -> dict[str, int]:
    """The printable letter that stands for each byte in a byte-level vocabulary (GPT-2's table): letter -> byte."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


BYTE_LETTERS = _byte_letters()


def byte_table(backend: Backend) -> list[bytes] | None:
    """Bytes of every id, special tokens by their spelling; None when the tokeniser is not byte-level."""
    decoder = json.loads(backend.to_str())["decoder"]
    if not decoder or decoder["type"] != "ByteLevel":
        return None
    vocabulary = backend.get_vocab(with_added_tokens=True)
    added = backend.get_added_tokens_decoder()
    table = [b""] * (max(vocabulary.values()) + 1)
    for token, index in vocabulary.items():
        plain = index in added or not all(letter in BYTE_LETTERS for letter in token)
        table[index] = token.encode() if plain else bytes(BYTE_LETTERS[letter] for letter in token)
    return table


def character_table(backend: Backend) -> FastEncoder | None:
    """An encoder that looks every character up, for a character-level tokeniser of ours; else None."""
    spec = json.loads(backend.to_str())
    if spec["model"]["type"] != "WordLevel" or spec["normalizer"] or spec["pre_tokenizer"] != _split(CHARACTERS):
        return None
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    unknown = vocabulary.get(spec["model"]["unk_token"])
    if unknown is None:
        return None
    table = np.full(0x110000, unknown, np.int32)
    for token, index in vocabulary.items():
        if len(token) == 1:
            table[ord(token)] = index
    return lambda text: table[np.frombuffer(text.encode("utf-32-le"), np.uint32)]


def byte_pairs(backend: Backend) -> FastEncoder | None:
    """tiktoken's encoder for a byte-level BPE of ours, if it provably gives the same ids; else None."""
    spec = json.loads(backend.to_str())
    expected = {"type": "Sequence", "pretokenizers": [_split(PATTERN), _BYTE_LEVEL]}
    if spec["model"]["type"] != "BPE" or spec["normalizer"] or spec["pre_tokenizer"] != expected:
        return None
    if any(spec["model"].get(option) for option in _BPE_OPTIONS):
        return None
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    made = [vocabulary.get("".join(pair), -1) for pair in spec["model"]["merges"]]
    rising = all(left < right for left, right in pairwise(made))
    whole = all(letter in vocabulary for letter in BYTE_LETTERS) and len(vocabulary) == 256 + len(made)
    if not (rising and whole and _reach_themselves(backend, vocabulary)):
        return None

    import tiktoken  # imported late: 50 ms that reading a folder does not need

    ranks = {bytes(BYTE_LETTERS[letter] for letter in token): index for token, index in vocabulary.items()}
    # The one special token is never looked for; without any, tiktoken stops at every position of the text.
    encoding = tiktoken.Encoding(
        "zaohua", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": max(ranks.values()) + 1}
    )
    return lambda text: encoding.encode_to_numpy(text, disallowed_special=()).view(np.int32)


def fast_encoder(backend: Backend) -> FastEncoder | None:
    """An encoder of ordinary text to int32 ids, identical to the backend's, or None: use the backend."""
    return character_table(backend) or byte_pairs(backend)


def _reach_themselves(backend: Backend, vocabulary: dict[str, int]) -> bool:
    model = backend.model
    return all([token.id for token in model.tokenize(name)] == [index] for name, index in vocabulary.items())


def _split(pattern: str) -> dict:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}


_BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
_BPE_OPTIONS = ("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix", "byte_fallback")

"""Text to token ids and back: byte-level BPE, single characters, or the tokeniser of an existing model folder.

The file format is Hugging Face's `tokenizer.json`, so that transformers, vLLM and others read what we train and we
read what they trained. Text that spells a special token ("<|im_end|>") is ordinary text to `encode` unless
`allow_special=True` is asked for; the other readers of tokenizer.json parse it as the token, as is their habit.
"""

import json
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator
from tokenizers import Tokenizer as Backend

from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.language.tokenizer_fast import LONGEST_SPACE, FastEncoder, byte_table, fast_encoder
from zaohua.language.tokenizer_stream import ByteStream, TextStream
from zaohua.model_folder.files import read_json
from zaohua.recipe import Section

END_OF_TEXT = "<|endoftext|>"
MEDIA_MARKS = ("<|image|>", "<|/image|>", "<|audio|>", "<|/audio|>", "<|video|>", "<|/video|>")
SPECIAL_TOKENS = (END_OF_TEXT, "<|im_start|>", "<|im_end|>", *MEDIA_MARKS)
CHAT_TEMPLATE = "chat_template.jinja"  # beside tokenizer_config.json, whose key of that name it takes the place of
UNKNOWN = "<|unk|>"  # character level only: it follows the special tokens

_PIECE = 200_000  # characters: longer texts are cut where no token can cross, to be encoded in parallel
_GROUP = 50_000  # characters encoded by a thread in one go
_SAFE_CUT = re.compile(r"\n(?=\S)")  # no pre-token of tokenizer_fast.PATTERN holds a line break before a non-space
_LONG_SPACE = re.compile(rf"\s{{{LONGEST_SPACE}}}")


class TokenizerConfig(Section):
    """How text becomes tokens. vocab_size counts the special tokens; "char" takes what the text holds, up to it."""

    kind: Literal["bpe", "char", "folder"] = "bpe"
    vocab_size: int = Field(8192, ge=2, le=2**24)
    path: str | None = None  # kind = "folder": the model folder whose tokeniser is used as it is
    sample_megabytes: float | None = Field(None, gt=0)  # of the corpus, for bpe to learn from; see tokenizer_training

    @model_validator(mode="after")
    def _consistent(self) -> "TokenizerConfig":
        if self.kind == "folder" and not self.path:
            raise ValueError(t("tokenizer.folder_needs_path"))
        smallest = 256 + len(SPECIAL_TOKENS)
        if self.kind == "bpe" and self.vocab_size < smallest:
            raise ValueError(t("tokenizer.vocab_too_small", size=self.vocab_size, smallest=smallest))
        return self


class Tokenizer:
    """Encodes and decodes; made by tokenizer_training.train or Tokenizer.load.

    settings: what tokenizer_config.json holds; change it before save() to add, for example, a chat template.
    """

    def __init__(self, backend: Backend, settings: dict[str, Any] | None = None) -> None:
        self.backend = backend
        self.settings = settings if settings is not None else default_settings(backend)
        self.special = _special_tokens(backend)
        self.vocab_size = max(backend.get_vocab(with_added_tokens=True).values(), default=-1) + 1
        self._ordinary = Backend.from_str(backend.to_str())
        self._ordinary.encode_special_tokens = True  # their spelling in a text is text

    @cached_property
    def _fast(self) -> FastEncoder | None:
        return fast_encoder(self._ordinary)

    @cached_property
    def _token_bytes(self) -> list[bytes] | None:
        return byte_table(self.backend)

    @cached_property
    def eot_id(self) -> int:
        """Id of the token that ends a document: <|endoftext|>, else what the folder calls its eos_token."""
        ends = self.backend.token_to_id(END_OF_TEXT)
        ends = self._role("eos") if ends is None else ends
        if ends is None:
            raise ZaohuaError(t("tokenizer.no_end", token=END_OF_TEXT))
        return ends

    @property
    def bos_id(self) -> int | None:
        """Id of the token that begins a text: the folder's bos_token, else that of its frame, else <|endoftext|>."""
        named = self._role("bos")
        if named is None and self.frame[0]:
            return self.frame[0][0]
        return self.backend.token_to_id(END_OF_TEXT) if named is None else named

    @property
    def eos_id(self) -> int | None:
        """Id of the token that ends an answer: the folder's eos_token, else <|endoftext|>, else none."""
        named = self._role("eos")
        return self.backend.token_to_id(END_OF_TEXT) if named is None else named

    @property
    def pad_id(self) -> int | None:
        """Id of the token that fills up short rows: the folder's pad_token, else <|endoftext|>, else none."""
        named = self._role("pad")
        return self.backend.token_to_id(END_OF_TEXT) if named is None else named

    def _role(self, role: str) -> int | None:
        """Id of the token with this role in the folder's settings."""
        name = self.settings.get(f"{role}_token")
        name = name.get("content") if isinstance(name, dict) else name
        return self.backend.token_to_id(name) if isinstance(name, str) else None

    @cached_property
    def frame(self) -> tuple[list[int], list[int]]:
        """Ids that the folder puts before and after every text its models read: Llama's <s>, BERT's [CLS] and [SEP].

        encode leaves them out; who feeds a model adds them.
        """
        plain = self.backend.encode("a", add_special_tokens=False).ids
        framed = self.backend.encode("a", add_special_tokens=True).ids
        before = next((i for i in range(len(framed)) if framed[i : i + len(plain)] == plain), 0)
        return framed[:before], framed[before + len(plain) :]

    @property
    def opening(self) -> list[int]:
        """What a model of this tokeniser reads before the first token of a text; never empty."""
        return self.frame[0] or [self.eot_id]

    @cached_property
    def unknown_id(self) -> int | None:
        """Id that stands for characters outside a character vocabulary; None where every text can be encoded."""
        return self.backend.token_to_id(UNKNOWN)

    def encode(self, text: str, *, allow_special: bool = False) -> list[int]:
        """Token ids of `text`. An unpaired surrogate, which is no character, is encoded as U+FFFD.

        allow_special: read the spelling of a special token as that token. Only for text that we composed.
        """
        text = whole_characters(text)
        if allow_special:
            return self.backend.encode(text, add_special_tokens=False).ids
        return np.concatenate([self._encode_piece(piece) for piece in self.cut(text)]).tolist()

    def encode_batch(self, texts: Sequence[str], *, threads: int | None = None) -> list[np.ndarray]:
        """Ids of each text as int32 arrays, on `threads` cores (default: those this process may use)."""
        texts = [whole_characters(text) for text in texts]
        if self._fast is None:
            slow = self._ordinary.encode_batch_fast(texts, add_special_tokens=False)
            return [np.asarray(encoded.ids, np.int32) for encoded in slow]
        parts = [self.cut(text) for text in texts]
        pieces = [piece for part in parts for piece in part]
        with ThreadPoolExecutor(threads or usable_cores()) as pool:
            groups = pool.map(lambda group: [self._encode_piece(piece) for piece in group], _groups(pieces))
            encoded = iter([ids for group in groups for ids in group])
        return [next(encoded) if len(part) == 1 else np.concatenate([next(encoded) for _ in part]) for part in parts]

    def decode(self, ids: Sequence[int] | np.ndarray, *, skip_special: bool = False) -> str:
        """The text of `ids`. Bytes that are no UTF-8 become U+FFFD, the only way a round trip can differ."""
        return self.backend.decode([int(i) for i in ids], skip_special_tokens=skip_special)

    def stream(self) -> TextStream | ByteStream:
        """A decoder to push ids into one by one: it gives text as soon as whole characters are certain."""
        if self._token_bytes is not None:
            return ByteStream(self._token_bytes)
        return TextStream(self.decode)

    def save(self, folder: Path | str) -> None:
        """Write tokenizer.json, tokenizer_config.json and special_tokens_map.json into `folder`."""
        folder = Path(folder)
        write_atomic(folder / "tokenizer.json", self.backend.to_str(pretty=True) + "\n")
        roles = {k: v for k, v in self.settings.items() if k.endswith("_token") or k == "additional_special_tokens"}
        if isinstance(template := self.settings.get("chat_template"), str):  # some readers look here, some there
            write_atomic(folder / CHAT_TEMPLATE, template)
        for name, content in (("tokenizer_config.json", self.settings), ("special_tokens_map.json", roles)):
            write_atomic(folder / name, json.dumps(content, ensure_ascii=False, indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path | str) -> "Tokenizer":
        """Open the tokeniser of a model folder or of a .gguf file."""
        folder = Path(folder)
        if folder.suffix == ".gguf":
            from zaohua.language.gguf.read import load_tokenizer  # only for those who need it

            return load_tokenizer(folder)
        file = folder / "tokenizer.json"
        if not file.is_file():
            raise UsageError(t("tokenizer.missing", path=file))
        settings = _settings(folder)
        with _readable(file):
            backend = Backend.from_str(file.read_text(encoding="utf-8"))
            if (template := folder / CHAT_TEMPLATE).is_file():
                settings = (settings or default_settings(backend)) | {
                    "chat_template": template.read_text(encoding="utf-8")
                }
            backend.no_padding()
            backend.no_truncation()
            opened = cls(backend, settings)
            opened.decode([*opened.encode("a \u5c71\n"), *opened.frame[0]])  # much damage shows only at work
        return opened

    def cut(self, text: str) -> list[str]:
        """Parts of a long text whose tokens, end to end, are those of the whole; usually the text alone."""
        if self._fast is None or len(text) <= _PIECE:
            return [text]
        parts, start = [], 0
        while len(text) - start > _PIECE:
            cut = _SAFE_CUT.search(text, start + _PIECE)
            if cut is None:
                break
            parts.append(text[start : cut.end()])
            start = cut.end()
        return [*parts, text[start:]]

    def _encode_piece(self, piece: str) -> np.ndarray:
        if self._fast is None or (len(piece) > LONGEST_SPACE and _LONG_SPACE.search(piece)):
            return np.asarray(self._ordinary.encode(piece, add_special_tokens=False).ids, np.int32)
        return self._fast(piece)


@contextmanager
def _readable(file: Path) -> Iterator[None]:
    """Turns whatever a damaged tokeniser does to the library into one line."""
    try:
        yield
    except (ZaohuaError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # plain Exception, or a panic of the Rust below, which is none
        raise ZaohuaError(t("tokenizer.unreadable", path=file, reason=one_line(error))) from error


def _groups(pieces: list[str]) -> Iterator[list[str]]:
    """Pieces in order, together long enough that handing them to a thread costs nothing beside the work."""
    group: list[str] = []
    size = 0
    for piece in pieces:
        group.append(piece)
        size += len(piece)
        if size >= _GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def whole_characters(text: str) -> str:
    """`text` with surrogate pairs joined and unpaired surrogates replaced by U+FFFD; other text is returned as is."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def usable_cores() -> int:
    """Processor cores this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_settings(backend: Backend) -> dict[str, Any]:
    """tokenizer_config.json for a tokeniser of ours: transformers loads tokenizer.json as it is."""
    special = _special_tokens(backend)
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "add_prefix_space": False,
    }
    if END_OF_TEXT in special:
        settings |= {"eos_token": END_OF_TEXT, "pad_token": END_OF_TEXT}
    if UNKNOWN in special:
        settings["unk_token"] = UNKNOWN
    if rest := [token for token in special if token not in (END_OF_TEXT, UNKNOWN)]:
        settings["additional_special_tokens"] = rest
    return settings


def _settings(folder: Path) -> dict[str, Any] | None:
    """tokenizer_config.json, and special_tokens_map.json, where older folders name their special tokens."""
    found: dict[str, Any] = {}
    for name in ("tokenizer_config.json", "special_tokens_map.json"):
        if (folder / name).is_file():
            found = found | {key: value for key, value in read_json(folder / name).items() if key not in found}
    found.pop("auto_map", None)  # names code, which is not brought along
    return found or None


def _special_tokens(backend: Backend) -> dict[str, int]:
    """Spelling -> id of the special tokens, by id."""
    added = sorted(backend.get_added_tokens_decoder().items())
    return {token.content: index for index, token in added if token.special}

"""The tokeniser inside a GGUF file, to and from ours: byte-level BPE ("gpt2") and SentencePiece's BPE ("llama")."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, decoders, models, normalizers, processors
from tokenizers import Tokenizer as Backend

from zaohua.errors import ZaohuaError, one_line
from zaohua.i18n import t
from zaohua.language.gguf import pretokenizers
from zaohua.language.tokenizer import Tokenizer

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)  # types of token
_ROLES = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}
_ENDS = ("eos_token_id", "eot_token_id", "eom_token_id")
_SPACE = "\u2581"  # how SentencePiece writes a space
_BYTE = re.compile(r"<0x[0-9A-F]{2}>")
_PROBE = "Once upon a time, 3.14 he's 从前有座山。\n\n  naïve café 🙂\tx=1;\r\n"


def read_tokenizer(metadata: Mapping[str, Any], path: Path) -> Tokenizer:
    """The tokeniser that the metadata describe. Raises ZaohuaError for a kind that is not known here."""
    own = {key.removeprefix("tokenizer.ggml."): value for key, value in metadata.items()}
    tokens = _list(own, "tokens", str, path)
    types = _list(own, "token_type", int, path, default=[NORMAL] * len(tokens))
    if len(types) != len(tokens):
        raise ZaohuaError(t("gguf.damaged", path=path, reason="tokenizer.ggml.token_type"))
    kind = own.get("model")
    if kind == "gpt2":
        backend, adds_begin = _byte_level(own, tokens, types, path)
    elif kind == "llama":
        backend, adds_begin = _sentence_pieces(own, tokens, types, path), True
    else:
        raise ZaohuaError(t("hub.unsupported", path=path, key="tokenizer.ggml.model", value=one_line(kind)))
    for special, wanted in ((True, (CONTROL, UNKNOWN)), (False, (USER_DEFINED,))):
        added = [
            AddedToken(token, special=special, normalized=False)
            for token, use in zip(tokens, types, strict=True)
            if use in wanted and token
        ]
        backend.add_special_tokens(added) if special else backend.add_tokens(added)
    settings: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "clean_up_tokenization_spaces": False,
        "add_prefix_space": False,
    }
    for role, name in _ROLES.items():
        index = own.get(f"{name}_token_id")
        if isinstance(index, int) and 0 <= index < len(tokens) and backend.token_to_id(tokens[index]) == index:
            settings[f"{role}_token"] = tokens[index]
    begin = settings.get("bos_token")
    if own.get("add_bos_token", adds_begin) is True and begin:
        backend.post_processor = processors.TemplateProcessing(
            single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, backend.token_to_id(begin))]
        )
    if isinstance(template := metadata.get("tokenizer.chat_template"), str):
        settings["chat_template"] = template
    return Tokenizer(backend, settings)


def end_ids(metadata: Mapping[str, Any], tokenizer: Tokenizer) -> frozenset[int]:
    """Tokens that end a text or an answer."""
    named = (metadata.get(f"tokenizer.ggml.{end}") for end in _ENDS)
    found = frozenset(index for index in named if isinstance(index, int) and 0 <= index < tokenizer.vocab_size)
    return found or frozenset({tokenizer.eot_id})


def write_tokenizer(tokenizer: Tokenizer, rows: int, ends: frozenset[int], path: Path) -> dict[str, Any]:
    """The metadata for a tokeniser of a model with so many rows, which are read back and compared on a probe.

    Raises ZaohuaError for a tokeniser that has no form in GGUF.
    """
    spec = json.loads(tokenizer.backend.to_str())
    model, pre = spec["model"], pretokenizers.name_of(tokenizer.backend)
    if model["type"] != "BPE" or not (pre or model.get("byte_fallback")):
        raise ZaohuaError(t("gguf.no_vocabulary", path=path, kind=model["type"]))
    merges = [pair if isinstance(pair, list) else pair.split(" ") for pair in model["merges"]]
    tokens = [f"[PAD{index}]" for index in range(rows)]
    types = [UNUSED] * rows
    for token, index in model["vocab"].items():
        tokens[index], types[index] = token, NORMAL
    for index, added in tokenizer.backend.get_added_tokens_decoder().items():
        tokens[index], types[index] = added.content, CONTROL if added.special else USER_DEFINED
    own: dict[str, Any] = {"tokens": tokens, "token_type": types, "add_bos_token": bool(tokenizer.frame[0])}
    if pre:
        own |= {"model": "gpt2", "pre": pre, "merges": [" ".join(pair) for pair in merges]}
    else:
        own |= _scored_pieces(model, merges, tokens, types)
        own["add_space_prefix"] = tokens[tokenizer.encode("a")[0]].startswith(_SPACE)
    named = {"bos": tokenizer.bos_id, "eos": tokenizer.eos_id, "padding": tokenizer.pad_id}
    own |= {f"{name}_token_id": index for name, index in named.items() if index is not None}
    if others := sorted(ends - {tokenizer.eos_id}):
        own["eot_token_id"] = others[0]
    metadata = {f"tokenizer.ggml.{key}": value for key, value in own.items()}
    if isinstance(template := tokenizer.settings.get("chat_template"), str):
        metadata["tokenizer.chat_template"] = template
    if read_tokenizer(metadata, path).encode(_PROBE) != tokenizer.encode(_PROBE):
        raise ZaohuaError(t("gguf.no_vocabulary", path=path, kind=model["type"]))
    return metadata


def _scored_pieces(
    model: Mapping[str, Any], merges: list[list[str]], tokens: list[str], types: list[int]
) -> dict[str, Any]:
    """Scores in the place of merges: the earlier a piece is made, the better it is. Marks bytes and the unknown."""
    for index, token in enumerate(tokens):
        if types[index] == NORMAL and _BYTE.fullmatch(token):
            types[index] = BYTE
    if (unknown := model["vocab"].get(model.get("unk_token"))) is not None:
        types[unknown] = UNKNOWN
    scores = {"".join(pair): -float(rank) for rank, pair in reversed(list(enumerate(merges)))}
    return {"model": "llama", "scores": [scores.get(token, 0.0) for token in tokens]}


def _byte_level(own: Mapping[str, Any], tokens: list[str], types: list[int], path: Path) -> tuple[Backend, bool]:
    """The backend, and whether texts begin with the token for beginnings where the file does not say."""
    name = pretokenizers.canonical(own.get("pre"))
    if name is None:
        raise ZaohuaError(t("hub.unsupported", path=path, key="tokenizer.ggml.pre", value=one_line(own.get("pre"))))
    merges = [_pair(merge) for merge in _list(own, "merges", str, path)]
    whole = name in pretokenizers.WHOLE_WORDS_FIRST
    backend = _bpe(_vocabulary(tokens, types), merges, path, ignore_merges=whole)
    backend.pre_tokenizer = pretokenizers.build(name)
    backend.decoder = decoders.ByteLevel()
    return backend, whole


def _sentence_pieces(own: Mapping[str, Any], tokens: list[str], types: list[int], path: Path) -> Backend:
    """SentencePiece joins the neighbours whose piece has the best score: the merges are all ways to make a piece."""
    scores = _list(own, "scores", float, path)
    if len(scores) != len(tokens):
        raise ZaohuaError(t("gguf.damaged", path=path, reason="tokenizer.ggml.scores"))
    vocabulary = _vocabulary(tokens, types)
    ways = [
        (-scores[index], vocabulary[token[:cut]], token[:cut], token[cut:])
        for token, index in vocabulary.items()
        if types[index] == NORMAL
        for cut in range(1, len(token))
        if token[:cut] in vocabulary and token[cut:] in vocabulary
    ]
    merges = [(left, right) for *_, left, right in sorted(ways)]
    unknown = next((token for token, kind in zip(tokens, types, strict=True) if kind == UNKNOWN), None)
    backend = _bpe(vocabulary, merges, path, unk_token=unknown, byte_fallback=True, fuse_unk=True)
    prefixed = own.get("add_space_prefix", True) is True
    steps: list[Any] = [normalizers.Prepend(_SPACE)] if prefixed else []
    backend.normalizer = normalizers.Sequence([*steps, normalizers.Replace(" ", _SPACE)])
    plain = [decoders.Replace(_SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    backend.decoder = decoders.Sequence([*plain, *([decoders.Strip(" ", 1, 0)] if prefixed else [])])
    return backend


def _vocabulary(tokens: list[str], types: list[int]) -> dict[str, int]:
    """Token -> id for the model: all that are in use, without special ones at the end, which are added later."""
    used = {token: index for index, (token, kind) in enumerate(zip(tokens, types, strict=True)) if kind != UNUSED}
    plain = {token: index for token, index in used.items() if types[index] in (NORMAL, BYTE)}
    added_later = range(len(plain), len(used))
    return plain if all(index in added_later for index in set(used.values()) - set(plain.values())) else used


def _bpe(vocabulary: dict[str, int], merges: list[tuple[str, str]], path: Path, **options: Any) -> Backend:
    try:
        return Backend(models.BPE(vocabulary, merges, **options))
    except Exception as error:  # tokenizers raises plain Exception for a merge of unknown parts
        raise ZaohuaError(t("tokenizer.unreadable", path=path, reason=one_line(error))) from error


def _pair(merge: str) -> tuple[str, str]:
    """The two parts of "a b"; either may be a space itself in files of other writers, so the cut is not the first."""
    left, _, right = merge[1:].partition(" ")
    return merge[:1] + left, right


def _list(own: Mapping[str, Any], name: str, kind: type, path: Path, default: list[Any] | None = None) -> list[Any]:
    """A list of one kind among the metadata."""
    found = own.get(name, default)
    if not isinstance(found, list) or not all(type(item) is kind for item in found):
        raise ZaohuaError(t("gguf.damaged", path=path, reason=f"tokenizer.ggml.{name}"))
    return found

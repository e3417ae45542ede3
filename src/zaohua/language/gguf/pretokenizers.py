"""How BPE vocabularies cut text before merging: llama.cpp knows the ways by name, tokenizer.json spells them out."""

import json
from typing import Any

from tokenizers import Regex, models, pre_tokenizers
from tokenizers import Tokenizer as Backend

from zaohua.language.tokenizer_fast import PATTERN

_ANY_CASE = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
_CASES = PATTERN.partition("|[^")[0]  # the same, written out
_THREE_DIGITS = PATTERN.replace(r"|\p{N}|", r"|\p{N}{1,3}|")
# Ways of the same name give the same ids; the first is the one we build.
_PATTERNS = {"qwen2": PATTERN, "llama-bpe": _THREE_DIGITS}
_ALIASES = {
    "deepseek-r1-qwen": "qwen2",
    "stablelm2": "qwen2",
    "llama3": "llama-bpe",
    "llama-v3": "llama-bpe",
    "falcon3": "llama-bpe",
    "smaug-bpe": "llama-bpe",
    "dbrx": "llama-bpe",
    "phi-2": "gpt-2",
    "olmo": "gpt-2",
    "mpt": "gpt-2",
    "starcoder": "smollm",
    "refact": "smollm",
    "command-r": "smollm",
    "codeshell": "smollm",
}
NAMES = ("qwen2", "llama-bpe", "gpt-2", "smollm")
WHOLE_WORDS_FIRST = frozenset({"llama-bpe"})  # a piece that is a token is not taken apart and merged again


def canonical(name: object) -> str | None:
    """One of NAMES that cuts as `name` does, or None."""
    found = _ALIASES.get(str(name), str(name))
    return found if found in NAMES else None


def build(name: str) -> Any:
    """The pre-tokeniser called `name`, one of NAMES."""
    if name in _PATTERNS:
        letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(_PATTERNS[name]), "isolated"), letters])
    letters = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "gpt-2":
        return letters
    return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), letters])


def name_of(backend: Backend) -> str | None:
    """The name of this tokeniser's pre-tokeniser; None if llama.cpp has none for it."""
    found = _plain(json.loads(backend.to_str())["pre_tokenizer"])
    for name in NAMES:
        probe = Backend(models.BPE())
        probe.pre_tokenizer = build(name)
        if found == _plain(json.loads(probe.to_str())["pre_tokenizer"]):
            return name
    return None


def _plain(steps: Any) -> Any:
    """A description without what makes no difference to ids."""
    if isinstance(steps, dict):
        return {key: _plain(value) for key, value in steps.items() if key != "trim_offsets"}
    if isinstance(steps, list):
        return [_plain(step) for step in steps]
    return steps.replace(_ANY_CASE, _CASES) if isinstance(steps, str) else steps

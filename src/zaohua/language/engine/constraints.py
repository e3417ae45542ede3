"""Text that must have a form: JSON of a schema, a regular expression, or a grammar, by the library llguidance.

Before each token the grammar says which tokens can still lead to a whole text of that form; the others cannot be drawn.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.extras import need
from zaohua.i18n import t
from zaohua.language.tokenizer import Tokenizer
from zaohua.language.tokenizer_fast import byte_table

KINDS = ("json_schema", "regex", "grammar")


@dataclass(frozen=True)
class Constraint:
    """kind "json_schema": a JSON schema; "regex": a regular expression (Rust's syntax, no look-around or
    back-references) for the whole text; "grammar": a grammar in llguidance's form of Lark."""

    kind: Literal["json_schema", "regex", "grammar"]
    source: str

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(t("engine.unknown_constraint", kind=one_line(self.kind), known=", ".join(KINDS)))
        if not self.source.strip():
            raise UsageError(t("engine.bad_constraint", kind=self.kind, reason=t("engine.empty")))


def constraint_of(
    json_schema: Mapping[str, Any] | str | None = None, regex: str | None = None, grammar: str | None = None
) -> Constraint | None:
    """The one constraint among these, or none. Raises UsageError for two at once or a schema that is no JSON."""
    given = {"json_schema": json_schema, "regex": regex, "grammar": grammar}
    given = {kind: source for kind, source in given.items() if source is not None}
    if not given:
        return None
    if len(given) > 1:
        raise UsageError(t("engine.two_constraints", kinds=", ".join(given)))
    [(kind, source)] = given.items()
    if kind == "json_schema":
        try:
            value = json.loads(source) if isinstance(source, str) else source
            source = json.dumps(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise UsageError(t("engine.bad_constraint", kind=kind, reason=one_line(error))) from error
        if not isinstance(value, Mapping | bool):
            raise UsageError(t("engine.bad_constraint", kind=kind, reason=t("engine.not_a_schema")))
    return Constraint(kind, str(source))  # type: ignore[arg-type]


class Matcher:
    """Follows one text through its grammar."""

    def __init__(self, matcher: Any, vocab_size: int) -> None:
        self._matcher, self._vocab_size = matcher, vocab_size

    def allowed(self) -> Tensor:
        """Which tokens may come next, bool [V]"""
        bias = torch.frombuffer(bytearray(self._matcher.compute_logit_bias()), dtype=torch.uint8) != 0
        self._check()
        mask = torch.zeros(self._vocab_size, dtype=torch.bool)
        mask[: len(bias)] = bias[: self._vocab_size]
        return mask

    def take(self, token: int) -> bool:
        """Go on by this token; True when the text is whole and nothing can follow."""
        self._matcher.consume_token(token)
        self._check()
        return self._matcher.is_stopped()

    def _check(self) -> None:
        if self._matcher.is_error():
            raise ZaohuaError(t("engine.constraint_failed", reason=one_line(self._matcher.get_error())))


class Constraints:
    """Makes matchers for one tokeniser; what is costly about that is done once."""

    def __init__(self, tokenizer: Tokenizer, vocab_size: int) -> None:
        self.tokenizer, self.vocab_size = tokenizer, vocab_size
        self._vocabularies: dict[frozenset[int], Any] = {}

    def matcher(self, constraint: Constraint, ends: frozenset[int]) -> Matcher:
        """A matcher at the beginning of a text that tokens of `ends` may end.
        Raises UsageError for a constraint that is not well-formed."""
        library = need("llguidance", "constraints")
        build = {
            "json_schema": library.LLMatcher.grammar_from_json_schema,
            "regex": library.LLMatcher.grammar_from_regex,
            "grammar": library.LLMatcher.grammar_from_lark,
        }[constraint.kind]
        matcher = library.LLMatcher(self._vocabulary(library, ends), build(constraint.source), log_level=0)
        if matcher.is_error():
            reason = one_line(matcher.get_error())
            raise UsageError(t("engine.bad_constraint", kind=constraint.kind, reason=reason))
        return Matcher(matcher, self.vocab_size)

    def _vocabulary(self, library: Any, ends: frozenset[int]) -> Any:
        ends = ends or frozenset({self.tokenizer.eot_id})
        if ends not in self._vocabularies:
            tokens = _token_bytes(self.tokenizer)
            whole = self.tokenizer.backend.to_str() if tokens is None else None
            described = whole or library.TokenizerWrapper(_Bridge(self.tokenizer, tokens or [], ends))
            self._vocabularies[ends] = library.LLTokenizer(described, eos_token=sorted(ends))
        return self._vocabularies[ends]


class _Bridge:
    """A tokeniser as llguidance's TokenizerWrapper wants it."""

    def __init__(self, tokenizer: Tokenizer, tokens: list[bytes], ends: frozenset[int]) -> None:
        self.tokenizer, self.tokens = tokenizer, tokens
        self.eos_token_id, self.bos_token_id = min(ends), None
        self.special_token_ids = sorted(tokenizer.special.values())

    def __call__(self, text: str) -> list[int]:
        return self.tokenizer.encode(text)


def _token_bytes(tokenizer: Tokenizer) -> list[bytes] | None:
    """Bytes of every token of a byte-level or character-level tokeniser; None for others."""
    table = byte_table(tokenizer.backend)
    if table is None and json.loads(tokenizer.backend.to_str())["model"]["type"] == "WordLevel":
        table = [b""] * tokenizer.vocab_size
        for token, index in tokenizer.backend.get_vocab(with_added_tokens=True).items():
            table[index] = token.encode()
    return table

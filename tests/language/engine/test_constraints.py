"""Text with a form: whatever a random model would like to say, what it says parses and validates."""

import contextlib
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.errors import UsageError
from zaohua.language.engine.constraints import Constraint
from zaohua.language.engine.request import Request
from zaohua.language.model import LanguageModel
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.language.tokenizer_training import train

pytest.importorskip("llguidance", reason="the extra `constraints` is not installed")

WORDS = st.lists(st.text('ab"\\\n山é', max_size=4), min_size=1, max_size=4, unique=True)
LOW, SIZE = st.integers(-99, 99), st.integers(0, 99)
SCALARS = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.builds(lambda low, size: {"type": "integer", "minimum": low, "maximum": low + size}, LOW, SIZE),
    st.builds(lambda words: {"enum": words}, WORDS),
    st.builds(lambda n: {"type": "string", "maxLength": n}, st.integers(0, 6)),
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(lambda item, n: {"type": "array", "items": item, "maxItems": n}, inner, st.integers(0, 3)),
        st.dictionaries(st.sampled_from(["a", "name", "年"]), inner, min_size=1).map(
            lambda fields: {
                "type": "object",
                "properties": fields,
                "required": sorted(fields),
                "additionalProperties": False,
            }
        ),
    ),
    max_leaves=4,
)


def fits(value, schema) -> bool:
    """JSON schema, as far as the schemas above go."""
    if "enum" in schema:
        return value in schema["enum"]
    match schema["type"]:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            whole = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
            return whole and schema["minimum"] <= value <= schema["maximum"]
        case "string":
            return isinstance(value, str) and len(value) <= schema["maxLength"]
        case "array":
            return (
                isinstance(value, list)
                and len(value) <= schema["maxItems"]
                and all(fits(v, schema["items"]) for v in value)
            )
        case "object":
            fields = schema["properties"]
            return (
                isinstance(value, dict) and set(value) == set(fields) and all(fits(value[k], fields[k]) for k in fields)
            )
    raise AssertionError(schema)


@pytest.fixture(scope="module")
def model(make_decoder, tokenizer) -> LanguageModel:
    return LanguageModel(make_decoder(context=400), tokenizer)


@pytest.fixture(scope="module")
def by_characters(make_decoder) -> LanguageModel:
    text = "".join(map(chr, range(32, 127))) + "\n年山é"
    tokenizer: Tokenizer = train(TokenizerConfig(kind="char", vocab_size=200), [text])
    return LanguageModel(make_decoder(context=400, vocab_size=tokenizer.vocab_size), tokenizer)


@settings(max_examples=25)
@given(schema=SCHEMAS, seed=st.integers(0, 1000), characters=st.booleans())
def test_every_text_is_json_of_its_schema(schema, seed, characters, model, by_characters):
    # White space may be written without end: cold enough a random model would, so it is made to hurry by penalties.
    writer = by_characters if characters else model
    [text] = writer.generate(
        "x", json_schema=schema, max_new_tokens=390, temperature=2.0, frequency_penalty=1.0, seed=seed
    )
    assert text.finish_reason == "stop"
    assert fits(json.loads(text.text), schema), text.text


@pytest.mark.parametrize(
    "pattern", [r"[0-9]{4}-[0-9]{2}", r"(春|夏|秋|冬)天(好|坏)", r"a{3,5}b?", r"[a-z]+@\w{1,4}\.com"]
)
def test_every_text_matches_its_regular_expression(pattern, model):
    for seed in range(3):
        [text] = model.generate("x", regex=pattern, max_new_tokens=300, temperature=1.5, seed=seed)
        assert text.finish_reason == "stop" or "+" in pattern
        if text.finish_reason == "stop":
            assert re.fullmatch(pattern, text.text)


def test_every_text_follows_its_grammar(model):
    grammar = 'start: sum\nsum: num ("+" num){1,3}\nnum: /[1-9][0-9]{0,2}/'
    for seed in range(5):
        [text] = model.generate("x", grammar=grammar, max_new_tokens=60, temperature=1.5, seed=seed)
        assert eval(text.text) == sum(map(int, text.text.split("+")))


def test_a_constraint_that_leaves_no_choice_is_written_whatever_the_model(model):
    [text] = model.generate("x", json_schema={"const": {"山": ["a\n", 1]}}, max_new_tokens=200)
    assert json.loads(text.text) == {"山": ["a\n", 1]}


def test_settings_of_others_in_the_batch_are_untouched(model):
    free = model.generate("Once", n=3, seed=1, max_new_tokens=30)
    engine, prompt = model.engine, model.tokenizer.encode("Once")
    options = {"prompt": prompt, "max_new_tokens": 30, "seed": 1, "stop_ids": model.ends}
    forms = (None, Constraint("regex", "[0-9]+"), None)
    mixed = engine.complete([Request(**options, index=i, constraint=form) for i, form in enumerate(forms)])
    assert (mixed[0].text, mixed[2].text) == (free[0].text, free[2].text)
    assert mixed[1].text.isdigit()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"json_schema": "{"}, "not well-formed"),
        ({"json_schema": "[1]"}, "object or true or false"),
        ({"json_schema": {"type": "nonsense"}}, "not well-formed"),
        ({"json_schema": {"a": {1, 2}}}, "not well-formed"),
        ({"json_schema": {"$ref": "#/nowhere"}}, "not well-formed"),
        ({"regex": "(" * 3}, "not well-formed"),
        ({"regex": ""}, "empty"),
        ({"grammar": "start: nowhere"}, "not well-formed"),
        ({"grammar": "a", "regex": "a"}, "only one"),
    ],
    ids=str,
)
def test_constraints_that_are_none(wrong, complaint, model):
    with pytest.raises(UsageError, match=complaint) as caught:
        model.generate("x", **wrong)
    assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="no constraint of kind"):
        Constraint("xml", "<a/>")


KEYS = st.sampled_from(["type", "properties", "items", "enum", "$ref", "anyOf", "pattern"])
ANYTHING = st.text(max_size=30) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
).map(json.dumps)


@settings(max_examples=40)
@given(schema=ANYTHING)
def test_no_schema_breaks_the_engine(schema, model):
    with contextlib.suppress(UsageError):
        [text] = model.generate("x", json_schema=schema, max_new_tokens=5)
        assert text.tokens <= 5
    assert model.engine.pool.used == 0

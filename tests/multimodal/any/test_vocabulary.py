"""The one vocabulary, and rows filled from templates."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.errors import ZaohuaError
from zaohua.multimodal.any.templates import TEMPLATES, Weighting, medium_part, row, text_part
from zaohua.multimodal.any.vocabulary import MARKS, Vocabulary

VOCABULARY = Vocabulary(text=300, image_codes=50, grid=(2, 3), audio_codes=40, longest=9, frames=2, fps=8.0)


@given(st.text(max_size=60) | st.sampled_from(["<|image|>", "<|/audio|>", "<|im_end|>", "<zh>", "</image>"]))
def test_no_text_becomes_a_code_or_a_mark(any_model, text):
    assert all(0 <= token < any_model.vocabulary.text for token in any_model.tokenizer.encode(text))


def test_every_kind_of_token_has_rows_of_its_own():
    spans = [range(VOCABULARY.text), [VOCABULARY.mark(name) for name in MARKS]]
    spans += [VOCABULARY.span("image"), VOCABULARY.span("audio")]
    assert sorted(token for span in spans for token in span) == list(range(VOCABULARY.size))
    assert VOCABULARY.span("video") == VOCABULARY.span("image")
    assert [VOCABULARY.longest_of(medium) for medium in ("image", "audio", "video")] == [6, 9, 12]


@given(st.sampled_from(["image", "audio", "video"]), st.lists(st.integers(0, 39), max_size=30))
def test_codes_come_back_from_their_tokens(medium, codes):
    tokens = VOCABULARY.tokens(medium, np.array(codes))
    assert [tokens[0], tokens[-1]] == [VOCABULARY.mark(medium), VOCABULARY.mark(f"/{medium}")]
    assert VOCABULARY.codes(medium, tokens).tolist() == codes


def test_config_json_says_all_of_it(tmp_path):
    path = tmp_path / "config.json"
    for vocabulary in (VOCABULARY, Vocabulary(text=300, audio_codes=7, longest=3), Vocabulary(text=9)):
        raw = json.loads(json.dumps(vocabulary.to_json()))
        assert Vocabulary.from_json(raw, path) == vocabulary
    raw = VOCABULARY.to_json()
    for change in ({"text": 0}, {"image": {"codes": 5}}, {"audio": {"codes": True, "longest": 1}}, {"video": {}}):
        with pytest.raises(ZaohuaError, match="json"):
            Vocabulary.from_json(raw | change, Path("config.json"))


def parts():
    return [
        medium_part(VOCABULARY, "image", np.arange(6)),
        text_part(VOCABULARY, "zh", np.array([5, 6, 7]), end=2),
    ]


def test_a_row_asks_for_its_last_part_alone():
    made = row(parts(), Weighting(text=3.0, context=0.25))
    whole = [*made.inputs.tolist(), made.targets[-1]]
    assert whole == [
        VOCABULARY.mark("image"),
        *range(308, 314),
        VOCABULARY.mark("/image"),
        VOCABULARY.mark("zh"),
        5,
        6,
        7,
        2,
    ]
    assert made.targets.tolist() == whole[1:]
    assert made.weights.tolist() == [0.25] * 8 + [3.0] * 4
    assert row(parts()[::-1], Weighting(text=3.0)).weights.tolist() == [0.0] * 5 + [1.0] * 7


@given(st.floats(0, 1), st.integers(0, 2**31))
def test_only_inputs_are_corrupted_and_only_codes(share, seed):
    clean, draws = row(parts(), Weighting()), np.random.default_rng(seed).random((2, 40))
    made = row(parts(), Weighting(), share, draws)
    assert np.array_equal(made.targets, clean.targets)
    assert np.array_equal(made.weights, clean.weights)
    changed = np.flatnonzero(made.inputs != clean.inputs)
    assert set(changed) <= set(np.flatnonzero(draws[0, : len(clean.inputs)] < share)) & set(range(1, 7))
    assert all(token in VOCABULARY.span("image") for token in made.inputs[1:7])


def test_every_template_ends_with_what_it_makes():
    assert all(parts and set(parts) <= {"text", "image", "audio", "video"} for parts in TEMPLATES.values())
    assert len(set(TEMPLATES.values())) == len(TEMPLATES)

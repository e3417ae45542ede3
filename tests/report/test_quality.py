"""How well it writes, as rows and as a section."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import zaohua
from zaohua.i18n import using
from zaohua.report import quality as module
from zaohua.report.quality import quality, quality_rows
from zaohua.report.record import read_record


def test_rows_in_words_with_what_is_unknown_left_open(run_folder):
    found = json.loads((run_folder / "summary.json").read_text(encoding="utf-8"))["quality"]
    with using("en"):
        choice, likeness = quality_rows(found)
    assert choice[0].startswith("chose the beginning")
    assert choice[1:] == ("62.5%", "–", "50.0%")
    assert likeness[1:] == ("0.312", "0.250", "0.062")


def test_the_section_escapes_what_the_model_wrote(run_folder):
    with using("en"):
        page = quality(read_record(run_folder))
    assert "却说&lt;玄德&gt;" in page
    assert "Grammar was not checked." in page
    assert "16 texts" in page


def test_a_run_that_wrote_nothing_has_no_section(run_folder):
    summary = json.loads((run_folder / "summary.json").read_text(encoding="utf-8"))
    del summary["quality"]
    (run_folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")
    assert quality(read_record(run_folder)) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rows", "model", "self_bleu"]), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["samples", "max_new_tokens", "rows", "longest_copy", "notes"]), JSON))
def test_a_damaged_summary_does_no_harm(found):
    for row in quality_rows(found):
        assert all(isinstance(cell, str) for cell in row)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_measure_has_a_name(language):
    path = Path(zaohua.__file__).parent / "messages" / language / "measure.toml"
    assert module._MEASURES.keys() <= tomllib.loads(path.read_text(encoding="utf-8")).keys()

"""zaohua fill and zaohua classify."""

import io
import json
import sys
from pathlib import Path

import pytest
import torch

from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.encoders.marks import with_marks
from zaohua.language.encoders.model import EncoderModel
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train

TEXT = "the cat sat on the mat"


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> dict[str, str]:
    """A model of each head."""
    tokenizer = with_marks(train(TokenizerConfig(kind="char", vocab_size=40), [TEXT]), 64)
    shape = {"layers": 1, "width": 16, "heads": 2, "kv_heads": 2, "head_dim": 8, "ffn_width": 16, "context": 64}
    found = {}
    for head, more in (("masked", {}), ("class", {"pooler": True, "labels": ("yes", "no")})):
        torch.manual_seed(0)
        encoder = Encoder(EncoderConfig(**shape, vocab_size=tokenizer.vocab_size, head=head, **more)).eval()
        folder: Path = tmp_path_factory.mktemp("encoders") / head
        EncoderModel(encoder, tokenizer).save(folder)
        found[head] = str(folder)
    return found


def test_classify_prints_a_row_a_text(zaohua, folders, monkeypatch):
    shown = zaohua("classify", folders["class"], "the cat", "a mat")
    assert shown.code == 0, shown.err
    assert "the cat" in shown.out
    found = json.loads(zaohua("classify", folders["class"], "the cat", "a mat", "--json").out)
    assert [row["text"] for row in found] == ["the cat", "a mat"]
    assert all(row["label"] == max(row["probabilities"], key=row["probabilities"].get) for row in found)
    monkeypatch.setattr(sys, "stdin", io.StringIO("the cat\n\na mat\n"))
    assert json.loads(zaohua("classify", folders["class"], "-", "--json").out) == found


def test_fill_prints_guesses_for_each_place(zaohua, folders):
    shown = zaohua("fill", folders["masked"], "the [MASK]at s[MASK]t", "--top-k", "3")
    assert shown.code == 0, shown.err
    found = json.loads(zaohua("fill", folders["masked"], "the [MASK]at s[MASK]t", "--top-k", "3", "--json").out)
    assert [len(place) for place in found["places"]] == [3, 3]
    for place in found["places"]:
        assert [guess["probability"] for guess in place] == sorted((g["probability"] for g in place), reverse=True)


@pytest.mark.parametrize(("lang", "says"), [("en", "does not fit"), ("zh", "不适用于")])
def test_weights_of_one_byte_are_not_for_encoders(zaohua, folders, lang, says):
    answer = zaohua("generate", folders["masked"], "the", "--weights", "int8", "--lang", lang)
    assert answer.code == 2
    assert "weights=int8" in answer.err
    assert says in answer.err
    assert "bert" in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fill", "masked", "no mark"), "[MASK]"),
        (("fill", "class", "[MASK]"), "task masked"),
        (("classify", "masked", "a"), "task classify"),
        (("generate", "masked", "a"), "writes none"),
        (("evaluate", "masked"), "--data"),
    ],
)
def test_what_a_model_cannot_do_is_one_line(zaohua, folders, words, says):
    verb, model, *rest = words
    answer = zaohua(verb, folders[model], *rest)
    assert answer.code != 0
    assert says in answer.err
    assert answer.err.count("\n") == 1

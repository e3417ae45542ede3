"""Labelled texts: names, sides, and what cannot be learnt from."""

import random

import pytest

from zaohua.data.labelled import Labelled, LabelledConfig, read_labelled
from zaohua.errors import ZaohuaError


def table(tmp_path, rows: list[tuple[str, object]], name: str = "a.csv") -> str:
    path = tmp_path / name
    path.write_text("text,label\n" + "".join(f'"{text}",{label}\n' for text, label in rows), encoding="utf-8")
    return f"csv:{path}"


def many(labels: list[object], count: int = 60) -> list[tuple[str, object]]:
    return [(f"text number {n}", labels[n % len(labels)]) for n in range(count)]


def read(tmp_path, rows, seed: int = 1, labels=None, **settings) -> Labelled:
    return read_labelled(LabelledConfig(source=table(tmp_path, rows), **settings), seed, labels)


def texts(side) -> set[str]:
    return {example.text for example in side}


def test_a_text_keeps_its_side_whatever_stands_around_it(tmp_path):
    rows = many(["a", "b"], 400)
    whole = read(tmp_path, rows)
    assert 20 <= len(whole.validation) <= 60
    random.Random(0).shuffle(rows)
    part = read(tmp_path, rows[:200] + rows[:50])
    assert texts(part.validation) == texts(whole.validation) & {text for text, _ in rows[:200]}
    assert not texts(part.train) & texts(part.validation)
    assert texts(read(tmp_path, rows, seed=2).validation) != texts(whole.validation)
    assert part.report["removed"]["exact"] == 50
    assert part.report["examples"] == {"train": len(part.train), "validation": len(part.validation)}


def test_labels_and_their_names(tmp_path):
    names = tmp_path / "names.txt"
    names.write_text("World\nSports\nBusiness\n", encoding="utf-8")
    one = read(tmp_path, many([1, 2, 3]), classes=str(names))
    assert one.labels == ("World", "Sports", "Business")
    assert _label(one, "text number 0") == "World"
    zero = read(tmp_path, many([2, 0, 1]), classes=["x", "y", "z"])
    assert _label(zero, "text number 0") == "z"
    named = read(tmp_path, many(["y", "x"]), classes=["x", "y"])
    assert named.labels == ("x", "y")
    assert read(tmp_path, many([10, 9, "2"])).labels == ("2", "9", "10")
    assert read(tmp_path, many(["b", "a"])).labels == ("a", "b")


def _label(found: Labelled, text: str) -> str:
    return next(found.labels[e.label] for e in [*found.train, *found.validation] if e.text == text)


def test_a_trained_model_s_labels_stand(tmp_path):
    found = read(tmp_path, many(["b", "c"]), labels=("a", "b", "c"))
    assert found.labels == ("a", "b", "c")
    assert {example.label for example in found.train} == {1, 2}
    with pytest.raises(ZaohuaError, match=r"a\.csv:\d+: the label d is none of a, b, c"):
        read(tmp_path, many(["d"]), labels=("a", "b", "c"))


def test_validation_of_its_own(tmp_path):
    own = table(tmp_path, [("text number 1", "a"), ("something new", "b")], "own.csv")
    found = read(tmp_path, many(["a", "b"]), validation_source=own)
    assert texts(found.validation) == {"something new"}, "a text that is learnt from is no measure"
    assert len(found.train) == 60


def test_what_is_left_out_is_said(tmp_path):
    rows = [*many(["a", "b"]), ("  ", "a"), ("text number 0", "b")]
    warnings = read(tmp_path, rows).report["warnings"]
    assert any("1, the first at a.csv:62" in line for line in warnings)
    assert any("another label" in line and "a.csv:63" in line for line in warnings)


@pytest.mark.parametrize(
    ("rows", "settings", "says"),
    [
        ([*many(["a", "b"]), ("alone", "c")], {}, r"a\.csv:62: this is the only text labelled c"),
        ([*many(["a", "b"]), ("no label", "")], {}, r"a\.csv:62 has a text but no label"),
        (many([1, 2, 7]), {"classes": ["x", "y"]}, r"a\.csv:4: the label 7 is none of x, y"),
        (many(["a"]), {}, "every text is labelled a"),
        ([("one", "a")], {}, "1 examples"),
        (many(["a", "b"]), {"classes": "no/such/file"}, "no/such/file"),
    ],
    ids=["single", "no label", "class", "one class", "few", "names"],
)
def test_what_cannot_be_learnt_from_is_one_line(tmp_path, rows, settings, says):
    with pytest.raises(ZaohuaError, match=says) as caught:
        read(tmp_path, rows, **settings)
    assert "\n" not in str(caught.value)


def test_a_label_that_training_lacks(tmp_path):
    own = table(tmp_path, [("new", "c"), ("newer", "c"), ("other", "a")], "own.csv")
    with pytest.raises(ZaohuaError, match=r"own\.csv:2: no text labelled c is on the training side"):
        read(tmp_path, many(["a", "b"]), validation_source=own)
    own = table(tmp_path, [("new", "c"), ("other", "a")], "own.csv")
    with pytest.raises(ZaohuaError, match=r"own\.csv:2: this is the only text labelled c"):
        read(tmp_path, many(["a", "b"]), validation_source=own)


def test_the_hash_knows_texts_labels_and_sides(tmp_path):
    rows = many(["a", "b"])
    hashes = {
        read(tmp_path, some, seed=seed).report["hash"]
        for some, seed in ((rows, 1), (rows, 1), (rows, 2), (many(["b", "a"]), 1), (many(["a", "b"], 62), 1))
    }
    assert len(hashes) == 4


def test_sides_are_those_of_a_corpus_of_the_same_texts(tmp_path):
    """So that what is held back here was held back when a model was pretrained on the texts alone."""
    from zaohua.data.document import Document
    from zaohua.data.split import split
    from zaohua.data.spool import SpoolWriter

    rows = many(["a", "b"], 400)
    writer = SpoolWriter(tmp_path / "spool")
    for text, _ in rows:
        writer.add(Document(text, ""))
    sides = split(writer.close(), 0.1, 1)
    assert sides.by == "document"
    assert {document.text for document in sides.validation()} == texts(read(tmp_path, rows).validation)


def test_numbers_that_may_count_from_0_or_1_are_refused(tmp_path):
    with pytest.raises(ZaohuaError, match=r"a\.csv:\d: the label \d may count the 3 names"):
        read(tmp_path, many([1, 2]), classes=["x", "y", "z"])
    own = table(tmp_path, [("new", 0), ("newer", 1)], "own.csv")
    found = read(tmp_path, many([1, 2, 0]), classes=["x", "y", "z"], validation_source=own)
    assert _label(found, "new") == "x"
    found = read(tmp_path, many([1, 2, 3, 0]), classes=["x", "y", "z", "0"])
    assert _label(found, "text number 3") == "0", "a name that is a number"

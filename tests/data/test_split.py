"""The split: nothing lost, nothing on both sides, stable when documents come and go, exact for one file."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.data.clean import clean
from zaohua.data.config import TextDataConfig
from zaohua.data.dedup import deduplicate
from zaohua.data.document import Document
from zaohua.data.report import SourceReport
from zaohua.data.sources import read_sources
from zaohua.data.split import Split, split
from zaohua.data.spool import Spool, SpoolWriter


def spool(texts: list[str], folder: Path, keep: list[bool] | None = None) -> Spool:
    writer = SpoolWriter(folder)
    for number, text in enumerate(texts):
        writer.add(Document(text, f"文{number}"))
    return Spool(writer.close().folder, None if keep is None else np.array(keep))


def sides(result: Split) -> tuple[list[str], list[str]]:
    return [d.text for d in result.train()], [d.text for d in result.validation()]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=300), st.booleans()), max_size=70), st.integers(), st.floats(0.01, 0.9))
def test_nothing_is_lost_or_doubled(
    tmp_path_factory: pytest.TempPathFactory, written: list[tuple[str, bool]], seed: int, share: float
) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text, _ in written]
    keep = [kept for _, kept in written]
    result = split(spool(texts, tmp_path_factory.mktemp("spool"), keep), share, seed)
    train, validation = sides(result)
    expected = "".join(text for text, kept in zip(texts, keep, strict=True) if kept)
    assert sum(map(len, train)) + sum(map(len, validation)) == len(expected)
    counts = result.as_dict()
    assert counts["train"]["characters"] == sum(map(len, train))  # type: ignore[index]
    assert counts["validation"]["characters"] == sum(map(len, validation))  # type: ignore[index]
    assert counts["validation"]["documents"] == len(validation)  # type: ignore[index]
    if result.by == "document":
        assert sorted(train + validation) == sorted(t for t, kept in zip(texts, keep, strict=True) if kept)


@given(st.integers(2, 5000), st.floats(0.01, 0.5))
def test_one_document_is_cut_exactly(tmp_path_factory: pytest.TempPathFactory, size: int, share: float) -> None:
    text = "".join(chr(0x4E00 + i % 500) + ("\n" if i % 7 == 0 else "") for i in range(size))[:size]
    train, validation = sides(split(spool([text], tmp_path_factory.mktemp("spool")), share, 1))
    cut = int(size * (1 - share))
    assert "".join(train) == text[:cut]
    assert "".join(validation) == text[cut:]


def test_tiny_shakespeare_is_split_as_its_benchmark_is(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "text/tinyshakespeare/input.txt"
    config = TextDataConfig(source=f"file:{path}", normalise="none")
    report = SourceReport()
    result = split(deduplicate(clean(read_sources(config, report), config, report), config, report, tmp_path), 0.1, 1)
    text = path.read_text(encoding="utf-8")
    assert sides(result) == ([text[:1_003_854]], [text[1_003_854:]])


def test_other_documents_do_not_move_a_document(tmp_path: Path) -> None:
    texts = [f"document {number} of the collection" for number in range(400)]
    before = split(spool(texts, tmp_path / "a"), 0.2, seed=5)
    after = split(spool(["something new", *texts[::-1], "and more"], tmp_path / "b"), 0.2, seed=5)
    assert before.by == after.by == "document"
    for one, two in zip(sides(before), sides(after), strict=True):
        assert set(one) <= set(two)
    assert sides(split(spool(texts, tmp_path / "c"), 0.2, seed=6)) != sides(before)


def test_the_share_is_about_the_wanted_one(tmp_path: Path) -> None:
    report = SourceReport()
    split(spool([f"{number} " * 30 for number in range(3000)], tmp_path), 0.1, 0, report)
    held = report.split["validation"]["characters"]
    assert 0.08 < held / (held + report.split["train"]["characters"]) < 0.12


def test_equal_documents_share_a_side(tmp_path: Path) -> None:
    texts = [f"document {number // 2}" for number in range(400)]
    train, validation = map(set, sides(split(spool(texts, tmp_path), 0.3, 0)))
    assert validation
    assert not train & validation


def test_few_long_documents_each_give_their_end(tmp_path: Path) -> None:
    texts = ["".join(f"{name} line {i}\n" for i in range(3000)) for name in ("zh", "en", "fr")]
    result = split(spool(texts, tmp_path), 0.1, 0)
    train, validation = sides(result)
    assert result.by == "position"
    assert [a + b for a, b in zip(train, validation, strict=True)] == texts
    assert all(text.endswith("\n") for text in train)
    assert all(0.09 < len(part) / len(text) < 0.11 for part, text in zip(validation, texts, strict=True))


def test_few_short_documents_stay_whole_but_one(tmp_path: Path) -> None:
    texts = [f"poem {number:02}\n" for number in range(20)]
    train, validation = sides(split(spool(texts, tmp_path), 0.1, 0))
    assert "".join(train + validation) == "".join(texts)
    assert validation == texts[18:]


def test_a_giant_among_many_does_not_decide_by_lot(tmp_path: Path) -> None:
    giant = "line of a giant\n" * 20_000
    texts = [f"small {number}" for number in range(200)] + [giant]
    for seed in range(8):
        train, validation = sides(split(spool(texts, tmp_path / str(seed)), 0.1, seed))
        held = sum(map(len, validation))
        assert 0.05 < held / (held + sum(map(len, train))) < 0.15

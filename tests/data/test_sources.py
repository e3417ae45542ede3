"""Sources: the right documents in a fixed order, and one line for everything that can be wrong."""

import gzip
import io
import json
import struct
import zipfile
from pathlib import Path

import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.data.config import TextDataConfig
from zaohua.data.sources import Document, SourceReport, documents, fingerprint, read_sources, stored_bytes
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import set_language

CHINESE = "却说曹操引兵到了江边，只见水面上战船无数，旌旗蔽日。众人都说不可轻进，且等明日天晴再作商量。"


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


def read(source: str, **options: str) -> tuple[list[Document], SourceReport]:
    report = SourceReport()
    return list(documents(source, report=report, **options)), report


def texts(source: str, **options: str) -> list[str]:
    return [document.text for document in read(source, **options)[0]]


def rejected(source: str, error: type[ZaohuaError] = ZaohuaError, **options: str) -> str:
    with pytest.raises(error) as caught:
        read(source, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert caught.value.exit_code == (2 if error is UsageError else 1)
    return message


def test_folder_is_sorted_recursive_and_says_what_it_skipped(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "b/two.md").write_text("---\ntitle: x\n---\n# Two\n")
    (tmp_path / "a.txt").write_bytes(CHINESE.encode("gb18030"))
    (tmp_path / "c.html").write_text("<title>t</title><p>three</p>")
    (tmp_path / "d.txt").write_bytes(b"\x00\x01\x02binary")
    (tmp_path / "e.txt").write_bytes(bytes(range(128, 256)) * 9)
    (tmp_path / "f.txt").write_text(" \n")
    (tmp_path / "g.exe").write_text("x")
    (tmp_path / ".hidden/h.txt").write_text("x")
    (tmp_path / ".i.txt").write_text("x")
    (tmp_path / "j.csv").write_text("a,b\n1,2\n")
    found, report = read(f"folder:{tmp_path}")
    assert [(d.name, d.text) for d in found] == [("a.txt", CHINESE), ("b/two.md", "# Two\n"), ("c.html", "three")]
    assert report.files == report.documents == 3
    assert {(name, reason) for name, reason, _ in report.skipped_names} == {
        ("d.txt", "binary"),
        ("e.txt", "undecodable"),
        ("f.txt", "empty"),
        ("g.exe", "unsupported"),
        ("j.csv", "column"),
    }
    assert report.encodings["gb18030"] == 1
    assert report.bytes == sum(len(d.text.encode()) for d in found)
    assert json.loads(json.dumps(report.as_dict()))["documents"] == 3


def test_one_line_for_what_is_not_there(tmp_path: Path) -> None:
    assert "nothing is at" in rejected(f"file:{tmp_path}/none.txt")
    assert "holds no files" in rejected(f"folder:{tmp_path}")
    (tmp_path / "x.bin").write_bytes(b"\0")
    assert "format not supported" in rejected(f"folder:{tmp_path}")
    assert f"folder:{tmp_path}" in rejected(f"file:{tmp_path}", UsageError)
    assert f"file:{tmp_path}/x.bin" in rejected(f"folder:{tmp_path}/x.bin", UsageError)
    assert f"folder:{tmp_path}" in rejected(str(tmp_path), UsageError)
    assert "folder:PATH" in rejected("ftp:somewhere", UsageError)
    assert "king-james" in rejected("builtin:king-jams", UsageError)
    assert "not text" in rejected(f"file:{tmp_path}/x.bin")


@pytest.mark.parametrize("kind", ["txt", "html", "jsonl", "csv", "parquet", "epub", "docx", "pdf", "zip", "txt.gz"])
def test_damaged_files_are_one_line_each(tmp_path: Path, kind: str) -> None:
    broken = [b"", b"\0\1\2\3" * 50, b"\xff\xfe\x00"]
    if kind not in ("txt", "html"):  # which these bytes are
        broken += [b"PK\x03\x04 no archive", b"%PDF-1.4 broken"]
    for number, data in enumerate(broken):
        (tmp_path / f"{number}.{kind}").write_bytes(data)
        rejected(f"file:{tmp_path}/{number}.{kind}")


def test_file_of_any_name_is_text(tmp_path: Path) -> None:
    (tmp_path / "README").write_text("hello")
    assert texts(f"file:{tmp_path}/README") == ["hello"]
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(CHINESE.encode("big5", "ignore") * 3))
    assert len(texts(f"file:{tmp_path}/a.txt.gz")) == 1


def test_large_files_are_cut_at_line_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zaohua.data.readers.text._WHOLE", 1000)
    monkeypatch.setattr("zaohua.data.readers.text._PART", 300)
    whole = "".join(f"第{i}行，写了一些字\n" for i in range(500))
    for encoding in ("utf-8", "gb18030", "utf-16"):
        (tmp_path / "x.txt").write_bytes(whole.encode(encoding))
        found, report = read(f"file:{tmp_path}/x.txt")
        assert "\n".join(d.text for d in found) + "\n" == whole
        assert len(found) > 5
        assert found[1].name == "x.txt#2"
        assert report.files == 1


story = st.text("ab\n", min_size=1).filter(lambda text: text.strip())


@settings(max_examples=30)
@given(st.lists(story, min_size=1, max_size=20), st.integers(20, 60))
def test_end_of_text_marks_part_documents(
    tmp_path_factory: pytest.TempPathFactory, stories: list[str], whole: int
) -> None:
    path = tmp_path_factory.mktemp("x") / "x.txt"
    path.write_text("<|endoftext|>".join(stories))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zaohua.data.readers.text._WHOLE", whole)
        patch.setattr("zaohua.data.readers.text._PART", whole)
        found = texts(f"file:{path}")
    # A part may also end at a line end, where it is larger than what is read at once.
    assert "".join("".join(found).split()) == "".join("".join(stories).split())
    if len(stories) > 1 and path.stat().st_size < whole:
        assert found == [story.strip("\n") for story in stories]


def test_jsonl(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    rows = [{"id": 1, "text": "一"}, {"id": 2, "text": ""}, {"id": 3, "text": "three"}]
    path.write_text("\n".join([json.dumps(row) for row in rows] + ["{broken", '"a string"', "7"]), encoding="utf-8")
    found, report = read(f"jsonl:{path}")
    assert [(d.text, d.name) for d in found] == [("一", "x.jsonl:1"), ("three", "x.jsonl:3"), ("a string", "x.jsonl:5")]
    assert report.skipped == {"bad_row": 1}
    assert texts(f"jsonl:{path}", column="id") == ["1", "2", "3", "a string"]
    assert texts(f"jsonl:{path}", column="id,text") == ["1\n一", "2", "3\nthree", "a string"]
    assert "id, text" in rejected(f"jsonl:{path}", UsageError, column="body")


def test_json_written_over_many_lines(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    poems = [{"title": "静夜思", "paragraphs": ["床前明月光，疑是地上霜。", "举头望明月，低头思故乡。"]}] * 2
    for value in (poems, {"name": "poems", "items": poems}):
        path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="gb18030")
        assert texts(f"file:{path}", column="paragraphs") == ["\n".join(poems[0]["paragraphs"])] * 2
    path.write_text('[{"text": "cut of')
    assert "damaged" in rejected(f"file:{path}")


def test_one_text_like_column_is_found(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    rows = [f"{n},{'pos' if n % 2 else 'neg'},这是第 {n} 条比较长的评论内容" for n in range(9)]
    path.write_text("\n".join(["id,label,评论", *rows]), encoding="gb18030")
    assert texts(f"csv:{path}") == [row.split(",")[2] for row in rows]
    path.write_text("title,body\n" + "a title of some length,a body of some length\n" * 2)
    assert "title, body" in rejected(f"csv:{path}", UsageError)
    path.write_text("title,TEXT\n" + "a title of some length,short\n")
    assert texts(f"csv:{path}") == ["short"]


def test_csv_details(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('"3","first, with comma","two\nlines"\n"4","second",""\n')
    assert texts(f"csv:{path}", column="2,3") == ["first, with comma\ntwo\nlines", "second"]
    path.write_text("标题\t0\n第二个标题\t1\n", encoding="utf-8-sig")
    assert texts(f"csv:{path}", column="1") == ["标题", "第二个标题"]
    long = "字" * 200_000
    path.write_text(f"text\n{long}\n", encoding="utf-8")
    assert texts(f"csv:{path}") == [long]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=40))
def test_parquet_and_jsonl_give_back_the_rows(tmp_path_factory: pytest.TempPathFactory, rows: list[str]) -> None:
    folder = tmp_path_factory.mktemp("x")
    polars.DataFrame({"n": range(len(rows)), "text": rows}).write_parquet(folder / "x.parquet", row_group_size=7)
    with (folder / "x.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": row}, ensure_ascii=False) + "\n" for row in rows)
    expected = [row for row in rows if row]
    if expected:
        assert texts(f"parquet:{folder}/x.parquet", column="text") == expected
        assert texts(f"jsonl:{folder}/x.jsonl", column="text") == expected
    else:
        rejected(f"parquet:{folder}/x.parquet", column="text")


def test_parquet_lists_its_columns(tmp_path: Path) -> None:
    polars.DataFrame({"a": ["x" * 20], "b": ["y" * 20]}).write_parquet(tmp_path / "x.parquet")
    assert "a, b" in rejected(f"parquet:{tmp_path}/x.parquet", UsageError)
    assert texts(f"file:{tmp_path}/x.parquet", column="b") == ["y" * 20]


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return path


def test_zip(tmp_path: Path) -> None:
    table = io.BytesIO()
    polars.DataFrame({"text": ["row one", "row two"]}).write_parquet(table)
    path = archive(
        tmp_path / "x.zip",
        {
            "b.txt": CHINESE.encode("gb18030"),
            "../../a.txt": b"outside",
            "t/rows.parquet": table.getvalue(),
            "t/rows.jsonl": b'{"text": "json row"}\n',
            "__MACOSX/._b.txt": b"junk",
            "inner.zip": b"PK",
        },
    )
    before = set(tmp_path.rglob("*"))
    found, report = read(f"zip:{path}")
    assert [d.text for d in found] == ["outside", CHINESE, "json row", "row one", "row two"]
    assert report.skipped_names == [("inner.zip", "unsupported", "")]
    assert set(tmp_path.rglob("*")) == before  # nothing is unpacked onto the disk
    assert not (tmp_path.parent.parent / "a.txt").exists()
    assert texts(f"file:{path}") == [d.text for d in found]


def test_zip_with_chinese_names_of_old_windows(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"AAAAAAAA.txt": b"text"})
    path.write_bytes(path.read_bytes().replace(b"AAAAAAAA", "水浒小说".encode("gb18030")))
    assert read(f"zip:{path}")[0][0].name == "水浒小说.txt"


def test_bombs_are_refused(tmp_path: Path) -> None:
    zeros = b"0" * (1 << 26)
    assert "unreasonable" in rejected(f"zip:{archive(tmp_path / 'x.zip', {'x.txt': zeros})}")
    assert "unreasonable" in rejected(f"file:{archive(tmp_path / 'x.docx', {'x.xml': zeros})}")
    (tmp_path / "x.txt.gz").write_bytes(gzip.compress(zeros))
    assert "unreasonable" in rejected(f"file:{tmp_path}/x.txt.gz")


def test_a_zip_that_lies_about_its_size_yields_no_more_than_it_declares(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"x.txt": b"0" * (1 << 22)})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(signature) + offset, 10)
    path.write_bytes(data)
    assert "damaged" in rejected(f"zip:{path}")


def test_encrypted_members_are_skipped(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.txt": b"secret", "b.txt": b"open"})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    found, report = read(f"zip:{path}")
    assert [d.text for d in found] == ["open"]
    assert report.skipped == {"encrypted": 1}


def test_fingerprint_follows_contents_not_place(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text("same")
    one = fingerprint(f"folder:{tmp_path}/a")
    assert one == fingerprint(f"folder:{tmp_path}/b")
    (tmp_path / "b/x.txt").write_text("other")
    two = fingerprint(f"folder:{tmp_path}/b")
    (tmp_path / "b/x.txt").rename(tmp_path / "b/y.txt")
    three = fingerprint(f"folder:{tmp_path}/b")
    assert len({one, two, three, fingerprint(f"file:{tmp_path}/a/x.txt"), fingerprint("builtin:three-kingdoms")}) == 5


def test_several_sources_and_progress(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"text": "one"}\n' * 3)
    archive(tmp_path / "y.zip", {"a.txt": b"two", "b.txt": b"three"})
    config = TextDataConfig(source=[f"jsonl:{tmp_path}/x.jsonl", f"zip:{tmp_path}/y.zip"])
    report = SourceReport()
    seen = [report.bytes_read for _ in read_sources(config, report)]
    assert report.bytes_total == sum(stored_bytes(source) or 0 for source in config.sources)
    assert seen == sorted(seen)
    assert report.bytes_read <= report.bytes_total  # an archive's directory is not counted
    assert report.documents == 5


def test_so_many_documents_of_each_source(tmp_path: Path) -> None:
    sources = []
    for name in "ab":
        rows = [json.dumps({"text": f"the {number}th text of {name}"}) for number in range(9)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows), encoding="utf-8")
        sources.append(f"jsonl:{tmp_path / name}.jsonl")
    report = SourceReport()
    found = [d.text for d in read_sources(TextDataConfig(source=sources, max_documents=2), report)]
    assert found == [f"the {number}th text of {name}" for name in "ab" for number in (0, 1)]
    assert (report.documents, report.files) == (4, 2)

"""Descriptions: which parts are duties, what is refused, and that contact data goes no further."""

import time
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.careers.exposure.duties import LONGEST, MOST, checked, duties, read_description
from zaohua.cli import run
from zaohua.errors import ZaohuaError
from zaohua.i18n import LANGUAGES, using

CHINESE = (
    "平面设计师\n岗位职责：\n1、负责海报排版；2、拍摄产品照片。\n任职要求：\n1、本科学历\n联系人：李四 13812345678"
)
ENGLISH = """Clerk
About us
We sell shoes.
Duties:
* File letters. Answer calls.
Contact: jane@example.org
Benefits
Free tea"""


def test_only_what_stands_under_duties() -> None:
    assert duties(CHINESE) == ["负责海报排版", "拍摄产品照片"]
    assert duties(ENGLISH) == ["File letters", "Answer calls"]
    assert duties("File letters and papers.\nAnswer calls of clients.") == [
        "File letters and papers",
        "Answer calls of clients",
    ]


def test_duties_that_speak_of_requirements() -> None:
    for text in (["Analyze requirements of users", "Write code"], ["分析用户要求", "编写程序"]):
        assert duties("\n".join(text)) == text


def test_contact_data_and_titled_names_go_no_further() -> None:
    found = " ".join(
        duties("Duties:\n- Report to Mr. John Smith weekly\n- Call +1 555 123 4567 daily\n- 向王明女士汇报工作")
    )
    assert not any(part in found for part in ("Smith", "555", "王明"))


@pytest.mark.parametrize("kind", ["txt", "md", "docx"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_files(tmp_path: Path, kind: str, encoding: str) -> None:
    file = tmp_path / f"job.{kind}"
    if kind == "docx":
        document = docx.Document()
        for line in CHINESE.splitlines():
            document.add_paragraph(line)
        document.save(str(file))
    else:
        file.write_bytes(CHINESE.encode(encoding))
    assert duties(read_description(str(file))) == ["负责海报排版", "拍摄产品照片"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "Write reports. " * (LONGEST // 10),
        "个人简历\n求职意向：会计\n教育经历\n2010.9-2014.6 大学",
        "# ! 3 4 5",
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_bad_descriptions_are_one_line(text: str, language: str) -> None:
    with using(language), pytest.raises(ZaohuaError) as error:
        duties(checked(text))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["job.pdf", "job.docx", "job.txt", "job.xyz", "nothing.txt"])
def test_bad_files_exit_with_one_line(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    if name != "nothing.txt":
        (tmp_path / name).write_bytes(b"\x00\x01\x02\x03PK" * 40)
    assert run(["careers", "assess", str(tmp_path / name)]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1


@given(st.text(alphabet="ab .。；1、\n#-职责:：中", max_size=400))
def test_any_text_is_split_or_refused(text: str) -> None:
    try:
        found = duties(text)
    except ZaohuaError:
        return
    assert 0 < len(found) <= MOST
    assert len({each.casefold() for each in found}) == len(found)


def test_hostile_lines_end() -> None:
    began = time.process_time()
    for text in ("1" * 30_000, "1 1 1 " * 5000, "- " * 15_000, "a" * 39_000, "2010 - " * 5000):
        try:
            duties(text)
        except ZaohuaError:
            continue
    assert time.process_time() - began < 60  # a pattern that explodes takes hours

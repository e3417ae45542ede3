"""Descriptions: which parts are duties, what is refused, and that contact data goes no further."""

import io
import json
import time
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from printing import pdf

from zaohua.careers.exposure.duties import LONGEST, MOST, checked, decoded, duties, read_description
from zaohua.careers.exposure.headings import named
from zaohua.careers.finding.text import is_chinese
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


def test_lines_of_a_paragraph_are_one_duty() -> None:
    wide = "Design posters and brochures for all campaigns of the company, from first sketches to the artwork"
    assert duties(f"{wide}\nthat goes to the printer\nAnswer calls") == [
        f"{wide} that goes to the printer",
        "Answer calls",
    ]
    assert duties("write reports\nanswer calls") == ["write reports", "answer calls"]
    wide = "负责公司宣传海报、画册、展板等各类平面物料的排版与设计并跟进印刷厂的打样"
    assert duties(f"1、{wide}\n和交付\n2、拍摄产品照片") == [f"{wide}和交付", "拍摄产品照片"]
    assert duties("撰写报告\n整理文件") == ["撰写报告", "整理文件"]


def test_characters_of_pdf_fonts_are_the_usual_ones() -> None:
    assert duties("拍摄产品照\u2f5a\nFile \ufb01les of o\ufb03ces") == ["拍摄产品照片", "File files of offices"]


def test_a_heading_may_stand_before_what_it_heads() -> None:
    assert duties("岗位职责：负责海报排版；拍摄产品照片。\n任职要求：本科以上") == ["负责海报排版", "拍摄产品照片"]
    assert duties("Duties: write reports and letters.\nRequirements: a degree in law") == ["write reports and letters"]
    assert duties("Analyze requirements: users and systems") == ["Analyze requirements: users and systems"]


def test_duties_that_speak_of_requirements() -> None:
    for text in (["Analyze requirements of users", "Write code"], ["分析用户要求", "编写程序"]):
        assert duties("\n".join(text)) == text


def test_contact_data_and_titled_names_go_no_further() -> None:
    found = " ".join(
        duties("Duties:\n- Report to Mr. John Smith weekly\n- Call +1 555 123 4567 daily\n- 向王明女士汇报工作")
    )
    assert not any(part in found for part in ("Smith", "555", "王明"))


@pytest.mark.parametrize("kind", ["txt", "md", "docx", "pdf"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_files(tmp_path: Path, kind: str, encoding: str) -> None:
    file = tmp_path / f"job.{kind}"
    if kind == "docx":
        document = docx.Document()
        for line in CHINESE.splitlines():
            document.add_paragraph(line)
        document.save(str(file))
    elif kind == "pdf":
        file.write_bytes(pdf(CHINESE))
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


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pdf_is_assessed(tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "job.pdf").write_bytes(pdf(ENGLISH, "Duties:\n- Draw posters for shops"))
    assert run(["careers", "assess", str(tmp_path / "job.pdf"), "--json", "--lang", language]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [duty["text"] for duty in found["duties"]] == ["File letters", "Answer calls", "Draw posters for shops"]


def test_a_pdf_of_pictures_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scan.pdf").write_bytes(pdf(""))
    assert run(["careers", "assess", str(tmp_path / "scan.pdf"), "--lang", "en"]) == 1
    assert "pictures of pages" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\x81\xff\xfe\x8f\xa0\x90A" * 400, b"\0" * 400, b"a " * LONGEST * 3, b""])
def test_standard_input_is_decoded_or_refused(data: bytes) -> None:
    with using("en"), pytest.raises(ZaohuaError) as error:
        checked(decoded(io.BytesIO(data), "-"))
    assert "\n" not in str(error.value)
    assert decoded(io.BytesIO(CHINESE.encode("gbk")), "-") == CHINESE


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
    lines = "ab cd\n" * 6000 + "Duties:\n- write code", "\n".join(f"a{number}b wanted" for number in range(2500))
    for text in (
        "1" * 30_000,
        "1 1 1 " * 5000,
        "- " * 15_000,
        "a" * 39_000,
        "2010 - " * 5000,
        " " * 39_000 + "a",
        *lines,
    ):
        try:
            named(text)
            duties(text)
        except ZaohuaError:
            continue
    assert time.process_time() - began < 60  # a pattern that explodes takes hours


def test_the_foot_of_a_printed_page_is_no_duty() -> None:
    text = "Duties\nRecord the vital signs of patients\n11/26/26, 8:07 PM\nhttps://jobs.example/nurse 1/1\n"
    assert duties(text) == ["Record the vital signs of patients"]
    assert duties("Maintain the shop at https://shop.example every day") != []


@pytest.mark.parametrize(
    "title", ["Senior Barista / Café shift lead", "Barista", "Registered nurse", "平面设计师（资深）", "翻译"]
)
def test_the_name_of_the_job_is_no_duty(title: str) -> None:
    listed = ["接待来店的顾客", "每晚清点现金"] if is_chinese(title) else ["Serve the guests", "Count the cash daily"]
    assert duties("\n".join([title, "", *(f"- {each}" for each in listed)])) == listed
    assert duties("\n".join(listed)) == listed
    assert duties("\n".join([listed[0], f"- {listed[1]}"])) == listed


@pytest.mark.parametrize("title", ["Barista", "Software developer", "会计"])
def test_a_known_title_over_sentences_is_none(title: str) -> None:
    assert len(duties(f"{title}\nServe the guests at tables.\nCount the cash daily.")) == 2

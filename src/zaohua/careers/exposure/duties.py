"""A job description as a list of duties: from a file or pasted text, in Chinese or English."""

import re
from pathlib import Path
from typing import BinaryIO
from unicodedata import normalize

from zaohua.careers.exposure.headings import BULLET, MARKED, head_of, is_about, of_duties, of_other, without_title
from zaohua.careers.exposure.people import HIDDEN, without_names
from zaohua.careers.finding.text import is_chinese
from zaohua.data.readers.base import SkippedFile, encoding_of
from zaohua.data.report import SourceReport
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

LONGEST = 40_000  # characters: some twenty pages
MOST = 200  # duties
_MOST_BYTES = 4 * LONGEST  # UTF-8 and UTF-16 need no more for a character
_NUMBERED = re.compile(r"(?<=[。；;.\s])\s*(?=\d{1,2}[.、．)]\s*[^\d\s])|(?<=[一-鿿])(?=\d{1,2}[.、．)][一-鿿])")
_END = re.compile(r"(?<=[。；;！？!?])|(?<=[a-z\])]\.)\s+(?=[A-Z])")
# Kangxi radicals, ligatures and compatibility ideographs, which fonts in PDFs put for usual characters.
_UNSEEN = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")  # marks of direction, joints of no width
_FORMS = re.compile(r"[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]")
_LABEL = re.compile(r"\w{2,6}[:：]")
_FULL, _WIDE = 0.85, {"en": 50, "zh": 25}  # part of the longest line, and characters, from which a line is full
_PRIVATE = re.compile(
    r"[^\s@]{1,64}@\S|\d[\d\s()-]{8,20}\d|^\s*(?:name|contact|supervisor|姓名|联系人|直属上级)\s*[:：]|身份证",
    re.IGNORECASE,
)
# Taken out before sentences are parted, since a full stop is in it.
_TITLED = re.compile(r"\b(?:Mr|Mrs|Ms|Dr|Prof)\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)*")
_ADDRESS = re.compile(r"(?:[a-z]{2,12}://|www\.)\S*", re.IGNORECASE)  # browsers print the page's at its foot
_CV = re.compile(
    r"curriculum vitae|\bresume\b|\brésumé\b|date of birth|work history|employment history|references available|"
    r"\bhobbies\b|个人简历|求职意向|出生年月|自我评价|教育背景|教育经历|工作经历|期望薪资|政治面貌",
    re.IGNORECASE,
)
_YEARS = re.compile(
    r"\b(?:19|20)\d\d\s*[-–—~至]+\s*(?:(?:19|20)\d\d|present|now|今)|\d{4}[./年]\d{1,2}月?\s*[-–—~至]", re.I
)


def read_description(source: str) -> str:
    """The text of a file (txt, md, docx, pdf), or `source` itself where no file has that name and it has several words.

    Raises ZaohuaError for what cannot be read, is empty, too long or a CV.
    """
    path = Path(source) if len(source) < 4096 and "\n" not in source else None
    try:
        is_file = path is not None and path.is_file()
    except (OSError, ValueError):
        is_file = False
    if is_file and path is not None:
        text = _file_text(path)
    elif not source.strip():
        raise ZaohuaError(t("exposure.empty"))
    elif is_file is False and path is not None and path.is_dir():
        raise ZaohuaError(t("exposure.bad_kind", name=source))
    elif len(source.split()) > 3 or (is_chinese(source) and len(source) > 12 and "." not in source[-6:]):
        text = source
    else:
        raise ZaohuaError(t("exposure.no_file", path=source[:80]))
    return checked(text)


def checked(text: str) -> str:
    """The same text, where it may be a job description."""
    if not text.strip():
        raise ZaohuaError(t("exposure.empty"))
    if len(text) > LONGEST:
        raise ZaohuaError(t("exposure.too_long", most=f"{LONGEST:,}"))
    if len(_CV.findall(text)) + len(_YEARS.findall(text)) >= 3:
        raise ZaohuaError(t("exposure.is_cv"))
    return text


def _file_text(path: Path) -> str:
    from zaohua.data.readers.books import read_docx, read_pdf

    kind = path.suffix.lower()
    if kind not in (".txt", ".md", ".docx", ".pdf", ""):
        raise ZaohuaError(t("exposure.bad_kind", name=path.name))
    try:
        with path.open("rb") as stream:
            if kind in (".docx", ".pdf"):
                read = read_docx if kind == ".docx" else read_pdf
                return "\n".join(document.text for document in read(stream, path.name, None, SourceReport()))
            return decoded(stream, path.name)
    except SkippedFile as error:
        if error.reason == "empty":
            raise ZaohuaError(t("exposure.empty")) from error
        raise ZaohuaError(
            t(f"exposure.{'no_text' if error.reason == 'no_text_layer' else 'unreadable'}", name=path.name)
        ) from error
    except OSError as error:
        raise ZaohuaError(t("exposure.unreadable", name=path.name)) from error


def decoded(stream: BinaryIO, name: str) -> str:
    """The text of a stream in whatever encoding it has. Raises ZaohuaError where that is none, or too long."""
    data = stream.read(_MOST_BYTES + 1)
    if len(data) > _MOST_BYTES:
        raise ZaohuaError(t("exposure.too_long", most=f"{LONGEST:,}"))
    if not data.strip():
        return ""
    try:
        if b"\0" in data[:1024] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise SkippedFile("binary")
        return data.decode(encoding_of(data, final=True), errors="replace")
    except SkippedFile as error:
        raise ZaohuaError(t("exposure.unreadable", name=name)) from error


def duties(text: str) -> list[str]:
    """Its duties, in order, none twice: the parts under a heading of duties where there is one, without contact data
    and with `…` for names of people.

    Raises ZaohuaError where no duty is found.
    """
    lines = _sentences(_TITLED.sub(HIDDEN, unwrapped(without_title(text))))
    headed = any(of_duties(head) for line in lines if (head := head_of(line)))
    found: dict[str, str] = {}
    inside = not headed
    for line in lines:
        if head := head_of(line):
            inside = of_duties(head) or (inside and not of_other(head))
            line = line[len(head) :]
        clean = without_names(BULLET.sub("", line).strip(" \t。；;."))
        told = headed or not is_about(clean)
        if inside and told and not _PRIVATE.search(line) and _is_duty(clean):
            found.setdefault(clean.casefold(), clean)
    if not found:
        raise ZaohuaError(t("exposure.no_duties"))
    return list(found.values())[:MOST]


def unwrapped(text: str) -> str:
    """The text with the lines of a paragraph joined, and with the usual characters for those that only PDFs have.

    A line goes on in the next where it fills the width, ends without a mark, and the next begins in the middle of a
    sentence: with a small letter, or in Chinese with no mark of a list.
    """
    text = _FORMS.sub(lambda form: normalize("NFKC", form[0]), _UNSEEN.sub("", text))
    lines = [" ".join(line.split()) for line in text.splitlines()]
    width = max(map(len, lines), default=0)
    joined: list[str] = []
    full = False  # the line before fills the width and ends without a mark
    for line in lines:
        chinese = is_chinese(line)
        begins = BULLET.match(line) or head_of(line) or _LABEL.match(line)
        if full and line and (not begins if chinese else line[0].islower()):
            joined[-1] += line if chinese else f" {line}"
        else:
            joined.append(line)
        full = len(line) >= max(_FULL * width, _WIDE["zh" if chinese else "en"]) and not MARKED.search(line)
    return "\n".join(joined)


def _sentences(text: str) -> list[str]:
    parts = [part for line in text.splitlines() for part in _NUMBERED.split(line)]
    return [sentence.strip() for part in parts for sentence in _END.split(part) if sentence.strip()]


def _is_duty(text: str) -> bool:
    text = _ADDRESS.sub("", text)
    return len(text) >= 3 if is_chinese(text) else len(re.findall(r"[A-Za-z]{2,}", text)) >= 2

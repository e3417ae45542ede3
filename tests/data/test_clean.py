"""Cleaning and the filters by length and language."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.clean import clean, clean_text
from zaohua.data.config import TextDataConfig
from zaohua.data.document import Document
from zaohua.data.languages import language_of
from zaohua.data.report import SourceReport

messy = st.text(
    st.one_of(st.sampled_from(" \t\n\r\x0b\x0c\x85\u2028\u200b\ufeff\u3000\xa0e\u0301ﬁ中"), st.characters())
)


@given(messy, st.sampled_from(["NFC", "NFKC"]))
def test_clean_text_obeys_its_promises(text: str, form: str) -> None:
    cleaned = clean_text(text, form)  # type: ignore[arg-type]
    assert unicodedata.is_normalized(form, cleaned)  # type: ignore[arg-type]
    assert not set(cleaned) & set("\r\x0b\x0c\x85\u2028\u2029\u200b\ufeff\0\x7f")
    assert all(line == line.rstrip(" \t\u3000\xa0") for line in cleaned.split("\n"))
    assert "\n\n\n\n" not in cleaned
    assert not cleaned.startswith("\n")
    assert not cleaned.endswith("\n\n")


@given(messy)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)


@given(messy)
def test_what_a_reader_sees_stays(text: str) -> None:
    def seen(text: str) -> str:
        """Letters, marks, numbers, punctuation and symbols, in one normal form each by itself."""
        return "".join(unicodedata.normalize("NFD", c) for c in text if unicodedata.category(c)[0] in "LNPS")

    assert seen(clean_text(text)) == seen(text)


@given(messy)
def test_none_leaves_the_text_as_it_is(text: str) -> None:
    assert clean_text(text, "none") == text


def test_examples() -> None:
    assert clean_text("a\r\nb\rc") == "a\nb\nc"
    assert clean_text("def f():  \n\n\ndef g():\n") == "def f():\n\n\ndef g():\n"  # two blank lines are style
    assert clean_text("one\n\n\n\n\ntwo\n\n\n") == "one\n\ntwo\n"
    assert clean_text("零\u200b宽\ufeff字\u200e符") == "零宽字符"
    assert clean_text("👩\u200d🚀") == "👩\u200d🚀"  # the joiner makes one picture of two
    assert clean_text("e\u0301") == "é"
    assert clean_text("ﬁ１") == "ﬁ１"
    assert clean_text("ﬁ１", "NFKC") == "fi1"
    assert clean_text("　　段首空两格　\n") == "　　段首空两格\n"


def run(texts: list[str], **settings: object) -> tuple[list[str], SourceReport]:
    report = SourceReport()
    config = TextDataConfig(source="file:x", **settings)  # type: ignore[arg-type]
    return [d.text for d in clean((Document(text, "n") for text in texts), config, report)], report


def test_short_and_blank_documents_are_counted() -> None:
    kept, report = run(["", "\u200b", " \n\t ", "abc", "abcdef"], min_chars=5)
    assert kept == ["abcdef"]
    assert report.removed == {"short": 4}


def test_language_filter() -> None:
    texts = {
        "zh": "这是一段中文，用来试一试语言过滤。",
        "en": "This is the text that we keep, and there is nothing else to it.",
        "ru": "Все счастливые семьи похожи друг на друга.",
        "pl": "Wszystkie szczęśliwe rodziny są do siebie podobne, każda nieszczęśliwa rodzina jest nieszczęśliwa.",
    }
    kept, report = run(list(texts.values()), languages=["zh", "en"])
    assert kept == [texts["zh"], texts["en"]]
    assert report.removed == {"language": 2}
    assert report.languages == {"zh": len(texts["zh"]), "en": len(texts["en"])}
    assert run(list(texts.values()), languages=["pl"])[0] == [texts["pl"]]  # known to the library only


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("zh", "却说曹操引兵到了江边"),
        ("zh", "我们用 Transformer 训练模型"),
        ("en", "The quick brown fox jumps over the lazy dog, and that was it."),
        ("ja", "吾輩は猫である。名前はまだ無い。"),
        ("ko", "모든 행복한 가정은 서로 닮았다."),
        ("de", "Alle glücklichen Familien sind einander ähnlich, und das ist nicht von der Hand zu weisen."),
        (
            "fr",
            "Toutes les familles heureuses se ressemblent, mais chaque famille est une histoire dans le temps.",
        ),
        ("other", "3.14159 2.71828 1.41421"),
        ("other", ""),
    ],
)
def test_language_of(language: str, text: str) -> None:
    assert language_of(text) == language


def test_languages_of_real_text(shared_data: Path) -> None:
    for language, name in (("zh", "chinese-novel/shuihuzhuan.txt"), ("en", "tinystories/tinystories_sample.txt")):
        text = (shared_data / "text" / name).read_text(encoding="utf-8")
        pieces = [text[start : start + 500] for start in range(0, len(text), 5000)]
        assert sum(language_of(piece) == language for piece in pieces) >= 0.99 * len(pieces)

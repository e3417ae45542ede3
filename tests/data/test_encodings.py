"""Encodings: what is decoded is what was written, in both Chinese scripts and for short files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.data.encodings import detect

SIMPLIFIED = (
    "那天早上下着小雨，街上没有几个人。她撑着一把旧伞，慢慢走到河边，看见水面上漂着许多落叶。桥下有人在唱歌，声音很轻，"
    "好像怕惊动了谁似的。我问他从哪里来，他说从很远的山里来，走了三天三夜。说完他笑了，把手里的灯递给我，转身就不见了。"
)
TRADITIONAL = (
    "那天早上下著小雨，街上沒有幾個人。她撐著一把舊傘，慢慢走到河邊，看見水面上漂著許多落葉。橋下有人在唱歌，聲音很輕，"
    "好像怕驚動了誰似的。我問他從哪裡來，他說從很遠的山裡來，走了三天三夜。說完他笑了，把手裡的燈遞給我，轉身就不見了。"
)
KOREAN = "모든 행복한 가정은 서로 닮았고, 불행한 가정은 제각각 나름으로 불행하다. 그는 집으로 돌아갔다."
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。何でも薄暗いじめじめした所で泣いていた。"
RUSSIAN = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему."


def read_back(text: str, encoding: str) -> str:
    data = text.encode(encoding)
    found = detect(data)
    assert found is not None
    return data.decode(found)


@st.composite
def stretch(draw: st.DrawFn, text: str, least: int) -> str:
    start = draw(st.integers(0, len(text) - least))
    return text[start : start + draw(st.integers(least, len(text) - start))]


@given(stretch(SIMPLIFIED, 10))
def test_short_simplified_text_in_gb18030(text: str) -> None:
    assert read_back(text, "gb18030") == text


@given(stretch(TRADITIONAL, 10))
def test_short_traditional_text_in_big5(text: str) -> None:
    assert read_back(text, "big5") == text


@given(stretch(TRADITIONAL, 10))
def test_traditional_text_in_gb18030_is_not_taken_for_big5(text: str) -> None:
    assert read_back(text, "gb18030") == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff"), min_size=1))
def test_utf8_reads_back(text: str) -> None:
    assert read_back(text, "utf-8") == text


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks(encoding: str) -> None:
    assert detect(SIMPLIFIED.encode(encoding)) == encoding
    assert read_back(SIMPLIFIED, encoding) == SIMPLIFIED


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Déjà vu, l'été dernier à Genève, où le café était très cher. Ça va?", "cp1252"),
        ("Die Straße führt über die Brücke; dort stehen größere, schöne Häuser.", "cp1252"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (KOREAN, "euc-kr"),
        (JAPANESE, "shift-jis"),
        (JAPANESE, "euc-jp"),
    ],
)
def test_other_encodings(text: str, encoding: str) -> None:
    assert read_back(text, encoding) == text


def test_what_is_not_text_has_no_encoding() -> None:
    assert detect(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") is None
    assert detect(bytes(range(1, 256)) * 4) is None


def test_the_beginning_of_a_file_may_end_inside_a_character() -> None:
    for encoding in ("utf-8", "gb18030"):
        data = SIMPLIFIED.encode(encoding)[:-1]
        assert detect(data, final=False) == encoding
    assert detect(SIMPLIFIED.encode()[:-1]) != "utf-8"


@pytest.mark.parametrize("size", [12, 40, 400])
def test_pieces_of_a_novel(shared_data: Path, size: int) -> None:
    novel = (shared_data / "text/chinese-novel/shuihuzhuan.txt").read_text(encoding="utf-8")
    pieces = [novel[start : start + size] for start in range(0, len(novel), 4801)]
    right = sum(detect(piece.encode("gb18030")) == "gb18030" for piece in pieces if not piece.isspace())
    assert right >= 0.99 * len(pieces)

"""Words on sheets: Chinese as it is written where a font has it, else readable all the same."""

import pytest

from zaohua.data.pictures import lettering


@pytest.fixture
def no_chinese(monkeypatch):
    monkeypatch.setattr(lettering, "_CHINESE", ())
    lettering._chinese.cache_clear()
    yield
    lettering._chinese.cache_clear()


@pytest.mark.parametrize(
    ("text", "plain"),
    [("cat", "cat"), ("北京 cat", "beijing cat"), ("café – über", "cafe - uber"), ("кот", "???"), ("", "")],
)
def test_without_a_chinese_font_it_is_pinyin(no_chinese, text, plain):
    assert lettering.sheet_text(text) == plain
    assert lettering.sheet_font(11).getlength(lettering.sheet_text(text)) >= 0


def test_with_a_chinese_font_it_is_chinese():
    if lettering._chinese(11) is None:
        pytest.skip("no font with Chinese is installed")
    assert lettering.sheet_text("北京 café\n") == "北京 café "
    font = lettering.sheet_font(11)
    assert bytes(font.getmask("北")) != bytes(font.getmask("京"))

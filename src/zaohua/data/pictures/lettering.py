"""Letters for sheets: a font of the system that has Chinese, else Pillow's own, with Chinese written in pinyin."""

import unicodedata
from functools import cache

from PIL import ImageFont
from pypinyin import lazy_pinyin

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_CHINESE = (  # Linux, macOS, Windows; Pillow looks for them where each of these keeps its fonts
    "NotoSansCJK-Regular.ttc",
    "NotoSansSC-Regular.otf",
    "NotoSerifCJK-Regular.ttc",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "STHeiti Light.ttc",
    "msyh.ttc",
    "simsun.ttc",
)
_PLAINER = {0x2013: "-", 0x2014: "-", 0x2018: "'", 0x2019: "'"}


@cache
def _chinese(size: int) -> ImageFont.FreeTypeFont | None:
    for name in _CHINESE:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return None


def sheet_font(size: int) -> Font:
    """The font for words of so many pixels."""
    return _chinese(size) or ImageFont.load_default(size)


def sheet_text(text: str) -> str:
    """The text in letters that `sheet_font` has: in Pillow's own, Chinese in pinyin, é as e, and what is left as ?."""
    if _chinese(1) is not None:
        return "".join(letter if letter.isprintable() else " " for letter in text)
    letters = "".join(lazy_pinyin(text.translate(_PLAINER)))
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", letters) if not unicodedata.combining(letter))
    return plain.encode("ascii", "replace").decode("ascii")

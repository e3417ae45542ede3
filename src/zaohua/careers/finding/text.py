"""Titles as they are compared: without case, punctuation, plural endings, rank and place."""

import re
import unicodedata

_HAN = re.compile(r"[\u3400-\u9fff]")
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
_RANK = re.compile(
    r"^(高级|资深|初级|中级|助理|实习|见习|首席|主任|兼职|全职|急聘|诚聘|招聘)+(?=..)|(学徒|实习生|岗位|岗|主管助理)$"
)


def is_chinese(text: str) -> bool:
    """Whether a Chinese character is in it."""
    return _HAN.search(text) is not None


def english(title: str) -> str:
    """`Graphic Designers` → `graphic designer`."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9+#]+", " ", plain.replace("'", "")).split()
    return " ".join(_singular(word) for word in words)


def chinese(title: str) -> str:
    """`平面设计师（北京）` → `平面设计师`: no brackets, no punctuation; full-width letters become plain.

    What stands in brackets counts where there is nothing else."""
    whole = unicodedata.normalize("NFKC", title).lower()
    return _letters(_BRACKETS.sub(" ", whole)) or _letters(whole)


def without_rank(title: str) -> str:
    """`资深平面设计师` → `平面设计师`."""
    return _RANK.sub("", title) or title


def _letters(text: str) -> str:
    return re.sub(r"[^0-9a-z\u3400-\u9fff]+", " ", text).strip()


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word

"""What parses, whole and cut."""

import random
import sysconfig
from pathlib import Path

import pytest

from zaohua.metrics.code import parses


@pytest.mark.parametrize(
    ("source", "whole", "cut"),
    [
        ("x = 1\n", True, True),
        ("def f(x):\n    return x\n", True, True),
        ("def f(x):\n", False, True),
        ("x = (1,\n", False, True),
        ("x = '''abc\n", False, True),
        ("try:\n    x = 1\n", False, True),
        ("x = 1\ny = ", False, True),  # the last line is not whole
        ("def f(:\n    pass\n", False, False),
        ("x = )\n", False, False),
        ("try:\n    x\nfoo()\n", False, False),
        ("once upon a time\n", False, False),
        ("", False, False),
        ("# only a comment\n", False, False),
        ("x\0", False, False),
        ("(" * 10_000, False, False),
    ],
)
def test_what_parses(source, whole, cut):
    assert parses(source) is whole
    assert parses(source, cut=True) is cut


def test_the_standard_library_parses_however_it_is_cut():
    """But for the few places where the last whole line ends inside what only the next line makes right."""
    draw = random.Random(0)
    files = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))[:60]
    texts = [file.read_text(encoding="utf-8") for file in files]
    assert all(map(parses, texts))
    cuts = [text[: draw.randrange(1000, len(text))] for text in texts if len(text) > 2000]
    assert sum(parses(text, cut=True) for text in cuts) > 0.9 * len(cuts)
    lines = [text.splitlines(keepends=True) for text in cuts]
    for each in lines:
        draw.shuffle(each)
    assert sum(parses("".join(each), cut=True) for each in lines) < 0.1 * len(cuts)

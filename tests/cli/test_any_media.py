"""zaohua generate and translate with the model of several media that ships with the package, given what people give."""

import re
from pathlib import Path

import numpy as np
import pytest
from painting import encoded, painted
from PIL import Image

from zaohua.artifacts import Video

MODEL = "builtin:any-emoji"
WRONG = {
    "NUL": (("generate", "the \0cat"), 2, "NUL.*take it out"),
    "NUL in a text": (("translate", "the \0cat", "--to", "image"), 2, "NUL.*take it out"),
    "Russian": (("generate", "улыбающееся лицо"), 2, "write in one of en, zh"),
    "Russian text": (("translate", "улыбающееся лицо", "--to", "image"), 2, "write in one of en, zh"),
    "a huge number": (("generate", "cat", "-n", "9" * 30), 2, "from 1 to 4096"),
    "none": (("generate", "cat", "-n", "0"), 2, "from 1 to 4096"),
    "a long prompt": (("generate", "cat " * 2000), 1, "shorten it"),
    "sounds": (("generate", "cat", "--to", "audio"), 2, "it knows: picture → text, text → picture"),
    "sounds of a picture": (("translate", "ok.png", "--to", "audio"), 2, "it knows: picture → text, text → picture"),
    "no medium": (("generate", "cat", "--to", "smell"), 2, "image, audio or video"),
    "French": (("translate", "ok.png", "--to", "text:fr"), 2, "write in one of en, zh"),
    "a damaged picture": (("translate", "cut.png"), 1, "cut.png: damaged"),
    "an empty file": (("translate", "empty.png"), 1, "empty.png: damaged"),
    "a film": (("translate", "moving.gif"), 2, "one picture of the film"),
    "a folder": (("translate", "folder"), 2, "name one file"),
    "a misspelt name": (("translate", "okay.png"), 2, "no file okay.png"),
    "nothing": (("translate", ""), 2, "nothing to translate"),
    "a text of a text": (("translate", "smiling face"), 2, "--to"),
    "a question": (("translate", "ok.png", "--question", "What is this?"), 2, "not learnt to answer"),
    "a question and a medium": (("translate", "ok.png", "--question", "What?", "--to", "image"), 2, "leave --to out"),
    "another kind of file": (("generate", "cat", "--out", "cat.mp4"), 2, "use one of .png"),
}


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = encoded(painted(1, 40, 40))
    Path("ok.png").write_bytes(whole)
    Path("cut.png").write_bytes(whole[: len(whole) // 2])
    Path("empty.png").touch()
    Path("folder").mkdir()
    Video(frames=np.stack([np.full((16, 16, 3), n * 60, np.uint8) for n in range(3)]), fps=4).save(Path("moving.gif"))


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_is_one_line_with_the_remedy(zaohua, case):
    (verb, *arguments), code, words = WRONG[case]
    result = zaohua(verb, MODEL, *arguments)
    assert result.code == code
    assert re.search(words, result.err)
    assert result.err.count("\n") == 1
    assert not result.out


@pytest.mark.parametrize("prompt", ["", "  ", "7", "cat\ndog", "\x1b[31mred"])
def test_odd_prompts_are_drawn_all_the_same(zaohua, prompt):
    assert zaohua("generate", MODEL, prompt, "--out", "drawn.png").code == 0
    with Image.open("drawn.png") as drawn:
        assert drawn.size[0] == drawn.size[1]

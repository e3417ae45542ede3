"""Duplicates: all exact ones go, near ones go, different and short texts stay, the first in order is kept."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.data.config import TextDataConfig
from zaohua.data.dedup import deduplicate
from zaohua.data.document import Document
from zaohua.data.report import SourceReport

HAN = [chr(code) for code in range(0x4E00, 0x4E00 + 1500)]


def kept(texts: list[str], folder: Path, **settings: object) -> tuple[list[int], SourceReport]:
    report = SourceReport()
    config = TextDataConfig(source="file:x", **settings)  # type: ignore[arg-type]
    spool = deduplicate((Document(text, str(i)) for i, text in enumerate(texts)), config, report, folder)
    assert [document.text for document in spool] == [texts[int(document.name)] for document in spool]
    return [int(document.name) for document in spool], report


def chinese(rng: random.Random, length: int) -> str:
    return "".join(rng.choice(HAN) for _ in range(length))


def english(rng: random.Random, words: int) -> str:
    return " ".join("".join(rng.choice("abcdefghij") for _ in range(rng.randint(2, 7))) for _ in range(words))


@settings(max_examples=30)
@given(st.lists(st.sampled_from(["甲", "乙丙", "a short text", "A short text", "x" * 300, ""]), max_size=30))
def test_exactly_one_of_each_text_stays(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    numbers, report = kept(texts, tmp_path_factory.mktemp("spool"))
    assert numbers == sorted({text: i for i, text in reversed(list(enumerate(texts)))}.values())
    assert report.removed["exact"] == len(texts) - len(set(texts))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_near_duplicates_go_and_distinct_texts_stay(
    tmp_path_factory: pytest.TempPathFactory, seed: int, use_chinese: bool
) -> None:
    rng = random.Random(seed)
    originals = [(chinese(rng, 800) if use_chinese else english(rng, 800)) for _ in range(12)]
    copies = []
    for text in originals:
        units = list(text) if use_chinese else text.split()
        for _ in range(4):  # four changed units of 800 leave 0.95 in common
            units[rng.randrange(len(units))] = "改" if use_chinese else "changed"
        copies.append(("" if use_chinese else " ").join(units))
    numbers, report = kept(originals + copies, tmp_path_factory.mktemp("spool"))
    assert numbers == list(range(12))
    assert report.removed == {"exact": 0, "near": 12}
    assert all(int(removed) == int(original) + 12 for removed, original in report.duplicates)


def test_case_punctuation_and_spaces_do_not_hide_a_copy(tmp_path: Path) -> None:
    text = english(random.Random(1), 300)
    assert kept([text, text.upper().replace(" ", ",\n  ")], tmp_path)[0] == [0]


def test_texts_with_half_in_common_stay(tmp_path: Path) -> None:
    rng = random.Random(2)
    shared = chinese(rng, 600)
    texts = [shared + chinese(rng, 600) for _ in range(30)]  # Jaccard similarity 1/3
    texts += [chinese(rng, 300) + shared[:500] for _ in range(30)]
    assert kept(texts, tmp_path)[0] == list(range(60))


def test_short_texts_are_compared_exactly_only(tmp_path: Path) -> None:
    poems = ["床前看月光疑是地上霜举头望山月低头思故乡", "床前明月光疑是地上霜举头望明月低头思故乡"]
    headlines = ["Stocks fall as oil prices rise again on Monday", "Stocks fall as oil prices rise again on Tuesday"]
    assert kept(poems + headlines, tmp_path)[0] == [0, 1, 2, 3]


def test_drifting_chains_do_not_collapse(tmp_path: Path) -> None:
    rng = random.Random(3)
    text = list(chinese(rng, 1000))
    chain = []
    for step in range(20):  # each version changes 12 more characters: 0.89 to its neighbour, 0.1 to the far end
        chain.append("".join(text))
        for place in range(step, 1000, 84):
            text[place] = rng.choice(HAN)
    numbers, _ = kept(chain, tmp_path)
    assert numbers[0] == 0
    assert 4 <= len(numbers) <= 12


def test_switched_off(tmp_path: Path) -> None:
    text = chinese(random.Random(4), 500)
    texts = [text, text, text + "了"]
    assert kept(texts, tmp_path / "a", exact_dedup=False, near_dedup=False)[0] == [0, 1, 2]
    assert kept(texts, tmp_path / "b", near_dedup=False)[0] == [0, 2]
    assert kept(texts, tmp_path / "c", exact_dedup=False)[0] == [0]
    assert kept([], tmp_path / "d")[0] == []


def test_real_chapters_are_not_merged(shared_data: Path, tmp_path: Path) -> None:
    novel = (shared_data / "text/chinese-novel/shuihuzhuan.txt").read_text(encoding="utf-8")
    pieces = [novel[start : start + 1500] for start in range(0, len(novel), 1500)]
    numbers, report = kept([*pieces, pieces[7].replace("。", "！"), pieces[9]], tmp_path)
    assert report.removed == {"exact": 1, "near": 1}
    assert len(numbers) == len(pieces)

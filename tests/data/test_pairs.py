"""Pairs: a first text is on one side with all its partners, and no second text is on both."""

import json

import pytest

from zaohua.data.pairs import PairsConfig, columns, read_pairs
from zaohua.errors import ZaohuaError


def write(tmp_path, pairs) -> PairsConfig:
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"first": a, "second": b}) + "\n" for a, b in pairs), encoding="utf-8")
    return PairsConfig(source=f"jsonl:{path}", validation=0.3)


def test_nothing_is_on_both_sides(tmp_path):
    pairs = [(f"question {n // 3}", f"answer {n % 50}") for n in range(150)]
    found = read_pairs(write(tmp_path, [*pairs, *pairs[:5], ("", "x")]), 1)
    sides = [{pair.first for pair in side} for side in (found.train, found.validation)]
    assert not sides[0] & sides[1]
    assert not {pair.second for pair in found.train} & {pair.second for pair in found.validation}
    kept = len(found.train) + len(found.validation)
    assert found.report["removed"] == {"exact": 155 - kept, "short": 1}
    assert "a.jsonl:156" in found.report["warnings"][0]
    assert len(found.train) > len(found.validation) > 0


def test_too_few_are_refused(tmp_path):
    with pytest.raises(ZaohuaError, match="1 examples"):
        read_pairs(write(tmp_path, [("a", "b")]), 1)


def test_a_text_is_parted_at_its_middle_line(tmp_path):
    poems = [{"lines": [f"{n} {line}" for line in "abcde"]} for n in range(40)] + [{"lines": ["alone"]}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, poems)), encoding="utf-8")
    found = read_pairs(PairsConfig(source=f"jsonl:{tmp_path / 'a.jsonl'}", first="lines", halves=True), 1)
    firsts, seconds = columns([*found.train, *found.validation])
    assert len(firsts) == 40
    assert "3 a\n3 b\n3 c" in firsts
    assert seconds[firsts.index("3 a\n3 b\n3 c")] == "3 d\n3 e"
    assert found.report["removed"]["short"] == 1

"""Caption metrics beside their definitions and beside COCO's own code."""

from itertools import combinations
from math import exp, log, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaohua.metrics.bleu import bleu
from zaohua.metrics.captions import caption_scores, cider_d, rouge_l
from zaohua.metrics.units import units

WORDS = st.sampled_from(["a", "red", "owl", "flies", "猫", "头", "鹰"])
TEXT = st.lists(WORDS, min_size=1, max_size=7).map(" ".join)
ROWS = st.lists(st.tuples(TEXT, st.lists(TEXT, min_size=1, max_size=3)), min_size=1, max_size=5)


def columns(rows):
    return [text for text, _ in rows], [known for _, known in rows]


def plain_cider_d(texts, references):
    """Equations 1 to 4 of the paper, one after another."""

    def count(text, gram):
        words = units(text)
        return sum(tuple(words[i : i + len(gram)]) == gram for i in range(len(words) - len(gram) + 1))

    def grams(text, n):
        words = units(text)
        return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}

    def g(text, gram):
        holding = sum(any(count(reference, gram) for reference in some) for some in references)
        return count(text, gram) * log(len(texts) / max(1, holding))

    scores = []
    for text, some in zip(texts, references, strict=True):
        total = 0.0
        for reference in some:
            penalty = exp(-((len(units(text)) - len(units(reference))) ** 2) / (2 * 6**2))
            for n in range(1, 5):
                ours, theirs = grams(text, n), grams(reference, n)
                norm = sqrt(sum(g(text, w) ** 2 for w in ours)) * sqrt(sum(g(reference, w) ** 2 for w in theirs))
                if norm:
                    shared = sum(min(g(text, w), g(reference, w)) * g(reference, w) for w in ours | theirs)
                    total += 10 * penalty * shared / norm / 4 / len(some)
        scores.append(total)
    return scores


@given(ROWS)
def test_cider_d_is_its_definition(rows):
    texts, references = columns(rows)
    assert cider_d(texts, references) == pytest.approx(plain_cider_d(texts, references), abs=1e-9)


@given(TEXT, TEXT)
def test_rouge_l_looks_at_every_subsequence(text, reference):
    ours, theirs = units(text), units(reference)

    def holds(words, part):
        rest = iter(words)
        return all(word in rest for word in part)

    common = max(
        n for n in range(len(ours) + 1) if any(holds(theirs, part) for part in combinations(ours, n)) or n == 0
    )
    expected = 0.0
    if common:
        precision, recall = common / len(ours), common / len(theirs)
        expected = (1 + 1.2**2) * precision * recall / (recall + 1.2**2 * precision)
    assert rouge_l([text], [[reference]])[0] == pytest.approx(expected)


@given(ROWS)
def test_coco_s_own_code_agrees(rows):
    """Its wheel is 100 MB of Java beside two small modules, so it is no dependency: pip install pycocoevalcap."""
    cider = pytest.importorskip("pycocoevalcap.cider.cider", reason="pycocoevalcap is not installed")
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge")
    texts, references = columns(rows)
    results = {number: [" ".join(units(text))] for number, text in enumerate(texts)}
    truths = {number: [" ".join(units(text)) for text in some] for number, some in enumerate(references)}
    assert cider_d(texts, references) == pytest.approx(cider.Cider().compute_score(truths, results)[1], abs=1e-9)
    assert rouge_l(texts, references) == pytest.approx(rouge.Rouge().compute_score(truths, results)[1], abs=1e-9)


@given(ROWS)
def test_bleu_is_sacrebleu_s(rows):
    sacrebleu = pytest.importorskip("sacrebleu")
    texts, references = columns(rows)
    streams = [[some[place] if place < len(some) else None for some in references] for place in range(3)]
    theirs = [[None if text is None else " ".join(units(text)) for text in stream] for stream in streams]
    found = sacrebleu.corpus_bleu([" ".join(units(text)) for text in texts], theirs, tokenize="none", force=True)
    assert bleu(texts, references) == pytest.approx(found.score / 100, abs=1e-9)


def test_the_same_words_are_perfect_and_others_nothing():
    said = [["a red owl flies"], ["一只红色的猫头鹰"], ["two cats sit here"]]
    perfect = caption_scores([one[0] for one in said], said)
    assert perfect == pytest.approx({"cider_d": 10, "rouge_l": 1, "bleu": 1, "chrf": 1})
    assert set(caption_scores(["x y z q"] * 3, said).values()) == {0.0}


def test_a_text_needs_a_reference():
    with pytest.raises(ValueError, match="reference"):
        caption_scores(["a"], [[]])

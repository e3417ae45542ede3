"""Which caption is shown, what else it is true of, and what is left of it."""

import numpy as np
import pytest
import torch

from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train
from zaohua.multimodal.contrastive.augment import dropped_tokens
from zaohua.multimodal.contrastive.captions import PROMPTS, Captions, nearly_equal, rows
from zaohua.seeding import sample_keys

SAID = [
    {"en": ["red heart", "heart"], "zh": ["红心"]},
    {"en": ["blue heart", "heart"]},
    {"zh": ["一只猫"]},
    {"en": ["red heart"], "zh": ["红心", "心"]},
]


@pytest.fixture(scope="module")
def captions() -> Captions:
    texts = [text for one in SAID for listed in one.values() for text in listed]
    return Captions(SAID, "pictures", train(TokenizerConfig(kind="char", vocab_size=100), texts))


def _keys(count: int) -> torch.Tensor:
    return sample_keys(1, 0, torch.arange(count))


def test_a_thing_is_shown_with_each_of_its_captions_and_no_other(captions):
    things = np.arange(4000) % 4
    numbers, _ = captions.chosen(things, _keys(4000), 0.0)
    for thing, said in enumerate(SAID):
        shown = [captions.texts[number] for number in numbers[things == thing]]
        assert set(shown) == {text for listed in said.values() for text in listed}
    first = [captions.texts[number] for number in numbers[things == 0]]
    assert first.count("红心") / len(first) == pytest.approx(0.5, abs=0.06)  # its language is drawn first


def test_some_captions_stand_in_a_sentence_of_their_language(captions):
    things = np.zeros(2000, np.int64)
    numbers, tokens = captions.chosen(things, _keys(2000), 0.5)
    shown = [captions.tokenizer.decode(ids) for ids in tokens]
    bare = [captions.texts[number] for number in numbers]
    around = sum(one != text for one, text in zip(shown, bare, strict=True)) / len(shown)
    assert around == pytest.approx(0.5 * 4 / 5, abs=0.05)  # one of five prompts is the bare name
    unknown = "<|unk|>"  # for this small vocabulary knows few letters of the prompts
    for one, text in zip(shown, bare, strict=True):
        assert text in one.replace(unknown, "?")


def test_what_a_caption_is_true_of_in_plain_loops(captions):
    things = np.array([0, 1, 2, 3, 3])
    numbers, _ = captions.chosen(things, _keys(5), 0.0)
    positives = captions.positives(things, numbers)
    right = captions.right()
    for i, thing in enumerate(things):
        said = {(language, text) for language, listed in SAID[thing].items() for text in listed}
        for j, number in enumerate(numbers):
            assert bool(positives[i, j]) == ((captions.languages[number], captions.texts[number]) in said)
        for number in range(len(captions.texts)):
            assert right[thing, number] == ((captions.languages[number], captions.texts[number]) in said)
    assert positives.diagonal().all()


def test_captions_by_language_are_all_of_them(captions):
    found = captions.by_language()
    assert {language: [captions.texts[n] for n in numbers] for language, numbers in found.items()} == {
        "en": ["red heart", "heart", "blue heart"],
        "zh": ["红心", "一只猫", "心"],
    }


def test_nearly_equal_sentences_share_their_tokens():
    texts = [np.array(ids) for ids in ([1, 2, 3, 4], [1, 2, 3], [1, 1, 2, 3], [7, 8])]
    for threshold in (0.5, 0.75, 0.8, 1.0):
        found = nearly_equal(texts, threshold)
        for i, one in enumerate(texts):
            for j, other in enumerate(texts):
                a, b = set(one.tolist()), set(other.tolist())
                assert bool(found[i, j]) == (len(a & b) / len(a | b) >= threshold)


def test_rows_end_with_the_mark_and_are_cut_to_the_context():
    ids, lengths = rows([np.array([5, 6]), np.arange(10)], end=99, context=4)
    assert ids.tolist() == [[5, 6, 99, 99], [0, 1, 2, 99]]
    assert lengths.tolist() == [3, 4]


def test_tokens_are_left_out_at_the_asked_rate_and_never_all():
    texts = [np.arange(8)] * 500 + [np.array([3])] * 50
    found = dropped_tokens(texts, _keys(550), 0.25)
    assert np.mean([len(ids) for ids in found[:500]]) == pytest.approx(6, abs=0.2)
    assert all(ids.tolist() == [3] for ids in found[500:])
    assert all((np.diff(ids) > 0).all() for ids in found)
    assert all(one is other for one, other in zip(dropped_tokens(texts, _keys(550), 0.0), texts, strict=True))
    for prompts in PROMPTS.values():
        assert all(words.count("{}") == 1 for listed in prompts.values() for words in listed)

"""Beam search: against transformers', against looking at every text there is."""

import itertools

import pytest
import torch
from transformers import AutoModelForCausalLM

from zaohua.errors import UsageError
from zaohua.language.engine.beam import beam_search
from zaohua.language.engine.layouts import laid_out
from zaohua.language.engine.slots import SlotPool
from zaohua.language.folder import save_folder
from zaohua.language.model import LanguageModel

pytestmark = pytest.mark.usefixtures("way")

PROMPT = [5, 6, 7]


def search(decoder, **options):
    with torch.inference_mode():
        model = laid_out(decoder)
    return beam_search(model, SlotPool(decoder.config, 1 << 30, decoder.embed_tokens.weight), PROMPT, **options)


@pytest.mark.parametrize(
    ("beams", "length_penalty", "ends", "tokens"),
    [
        (1, 1.0, [], 5),
        (3, 1.0, [], 8),
        (4, 1.0, [20], 10),
        (5, 0.0, [20, 30], 9),
        (3, 2.0, [21], 12),
        (2, -1.0, [22], 9),
    ],
)
def test_as_transformers_searches(beams, length_penalty, ends, tokens, make_decoder, tokenizer, tmp_path):
    for seed in range(3):
        decoder = make_decoder(seed=seed)
        with torch.no_grad():
            decoder.lm_head.weight *= 2  # some contrast, and ends that are met
            decoder.lm_head.weight[ends] *= 2
        save_folder(decoder, tokenizer, tmp_path / f"{seed}")
        there = AutoModelForCausalLM.from_pretrained(tmp_path / f"{seed}", dtype=torch.float32)
        found = there.generate(
            torch.tensor([PROMPT]),
            attention_mask=torch.ones(1, len(PROMPT), dtype=torch.int64),
            num_beams=beams,
            num_return_sequences=beams,
            max_new_tokens=tokens,
            do_sample=False,
            eos_token_id=ends or [tokenizer.vocab_size - 1 + 10**6],
            pad_token_id=0,
            length_penalty=length_penalty,
            early_stopping=False,
        )
        theirs = [tuple(_to_the_end(ids, ends)) for ids in found[:, len(PROMPT) :].tolist()]
        ours = search(
            decoder, beams=beams, max_new_tokens=tokens, stop_ids=frozenset(ends), length_penalty=length_penalty
        )
        assert [beam.ids for beam in ours] == theirs


def _to_the_end(ids: list[int], ends: list[int]) -> list[int]:
    return next((ids[: place + 1] for place, token in enumerate(ids) if token in ends), ids)


@pytest.mark.parametrize("length_penalty", [0.0, 1.0, 3.0])
def test_enough_beams_find_the_best_of_all_texts(length_penalty, make_decoder):
    """Four tokens that may be written, one of which ends the text, and at most three of them: 64 beams hold all."""
    end, allowed = 3, [1, 2, 3, 4]
    for seed in range(3):
        decoder = make_decoder(seed=seed)
        blocked = torch.tensor([token for token in range(decoder.config.vocab_size) if token not in allowed])

        def score(ids, decoder=decoder) -> float:
            with torch.no_grad():
                logs = decoder(torch.tensor([[*PROMPT, *ids]]))[0].log_softmax(-1)
            places = range(len(PROMPT) - 1, len(PROMPT) + len(ids) - 1)
            return sum(logs[place, token].item() for place, token in zip(places, ids, strict=True))

        texts = {tuple(_to_the_end(list(ids), [end])) for ids in itertools.product(allowed, repeat=3)}
        best = sorted(texts, key=lambda ids: score(ids) / len(ids) ** length_penalty, reverse=True)
        found = search(
            decoder,
            beams=64,
            max_new_tokens=3,
            stop_ids=frozenset({end}),
            blocked=blocked,
            length_penalty=length_penalty,
        )
        assert [beam.ids for beam in found[:5]] == best[:5]
        assert len(found) == len(texts)
        assert found[0].logprob == pytest.approx(score(found[0].ids), abs=1e-4)


def test_one_beam_is_greedy(make_decoder, tokenizer):
    model = LanguageModel(make_decoder(), tokenizer)
    greedy = model.generate("Once", temperature=0, max_new_tokens=20)
    assert model.generate("Once", beams=1, max_new_tokens=20) == greedy


def test_what_beams_do_not_go_with(make_decoder, tokenizer):
    model = LanguageModel(make_decoder(), tokenizer)
    assert len(model.generate("Once", beams=4, n=3, max_new_tokens=5)) == 3
    for wrong in (
        {"n": 5},
        {"beams": 0},
        {"beams": 10**6},
        {"stop": "a"},
        {"regex": "a+"},
        {"logprobs": 1},
        {"speculate": 2},
        {"frequency_penalty": 1.0},
        {"max_new_tokens": 64},
    ):
        with pytest.raises(UsageError):
            model.generate("Once", **{"beams": 4, "max_new_tokens": 5} | wrong)

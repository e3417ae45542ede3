"""Log-probabilities: the model's own, of every token and of the likeliest."""

import json

import pytest
import torch

from zaohua.errors import UsageError
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.request import Request
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig

pytestmark = pytest.mark.usefixtures("way")

FILTERED = SamplingConfig(temperature=0.5, top_k=3, repetition_penalty=1.5)


@pytest.mark.parametrize("sampling", [SamplingConfig(temperature=0), FILTERED], ids=["greedy", "filtered"])
def test_they_are_the_log_softmax_of_the_full_pass(sampling, make_decoder, tokenizer):
    decoder, prompt = make_decoder(), [1, 2, 3]
    [text] = Engine(decoder, tokenizer).complete(
        [Request(prompt=prompt, sampling=sampling, max_new_tokens=20, logprobs=4)]
    )
    with torch.no_grad():
        logs = decoder(torch.tensor([[*prompt, *text.ids]]))[0].log_softmax(-1)
    assert len(text.logprobs) == 20
    for place, (id, token) in enumerate(zip(text.ids, text.logprobs, strict=True), len(prompt) - 1):
        assert token.id == id
        assert token.logprob == pytest.approx(logs[place, id].item(), abs=1e-5)
        best = logs[place].topk(4)
        assert [other for other, _ in token.top] == best.indices.tolist()
        assert [log for _, log in token.top] == pytest.approx(best.values.tolist(), abs=1e-5)


def test_none_without_being_asked_for_and_chosen_alone_with_zero(make_decoder, tokenizer):
    model = LanguageModel(make_decoder(), tokenizer)
    assert model.generate("a", max_new_tokens=3)[0].logprobs is None
    [text] = model.generate("a", max_new_tokens=3, logprobs=0)
    assert [entry["top"] for entry in text.logprobs] == [[]] * 3
    assert all(entry["logprob"] < 0 for entry in text.logprobs)
    with pytest.raises(UsageError):
        model.generate("a", logprobs=10**6)


def test_tokens_spelled_alike_are_told_apart(make_decoder, tokenizer):
    """Of a byte-level tokeniser's tokens, most are parts of a character and have the same spelling."""
    [text] = LanguageModel(make_decoder(), tokenizer).generate("a", max_new_tokens=5, logprobs=60)
    for entry in text.logprobs:
        assert len({one["id"] for one in entry["top"]}) == 60
        assert [one["logprob"] for one in entry["top"]] == sorted((o["logprob"] for o in entry["top"]), reverse=True)
        assert all(one["token"] == tokenizer.decode([one["id"]]) for one in (entry, *entry["top"]))
    assert len({one["token"] for one in text.logprobs[0]["top"]}) < 60


def test_saved_with_the_text(make_decoder, tokenizer, tmp_path):
    model = LanguageModel(make_decoder(), tokenizer)
    [text] = model.generate("a", max_new_tokens=3, logprobs=2)
    saved = json.loads(text.save(tmp_path / "a.json").read_text(encoding="utf-8"))
    assert saved["logprobs"] == text.logprobs

"""The generation loop: against transformers, against the full pass, and its promises about seeds, stops and text."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from zaohua.errors import UsageError, ZaohuaError
from zaohua.language.engine.draws import Draws
from zaohua.language.engine.text import StopStrings
from zaohua.language.folder import save_folder
from zaohua.language.generation import complete
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig

GREEDY = SamplingConfig(temperature=0)


@pytest.fixture
def model(make_decoder, tokenizer) -> LanguageModel:
    return LanguageModel(make_decoder(), tokenizer, name="toy")


def greedy_by_full_passes(decoder, tokenizer, ids: list[int], count: int) -> list[int]:
    """The definition: read everything again for each token; when the context is full, go on with its last half."""
    special = set(tokenizer.special.values()) - {tokenizer.eot_id}
    allowed = [i for i in range(decoder.config.vocab_size) if i not in special]
    window, written = list(ids), []
    for _ in range(count):
        if len(window) > decoder.config.context:
            window = window[-(decoder.config.context // 2) :]
        with torch.no_grad():
            logits = decoder(torch.tensor([window]))[0, -1]
        best = allowed[int(logits[allowed].argmax())]
        window.append(best)
        written.append(best)
        if best == tokenizer.eot_id:
            break
    return written


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [20, 150])  # within the context of 64, and sliding past it more than once
def test_greedy_equals_full_passes(seed, count, make_decoder, tokenizer):
    decoder, prompt = make_decoder(seed=seed), tokenizer.encode("Once upon")
    ends = frozenset({tokenizer.eot_id})
    [ours] = complete(decoder, tokenizer, prompt, GREEDY, max_new_tokens=count, stop_ids=ends)
    assert ours.ids == greedy_by_full_passes(decoder, tokenizer, prompt, count)


def test_greedy_equals_transformers_generate(make_decoder, tokenizer, tmp_path):
    decoder, prompt = make_decoder(), tokenizer.encode("从前有")
    save_folder(decoder, tokenizer, tmp_path / "m")
    there = AutoModelForCausalLM.from_pretrained(tmp_path / "m", dtype=torch.float32)
    blocked = [[i] for i in tokenizer.special.values() if i != tokenizer.eot_id]
    ids = torch.tensor([prompt])
    out = there.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=40, do_sample=False, bad_words_ids=blocked
    )
    [ours] = complete(decoder, tokenizer, prompt, GREEDY, max_new_tokens=40, stop_ids=frozenset({tokenizer.eot_id}))
    assert ours.ids == out[0, len(prompt) :].tolist()


def test_penalties_reach_the_loop(make_decoder, tokenizer):
    decoder = make_decoder(width=16, head_dim=4)
    plain, none_twice = (
        complete(decoder, tokenizer, [1, 2], SamplingConfig(temperature=0, **penalty), max_new_tokens=50)[0].ids
        for penalty in ({}, {"frequency_penalty": 1e4})
    )
    assert len(set(plain)) < 50
    assert len(set(none_twice)) == 50


def test_continuation_i_is_the_same_whatever_n(model):
    options = {"max_new_tokens": 40, "temperature": 1.5, "seed": 7}
    three = [text.text for text in model.generate("Once", n=3, **options)]
    assert len(set(three)) == 3
    assert [text.text for text in model.generate("Once", n=1, **options)] == three[:1]
    assert [text.text for text in model.generate("Once", n=2, **options)] == three[:2]
    longer = model.generate("Once", n=3, **options | {"max_new_tokens": 60})
    assert all(long.text.startswith(short) for long, short in zip(longer, three, strict=True))
    assert model.generate("Once", **options | {"seed": 8})[0].text != three[0]


def test_rows_that_end_leave_the_others_as_they_are(model):
    """With a common token as an end, rows drop out of the batch at different steps."""
    options = {"max_new_tokens": 100, "temperature": 1.0, "seed": 1, "n": 6}
    free = model.generate("Once", **options)
    model.ends = model.ends | set(range(40, 100))
    ended = model.generate("Once", **options)
    assert len({text.tokens for text in ended}) > 2
    for short, long in zip(ended, free, strict=True):
        assert long.text.startswith(short.text)
        assert short.finish_reason == ("length" if short.tokens == 100 else "stop")


def test_draws_do_not_depend_on_the_order_they_are_asked_in():
    one, other = Draws(3, 4), Draws(3, 4)
    steps = (0, 255, 256, 1000)
    assert [one.at(step) for step in steps] == [other.at(step) for step in reversed(steps)][::-1]
    assert Draws(3, 5).at(0) != one.at(0) != Draws(4, 4).at(0)


@given(st.text("ab\n", max_size=30), st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=3), st.data())
def test_stop_strings_are_never_shown_and_nothing_else_is_lost(text, stops, data):
    letters = StopStrings(stops)
    watch, shown, met, rest = StopStrings(stops), "", False, text
    while rest and not met:
        size = data.draw(st.integers(1, len(rest)))
        piece, met = watch.push(rest[:size])
        shown, rest = shown + piece, rest[size:]
        assert not any(stop in shown for stop in stops)
    places = [place for place in (text.find(stop) for stop in stops) if place >= 0]
    if not places:
        assert not met
        assert shown + watch.held == text
    else:
        assert met
        assert text.startswith(shown)
        assert any(text[len(shown) :].startswith(stop) for stop in stops)
    by_letter = ""
    for letter in text:  # however tokens cut it, the same text
        piece, ends = letters.push(letter)
        by_letter += piece
        if ends:
            break
    assert by_letter == shown


@pytest.mark.parametrize("cut", range(6))
def test_the_stop_string_that_is_whole_first_counts(cut):
    """One that begins earlier but ends later does not, even where one token brings both."""
    watch, text = StopStrings(("bab", "a")), "xbabx"
    first, met = watch.push(text[:cut])
    assert first + ("" if met else watch.push(text[cut:])[0]) == "xb"


@pytest.mark.parametrize("n", [1, 3])
def test_stream_gives_the_text_in_whole_characters(model, n):
    pieces: list[list[str]] = [[] for _ in range(n)]
    texts = model.generate(
        "", n=n, max_new_tokens=80, temperature=1.3, stop=["e", "a"], stream=lambda piece, i: pieces[i].append(piece)
    )
    for mine, text in zip(pieces, texts, strict=True):
        assert "".join(mine) == text.text
        assert not set("ea") & set(text.text)
        assert all(mine)


def test_characters_split_over_tokens(make_decoder, tokenizer):
    """A decoder made to spell 山🙂 byte by byte, then cut in the middle of the next character."""
    target = tokenizer.encode("山🙂") + tokenizer.encode("🙂")[:2]
    assert len(tokenizer.encode("🙂")) == 4
    decoder = make_decoder(context=16)
    steps = iter(target)

    class Spell(torch.nn.Module):
        def forward(self, hidden):
            return torch.nn.functional.one_hot(torch.tensor([next(steps)]), tokenizer.vocab_size).float() * 100

    decoder.lm_head = Spell()
    pieces: list[str] = []
    [out] = complete(
        decoder, tokenizer, [1], GREEDY, max_new_tokens=len(target), stream=lambda piece, _: pieces.append(piece)
    )
    assert out.ids == target
    assert out.text == "山🙂"
    assert pieces == ["山", "🙂"]


def test_special_tokens_and_padding_rows_are_never_written(make_decoder, tokenizer):
    decoder = make_decoder(vocab_size=tokenizer.vocab_size + 50)
    outs = complete(decoder, tokenizer, [1], SamplingConfig(temperature=50.0), max_new_tokens=100, n=8)
    written = {token for out in outs for token in out.ids}
    assert len(written) > 100
    assert not written & {*tokenizer.special.values(), *range(tokenizer.vocab_size, tokenizer.vocab_size + 50)}


def test_empty_prompt_begins_at_end_of_text(model, tokenizer):
    [ours] = complete(model.decoder, tokenizer, [], GREEDY, max_new_tokens=5)
    assert ours.ids == greedy_by_full_passes(model.decoder, tokenizer, [tokenizer.eot_id], 5)


def test_prompt_as_long_as_the_context_and_longer(model, tokenizer):
    ids = (tokenizer.encode("Once upon a time ") * 30)[:64]
    [out] = complete(model.decoder, tokenizer, ids, GREEDY, max_new_tokens=3)
    assert out.ids == greedy_by_full_passes(model.decoder, tokenizer, ids, 3)
    with pytest.raises(ZaohuaError, match=r"65 tokens.*at most 64"):
        complete(model.decoder, tokenizer, [*ids, 1], GREEDY, max_new_tokens=3)


@pytest.mark.parametrize(
    "wrong",
    [{"n": 0}, {"n": 10**7}, {"max_new_tokens": 0}, {"max_new_tokens": 10**12}, {"stop": ""}, {"temperature": -1}],
    ids=str,
)
def test_values_out_of_range(model, wrong):
    with pytest.raises(UsageError):
        model.generate("x", **wrong)


def test_model_round_trip_and_text(model, tmp_path):
    model.card = "# card\n"
    model.save(tmp_path / "m")
    loaded = LanguageModel.load(tmp_path / "m")
    assert (loaded.name, loaded.card, loaded.ends) == ("m", "# card\n", model.ends)
    one, other = (m.generate("Once", max_new_tokens=30, seed=5)[0] for m in (model, loaded))
    assert other.text == one.text
    assert str(one) == "Once" + one.text
    assert (one.model, other.model, one.seed, one.finish_reason, one.tokens) == ("toy", "m", 5, "length", 30)


def test_loading_changes_no_value(model, tmp_path):
    """Matrices are laid out for decoding; what they hold, and what a second save writes, stays."""
    model.save(tmp_path / "a")
    LanguageModel.load(tmp_path / "a").save(tmp_path / "b")
    assert (tmp_path / "a" / "model.safetensors").read_bytes() == (tmp_path / "b" / "model.safetensors").read_bytes()


def test_score_is_the_definition(model, tokenizer):
    text = "Once upon a time there was 一座庙。" * 8
    ids = [tokenizer.eot_id, *tokenizer.encode(text)]
    assert len(ids) > 2 * 64
    nats = 0.0
    for position in range(1, len(ids)):
        block = (position - 1) // 64 * 64
        with torch.no_grad():
            logits = model.decoder(torch.tensor([ids[block:position]]))[0, -1]
        nats -= logits.double().log_softmax(-1)[ids[position]].item()
    scored = model.score(text)
    assert scored["loss"] == pytest.approx(nats / (len(ids) - 1), rel=1e-4)
    assert scored["bits_per_byte"] == pytest.approx(nats / 0.6931471805599453 / len(text.encode()), rel=1e-4)
    with pytest.raises(UsageError):
        model.score("")

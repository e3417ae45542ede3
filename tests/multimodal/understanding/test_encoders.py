"""Encoders: padding and neighbours change nothing, every part learns."""

import pytest
import torch

from zaohua.data.records.forms import Forms, PictureForm, SoundForm, TableForm, VideoForm
from zaohua.multimodal.understanding.batches import example
from zaohua.multimodal.understanding.encoders import TableEncoder, TextEncoder, encoders_of
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape

PICTURE = PictureForm(20, 3, "contain", (255, 255, 255))
FORMS = Forms(
    True, PICTURE, SoundForm(8000, 1700, trim=False), VideoForm(PICTURE, 3, 4.0), TableForm(("x", "y"), ("w",))
)
SHAPE = Shape(
    forms=FORMS,
    kind="class",
    classes=("a", "b"),
    width=16,
    channels=8,
    vocab_size=40,
    context=12,
    words=(("red", "blue"),),
)


def test_padding_of_a_text_changes_none_of_its_features():
    encoder = TextEncoder(SHAPE).eval()
    ids = torch.randint(1, 40, (1, 5))
    long, mask = encoder(torch.cat([ids, torch.zeros(1, 4, dtype=torch.long)], 1), torch.arange(9)[None] < 5)
    short, _ = encoder(ids, torch.ones(1, 5, dtype=torch.bool))
    assert torch.allclose(long[:, :5], short, atol=1e-5)
    assert mask.sum() == 5


def test_a_row_without_a_token_is_finite():
    features, mask = TextEncoder(SHAPE)(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool))
    assert features.isfinite().all()
    assert not mask.any()


def test_columns_are_standardised_and_empty_cells_are_absent():
    encoder = TableEncoder(SHAPE)
    numbers = torch.tensor([[1.0, 5.0], [3.0, float("nan")], [8.0, 5.0]])
    encoder.standardise(numbers)
    assert torch.allclose(encoder.mean, torch.tensor([4.0, 5.0]))
    assert torch.allclose(encoder.deviation, torch.tensor([numbers[:, 0].std(correction=0), 1.0]))
    features, mask = encoder(numbers, torch.tensor([[1], [0], [-1]]))
    assert features.isfinite().all()
    assert mask.tolist() == [[True, True, True], [True, False, False], [True, True, True]]


@pytest.mark.parametrize("name", ["text", "image", "audio", "video", "table"])
def test_features_do_not_depend_on_the_batch(name):
    encoder = encoders_of(SHAPE)[name].eval()
    one = example(SHAPE).inputs[name]
    other = [torch.rand_like(part) if part.is_floating_point() else part for part in one]
    both = encoder(*(torch.cat(pair) for pair in zip(one, other, strict=True)))[0]
    assert torch.allclose(both[:1], encoder(*one)[0], atol=1e-5)
    assert both.shape[2] == SHAPE.width


def test_every_parameter_of_every_encoder_learns():
    torch.manual_seed(0)
    network = Understander(SHAPE)
    batch = example(SHAPE)
    outputs, _ = network(batch)
    outputs[0, 0].backward()
    still = [name for name, parameter in network.named_parameters() if parameter.grad is None]
    assert still == []

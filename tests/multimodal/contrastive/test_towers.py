"""The towers: padding, gradients, sizes; and gradients of large batches made part by part."""

import math

import pytest
import torch

from zaohua.multimodal.contrastive.caching import in_parts
from zaohua.multimodal.contrastive.losses import LARGEST_SCALE, softmax_loss
from zaohua.multimodal.contrastive.shape import TowersConfig, encoder_stack
from zaohua.multimodal.contrastive.towers import Towers, initialise

B = 20


def shape(kind="pictures", dropout=0.0, **more) -> TowersConfig:
    def stack(learned: bool):
        sizes = {"layers": 2, "width": 32, "heads": 2, "head_dim": 16, "ffn_width": 64}
        return encoder_stack(**sizes, learned=learned, dropout=dropout)

    settings = {"size": 16, "patch": 4, "bands": 8, "frames": 4, "patches": 6} | more
    return TowersConfig(
        kind=kind, media=stack(kind == "pictures"), text=stack(True), vocab_size=50, context=12, dim=24, **settings
    )


def towers(*args, **kw) -> Towers:
    made = Towers(shape(*args, **kw))
    initialise(made, 1)
    return made.double()


def media(kind: str) -> tuple:
    draw = torch.Generator().manual_seed(1)
    if kind == "pictures":
        return (torch.randn(B, 3, 16, 16, generator=draw, dtype=torch.float64),)
    lengths = torch.randint(1, 7, (B,), generator=draw)
    return torch.randn(B, 24, 8, generator=draw, dtype=torch.float64), lengths


def texts() -> tuple:
    draw = torch.Generator().manual_seed(2)
    return torch.randint(0, 50, (B, 12), generator=draw), torch.randint(1, 13, (B,), generator=draw)


VARIANTS = [
    ("pictures", {"stem": "patches"}),
    ("pictures", {"stem": "conv"}),
    ("sounds", {}),
    ("sounds", {"loss": "sigmoid"}),
]


@pytest.mark.parametrize(("kind", "more"), VARIANTS)
def test_vectors_have_length_one_and_every_weight_learns(kind, more):
    model = towers(kind, **more)
    u, v = model.see(*media(kind)), model.read(*texts())
    assert torch.allclose(u.norm(dim=1), torch.ones(B, dtype=u.dtype), atol=1e-6)
    assert torch.allclose(v.norm(dim=1), torch.ones(B, dtype=v.dtype), atol=1e-6)
    bias = 0 if model.bias is None else model.bias
    (softmax_loss(u, v, model.scale()) + bias).backward()
    assert [name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@pytest.mark.parametrize(("kind", "more"), VARIANTS)
def test_the_number_of_weights_is_known_beforehand(kind, more):
    model = towers(kind, **more)
    assert model.config.num_parameters() == sum(p.numel() for p in model.parameters())


@torch.no_grad()
def test_a_sentence_or_sound_is_read_alike_alone_and_among_longer_ones():
    for kind in ("texts", "sounds"):
        model = towers("sounds")
        inputs, lengths = texts() if kind == "texts" else media("sounds")
        read = model.read if kind == "texts" else model.see
        step = 1 if kind == "texts" else model.config.frames
        together = read(inputs, lengths)
        for row in range(B):
            alone = read(inputs[row : row + 1, : int(lengths[row]) * step], lengths[row : row + 1])
            assert torch.allclose(alone[0], together[row], atol=1e-6)


@torch.no_grad()
def test_patches_are_squares_of_the_picture():
    model = towers("pictures", stem="patches")
    (x,) = media("pictures")
    found = model.media.embed(x)
    square = x[3, :, 4:8, 12:16]  # second row, fourth column
    assert torch.allclose(found[3, 7], model.media.stem(square.flatten()))


@torch.no_grad()
def test_the_scale_stays_below_its_limit_and_can_come_back():
    model = towers()
    model.log_scale.fill_(9.0)
    assert float(model.scale()) == pytest.approx(LARGEST_SCALE)
    assert float(model.log_scale) == pytest.approx(math.log(LARGEST_SCALE))


@pytest.mark.parametrize("dropout", [0.0, 0.2])
@pytest.mark.parametrize("kind", ["pictures", "sounds"])
def test_parts_have_the_gradient_of_the_whole_batch(kind, dropout):
    """Dropout follows from keys: the second pass of a part draws what the first did."""
    model = towers(kind, dropout=dropout)
    keys = torch.arange(B, dtype=torch.int32) if dropout else None

    def gradients(rows):
        model.zero_grad()
        u, v = in_parts(model.see, rows, *media(kind), keys), in_parts(model.read, rows, *texts(), keys)
        loss = softmax_loss(u, v, model.scale())
        loss.backward()
        return float(loss.detach()), [p.grad.clone() for p in model.parameters()]

    (whole, expected), (parts, found) = gradients(None), gradients(7)
    assert parts == pytest.approx(whole, rel=1e-6)
    for one, other in zip(expected, found, strict=True):
        assert torch.allclose(one, other, rtol=1e-5, atol=1e-8)


def test_parts_keep_no_activations():
    """What autograd holds on to before the backward pass, in numbers."""
    model = towers()

    def held(rows) -> int:
        sizes = []
        with torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, lambda x: x):
            in_parts(model.see, rows, *media("pictures"), None)
        return sum(sizes)

    assert held(5) < held(None) / 10

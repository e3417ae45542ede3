"""Networks of clips: content stays, motion goes on and is continuous, a longer clip begins as a shorter one."""

import pytest
import torch
from torch import Tensor

from zaohua.gan.networks.shape import shape
from zaohua.gan.video.networks.discriminator import ClipDiscriminator
from zaohua.gan.video.networks.generator import Canvas, ClipGenerator, Modulated, Walk
from zaohua.gan.video.networks.shape import ClipShape


def small(classes: int = 3, looks: int = 3) -> ClipShape:
    picture = shape("nano", 32, 1, classes=classes, latent=12, generator_width=0.25, discriminator_width=0.25)
    return ClipShape(picture, length=8, looks=looks, content=6, noise=4, motion=6, spacing=3)


def condition(times: list[list[float]], labels: list[int]) -> Tensor:
    return torch.tensor([[*row, label] for row, label in zip(times, labels, strict=True)])


@pytest.fixture
def generator() -> ClipGenerator:
    torch.manual_seed(0)
    return ClipGenerator(small()).eval()


def test_shapes(generator):
    z = torch.randn(2, small().latent(20))
    asked = condition([[0, 1, 5.5], [3, 4, 20]], [0, 2])
    frames = generator(z, asked)
    assert frames.shape == (2, 3, 1, 32, 32)
    assert ClipDiscriminator(small())(frames, asked).shape == (2,)


@torch.no_grad()
def test_frames_do_not_depend_on_each_other_nor_on_how_many_there_are(generator):
    z = torch.randn(2, small().latent(20))
    whole = generator(z, condition([[2, 7, 9]] * 2, [1, 1]))
    for place, time in enumerate((2, 7, 9)):
        alone = generator(z, condition([[time]] * 2, [1, 1]))
        assert torch.allclose(alone[:, 0], whole[:, place], atol=1e-5)


@torch.no_grad()
def test_a_longer_clip_begins_as_a_shorter_one(generator):
    long = torch.randn(1, small().latent(40))
    short = long[:, : small().latent(7)]
    asked = condition([list(range(8))], [0])
    assert torch.allclose(generator(short, asked), generator(long, asked), atol=1e-5)


@torch.no_grad()
def test_codes_are_content_that_stays_and_motion_that_is_continuous(generator):
    z = torch.randn(1, small().latent(20))
    times = torch.linspace(0, 20, 2001)
    codes, _ = generator.codes(z, condition([times.tolist()], [0]))
    assert torch.equal(codes[0, :, :6], z[:, :6].expand(2001, -1))
    walked = codes[0, :, 6:]
    steps = (walked[1:] - walked[:-1]).norm(dim=1)
    assert steps.max() < 0.05 * (walked.max() - walked.min())
    assert walked.std(0).min() > 0.01


@torch.no_grad()
def test_the_past_does_not_know_the_future_and_knots_are_met():
    torch.manual_seed(1)
    walk = Walk(small(classes=0))
    manner, noise, labels = torch.randn(1, 4), torch.randn(1, 6, 4), torch.zeros(1, dtype=torch.long)
    changed = noise.clone()
    changed[:, 3:] += 1  # from the knot at frame 9 on
    times = torch.tensor([[0.0, 4.0, 6.0, 7.0]])
    before, after = walk(manner, noise, times, labels), walk(manner, changed, times, labels)
    assert torch.allclose(before[:, :3], after[:, :3])
    assert not torch.allclose(before[:, 3], after[:, 3])
    start = torch.tanh(walk.start(manner))[None]
    states, _ = walk.recurrent(torch.cat((noise, manner[:, None].expand(-1, 6, -1)), 2), start)
    assert torch.allclose(walk(manner, noise, torch.tensor([[0.0, 3.0, 6.0]]), labels), 3 * states[:, :3], atol=1e-5)


def test_the_discriminator_knows_steps_in_time_but_not_when_a_clip_began():
    torch.manual_seed(0)
    judge = ClipDiscriminator(small())
    x = torch.randn(1, 3, 1, 32, 32)
    score = judge(x, condition([[0, 2, 5]], [1]))
    assert torch.equal(judge(x, condition([[10, 12, 15]], [1])), score)
    assert not torch.equal(judge(x, condition([[0, 3, 5]], [1])), score)
    assert not torch.equal(judge(x, condition([[0, 2, 5]], [2])), score)
    assert not torch.equal(judge(x.flip(1), condition([[0, 2, 5]], [1])), score)


def test_the_numbers_of_a_clip_reach_its_last_frame():
    clip = small()
    for frames in (1, 2, 3, 4, 20):
        assert clip.spacing * (clip.knots(frames - 1) - 1) > frames - 1


@torch.no_grad()
def test_a_style_scales_inputs_and_keeps_the_size_of_outputs():
    torch.manual_seed(0)
    layer = Modulated(24, 40)
    x, style = torch.randn(3, 24, 8, 8), torch.randn(3, 128)
    found = layer(x, style)
    for number in range(3):
        scales = layer.scales(style[number])
        weight = layer.weight * scales[None, :, None, None]
        weight = weight / weight.square().sum((1, 2, 3), keepdim=True).sqrt()
        expected = torch.nn.functional.leaky_relu(torch.nn.functional.conv2d(x[number], weight, padding=1), 0.2)
        assert torch.allclose(found[number], expected * (2 / 1.04) ** 0.5, atol=1e-4)
    assert 0.8 < found[..., 1:-1, 1:-1].square().mean() < 1.2


@torch.no_grad()
def test_a_canvas_shifts_turns_and_scales_what_is_on_it():
    torch.manual_seed(0)
    canvas = Canvas(5)
    canvas.map.weight.zero_()
    wanted = torch.tensor([[0.5, -0.2, 0.3], [0.1, 1.5, -0.4]])
    canvas.map.bias.copy_((wanted - torch.eye(2, 3)).flatten())
    found = canvas(torch.randn(1, 128))[0]
    for row, down in enumerate((-0.75, -0.25, 0.25, 0.75)):
        for column, right in enumerate((-0.75, -0.25, 0.25, 0.75)):
            place = wanted @ torch.tensor([right, down, 1.0])
            expected = torch.sin(canvas.waves @ place + canvas.phases) * 2**0.5
            assert torch.allclose(found[:, row, column], expected, atol=1e-5)

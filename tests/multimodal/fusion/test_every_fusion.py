"""What holds for every fusion that has a name."""

import pytest
import torch
from torch import Tensor, nn

from zaohua.multimodal.fusion import fusions, levels_loss, make_fusion

DIMS = {"video": 6, "audio": 5, "text.title": 4}
DIM, BATCH = 8, 6
LENGTHS = {"video": 3, "audio": 7, "text.title": 1}
CLOCKS = (None, "audio", "text.title")
every_fusion = pytest.mark.parametrize("name", fusions)
every_clock = pytest.mark.parametrize("clock", CLOCKS)


def example(batch: int = BATCH, seed: int = 0) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Features of three modalities. Of six samples one has all, one lacks the video, one has a single modality, one
    has frames missing, one has nothing, one lacks the sound."""
    draw = torch.Generator().manual_seed(seed)
    feats = {name: torch.randn(batch, LENGTHS[name], size, generator=draw) for name, size in DIMS.items()}
    masks = {name: torch.ones(batch, LENGTHS[name], dtype=torch.bool) for name in DIMS}
    if batch == BATCH:
        masks["video"][1] = masks["video"][2] = masks["text.title"][2] = False
        masks["video"][3, 1:] = masks["audio"][3, 2] = masks["audio"][3, 5:] = False
        for mask in masks.values():
            mask[4] = False
        masks["audio"][5] = False
    return feats, masks


def made(name: str, clock: str | None = None) -> nn.Module:
    torch.manual_seed(1)
    return make_fusion(name, DIMS, DIM, clock=clock)


def there(masks: dict[str, Tensor]) -> Tensor:
    """bool [B, M]"""
    return torch.stack([masks[name].any(-1) for name in sorted(masks)], dim=-1)


def hidden_parameters(module: nn.Module) -> list[str]:
    """Names of attributes that hold parameters where neither an optimiser nor a checkpoint finds them."""
    registered = {id(parameter) for parameter in module.parameters()}
    return [
        key
        for part in module.modules()
        for key, value in vars(part).items()
        if not key.startswith("_")
        for one in (
            value if isinstance(value, list | tuple) else value.values() if isinstance(value, dict) else [value]
        )
        if isinstance(one, Tensor) and one.requires_grad and id(one) not in registered
    ]


@every_fusion
@every_clock
def test_shapes(name, clock):
    fused = made(name, clock)(*example())
    steps = 1 if clock is None else LENGTHS[clock]
    assert fused.x.shape == (BATCH, steps, DIM)
    assert fused.mask.shape == (BATCH, steps)
    assert fused.mask.dtype == torch.bool
    assert fused.weights is None or fused.weights.shape == (BATCH, steps, len(DIMS))


@every_fusion
@every_clock
def test_weights_sum_to_one_on_what_is_present_and_are_zero_on_what_is_not(name, clock):
    feats, masks = example()
    fused = made(name, clock)(feats, masks)
    if fused.weights is None:
        assert name in {"concat", "sum", "film", "tensor", "lowrank", "bilinear"}
        return
    assert (fused.weights >= 0).all()
    torch.testing.assert_close(fused.weights.sum(-1), fused.mask.float())
    absent = ~there(masks)[:, None].expand_as(fused.weights)
    assert fused.weights[absent].count_nonzero() == 0


@every_fusion
@every_clock
def test_nan_in_masked_slots_changes_nothing(name, clock):
    feats, masks = example()
    spoiled = {key: torch.where(masks[key][..., None], x, torch.nan).requires_grad_() for key, x in feats.items()}
    fusion = made(name, clock)
    clean, dirty = fusion(feats, masks), fusion(spoiled, masks)
    assert torch.equal(clean.x, dirty.x)
    assert torch.equal(clean.mask, dirty.mask)
    dirty.x.square().sum().backward()
    assert all(p.grad.isfinite().all() for p in [*fusion.parameters(), *spoiled.values()] if p.grad is not None)


@every_fusion
def test_every_parameter_learns_and_is_saved(name):
    feats, masks = example()
    fusion = made(name)
    fused = fusion(feats, masks)
    taught = levels_loss(fused, lambda said: said.square().sum(-1))  # zero but where there are levels
    (fused.x.square().sum() + taught).backward()
    still = [key for key, p in fusion.named_parameters() if p.grad is None or p.grad.count_nonzero() == 0]
    assert not still
    assert not hidden_parameters(fusion)
    assert {key for key, _ in fusion.named_parameters()} <= fusion.state_dict().keys()
    torch.manual_seed(2)
    other = make_fusion(name, DIMS, DIM)
    other.load_state_dict(fusion.state_dict())
    assert torch.equal(other(feats, masks).x, fusion(feats, masks).x)


def test_the_test_finds_parameters_in_a_plain_list():
    class Hidden(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.factors = [nn.Parameter(torch.zeros(2))]

    assert hidden_parameters(Hidden()) == ["factors"]


@every_fusion
@pytest.mark.parametrize("clock", [None, "audio"])
def test_a_modality_that_is_not_given_is_one_that_is_masked(name, clock):
    feats, masks = example()
    masks["video"][:] = False
    fusion = made(name, clock)
    given = fusion(feats, masks)
    del feats["video"]
    left_out = fusion(feats, masks)
    torch.testing.assert_close(left_out.x, given.x, rtol=1e-5, atol=1e-6)
    assert torch.equal(left_out.mask, given.mask)


@every_fusion
@every_clock
def test_where_nothing_is_present_a_learned_token_stands(name, clock):
    feats, masks = example()
    fusion = made(name, clock)
    fused = fusion(feats, masks)
    assert not fused.mask[4].any()
    first = fused.x[4, 0].detach().clone()
    assert torch.equal(fused.x[4], first.expand_as(fused.x[4]))
    none = {key: torch.zeros_like(mask) for key, mask in masks.items()}
    assert torch.equal(fusion({key: 7 * x for key, x in feats.items()}, none).x[0, 0], first)
    learned = torch.autograd.grad(fused.x[4].sum(), list(fusion.parameters()), allow_unused=True)
    assert any(g is not None and g.count_nonzero() for g in learned)


@every_fusion
@every_clock
def test_one_sample_is_fused_as_in_a_batch(name, clock):
    feats, masks = example()
    fusion = made(name, clock)
    together = fusion(feats, masks)
    for row in range(BATCH):
        alone = fusion(
            {key: x[row : row + 1] for key, x in feats.items()}, {k: m[row : row + 1] for k, m in masks.items()}
        )
        torch.testing.assert_close(alone.x[0], together.x[row], rtol=1e-4, atol=1e-5)


@every_fusion
@every_clock
def test_the_order_of_keys_does_not_matter(name, clock):
    feats, masks = example()
    forwards = made(name, clock)
    torch.manual_seed(1)
    backwards = make_fusion(name, dict(reversed(DIMS.items())), DIM, clock=clock)
    one = forwards(feats, masks)
    other = backwards(dict(reversed(feats.items())), dict(reversed(masks.items())))
    assert torch.equal(one.x, other.x)
    assert one.weights is None or torch.equal(one.weights, other.weights)


@every_fusion
@every_clock
def test_padding_changes_nothing(name, clock):
    feats, masks = example()
    fusion = made(name, clock)
    before = fusion(feats, masks)
    longer = {key: torch.cat([x, x[:, :1]], dim=1) for key, x in feats.items()}
    padded = {key: torch.cat([mask, torch.zeros_like(mask[:, :1])], dim=1) for key, mask in masks.items()}
    after = fusion(longer, padded)
    steps = before.x.shape[1]
    led = there(masks)[:, sorted(DIMS).index(clock)] if clock else torch.ones(BATCH, dtype=torch.bool)
    torch.testing.assert_close(after.x[led, :steps], before.x[led], rtol=1e-4, atol=1e-5)
    assert not after.mask[led, steps:].any()


@every_fusion
def test_a_single_modality_is_a_fusion_too(name):
    torch.manual_seed(0)
    fusion = make_fusion(name, {"audio": 5}, DIM)
    fused = fusion({"audio": torch.randn(2, 3, 5)})
    assert fused.x.isfinite().all()
    assert fused.weights is None or torch.equal(fused.weights, torch.ones(2, 1, 1))


@every_fusion
def test_what_does_not_fit_is_refused(name):
    feats, masks = example()
    fusion = made(name)
    with pytest.raises(ValueError, match="smell"):
        fusion({"smell": feats["audio"]})
    with pytest.raises(ValueError, match="at least one"):
        fusion({})
    with pytest.raises(ValueError, match="audio"):
        fusion({"audio": feats["audio"][..., :-1]})
    with pytest.raises(ValueError, match="mask of 'audio'"):
        fusion(feats, masks | {"audio": masks["audio"][:, :-1]})

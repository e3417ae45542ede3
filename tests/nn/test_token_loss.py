"""Losses of chosen tokens: the definition and its gradients, with a head that is trained and one that is not."""

import pytest
import torch
import torch.nn.functional as F

from zaohua.nn import token_loss
from zaohua.nn.token_loss import token_losses


def case(tokens: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """hidden, head, targets, and what each loss counts for."""
    generator = torch.Generator().manual_seed(tokens)
    hidden = torch.randn(tokens, 12, generator=generator)
    head = torch.randn(30, 12, generator=generator)
    targets = torch.randint(0, 30, (tokens,), generator=generator)
    return hidden, head, targets, torch.randn(tokens, generator=generator)


@pytest.mark.parametrize("tokens", [0, 1, 7, 8, 9, 20])
@pytest.mark.parametrize("trained", [True, False])
def test_losses_and_gradients_are_those_of_all_logits(tokens, trained, monkeypatch):
    monkeypatch.setattr(token_loss, "_ROWS", 8)
    monkeypatch.setattr(token_loss, "_COLUMNS", 7)
    hidden, head, targets, weights = case(tokens)
    ours, theirs = (hidden.clone().requires_grad_() for _ in range(2))
    heads = [head.clone().requires_grad_(trained) for _ in range(2)]
    losses = token_losses(ours, heads[0], targets)
    wanted = F.cross_entropy(theirs @ heads[1].T, targets, reduction="none")
    assert torch.allclose(losses, wanted, atol=1e-5)
    (losses * weights).sum().backward()
    (wanted * weights).sum().backward()
    assert torch.allclose(ours.grad, theirs.grad, atol=1e-5)
    if trained:
        assert torch.allclose(heads[0].grad, heads[1].grad, atol=1e-5)
    with torch.no_grad():
        assert torch.allclose(token_losses(hidden, head, targets), wanted, atol=1e-5)


def test_large_logits_do_not_overflow():
    hidden = torch.full((2, 4), 300.0, requires_grad=True)
    head = torch.eye(4) * 10
    losses = token_losses(hidden, head, torch.tensor([0, 3]))
    assert torch.allclose(losses, torch.tensor(4.0).log())
    losses.sum().backward()
    assert hidden.grad.isfinite().all()


def test_half_precision_is_summed_in_full():
    hidden, head, targets, _ = case(5)
    losses = token_losses(hidden.bfloat16().requires_grad_(), head.bfloat16(), targets)
    assert losses.dtype == torch.float32
    assert torch.allclose(losses, F.cross_entropy(hidden @ head.T, targets, reduction="none"), atol=0.3)

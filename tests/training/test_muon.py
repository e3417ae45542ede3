"""Muon against torch's own, against the definition, and against itself one matrix at a time and sharded."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, Shard, distribute_tensor

from zaohua.training.muon import Muon, orthogonalise

SHAPES = [(16, 16), (16, 16), (24, 16), (16, 24), (8, 40), (40, 8), (16, 24)]


def matrices(seed: int = 0) -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in SHAPES]


def train(optimiser: torch.optim.Optimizer, parameters: list[torch.nn.Parameter], steps: int = 4) -> None:
    """Steps with gradients that depend on the step alone."""
    generator = torch.Generator().manual_seed(1)
    for _ in range(steps):
        for parameter in parameters:
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimiser.step()


@pytest.mark.parametrize("steps", [3, 5])
def test_updates_are_those_of_torch_muon_in_float32(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    # torch casts every gradient to bfloat16 and scales it in place: let the "cast" be a float32 copy
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)
    ours, theirs = matrices(), matrices()
    settings = {"lr": 0.05, "momentum": 0.9, "weight_decay": 0.1, "ns_steps": steps}
    train(Muon(ours, bound="frobenius", **settings), ours)
    train(torch.optim.Muon(theirs, **settings), theirs)
    for a, b, start in zip(ours, theirs, matrices(), strict=True):
        assert (a - start).norm() > 0.1  # it moved
        torch.testing.assert_close(a, b, rtol=1e-4, atol=2e-5)


def test_updates_are_those_of_torch_muon_in_bfloat16() -> None:
    ours, theirs = matrices(), matrices()
    train(Muon(ours, lr=0.05, ns_steps=5, bound="frobenius", precision=torch.bfloat16), ours, steps=1)
    train(torch.optim.Muon(theirs, lr=0.05, weight_decay=0.0), theirs, steps=1)
    for a, b, start in zip(ours, theirs, matrices(), strict=True):
        assert (a - b).norm() < 0.03 * (a - start).norm()  # one bfloat16 rounding is 2^-9; batching changes their order


def test_one_batch_equals_one_matrix_at_a_time() -> None:
    together, apart = matrices(), matrices()
    settings = {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.2}
    train(Muon(together, **settings), together)
    generator = torch.Generator().manual_seed(1)
    optimisers = [Muon([parameter], **settings) for parameter in apart]
    for _ in range(4):
        for parameter, optimiser in zip(apart, optimisers, strict=True):
            parameter.grad = torch.randn(parameter.shape, generator=generator)
            optimiser.step()
    for a, b in zip(together, apart, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3), st.integers(1, 24), st.integers(1, 24), st.integers(0, 2**31), st.floats(1e-3, 1e3))
def test_orthogonalise_keeps_singular_vectors_and_evens_out_values(
    n: int, rows: int, cols: int, seed: int, scale: float
) -> None:
    x = torch.randn(n, rows, cols, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * scale
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    y = orthogonalise(x, steps=8)
    inner = u.mT @ y @ v.mT  # diagonal if the singular vectors are x's
    values = inner.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(inner, torch.diag_embed(values), rtol=0, atol=1e-6)
    large = values[s > 1e-3 * s.norm(dim=-1, keepdim=True)]
    assert large.min() > 0.6
    assert large.max() < 1.3


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 24), st.integers(1, 24), st.integers(0, 2**31))
def test_the_gram_bound_is_between_the_largest_singular_value_and_the_frobenius_norm(
    rows: int, cols: int, seed: int
) -> None:
    x = torch.randn(1, rows, cols, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    s = torch.linalg.svdvals(x)
    scaled = {bound: torch.linalg.svdvals(orthogonalise(x, steps=0, bound=bound)) for bound in ("gram", "frobenius")}
    torch.testing.assert_close(scaled["frobenius"], s / s.norm())
    torch.testing.assert_close(scaled["gram"], s / s.pow(4).sum() ** 0.25)
    assert scaled["frobenius"].max() <= scaled["gram"].max() + 1e-12
    assert scaled["gram"].max() <= 1 + 1e-12


@pytest.mark.parametrize("row_beta", [0.0, 0.9])
def test_a_zero_gradient_changes_nothing_but_the_decay(row_beta: float) -> None:
    parameter = torch.nn.Parameter(torch.ones(4, 6))
    parameter.grad = torch.zeros(4, 6)
    Muon([parameter], lr=0.1, weight_decay=0.5, row_beta=row_beta).step()
    torch.testing.assert_close(parameter.detach(), torch.full((4, 6), 0.95))


def rows_by_definition(updates: list[torch.Tensor], beta: float) -> torch.Tensor:
    """The last of these updates with its rows evened out, one number at a time."""
    rows, cols = updates[0].shape
    mean = [0.0] * rows
    for update in updates:
        for i in range(rows):
            mean[i] = beta * mean[i] + (1 - beta) * sum(update[i, j].item() ** 2 for j in range(cols)) / cols
    evened = torch.stack([updates[-1][i] / mean[i] ** 0.5 for i in range(rows)])
    return evened * updates[-1].norm() / evened.norm()


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9)])
def test_rows_are_evened_out_by_their_running_size(shape: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(0)
    plain, evened = (torch.nn.Parameter(torch.zeros(shape)) for _ in range(2))
    without, within = Muon([plain], lr=1.0, momentum=0.5), Muon([evened], lr=1.0, momentum=0.5, row_beta=0.9)
    updates = []
    for _ in range(3):
        before = plain.detach().clone(), evened.detach().clone()
        plain.grad = torch.randn(shape, generator=generator)
        evened.grad = plain.grad.clone()
        without.step()
        within.step()
        updates.append(plain.detach() - before[0])
        torch.testing.assert_close(evened.detach() - before[1], rows_by_definition(updates, 0.9), rtol=1e-4, atol=1e-5)
    assert (rows_by_definition(updates, 0.9) - updates[-1]).norm() > 0.01 * updates[-1].norm()


def test_parameters_without_gradient_stay_and_keep_no_state() -> None:
    used, unused = torch.nn.Parameter(torch.ones(4, 4)), torch.nn.Parameter(torch.ones(4, 4))
    optimiser = Muon([used, unused], lr=0.1)
    used.grad = torch.eye(4)
    optimiser.step()
    assert torch.equal(unused, torch.ones(4, 4))
    assert unused not in optimiser.state


def test_state_restores_the_run_bit_for_bit() -> None:
    whole, halves = matrices(), matrices()
    train(Muon(whole, row_beta=0.9), whole, steps=4)
    generator = torch.Generator().manual_seed(1)
    state = None
    for _ in range(4):  # a fresh optimiser for every step
        optimiser = Muon(halves, row_beta=0.9)
        if state is not None:
            optimiser.load_state_dict(state)
        for parameter in halves:
            parameter.grad = torch.randn(parameter.shape, generator=generator)
        optimiser.step()
        state = optimiser.state_dict()
    assert all(set(entry) == {"momentum_buffer", "row_squares"} for entry in state["state"].values())
    assert all(torch.equal(a, b) for a, b in zip(whole, halves, strict=True))


def test_only_matrices_are_taken() -> None:
    with pytest.raises(ValueError, match="matrices"):
        Muon([torch.nn.Parameter(torch.ones(3))])


def sharded_run(rank: int, world: int, rendezvous: str) -> None:
    """One of `world` processes: its shards, whose rows do not divide evenly, must end where whole matrices do."""
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=rank, world_size=world)
    mesh = init_device_mesh("cpu", (world,))
    generator = torch.Generator().manual_seed(0)
    whole = [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in [(7, 12), (12, 7)]]
    shards = [torch.nn.Parameter(distribute_tensor(p.detach(), mesh, [Shard(0)])) for p in whole]
    one, many = (Muon(parameters, weight_decay=0.1, row_beta=0.9) for parameters in (whole, shards))
    for _ in range(3):
        for a, b in zip(whole, shards, strict=True):
            a.grad = torch.randn(a.shape, generator=generator)
            b.grad = distribute_tensor(a.grad, mesh, [Shard(0)])
        one.step()
        many.step()
    for a, b in zip(whole, shards, strict=True):
        assert isinstance(b, DTensor)
        assert b.to_local().shape[0] < b.shape[0]
        assert many.state[b]["momentum_buffer"].placements == b.placements
        torch.testing.assert_close(b.full_tensor(), a.detach(), rtol=1e-5, atol=1e-6)
    dist.destroy_process_group()


def test_sharded_parameters_train_as_whole_ones(tmp_path: Path) -> None:
    command = [sys.executable, __file__]
    ranks = [subprocess.Popen([*command, str(rank), "2", str(tmp_path / "rendezvous")]) for rank in range(2)]
    assert [process.wait(timeout=120) for process in ranks] == [0, 0]


if __name__ == "__main__":
    sharded_run(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])

"""Matrices: one row by itself, through whatever kernel, has the bits it has among others."""

import pytest
import torch

from zaohua.language.engine.fast_decode import FastDecoder
from zaohua.language.engine.matrices import Sums, joined
from zaohua.nn.onednn import OneDNN

pytestmark = pytest.mark.skipif(not OneDNN.serves(torch.zeros(1)), reason="this build of PyTorch has no oneDNN")


@pytest.fixture(params=[1, 2], ids=["one thread", "two threads"], autouse=True)
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def matrices(outputs: int, inputs: int, biased: bool) -> tuple[OneDNN, Sums | None]:
    generator = torch.Generator().manual_seed(outputs + inputs)
    weight = torch.randn(outputs, inputs, generator=generator)
    several = OneDNN(weight, torch.randn(outputs, generator=generator) if biased else None)
    return several, Sums.like(several, weight)


@pytest.mark.parametrize("biased", [False, True])
@pytest.mark.parametrize("shape", [(960, 320), (320, 896), (192, 1100), (127, 40), (64, 64)], ids=str)
@torch.inference_mode()
def test_one_row_as_sums_has_the_bits_of_the_product(shape, biased):
    several, sums = matrices(*shape, biased)
    if sums is None:
        pytest.skip("oneDNN adds up in an order of its own on this processor")
    generator = torch.Generator().manual_seed(0)
    x, to = torch.randn(8, shape[1], generator=generator), torch.randn(8, shape[0], generator=generator)
    assert torch.equal(torch.cat([sums(row) for row in x.split(1)]), several(x))
    added = torch.cat([sums.add(row, other) for row, other in zip(x.split(1), to.split(1), strict=True)])
    assert torch.equal(added, several.add(x, to))
    assert torch.equal(sums(x), several(x))
    assert [sums.padding(count) for count in (1, 2, 4, 5)] == [0, 2, 0, 3]


def test_other_bits_are_refused():
    """A kernel whose sums are an ulp away is left to itself."""
    several, _ = matrices(64, 64, False)
    product = several._multiply
    several._multiply = lambda *arguments: torch.nextafter(product(*arguments), torch.tensor(9.0))
    assert Sums.like(several, torch.randn(64, 64, generator=torch.Generator().manual_seed(128))) is None


def test_rows_are_filled_up_where_one_matrix_needs_it(make_decoder):
    model = FastDecoder(make_decoder())
    weight = torch.randn(8, 8)
    model.kinds = [joined([torch.nn.Linear(8, 8)], small=True), OneDNN(weight, None)]
    assert [model._padding(count) for count in (1, 2, 4)] == [3, 2, 0]

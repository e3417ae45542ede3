"""Finding out under which shapes a library's products leave every row as it would be alone."""

import torch

from zaohua.language.engine import looking
from zaohua.language.engine.looking import exact
from zaohua.language.engine.slots import BLOCK


def test_bits_that_differ_are_found_out(monkeypatch):
    """A library whose sums depend on what stands beside a row is not used for several."""
    exact.cache_clear()
    look = looking.look

    def careless(q, keys, values, mask, scale, at_once, out):
        look(q, keys, values, mask, scale, at_once, out)
        out.mul_(1 + 1e-6 * (values.shape[1] > BLOCK))

    monkeypatch.setattr(looking, "look", careless)
    assert exact(2, 1, 32, torch.get_num_threads()) == 0
    exact.cache_clear()
    assert exact(2, 1, 4, torch.get_num_threads()) == 0  # too small for a matrix product

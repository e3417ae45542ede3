"""What a network of a shape costs, from one look at it."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from zaohua.multimodal.understanding.batches import example
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape


@torch.no_grad()
def costs_of(shape: Shape) -> tuple[int, int]:
    """Parameters, and operations of a forward pass over one row that has everything."""
    with torch.random.fork_rng(devices=[]):
        network = Understander(shape).eval().requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        network(example(shape))
    return sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops()

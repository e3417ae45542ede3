"""What an adversarial step costs, from one look at each network."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from zaohua.gan.config import AdversarialTrainConfig, LossConfig, RegulariserConfig

_SLOPE, _SLOPES_GRADIENT = 1, 3  # passes of a discriminator: for ∇D, and for the derivative of its square
_STATE = 5  # numbers kept of each parameter: itself, its gradient, Adam's two, its average


@dataclass(frozen=True)
class Network:
    """Of one network. parameters; flops: operations of a forward pass of one sample; activations: numbers it makes."""

    parameters: int
    flops: int
    activations: int


@torch.no_grad()
def look_at(module: nn.Module, *inputs: Tensor | None) -> tuple[Network, Tensor]:
    """The costs of a module by a pass over inputs of one sample, and what came out."""
    made = 0

    def count(_: nn.Module, __: object, output: object) -> None:
        nonlocal made
        made += output.numel() if isinstance(output, Tensor) else 0

    leaves = [part for part in module.modules() if not list(part.children())]
    hooks = [part.register_forward_hook(count) for part in leaves]
    with FlopCounterMode(display=False) as counter:
        output = module.eval()(*inputs)
    for hook in hooks:
        hook.remove()
    module.train()
    parameters = sum(parameter.numel() for parameter in module.parameters())
    return Network(parameters, counter.get_total_flops(), made), output


def step_flops(
    generator: Network,
    discriminator: Network,
    loss: LossConfig,
    regulariser: RegulariserConfig,
    train: AdversarialTrainConfig,
) -> float:
    """Operations of one step for each sample of its batch; a backward pass counts as two forward ones."""
    made, judged = generator.flops, discriminator.flops
    sides = {"zero_centred": 2, "r1": 1, "r2": 1, "gradient_penalty": 1}.get(regulariser.kind, 0)
    penalty = sides * (_SLOPE + _SLOPES_GRADIENT) * judged / regulariser.every
    told = made + 2 * 3 * judged + penalty
    passed = 3 * made + (1 + 1 + (loss.kind == "relativistic")) * judged
    return train.discriminator_steps * told + passed


def training_bytes(generator: Network, discriminator: Network, batch: int) -> int:
    """Memory of the state in float32 and of the largest graph, a discriminator's pass over both kinds of sample with
    their slopes, for parts of `batch` samples."""
    graph = max(generator.activations + discriminator.activations, 4 * discriminator.activations)
    return 4 * (_STATE * (generator.parameters + discriminator.parameters) + 2 * batch * graph)

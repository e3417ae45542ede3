"""Modules without starting weights, for those that are about to be loaded."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

M = TypeVar("M", bound=nn.Module)


class Blank(TorchFunctionMode):
    """`with Blank(): Module(...)` skips the functions of torch.nn.init: matrices hold what memory happened to hold.

    The meta device would do the same but brings in a second of imports; drawing weights takes longer still.
    """

    def __torch_function__(
        self, function: Callable[..., Any], types: Iterable[type], args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if getattr(function, "__module__", None) == "torch.nn.init":
            return kwargs["tensor"]  # torch.nn.init hands its arguments over by name
        return function(*args, **kwargs)


def filled(make: Callable[[], M], weights: Mapping[str, Tensor]) -> M:
    """A module with these weights, on the CPU, to be used and not trained. make: builds one, whose own weights are
    never looked at."""
    with Blank():
        module = make()
    module.load_state_dict({name: tensor.cpu() for name, tensor in weights.items()}, assign=True)
    return module.eval()

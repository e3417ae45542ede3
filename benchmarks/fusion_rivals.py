"""Fusions of other libraries, with a head behind each, at a given number of parameters.

They are taken from checkouts that need not be installed:

    git clone https://github.com/pliang279/MultiBench
    git clone https://github.com/facebookresearch/multimodal

Neither knows absent modalities: they get zeros, as MultiBench's own scripts give them.
"""

import importlib.util
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CLASSES = 10


def loaded(path: Path) -> ModuleType:
    """One file of a checkout as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None or not path.exists():
        raise SystemExit(f"{path} is not there; give the path of a checkout")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Rival(nn.Module):
    """A fusion of a list of vectors [B, D_m], behind a projection of each where it needs smaller ones, and a head."""

    def __init__(
        self, fusion: nn.Module, fused: int, hidden: int, dims: Mapping[str, int], width: int | None = None
    ) -> None:
        super().__init__()
        self.names = sorted(dims)
        self.projections = nn.ModuleList(
            nn.Identity() if width is None else nn.Linear(dims[name], width) for name in self.names
        )
        self.fusion = fusion
        self.head = nn.Sequential(nn.Linear(fused, hidden), nn.ReLU(), nn.Linear(hidden, CLASSES))

    def forward(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Tensor:
        """there: bool [B] by modality."""
        zeroed = self.zeroed(feats, there)
        return self.head(self.fusion([project(x) for project, x in zip(self.projections, zeroed, strict=True)]))

    def loss(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor], labels: Tensor) -> Tensor:
        """Cross-entropy of int64 [B]."""
        return F.cross_entropy(self(feats, there), labels)

    def shares(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> Tensor | None:
        """What it computes as the shares of the modalities, [B, M], if it does: it keeps them to itself."""
        if not isinstance(self.fusion, _ByName):
            return None
        return self.fusion.fusion.attention(torch.cat(self.zeroed(feats, there), dim=-1))

    def zeroed(self, feats: Mapping[str, Tensor], there: Mapping[str, Tensor]) -> list[Tensor]:
        """Vectors [B, D_m] in order, zero where absent."""
        return [feats[name] * there[name][:, None] for name in self.names]


class _ByName(nn.Module):
    """torchmultimodal's takes a dict."""

    def __init__(self, fusion: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.fusion, self.names = fusion, names

    def forward(self, vectors: list[Tensor]) -> Tensor:
        return self.fusion(dict(zip(self.names, vectors, strict=True)))


def rivals(
    multibench: Path, multimodal: Path, dims: Mapping[str, int], budget: int
) -> dict[str, Callable[[], nn.Module]]:
    """By name, how each is made, as near to the number of parameters as its sizes allow."""
    theirs = loaded(multibench / "fusions" / "common_fusions.py")
    attention = loaded(multimodal / "torchmultimodal" / "modules" / "fusions" / "attention_fusion.py")
    sizes, total = [dims[name] for name in sorted(dims)], sum(dims.values())

    def concat(hidden: int) -> nn.Module:
        return Rival(theirs.Concat(), total, hidden, dims)

    def tensor(hidden: int, width: int) -> nn.Module:
        return Rival(theirs.TensorFusion(), (width + 1) ** len(sizes), hidden, dims, width)

    def low_rank(rank: int, fused: int = 40, *, repaired: bool) -> nn.Module:
        fusion = _quietly(lambda: theirs.LowRankTensorFusion(sizes, fused, rank))
        if repaired:  # a plain list hides its parameters from the optimiser and from the state
            fusion.factors = nn.ParameterList(fusion.factors)
        return Rival(fusion, fused, 100, dims)

    def interactions(fused: int, width: int) -> nn.Module:
        made = _quietly(lambda: theirs.MultiplicativeInteractions2Modal([width] * 2, fused, "matrix"))
        return Rival(made, fused, 100, dims, width)

    def attentive(width: int) -> nn.Module:
        return Rival(_ByName(attention.AttentionFusionModule(dict(dims), width), sorted(dims)), width, 100, dims)

    return {
        "MultiBench Concat": sized(concat, budget),
        "MultiBench TensorFusion 16": sized(lambda hidden: tensor(hidden, 16), budget),
        "MultiBench TensorFusion 32": sized(lambda hidden: tensor(hidden, 32), budget),
        "MultiBench LRTF as shipped": sized(lambda rank: low_rank(rank, repaired=False), budget),
        "MultiBench LRTF repaired": sized(lambda rank: low_rank(rank, repaired=True), budget),
        "MultiBench MI-Matrix 16": sized(lambda fused: interactions(fused, 16), budget),
        "MultiBench MI-Matrix 32": sized(lambda fused: interactions(fused, 32), budget),
        "torchmultimodal AttentionFusion": sized(attentive, budget),
    }


def parameters(model: nn.Module) -> int:
    """Numbers that a model holds, those in plain lists included, which no optimiser sees."""
    hidden = [
        p for module in model.modules() for p in getattr(module, "factors", []) if isinstance(p, nn.Parameter | Tensor)
    ]
    return sum({id(p): p.numel() for p in [*model.parameters(), *hidden]}.values())


def sized(make: Callable[[int], nn.Module], budget: int) -> Callable[[], nn.Module]:
    """The maker with the size that comes nearest to the budget of parameters."""
    low, high = 1, 2
    while parameters(make(high)) < budget:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if parameters(make(middle)) < budget else (low, middle)
    size = min((low, high), key=lambda size: abs(parameters(make(size)) - budget))
    return lambda: make(size)


def _quietly(make: Callable[[], nn.Module]) -> nn.Module:
    with warnings.catch_warnings():  # of names of torch that are old by now
        warnings.simplefilter("ignore")
        return make()

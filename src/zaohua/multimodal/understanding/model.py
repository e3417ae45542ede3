"""A network that understands, ready to use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, overload

import torch
from torch import Tensor

from zaohua.language.tokenizer import Tokenizer
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card
from zaohua.multimodal.fusion.explaining import Value, leave_one_out, shapley
from zaohua.multimodal.fusion.page import Attribution
from zaohua.multimodal.understanding.batches import Batch, Rows
from zaohua.multimodal.understanding.examples import Example, side_of
from zaohua.multimodal.understanding.folder import load_understanding, save_understanding
from zaohua.multimodal.understanding.network import Understander
from zaohua.multimodal.understanding.shape import Shape
from zaohua.multimodal.understanding.showing import shown

_AT_ONCE = 64  # examples in a pass


@dataclass(frozen=True, slots=True)
class Answer:
    """label: the most probable class, "" where a number is told; probabilities: of every class, most probable first;
    number: what is told where it is one; weights: of each modality in the fusion, if it has any."""

    label: str
    probabilities: dict[str, float]
    number: float | None
    weights: dict[str, float] | None


class UnderstandingModel:
    """Tells a class or a number from whatever it is given of its modalities."""

    def __init__(
        self, network: Understander, tokenizer: Tokenizer | None, *, name: str = "", card: str | None = None
    ) -> None:
        self.network, self.tokenizer, self.name, self.card = network, tokenizer, name, card

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        network, _, tokenizer = load_understanding(folder)
        name = folder.resolve().name if name is None else name
        return cls(network.to(usual_device(device)), tokenizer, name=name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        save_understanding(self.network, self.tokenizer, Path(folder), self.card)

    @property
    def shape(self) -> Shape:
        """Its modalities, its classes and its sizes."""
        return self.network.shape

    @property
    def modalities(self) -> tuple[str, ...]:
        """What it can be given."""
        return self.shape.forms.modalities

    @overload
    def predict(self, examples: Example) -> Answer: ...
    @overload
    def predict(self, examples: Sequence[Example]) -> list[Answer]: ...

    @torch.inference_mode()
    def predict(self, examples: Example | Sequence[Example]) -> Answer | list[Answer]:
        """What each example is, from the modalities it has: {"image": "owl.jpg", "text": "…"}.

        See zaohua.multimodal.understanding.examples for what may be given, and for the errors, of one line.
        """
        if not isinstance(examples, Sequence):
            return self.predict([examples])[0]
        found = []
        for begin in range(0, len(examples), _AT_ONCE):
            outputs, fused = self.network(self._batch(examples[begin : begin + _AT_ONCE]))
            outputs = outputs.double().cpu()
            weights = None if fused.weights is None else fused.weights[:, 0].cpu().tolist()
            for place in range(len(outputs)):
                found.append(self._answer(outputs[place], None if weights is None else weights[place]))
        return found

    @torch.inference_mode()
    def explain(
        self, examples: Sequence[Example], names: Sequence[str] = (), truths: Sequence[str] = ()
    ) -> list[Attribution]:
        """What each modality had to do with each answer: its weight in the fusion, and what becomes of the answer's
        log-probability (of a number: of the number itself) without it, and in every company.

        names, truths: what the examples are called, and the right answers, where they are known.
        """
        found = []
        for place, example in enumerate(examples):
            features, masks = self.network.encode(self._batch([example]))
            outputs, fused = self.network.decide(features, masks)
            value, order = self._value(outputs, features, masks), self.network.fusion.modalities
            weights = None if fused.weights is None else fused.weights[0, 0].tolist()
            answer = self._answer(outputs[0].double().cpu(), weights)
            found.append(
                Attribution(
                    name=names[place] if names else str(place + 1),
                    answer=answer.label or f"{answer.number:.4g}",
                    probability=answer.probabilities[answer.label] if answer.label else None,
                    truth=truths[place] if truths else None,
                    modalities=order,
                    present=tuple(name in masks and bool(masks[name].any()) for name in order),
                    weights=None if weights is None else tuple(weights),
                    left_out=tuple(leave_one_out(value, order)[0, 0].tolist()),
                    shapley=tuple(shapley(value, order)[0, 0].tolist()),
                    shown=tuple(shown(name, example.get(name)) for name in order),
                )
            )
        return found

    def _value(self, outputs: Tensor, features: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Value:
        """What is explained where only some modalities are kept: the log-probability of the class that was told with
        all of them, or the number. outputs: [1, outputs]"""

        def value(kept: frozenset[str]) -> Tensor:
            seen = {name: mask & (name in kept) for name, mask in masks.items()}
            said, _ = self.network.decide(features, seen)
            if self.shape.kind == "number":
                return self.network.numbers(said)
            return said.log_softmax(-1)[:, outputs[0].argmax()]

        return value

    def _batch(self, examples: Sequence[Example]) -> Batch:
        side = side_of(examples, self.shape.forms)
        rows = Rows(side, self.shape, self.tokenizer)
        return rows.batch(torch.arange(len(side))).to(self.network.target_mean.device)

    def _answer(self, output: Tensor, weights: Sequence[float] | None) -> Answer:
        """Of one row. output: float64 [outputs]"""
        shares = None if weights is None else dict(zip(self.network.fusion.modalities, weights, strict=True))
        if self.shape.kind == "number":
            number = self.network.numbers(output[None].to(self.network.target_mean.device)).item()
            return Answer("", {}, number, shares)
        pairs = zip(self.shape.classes, output.softmax(-1).tolist(), strict=True)
        probabilities = dict(sorted(pairs, key=lambda pair: -pair[1]))
        return Answer(next(iter(probabilities)), probabilities, None, shares)

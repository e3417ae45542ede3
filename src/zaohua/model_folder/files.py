"""What lies in a model folder beside its tensors, and how the folder appears whole or not at all."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from zaohua.errors import ZaohuaError, one_line
from zaohua.files import new_folder
from zaohua.i18n import t

CONFIG, CARD = "config.json", "README.md"


@contextmanager
def new_model_folder(folder: Path) -> Iterator[Path]:
    """A model folder to fill that takes its name only when the block ends well; an older one of that name is replaced.

    Raises ZaohuaError when it cannot be written.
    """
    try:
        with new_folder(Path(folder)) as temporary:
            yield temporary
            for file in temporary.glob("*.safetensors"):
                file.chmod(temporary.stat().st_mode & ~0o111)  # else its owner's alone
    except (OSError, SafetensorError) as error:
        raise ZaohuaError(t("hub.cannot_save", path=folder, reason=one_line(error))) from error


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """An object, to be read by people too."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file, or one line that says why not."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ZaohuaError(t("hub.bad_json", path=path, reason=one_line(error))) from error
    if not isinstance(value, dict):
        raise ZaohuaError(t("hub.bad_json", path=path, reason=t("hub.not_an_object", found=type(value).__name__)))
    return value


def read_card(folder: Path) -> str | None:
    """The text of a model folder's README.md, if it has one."""
    card = folder / CARD
    return card.read_text(encoding="utf-8", errors="replace") if card.is_file() else None

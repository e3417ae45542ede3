"""zaohua generate with a model that makes sounds: a file each."""

from pathlib import Path
from typing import TYPE_CHECKING

from zaohua.cli.media import save_all

if TYPE_CHECKING:
    from zaohua.gan.sounds.model import SoundModel


def make(
    opened: "SoundModel",
    n: int | None,
    seed: int,
    out: Path | None,
    json: bool,
    label: str | None,
    truncation: float,
) -> None:
    """Make and save what was asked for; without --out as WAV under a name that says of what model and seed it is."""
    from zaohua.artifacts import Audio

    if out is not None and out.suffix:
        Audio.check_format(out)
    made = opened.generate(1 if n is None else n, seed=seed, label=label, truncation=truncation)
    seconds = len(made[0].samples) / opened.rate
    save_all(made, out, opened.name, seed, json=json, rate=opened.rate, seconds=seconds)

"""zaohua generate with a model that makes clips: a film each."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua.cli.media import save_all
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.gan.video.model import VideoModel


def make(
    opened: "VideoModel",
    n: int | None,
    seed: int,
    out: Path | None,
    json: bool,
    label: str | None,
    truncation: float,
    seconds: float | None,
    frames: int | None,
    fps: float | None,
) -> None:
    """Make and save what was asked for; without --out as MP4 under a name that says of what model and seed it is."""
    from zaohua.artifacts import Video

    if out is not None and out.suffix:
        Video.check_format(out)
    if seconds is not None:
        if frames is not None:
            raise UsageError(t("video.frames_and_seconds"))
        if not 0 < seconds < 1e6:
            raise UsageError(t("video.seconds_out_of_range", value=seconds))
        rate = opened.fps if fps is None else fps
        frames = max(1, round(seconds * rate)) if math.isfinite(rate) else None  # which generate() will refuse
    asked: dict[str, Any] = {"seed": seed, "label": label, "truncation": truncation, "frames": frames, "fps": fps}
    made = opened.generate(1 if n is None else n, **asked)
    save_all(made, out, opened.name, seed, json=json, frames=len(made[0].frames), fps=made[0].fps)

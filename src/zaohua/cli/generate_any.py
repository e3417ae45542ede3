"""zaohua generate with a model of several media: pictures, sounds or films of a prompt."""

from pathlib import Path
from typing import TYPE_CHECKING

from zaohua.cli.media import save_all

if TYPE_CHECKING:
    from zaohua.multimodal.any.model import AnyModel


def make(
    opened: "AnyModel",
    prompt: str,
    n: int | None,
    seed: int,
    out: Path | None,
    json: bool,
    to: str | None,
    guidance: float | None,
    best_of: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
) -> None:
    """Make and save what was asked for; without --out under a name that says of what model and seed it is."""
    from zaohua.multimodal.any.model import GUIDANCE

    target = to or opened.makes[0]
    if out is not None and out.suffix:
        opened.artifact(target).check_format(out)
    made = opened.generate(
        prompt,
        target,
        1 if n is None else n,
        guidance=GUIDANCE if guidance is None else guidance,
        seed=seed,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        best_of=best_of,
    )
    save_all(made, out, opened.name, seed, json=json, to=target)

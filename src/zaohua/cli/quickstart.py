"""`zaohua quickstart`: the whole journey on built-in real data, act by act, in one run folder and one report.

A further act (pictures, sound, …) is one function here and one line in ACTS.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua.cli.common import Json, Quiet, make_way, print_json
from zaohua.cli.results import results_table
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t

if TYPE_CHECKING:
    from rich.console import Console

    from zaohua.artifacts import Image

FOLDER = Path("runs/quickstart")
LANGUAGE_RECIPE = "language/quickstart"
OCCUPATION = "27-1024"  # graphic designers
PICTURE_RECIPE, PICTURE_FOLDER = "gan/quickstart-pictures", "pictures"
MEDIA_MODEL, MEDIA_FOLDER = "builtin:any-emoji", "media"
MEDIA_PROMPTS, MEDIA_BEST_OF = ("smiling face", "clock", "笑脸", "家庭"), 4
MEDIA_PICTURES, MEDIA_SIDE = "⛰📵💛", 64  # pictograms that the model was not trained on


@dataclass(frozen=True)
class Act:
    """One part of the journey. run(folder, console) does it, tells the person, and returns numbers for programs."""

    name: str  # `quickstart.act_NAME` of the catalogue is its title
    run: Callable[[Path, "Console"], dict[str, Any]]


def quickstart(json: Json = False, quiet: Quiet = False) -> None:
    make_way(quiet=quiet or json)
    from rich.console import Console

    from zaohua.report import write_report
    from zaohua.report.next_steps import commands
    from zaohua.report.record import read_record
    from zaohua.training.signals import Stopped

    console = Console(stderr=json, quiet=quiet, highlight=False, markup=False, soft_wrap=True)
    _clear(FOLDER)
    results = {}
    try:
        for number, act in enumerate(ACTS, 1):
            title = t("quickstart.act", number=number, total=len(ACTS), title=t(f"quickstart.act_{act.name}"))
            console.print(title, style="bold")
            results[act.name] = act.run(FOLDER, console)
    except (Stopped, KeyboardInterrupt) as error:  # --resume is for runs of one's own: this one starts over
        raise ZaohuaError(t("quickstart.stopped")) from error
    report = write_report(FOLDER)
    if json:
        print_json({"folder": FOLDER.as_posix(), "report": report.as_posix(), "acts": results})
        return
    console.print(t("quickstart.report", path=report), style="bold")
    console.print(t("quickstart.next"))
    for why, command in commands(read_record(FOLDER)):
        console.print(f"  {why}")
        console.print(f"    {command}", style="cyan")


def language_act(folder: Path, console: "Console") -> dict[str, Any]:
    """Train the tokeniser and the decoder, compare with the baselines, and write in both languages."""
    from zaohua.hub import load
    from zaohua.recipe import load_recipe
    from zaohua.report.record import read_record
    from zaohua.report.verdict import copying, verdict, warnings
    from zaohua.training.run import train

    recipe = load_recipe(LANGUAGE_RECIPE, [f"run.dir={folder.as_posix()}"])
    summary = train(recipe, quiet=console.quiet)
    record = read_record(folder)
    reached = {name: record.best[name] for name in ("loss", "perplexity", "bits_per_byte")}
    console.print(results_table(reached, summary["baselines"]))
    kind, sentence = verdict(record)
    console.print(sentence, style="bold green" if kind == "beats" else "bold yellow")
    if copied := copying(summary.get("overlap", {})):
        console.print(copied)
    for warning in warnings(record):
        console.print(warning, style="yellow")
    console.print(t("quickstart.samples"), style="dim")
    model = load(folder)
    samples = []
    for prompt in recipe["sample"]["prompts"]:
        console.print(prompt, style="bold", end="")
        written = model.generate(
            prompt,
            max_new_tokens=120,
            top_p=0.95,
            seed=1,
            stream=lambda piece, _: console.print(_printable(piece), end=""),
        )
        console.print("\n")
        samples.append({"prompt": prompt, "text": written[0].text})
    return {"metrics": reached, "baselines": summary["baselines"], "samples": samples}


def picture_act(folder: Path, console: "Console") -> dict[str, Any]:
    """Two networks learn digits from each other; the sheet of what they make goes into the report."""
    from zaohua.cli.results import scores_table
    from zaohua.hub import load
    from zaohua.recipe import load_recipe
    from zaohua.training.run import train

    run = folder / PICTURE_FOLDER
    summary = train(load_recipe(PICTURE_RECIPE, [f"run.dir={run.as_posix()}"]), quiet=console.quiet)
    console.print(scores_table(summary))
    file = load(run).grid(80).save(run / "digits.png")
    console.print(t("quickstart.pictures", path=file.as_posix()))
    return {"scores": summary["scores"], "realism": summary["realism"], "file": file.as_posix()}


def media_act(folder: Path, console: "Console") -> dict[str, Any]:
    """A small model that ships with the package draws what is asked for and says what pictures show that it was not
    trained on, in both languages."""
    from zaohua.hub import load
    from zaohua.multimodal.any.showing import show

    model, place = load(MEDIA_MODEL), folder / MEDIA_FOLDER
    try:
        made = show(model, MEDIA_PROMPTS, _pictograms(MEDIA_PICTURES), place, best_of=MEDIA_BEST_OF)
    except ZaohuaError as error:  # pictures, and what it looks at them with, come by pip the first time
        console.print(str(error), style="yellow")
        made = show(model, MEDIA_PROMPTS, [], place)
    for picture, texts in made.said:
        console.print(f"{picture.prompt} → {' · '.join(texts)}")
    console.print(t("quickstart.media", sheet=made.sheet.as_posix(), page=made.page.as_posix()))
    return {
        "prompts": list(MEDIA_PROMPTS),
        "said": [{"name": picture.prompt, "captions": list(texts)} for picture, texts in made.said],
        "files": [made.sheet.as_posix(), made.page.as_posix()],
    }


def _pictograms(signs: str) -> list["Image"]:
    """Built-in pictures of these signs, named as Unicode names them."""
    import numpy as np

    from zaohua.artifacts import Image
    from zaohua.data.builtin_pictures import openmoji

    found = {picture.name[0]: picture for picture in openmoji()}
    return [Image(pixels=np.asarray(found[sign].open(MEDIA_SIDE)), prompt=found[sign].name) for sign in signs]


def careers_act(folder: Path, console: "Console") -> dict[str, Any]:
    """What generative AI does to one occupation, as a report in each language."""
    from zaohua.careers.pages import page
    from zaohua.careers.pages.html import write
    from zaohua.careers.profile import profile
    from zaohua.i18n import LANGUAGES, using

    one, files = profile(OCCUPATION), []
    for language in LANGUAGES:
        with using(language):
            shown = page.show(one)
            files.append(folder / f"occupation.{language}.html")
            write(shown, files[-1])
            console.print(shown.title, style="bold")
            for sentence in (*shown.lead[:2], *shown.sections[0].sentences[:1]):
                console.print(sentence)
        console.print(t("quickstart.occupation", path=files[-1].as_posix()))
    return {"occupation": one.code, "files": [file.as_posix() for file in files]}


ACTS = [
    Act("language", language_act),
    Act("pictures", picture_act),
    Act("media", media_act),
    Act("careers", careers_act),
]


def _clear(folder: Path) -> None:
    """Make room: the last quickstart goes, anything else stays and is an error."""
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir() or not _is_ours({path.name for path in folder.iterdir()}):
        raise UsageError(t("quickstart.folder_is_not_ours", folder=folder))
    shutil.rmtree(folder)


def _is_ours(names: set[str]) -> bool:
    """Whether a folder of these names may go: a run, one that failed while its data were prepared, or nothing."""
    return "recipe.toml" in names or names <= {"log.txt"}


def _printable(text: str) -> str:
    """A model's text without the control characters that could steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t\u3000" else "\ufffd" for c in text)

"""What to type after a run: exact commands, chosen by how it went."""

import shlex

from zaohua.i18n import t
from zaohua.report.numbers import number
from zaohua.report.record import Record
from zaohua.report.verdict import overfits

_ASKED = "PROMPT"  # stands for a beginning the run knows
_WRITES = ("report.next_generate", "generate", _ASKED)
# task -> why, the verb that uses its model, and what comes after the folder; a model of any other task writes.
_USES = {
    "masked": ("encoder.next_fill", "fill", _ASKED),
    "classify": ("encoder.next_classify", "classify", _ASKED),
    "embed": ("", "", ""),
    "contrastive": ("contrastive.next_search", "search", 'FOLDER "…"'),
    "seq2seq": _WRITES,
    "gan-image": ("gan.next_pictures", "generate", "--grid"),
    "gan-sound": ("gan.next_sounds", "generate", "-n 8"),
    "gan-video": ("gan.next_films", "generate", "-n 4"),
    "gan-translate": ("gan.next_translate", "translate", "picture.png"),
    "understand": ("understand.next_classify", "evaluate", ""),
    "av-digits": ("understand.next_classify", "evaluate", ""),
    "transcribe": ("speech.next_transcribe", "translate", "speech.wav"),
    "vocoder": ("gan.next_copy", "translate", "speech.wav"),
    "image-tokens": ("tokenise.next_picture", "translate", "picture.png"),
    "sound-tokens": ("tokenise.next_sound", "translate", "sound.wav"),
}


def writes(task: str | None) -> bool:
    """Whether the models of this task write, and are no mere readers."""
    return _USES.get(task or "", _WRITES) == _WRITES


def commands(record: Record) -> list[tuple[str, str]]:
    """(why, command) pairs, most useful first."""
    folder = _spoken(record)
    found = []
    if not record.finished:
        resume = record.resume_command or f"zaohua train {t('report.your_recipe')} --resume"
        found.append((t("report.next_resume"), resume))
    if record.best:
        why, verb, after = _USES.get(record.recipe.get("task", ""), _WRITES)
        if verb:
            found.append(
                (t(why), f"zaohua {verb} {shlex.quote(folder)} {_asked(record) if after == _ASKED else after}")
            )
    if record.recipe.get("task") not in _USES:
        own = "zaohua train language/novel-zh data.source=folder:./my-texts run.dir=runs/mine"
        found.append((t("report.next_own_text"), own))
    change = _change(record)
    if change is not None:
        why, setting = change
        recipe, target = shlex.quote(f"{folder}/recipe.toml"), shlex.quote(f"run.dir={folder}-2")
        found.append((why, f"zaohua train {recipe} {setting} {target}"))
    return found


def _asked(record: Record) -> str:
    """The newest beginning of a text that the run was asked to go on from."""
    known = (sample.prompt for sample in reversed(record.samples) if sample.prompt)
    return shlex.quote(next(known, t("report.example_prompt")).strip().replace("\n", " "))


def _change(record: Record) -> tuple[str, str] | None:
    """The one setting that this run's curve suggests to change, and why."""
    if overfits(record):
        return t("report.next_dropout"), "model.dropout=0.1"
    for budget in ("steps", "tokens", "images", "sounds", "clips", "minutes"):  # a recipe has one of them
        value = record.recipe_value("train", budget)
        if number(value):
            return t("report.next_longer"), f"train.{budget}={2 * value}"
    return None


def _spoken(record: Record) -> str:
    """The run folder as the person named it."""
    named = record.recipe_value("run", "dir")
    return named if isinstance(named, str) and named else record.folder.name

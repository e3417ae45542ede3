"""Where pictures, sounds and films that were made go, and what is said of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua.cli.common import print_json
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.artifacts import Artifact


def file_beside(source: Path, out: Path | None, kind: "type[Artifact]") -> Path:
    """Where what becomes of one file is written: `out`, or NAME-translated. Raises UsageError for a folder, for a
    format that cannot be written, and for the file itself."""
    target = out or Path(f"{source.stem}-translated{kind.suffixes[0]}")
    if target.is_dir():
        example = target / f"{source.stem}{kind.suffixes[0]}"
        raise UsageError(t("translate.not_for_one", path=source, out=target, example=example))
    kind.check_format(target)
    if target.resolve() == source.resolve():
        raise UsageError(t("translate.out_is_input", path=source))
    return target


def paths(made: "Sequence[Artifact]", out: Path | None, name: str, seed: int) -> list[Path]:
    """The file asked for; in a folder, and for several, one file each. name, seed: of the model and of the draw, which
    name the files where the user does not."""
    suffix = made[0].suffixes[0]
    named = f"{Path(name).name or 'made'}-{seed}"
    if out is None:
        out = Path(named) if len(made) > 1 else Path(f"{named}{suffix}")
    if len(made) == 1:
        return [out if out.suffix else out / f"{named}{suffix}"]
    if out.suffix:
        return [out.with_stem(f"{out.stem}-{number}") for number in range(1, len(made) + 1)]
    return [out / f"{named}-{number:05d}{suffix}" for number in range(1, len(made) + 1)]


def save_all(made: "Sequence[Artifact]", out: Path | None, name: str, seed: int, *, json: bool, **facts: Any) -> None:
    """Save each, see paths(), and say so: in a line, or as JSON with these further facts."""
    files = [artifact.save(path) for artifact, path in zip(made, paths(made, out, name, seed), strict=True)]
    if json:
        listed = [{"file": str(file), "class": artifact.prompt} for file, artifact in zip(files, made, strict=True)]
        print_json({"model": name, "seed": seed, **facts, "files": listed})
    else:
        _tell_saved(files)


def _tell_saved(files: Sequence[Path]) -> None:
    """One line: the file, or how many and the folder they are in."""
    if len(files) == 1:
        print(t("generate.saved", path=files[0]))
    else:
        print(t("gan.saved", count=len(files), path=files[0].parent))

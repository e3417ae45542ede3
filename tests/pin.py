"""Every installed distribution that zaohua[dev] needs, pinned: `make pin` writes it to constraints.txt.

torch's own GPU libraries are left to torch, which pins them itself, and so are those that only another system needs.
"""

import re
import sys
from importlib.metadata import PackageNotFoundError, distribution


def normalised(name: str) -> str:
    """The one spelling of a package name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(name: str, extras: tuple[str, ...]) -> dict[str, str]:
    """Normalised name -> version of all installed distributions that `name[extras]` needs, itself excepted."""
    from packaging.requirements import Requirement

    found: dict[str, str] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    waiting = [(name, extras)]
    while waiting:
        current, wanted = waiting.pop()
        key = (normalised(current), tuple(sorted(wanted)))
        if key in seen:
            continue
        seen.add(key)
        try:
            installed = distribution(current)
        except PackageNotFoundError:
            continue
        if key[0] != normalised(name):
            found[key[0]] = installed.version.partition("+")[0]
        for text in installed.requires or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in (*wanted, "")):
                waiting.append((requirement.name, tuple(requirement.extras)))
    return found


def pins() -> list[str]:
    """The lines of constraints.txt."""
    return sorted(f"{name}=={version}" for name, version in closure("zaohua", ("dev",)).items())


if __name__ == "__main__":
    sys.stdout.write(
        "# What zaohua is tested with; `pip install -c constraints.txt` keeps to it. Written by `make pin`.\n"
    )
    sys.stdout.write("\n".join(pins()) + "\n")

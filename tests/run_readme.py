"""Run the README's commands in a fresh copy of the checkout: `python tests/run_readme.py README.md`.

A fenced block of bash or python counts if `<!-- ci -->` stands on the line before it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"<!-- ci -->\n```(bash|python)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(markdown: str) -> list[tuple[str, str]]:
    """(language, code) of every marked block, in order."""
    return _BLOCK.findall(markdown)


def copy_checkout(target: Path) -> None:
    """What a clone would hold: tracked files and new ones that git does not ignore, as they are now."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listing.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


def main(readme: str) -> int:
    """Run the blocks one after the other; the exit code of the first that fails, else 0."""
    found = blocks((ROOT / readme).read_text(encoding="utf-8"))
    if not found:
        print(f"{readme} has no block marked <!-- ci -->")
        return 1
    with tempfile.TemporaryDirectory(prefix="zaohua-readme-") as folder:
        copy_checkout(Path(folder))
        environment = os.environ | {"PATH": f"{folder}/.venv/bin{os.pathsep}{os.environ['PATH']}"}
        environment.pop("VIRTUAL_ENV", None)
        for language, code in found:
            print(f"\n--- {readme}, {language}:\n{code}---", flush=True)
            program = ["bash", "-euo", "pipefail", "-c"] if language == "bash" else ["python", "-c"]
            done = subprocess.run([*program, code], cwd=folder, env=environment, stdin=subprocess.DEVNULL)
            if done.returncode:
                print(f"--- exit code {done.returncode}")
                return done.returncode
    print(f"{len(found)} passed, 0 failed")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))

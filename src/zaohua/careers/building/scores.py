"""What our exposure model makes of each work activity: `python -m zaohua.careers.building.scores TABLES`.

Scored once and shipped, so that a page needs no encoder and says the same on every machine.
"""

import hashlib
import json
import sys
import tomllib
from pathlib import Path

import tomli_w

from zaohua.careers import store
from zaohua.careers.building.occupations import Row
from zaohua.careers.building.write import BUILT, compressed
from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.model import WEIGHTS
from zaohua.careers.exposure.scoring import of_duties
from zaohua.files import write_atomic

TABLE = "activity_scores"
_LABELS = "gpts_are_gpts_full_labelset.tsv"


def score(tables: Path) -> int:
    """Write the table and its entry in built.toml; returns its number of rows."""
    titles = store.rows("activity_titles")
    scored = of_duties([row["title"] for row in titles], "en")
    rows: list[Row] = [("activity", "level", "share", "people", "gpt4", *KINDS)]
    for row, each in zip(titles, scored, strict=True):
        shares = (f"{value:.3f}" for value in (each.share, each.people, each.gpt4))
        rows.append((row["id"], each.level, *shares, *(each.kinds[kind].level for kind in KINDS)))
    content = compressed(rows)
    made = tomllib.loads((tables / BUILT).read_text(encoding="utf-8"))
    fitted = json.loads((WEIGHTS / "model.json").read_text(encoding="utf-8"))["sha256"]
    origin = made["activity_titles"]["from"] | {_LABELS: fitted[f"{_LABELS}.gz"]}
    made[TABLE] = {"rows": len(titles), "sha256": hashlib.sha256(content).hexdigest(), "from": origin}
    write_atomic(tables / f"{TABLE}.csv.gz", content)
    write_atomic(tables / BUILT, tomli_w.dumps(made))
    return len(titles)


if __name__ == "__main__":
    print(f"{score(Path(sys.argv[1])):7,}  {TABLE}")

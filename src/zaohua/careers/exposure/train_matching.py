"""Writes the matrices that find occupations by their duties: python -m zaohua.careers.exposure.train_matching DATA"""

import sys
from collections import defaultdict
from pathlib import Path

from zaohua.careers.exposure.matching import save_matcher
from zaohua.careers.exposure.sources import csco_tasks, rows
from zaohua.careers.occupations import by_member

_ENGLISH = {
    "onet_30_1_task_statements.tsv.gz": "Task",
    "onet_30_1_occupation_data.csv.gz": "Description",
    "onet_30_1_tasks_to_dwas.csv.gz": "DWA Title",
    "onet_30_1_alternate_titles.csv.gz": "Alternate Title",
}


def main(data: Path) -> None:
    """Words of three occupations at least; runs of characters of two."""
    unit = by_member()
    english: dict[str, list[str]] = defaultdict(list)
    for table, column in _ENGLISH.items():
        for row in rows(data, table):
            code = row["O*NET-SOC Code"][:7]
            if code in unit:
                english[unit[code]].append(row[column])
    save_matcher("en", {code: "\n".join(texts) for code, texts in sorted(english.items())}, least=3)
    chinese: dict[str, list[str]] = defaultdict(list)
    for task in csco_tasks(data):
        chinese[task.code].append(task.text)
        if len(chinese[task.code]) == 1:
            chinese[task.code].append(task.occupation)
    save_matcher("zh", {code: "\n".join(texts) for code, texts in sorted(chinese.items())}, least=2)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

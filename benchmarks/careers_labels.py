"""Draws the tasks that the project labels, and merges two passes of answers into the labels that ship.

    python benchmarks/careers_labels.py sample DATA OUT     writes tasks_onet.tsv and tasks_csco.tsv for labellers
    python benchmarks/careers_labels.py merge DATA OUT      reads *.pass1.tsv and *.pass2.tsv, writes labels and κ

DATA holds the published tables (O*NET tasks with the labels of GPTs are GPTs, the Chinese classification of 2022), OUT
the working files. Half of a sample is spread evenly over major groups (and, for O*NET, over the published labels, so
that no level is rare); the rest is drawn from tasks with cues of pictures, sound and film, which are seldom otherwise.
Only identifiers and answers are kept in the project: the sentences belong to their publishers.
"""

import argparse
import csv
import json
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from zaohua.careers.exposure.labels import KINDS, Label, agreement, merged, read_pass, write_labels
from zaohua.careers.exposure.sources import Work, csco_tasks, labelled_tasks

SEED = 6
CUES = {
    "en": {
        "image": r"\b(photo\w*|image\w*|picture\w*|draw(?:ing|n)?s?|sketch\w*|illustrat\w*|graphic\w*|design\w*|"
        r"layout\w*|map(?:s|ping)?|x-?ray\w*|radiograph\w*|scan\w*|blueprint\w*|visual\w*|art ?work)\b",
        "audio": r"\b(audio|sound\w*|music\w*|voice\w*|speech|sing\w*|song\w*|record(?:ed)? (?:messages|announcements)|"
        r"radio|telephone\w*|dictat\w*|transcri\w*|hearing|listen\w*|compos\w*|microphone\w*|narrat\w*|interpret\w*)\b",
        "video": r"\b(video\w*|film\w*|motion picture\w*|television|animat\w*|camera\w*|footage|broadcast\w*|"
        r"edit(?:s|ing)?|multimedia|surveillance|screen\w*|scene\w*|special effects)\b",
    },
    "zh": {
        "image": r"图像|图片|照片|摄影|绘|设计图|图纸|美术|插画|版面|制图|影像|海报|效果图|图案|造型",
        "audio": r"音频|声音|语音|音乐|录音|播音|配音|演唱|演奏|口译|电话|听|广播|音响|作曲|音效",
        "video": r"视频|影片|电影|电视|动画|摄像|监控|剪辑|拍摄|直播|特效|录像|放映|短片",
    },
}


def sample(
    tasks: list[Work], groups: Callable[[Work], str], spread: int, cues: dict[str, str], each: int
) -> list[Work]:
    """`spread` tasks evenly over groups, then `each` for every cue; no sentence twice."""
    chance = random.Random(SEED)
    tasks = sorted({task.text.casefold(): task for task in reversed(tasks)}.values(), key=lambda task: task.id)
    shuffled = chance.sample(tasks, len(tasks))
    by_group: dict[str, list[Work]] = defaultdict(list)
    for task in shuffled:
        by_group[groups(task)].append(task)
    chosen: dict[str, Work] = {}
    while len(chosen) < spread:
        for name in sorted(by_group):
            if by_group[name] and len(chosen) < spread:
                task = by_group[name].pop()
                chosen[task.id] = task
    for cue in cues.values():
        fresh = [task for task in shuffled if task.id not in chosen and re.search(cue, task.text, re.IGNORECASE)]
        chosen.update({task.id: task for task in fresh[:each]})
    return chance.sample(list(chosen.values()), len(chosen))


def write_tasks(tasks: Iterable[Work], file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        table = csv.writer(out, delimiter="\t", lineterminator="\n")
        table.writerow(["id", "occupation", "task"])
        table.writerows([task.id, task.occupation, task.text] for task in tasks)


def draw(data: Path, out: Path) -> None:
    onet, csco = labelled_tasks(data), csco_tasks(data)
    write_tasks(sample(onet, lambda task: f"{task.code[:2]} {task.human}", 360, CUES["en"], 60), out / "tasks_onet.tsv")
    write_tasks(sample(csco, lambda task: task.code[:4], 300, CUES["zh"], 50), out / "tasks_csco.tsv")
    for source in ("onet", "csco"):
        for number in (1, 2):
            file = out / f"{source}.pass{number}.tsv"
            if not file.exists():
                file.write_text("\t".join(["id", *KINDS]) + "\n", encoding="utf-8")


def merge(data: Path, out: Path) -> None:
    report = {}
    for source in ("onet", "csco"):
        first, second = (read_pass(out / f"{source}.pass{number}.tsv") for number in (1, 2))
        wanted = [
            row["id"] for row in csv.DictReader((out / f"tasks_{source}.tsv").open(encoding="utf-8"), delimiter="\t")
        ]
        read = [task for task in wanted if task in first]
        answers = [(task, first[task], second.get(task, "")) for task in read]
        labels = [Label(task, one, two, merged(one, two) if two else one) for task, one, two in answers]
        write_labels(labels, out / f"{source}.csv")
        twice = [label for label in labels if label.second]
        report[source] = {"tasks": len(labels), "twice": len(twice), "missing": len(wanted) - len(labels)}
        report[source] |= agreement(twice) if twice else {}
    (out / "agreement.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=1))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("step", choices=["sample", "merge"])
    options.add_argument("data", type=Path)
    options.add_argument("out", type=Path)
    given = options.parse_args()
    {"sample": draw, "merge": merge}[given.step](given.data, given.out)


if __name__ == "__main__":
    main()

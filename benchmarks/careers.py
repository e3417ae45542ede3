"""Prints what the occupations part has to reach beside what it reaches.

    python benchmarks/careers.py DATA [--work FOLDER] [--json]

DATA: the published tables. --work: the folder of zaohua.careers.exposure.train, which keeps sentence vectors and the
raw scores of each fold; without it everything is computed anew (about a quarter of an hour on one core, and the encoder
has to be had). Scores of a task always come from a model that has seen neither its occupation (or major group) nor its
sentence; the second layer is fitted on the other folds. What is compared with but not fitted on: Microsoft, Anthropic,
ILO, AIOE, the handbook's pages.
"""

import argparse
import hashlib
import json
import re
import tempfile
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score

from zaohua.careers import activities, store
from zaohua.careers.correlation import spearman
from zaohua.careers.exposure import learning, meaning
from zaohua.careers.exposure.assess import LEADS, assess
from zaohua.careers.exposure.duties import duties
from zaohua.careers.exposure.learning import Tasks
from zaohua.careers.exposure.matching import matcher
from zaohua.careers.exposure.model import HALVED, Scored
from zaohua.careers.exposure.occupations import by_importance, with_activities
from zaohua.careers.exposure.sources import rows
from zaohua.careers.exposure.thresholds import conformal
from zaohua.careers.exposure.train import KeptVectors
from zaohua.careers.finding import text as titles_text
from zaohua.careers.finding.chinese import ChineseTitles
from zaohua.careers.finding.english import EnglishTitles
from zaohua.careers.occupations import by_member, occupations

HERE = Path(__file__).parent
VOTES = 36  # columns of raw scores that activities give: three sharpnesses, two raters, shares and their logarithms
Row = tuple[str, str, str, str]  # check, baseline, bar, reached


def labels_rows(tasks: Tasks, work: Path) -> Iterator[Row]:
    """Task labels on unseen occupations and unseen major groups, calibration, coverage."""
    for scheme, groups in (("occupations", tasks.occupations), ("major groups", tasks.majors)):
        parts = learning.folds(groups, balanced=scheme == "major groups")
        raw = learning.unseen_scores(
            tasks, parts, work, "en-meaning" if scheme == "occupations" else "en-meaning-major"
        )
        for name, labels in (("human", tasks.people), ("GPT-4", tasks.gpt4)):
            found = learning.unseen_probabilities(raw, labels, parts)
            base, bar = _BARS[scheme, name]
            yield f"task labels, {name}, unseen {scheme}: acc / κ", base, bar, _agreement(labels, found)
            if scheme == "occupations":
                yield f"calibration error, {name}", "0.011", "≤ 0.011", f"{calibration_error(labels, found):.4f}"
                yield f"90% conformal coverage, {name}", "–", "88–92%", _coverage(found, labels, groups)


_BARS = {
    ("occupations", "human"): ("0.729 / 0.532", "≥ 0.745 / 0.555"),
    ("occupations", "GPT-4"): ("0.814 / 0.692", "≥ 0.825 / 0.71"),
    ("major groups", "human"): ("0.690 / 0.461", "κ ≥ 0.49"),
    ("major groups", "GPT-4"): ("0.788 / 0.650", "κ ≥ 0.67"),
}


def _agreement(labels: np.ndarray, probabilities: np.ndarray) -> str:
    given = probabilities.argmax(1)
    table = np.zeros((3, 3))
    np.add.at(table, (labels, given), 1 / len(labels))
    chance = table.sum(0) @ table.sum(1)
    return f"{np.trace(table):.3f} / {(np.trace(table) - chance) / (1 - chance):.3f}"


def calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = 15) -> float:
    """Mean gap between the highest probability and how often it is right, in bins of equal width (Guo et al. 2017)."""
    sure, right = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [abs(right[place == b].sum() - sure[place == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(labels))


def _coverage(probabilities: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> str:
    """Over 20 halvings of the occupations: the quantile from one half, coverage and size of the sets in the other."""
    names, found = np.unique(groups), []
    for seed in range(20):
        half = np.isin(groups, np.random.default_rng(seed).permutation(names)[: len(names) // 2])
        sets = probabilities[~half] >= 1 - conformal(probabilities[half], labels[half], groups[half])
        found.append((sets[np.arange(len(sets)), labels[~half]].mean(), sets.sum(1).mean()))
    covered, size = np.mean(found, axis=0)
    return f"{covered:.1%} (mean size {size:.2f})"


def outside_rows(tasks: Tasks, work: Path, data: Path) -> Iterator[Row]:
    """Occupation means against measures that nothing was fitted on, and observed use of tasks."""
    parts = learning.folds(tasks.occupations)
    raw = learning.unseen_scores(tasks, parts, work, "en-meaning")
    people, gpt4 = (learning.unseen_probabilities(raw, labels, parts) for labels in (tasks.people, tasks.gpt4))
    votes = raw[:, -VOTES : 6 - VOTES]  # the broadest stand first
    share = Scored(people, gpt4, np.zeros(0), np.zeros(0), votes).share
    lower = [work_.text.strip().lower() for work_ in tasks.works]
    seen = {
        row["task_name"].strip().lower()
        for row in rows(data, "aei_2025_11_collaboration_by_task_claude_and_api.csv.gz")
    }
    used = np.array([text in seen for text in lower])
    measures = outside(data) | {"Anthropic Nov 2025": occupation_means(tasks, used.astype(float))}
    bars = {
        "Microsoft": (".743", ".76"),
        "Anthropic Nov 2025": (".769", ".78"),
        "ILO 2025": (".837", ".85"),
        "LM-AIOE": (".885", ".89"),
    }
    columns = {"share": share, "people": people @ HALVED, "GPT-4": gpt4 @ HALVED}
    means = {name: occupation_means(tasks, column) for name, column in columns.items()}
    important, unit = by_importance({name: each.share for name, each in activities.scores().items()}), by_member()
    means["share"] = {
        code: with_activities(value, important.get(unit.get(code, ""))) for code, value in means["share"].items()
    }
    for name, (base, bar) in bars.items():
        found = " · ".join(f"{each} {spearman(column, measures[name])[0]:.3f}" for each, column in means.items())
        yield f"occupation ρ with {name}", base, f"≥ {bar}", found
    known = {row["Task"].strip().lower() for row in rows(data, "onet_20_1_task_statements_aei_key.tsv.gz")}
    inside = np.array([text in known for text in lower])
    auc = " · ".join(f"{name} {roc_auc_score(used[inside], column[inside]):.3f}" for name, column in columns.items())
    yield "task seen in Anthropic use, AUC", "0.755", "≥ 0.77", auc


def occupation_means(tasks: Tasks, values: np.ndarray) -> dict[str, float]:
    """Six-digit SOC: the mean over its O*NET occupations of their tasks' mean, core tasks twice."""
    weight = np.array([2.0 if work.core else 1.0 for work in tasks.works])
    codes, place = np.unique(tasks.occupations, return_inverse=True)
    means = np.bincount(place, weight * values) / np.bincount(place, weight)
    return _averaged((code[:7], mean) for code, mean in zip(codes, means, strict=True))


def outside(data: Path) -> dict[str, dict[str, float]]:
    """Measures by SOC 2018."""
    later = defaultdict(list)
    for row in rows(data, "soc2010_soc2018_crosswalk.csv"):
        later[row["soc2010"]].append(row["soc2018"])

    def in_2018(column: Mapping[str, float]) -> dict[str, float]:
        return _averaged((new, value) for old, value in column.items() for new in later.get(old, [old]))

    aioe = {row["SOC Code"]: float(row["Language Modeling AIOE"]) for row in rows(data, "aioe_occupation_soc2010.csv")}
    ilo = {
        row["ISCO_08"]: float(row["mean_score_2025"]) for row in rows(data, "ilo_wp140_occupation_scores_isco08.csv")
    }
    pairs = [(row["isco08"], row["soc2010"]) for row in rows(data, "bls_isco08_soc2010_crosswalk.csv")]
    microsoft = rows(data, "microsoft_soc_ai_applicability.csv")
    return {
        "Microsoft": {row["SOC Code"]: float(row["ai_applicability_score"]) for row in microsoft},
        "ILO 2025": in_2018(_averaged((soc, ilo[isco]) for isco, soc in pairs if isco in ilo)),
        "LM-AIOE": in_2018(aioe),
    }


def _averaged(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    found = defaultdict(list)
    for code, value in pairs:
        found[code].append(value)
    return {code: float(np.mean(values)) for code, values in found.items()}


def lookup_rows(data: Path) -> Iterator[Row]:
    """Duties to occupation, unseen synonyms, Chinese titles, similar occupations."""
    unit, found, bare = by_member(), [], []
    for page in rows(data, "bls_ooh_what_they_do.csv.gz"):
        if page["soc_code"] in unit and page["duties"]:
            whole = without_title(f"{page['duties'].replace('|', ' ')} {page['what_they_do']}", page["title"])
            wanted = unit[page["soc_code"]]
            found.append(matcher("en").rank(whole, 1)[0][0] == wanted)
            bare.append(matcher("en").rank(page["duties"].replace("|", " "), 1)[0][0] == wanted)
    shown = f"{np.mean(found):.3f} (list of duties alone {np.mean(bare):.3f}), n = {len(found)}"
    yield "duties text → SOC top-1", ".858", "≥ .88", shown
    titles = [(row["code"], row["title"], row["source"]) for row in store.rows("titles")]
    known = EnglishTitles(row for row in titles if row[2] != "s")
    asked = [(code, title) for code, title, source in titles if source == "s" and not known.exact(title)]
    right = np.mean([known.rank(title, 1)[0][0] == code for code, title in asked])
    yield "unseen synonyms top-1", ".721", "≥ .78", f"{right:.3f}, n = {len(asked)}"
    yield "Chinese titles exact", ".247", "≥ .45", _chinese_titles()
    yield "similar occupations P@5 / recall@10", ".662 / .690", "≥ .70 / .72", _similar()


def chinese_rows() -> Iterator[Row]:
    """Chinese lists of duties to occupations that they may lead to: the first, the first five, and what leads, at least
    half of the duties."""
    lists = tomllib.loads((HERE / "careers_chinese_lists.toml").read_text(encoding="utf-8"))["job"]
    found = matcher("zh")
    for part in ("fresh", "beside", "chosen"):
        jobs = [job for job in lists if job["part"] == part]
        first, five, right, wrong = [], [], [], []
        for job in jobs:
            codes = [code for code, _ in found.rank("\n".join(job["duties"]), 5)]
            first.append(codes[0] in job["codes"])
            five.append(not set(codes).isdisjoint(job["codes"]))
            lead = found.mixture(job["duties"])[0]
            leads = bool(lead.code) and lead.share >= LEADS
            right.append(leads and lead.code in job["codes"])
            wrong.append(leads and lead.code not in job["codes"])
        shares = (
            f"{np.mean(first):.2f} / {np.mean(five):.2f}; leads {np.mean(right):.2f}, a wrong one {np.mean(wrong):.2f}"
        )
        yield f"Chinese duties → occupation, lists {part}: top-1 / top-5", "–", "–", f"{shares}, n = {len(jobs)}"


def without_title(text: str, title: str) -> str:
    """`text` with the page's own title, its parts and their singulars taken out."""
    names = {title.lower(), *re.split(r",\s*(?:and )?| and ", title.lower())}
    names |= {name[:-1] for name in names if name.endswith("s")}
    for name in sorted((name.strip() for name in names if len(name.strip()) > 3), key=len, reverse=True):
        text = re.sub(rf"\b{re.escape(name)}\b", " ", text, flags=re.IGNORECASE)
    return text


def _chinese_titles() -> str:
    names = [(row["code"], row["name"]) for row in store.rows("csco")]
    postings = [(row["title"], row["code"]) for row in store.rows("postings")]
    fifth = [int(hashlib.md5(titles_text.chinese(title).encode()).hexdigest(), 16) % 5 for title, _ in postings]
    right = []
    for part in range(5):
        known = ChineseTitles(names, [pair for pair, at in zip(postings, fifth, strict=True) if at != part])
        asked = [pair for pair, at in zip(postings, fifth, strict=True) if at == part]
        right += [known.rank(title, 1)[0][0] == code for title, code in asked]
    return f"{np.mean(right):.3f}, n = {len(right)}"


def _similar() -> str:
    """The handbook's pages of similar occupations (tests/careers/handbook_similar.psv), found by our similarity."""
    lines = (HERE.parent / "tests" / "careers" / "handbook_similar.psv").read_text(encoding="utf-8").splitlines()
    pages = [line.split("|") for line in lines]
    place = {code: number for number, code in enumerate(occupations())}
    score = np.full((len(place), len(place)), -2.0)
    for row in store.rows("similar"):
        score[place[row["code"]], place[row["other"]]] = float(row["score"])
    score = np.maximum(score, score.T)
    number = {page: count for count, (page, _, _) in enumerate(pages)}
    units = [[place[code] for code in codes.split()] for _, codes, _ in pages]
    precision, recall = [], []
    for page, (_, _, wanted) in enumerate(pages):
        right = {number[name] for name in wanted.split()}
        alike = np.array([score[np.ix_(units[page], other)].max() for other in units])
        alike[page] = -np.inf
        hits = [found in right for found in np.argsort(-alike, kind="stable")[:10]]
        if right:
            precision.append(np.mean(hits[:5]))
            recall.append(sum(hits) / len(right))
    return f"{np.mean(precision):.3f} / {np.mean(recall):.3f}"


def invariance_rows() -> Iterator[Row]:
    """The same duties in other words, in another order, in Chinese: how far the mean share moves."""
    jobs = tomllib.loads((HERE / "careers_duties.toml").read_text(encoding="utf-8"))["job"]
    moved: dict[str, list[float]] = defaultdict(list)
    for job in jobs:
        here = assess(duties("\n".join(job["en"]))).share
        moved["order"].append(assess(job["en"][::-1]).share - here)
        moved["paraphrase"].append(assess(job["again"]).share - here)
        moved["language"].append(assess(job["zh"]).share - here)
    for name, shifts in moved.items():
        yield f"invariance: {name}", "–", "≤ 0.05", _moved(jobs, shifts)
    lay = tomllib.loads((HERE / "careers_paraphrases.toml").read_text(encoding="utf-8"))["job"]
    shifts = [assess(job["other"]).share - assess(job["one"]).share for job in lay]
    yield "a layman's words", "–", "–", _moved(lay, shifts)


def _moved(jobs: Sequence[Mapping[str, Any]], shifts: Sequence[float]) -> str:
    size = np.abs(shifts)
    return f"mean {size.mean():.3f}, largest {size.max():.3f} ({jobs[int(size.argmax())]['name']}), n = {len(size)}"


def printed(table: Sequence[Row]) -> str:
    """Markdown."""
    lines = ["| check | baseline | must reach | reached |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in table)])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", type=Path)
    options.add_argument("--work", type=Path)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = given.work or Path(folder)
        meaning.fetch()
        tasks = learning.load(given.data, KeptVectors(work / "vectors.npz"))
        table = [
            *labels_rows(tasks, work),
            *outside_rows(tasks, work, given.data),
            *lookup_rows(given.data),
            *chinese_rows(),
            *invariance_rows(),
        ]
    print(json.dumps(table, ensure_ascii=False, indent=1) if given.json else printed(table))


if __name__ == "__main__":
    main()

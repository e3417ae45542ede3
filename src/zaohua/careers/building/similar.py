"""Which occupations are alike: four kinds of evidence of equal weight, none of it fitted on anyone's list.

O*NET's related occupations, the words of the Occupational Outlook Handbook, of the task statements and of the titles.
Each kind is standardised within an occupation and pressed by sign · ln(1 + |z|), so that no kind can decide alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from zaohua.careers.building.occupations import Row, related, titles, without_head
from zaohua.careers.building.raw import Raw
from zaohua.careers.building.units import Units
from zaohua.careers.finding.aliases import own_lines
from zaohua.extras import need

_KEPT = 60  # neighbours of an occupation that are written


def similar(raw: Raw, units: Units) -> Iterator[Row]:
    """code, other, score: the nearest occupations, best first; scores are sums of pressed z-scores."""
    yield "code", "other", "score"
    codes = list(units.titles)
    place = {code: number for number, code in enumerate(codes)}
    kinds = [
        _related(raw, units, place),
        _words(place, _handbook(raw, units)),
        _words(place, _pairs(raw, units)),
        _words(place, ((str(row[0]), str(row[1])) for row in without_head(titles(raw, units)))),
    ]
    total = np.sum([_pressed(kind) for kind in kinds], axis=0)
    np.fill_diagonal(total, -np.inf)
    for number, code in enumerate(codes):
        for other in np.argsort(-total[number], kind="stable")[:_KEPT]:
            yield code, codes[other], round(float(total[number, other]), 3)


def _related(raw: Raw, units: Units, place: Mapping[str, int]) -> np.ndarray:
    weights = np.zeros((len(place), len(place)))
    for code, other, weight in without_head(related(raw, units)):
        weights[place[str(code)], place[str(other)]] = float(str(weight))
    return weights


def _handbook(raw: Raw, units: Units) -> Iterator[tuple[str, str]]:
    covered = dict(own_lines("handbook_pages.psv"))
    for row in raw.rows("bls_ooh_what_they_do.csv"):
        for unit in covered.get(row["slug"], "").split():
            if unit in units.titles:
                yield unit, f"{row['title']} {row['title']} {row['title']} {row['duties']} {row['what_they_do']}"


def _pairs(raw: Raw, units: Units) -> Iterator[tuple[str, str]]:
    for row in raw.rows("onet_30_1_task_statements.tsv"):
        if code := units.of(row["O*NET-SOC Code"]):
            yield code, row["Task"]


def _words(place: Mapping[str, int], texts: Iterable[tuple[str, str]]) -> np.ndarray:
    """Cosines of tf-idf over words and pairs of words of everything that was said of an occupation."""
    said = defaultdict(list)
    for code, text in texts:
        said[code].append(text)
    vectorizer = need("sklearn.feature_extraction.text", "baselines").TfidfVectorizer(
        sublinear_tf=True, stop_words="english", ngram_range=(1, 2), min_df=2
    )
    vectors = vectorizer.fit_transform(" . ".join(said[code]) for code in place)
    return (vectors @ vectors.T).toarray()


def _pressed(kind: np.ndarray) -> np.ndarray:
    kind = (kind + kind.T) / 2
    others = ~np.eye(len(kind), dtype=bool)
    mean = kind.mean(axis=1, where=others, keepdims=True)
    spread = kind.std(axis=1, where=others, keepdims=True)
    scaled = (kind - mean) / np.where(spread > 0, spread, 1.0)
    scaled = (scaled + scaled.T) / 2
    return np.sign(scaled) * np.log1p(np.abs(scaled))

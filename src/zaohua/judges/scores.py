"""What generated pictures score in the eyes of one extractor, and what real ones that were held back score beside them.

A value alone says nothing: it depends on the extractor and on the number of samples. The floor is the same measure of
as many real pictures that were not trained on.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.judges.extractor import Reading
from zaohua.metrics.distances import frechet_distance, inception_style_score, kernel_distance, moments
from zaohua.metrics.neighbours import (
    NEIGHBOURS,
    nearer_than_held_out,
    nearest,
    precision_recall_density_coverage,
)

_MOST_NEIGHBOURS = 10_000  # reference pictures that neighbours are looked for among, as in the published tables
_SHOWN = 8  # generated pictures nearest to a training picture that the report names
_CHANCE = 0.01
_FEWEST = 2
MEASURES = ("fd", "kid", "precision", "recall", "density", "coverage", "class_score", "copies")
_ROWS = (*MEASURES, "agreement")  # the last where samples were made as something, see zaohua.judges.agreement
_SHARES = ("precision", "recall", "coverage", "agreement", "copies")


def picture_scores(reference: Reading, samples: Reading, *, seed: int = 0) -> dict[str, float]:
    """fd, kid, kid_spread, precision, recall, density, coverage and class_score of samples against the reference,
    which are real pictures, usually those trained on."""
    kid, spread = kernel_distance(reference.features, samples.features, seed=seed)
    near = reference.features
    if len(near) > _MOST_NEIGHBOURS:
        near = near[np.random.default_rng(seed).permutation(len(near))[:_MOST_NEIGHBOURS]]
    k = min(NEIGHBOURS, len(near) - 1, len(samples.features) - 1)
    mixed = np.random.default_rng(seed).permutation(len(samples.probabilities))
    return {
        "fd": frechet_distance(moments(reference.features), moments(samples.features)),
        "kid": kid,
        "kid_spread": spread,
        **precision_recall_density_coverage(near, samples.features, k=k),
        "class_score": inception_style_score(samples.probabilities[mixed])[0],
    }


def compare(reference: Reading, held_out: Reading, fake: Reading, extractor: str, *, seed: int = 0) -> dict[str, Any]:
    """Every measure of the generated pictures as "value", of real ones that were held back as "floor"; JSON-able.

    Both are cut to equal numbers ("count"), at random; ZaohuaError for fewer than 2. copies: share of the pictures
    that lie as near to one of the reference as only 1% of those held back do. nearest: those that lie nearest of all,
    by their places in the two sets, to be looked at. extractor: its name, which the report carries.
    """
    count = min(len(held_out.features), len(fake.features))
    if count < _FEWEST:
        raise ZaohuaError(t("judges.too_few", count=count, needed=_FEWEST))
    draw = np.random.default_rng(seed)
    chosen, others = (np.sort(draw.permutation(len(all_.features))[:count]) for all_ in (fake, held_out))
    fake, held_out = _part(fake, chosen), _part(held_out, others)
    values, floors = (picture_scores(reference, samples, seed=seed) for samples in (fake, held_out))
    distances, numbers = nearest(fake.features, reference.features)
    unseen, _ = nearest(held_out.features, reference.features)
    values["copies"], floors["copies"] = nearer_than_held_out(distances, unseen, chance=_CHANCE), _CHANCE
    closest = np.argsort(distances, kind="stable")[:_SHOWN]
    return {
        "extractor": extractor,
        "count": count,
        "reference": len(reference.features),
        **{name: {"value": values[name], "floor": floors[name]} for name in MEASURES},
        "kid_spread": values["kid_spread"],
        "nearest": [
            {"sample": int(chosen[place]), "training": int(numbers[place]), "distance": float(distances[place])}
            for place in closest
        ],
    }


def score_rows(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The report of `compare`, or as much of it as there is, for a table in the language in force: measure, generated,
    real."""
    rows = []
    for name in filter(report.__contains__, _ROWS):
        value, floor = (
            f"{number:.1%}" if name in _SHARES else f"{number:.4g}"
            for number in (report[name]["value"], report[name]["floor"])
        )
        if name == "kid":
            value += f" ± {report['kid_spread']:.2g}"
        rows.append((t(f"judges.{name}", extractor=report["extractor"]), value, floor))
    return rows


def realism_row(report: Mapping[str, float]) -> tuple[str, str, str]:
    """The report of zaohua.judges.realism.realism_report as a row of the same table."""
    value = f"{report['value']:.1%} ± {report['error']:.1%}"
    return t("judges.realism"), value, f"{report['floor']:.1%}"


def _part(reading: Reading, chosen: np.ndarray) -> Reading:
    return Reading(reading.features[chosen], reading.probabilities[chosen])

"""The figures: the founding question, θ, the outlook, likeness, and what is new."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from zaohua.careers import complementarity, emerging, outlook, studies
from zaohua.careers import store as tables
from zaohua.careers.occupations import occupations

HANDBOOK = Path(__file__).parent / "handbook_similar.psv"


def test_exposure_does_not_predict_projected_decline() -> None:
    """|ρ| ≤ 0.17 for all measures of generative AI; Frey and Osborne's −0.39 is another construct."""
    for name in studies.GENERATIVE:
        column = {code: value for code, value in studies.measures()[name].items() if code in outlook.growth()}
        wanted = stats.spearmanr(list(column.values()), [outlook.growth()[code] for code in column]).statistic
        assert studies.with_growth()[name].rho == pytest.approx(wanted)
        assert abs(wanted) <= 0.17
    assert studies.with_growth()["frey_osborne"].rho == pytest.approx(-0.39, abs=0.01)


def test_measures_are_parts_of_one() -> None:
    for name, column in studies.measures().items():
        assert 0 <= min(column.values()) <= max(column.values()) <= 1, name
        assert len(column) > 500


def test_theta_is_the_mean_of_its_groups() -> None:
    for code, theta in complementarity.thetas().items():
        found = complementarity.of(code)
        assert found is not None
        assert theta == pytest.approx(np.mean(list(found.groups.values())))
        assert 0 <= theta <= 1
    order = complementarity.thetas()
    assert order["29-1171"] > order["41-9041"]  # nurse practitioners, telemarketers
    assert order["21-2011"] > order["43-9022"]  # clergy, typists


def test_national_change_is_the_published_one() -> None:
    assert outlook.national_change() == pytest.approx(3.1, abs=0.05)


def test_wages_rise_with_their_percentile() -> None:
    for code, pay in outlook.wages().items():
        steps = [value for value in (pay.p10, pay.p25, pay.p50, pay.p75, pay.p90) if value is not None]
        assert steps == sorted(steps), code


def test_reasons_are_those_of_the_bureau() -> None:
    stated = outlook.reasons("15-1251")
    assert stated[0].everywhere
    assert stated[0].direction == "down"
    assert "productivity" in [reason.kind for reason in stated]
    assert outlook.reasons("27-3042")[0].names_ai  # technical writers


def test_likeness_agrees_with_the_handbook() -> None:
    """Similar occupations of 341 pages of the Occupational Outlook Handbook, none of which was fitted on."""
    pages = [line.split("|") for line in HANDBOOK.read_text(encoding="utf-8").splitlines()]
    place = {code: number for number, code in enumerate(occupations())}
    score = np.full((len(place), len(place)), -2.0)
    for row in tables.rows("similar"):
        score[place[row["code"]], place[row["other"]]] = float(row["score"])
    score = np.maximum(score, score.T)
    number = {page: count for count, (page, _, _) in enumerate(pages)}
    units = [[place[code] for code in codes.split()] for _, codes, _ in pages]
    precision, recall = [], []
    for page, (_, _, wanted) in enumerate(pages):
        right = {number[name] for name in wanted.split()}
        if not right:
            continue
        alike = np.array([score[np.ix_(units[page], other)].max() for other in units])
        alike[page] = -np.inf
        best = np.argsort(-alike, kind="stable")[:10]
        hits = [found in right for found in best]
        precision.append(np.mean(hits[:5]))
        recall.append(sum(hits) / len(right))
    assert np.mean(precision) >= 0.67
    assert np.mean(recall) >= 0.68


def test_what_is_new() -> None:
    announced = emerging.announced()
    assert len(announced) == 114
    assert {each.batch for each in announced} == set(range(1, 8))
    assert any(not each.code for each in announced)  # and the page says so
    assert all(each.last >= emerging.SINCE for each in emerging.new_tasks())
    growing = emerging.growing()
    assert [each.change_percent for each in growing] == sorted((each.change_percent for each in growing), reverse=True)

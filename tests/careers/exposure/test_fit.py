"""The parts of the model, against definitions and scikit-learn."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import cohen_kappa_score
from sklearn.neural_network import MLPClassifier

from zaohua.careers.exposure.base import Activities, Base
from zaohua.careers.exposure.fitting import by_activity, nearness, ridge, whitener
from zaohua.careers.exposure.labels import KINDS, LEVELS, Label, agreement, kappa, merged, read_labels, read_pass
from zaohua.careers.exposure.learning import folds, others
from zaohua.careers.exposure.network import AUTOMATION, SEEDS, fit_network
from zaohua.careers.exposure.sources import csco_tasks, labelled_tasks, split_numbered
from zaohua.careers.exposure.thresholds import conformal, spread, zones
from zaohua.careers.exposure.train import level_layer
from zaohua.careers.exposure.words import chinese_terms, fitted
from zaohua.errors import ZaohuaError
from zaohua.i18n import using

TEXTS = ["Write reports and write letters", "Repair engines", "Write code", "Repair pumps, engines and pumps", "!!!"]


def test_words_are_scikit_learns() -> None:
    theirs = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    wanted = theirs.fit_transform(TEXTS).toarray()
    words = fitted("en", TEXTS, least=1)
    names = list(theirs.get_feature_names_out())
    dense = words.rows(TEXTS).times(np.eye(len(words.idf), dtype=np.float32))
    order = [words.place[name] for name in names]
    assert dense[:, order] == pytest.approx(wanted, abs=1e-6)


def test_chinese_runs_stop_at_punctuation() -> None:
    assert chinese_terms("编程，测试AI") == ["编", "程", "编程", "测", "试", "测试", "ai"]


def test_ridge_solves_the_normal_equations() -> None:
    rng = np.random.default_rng(0)
    counts, features, wanted = rng.random((30, 8)), rng.random((30, 4)), rng.random((30, 2))
    weights, near = ridge(sp.csr_matrix(counts), features, wanted)
    both = np.hstack([counts, features])
    exact = np.linalg.solve(both.T @ both + 0.7 * np.eye(12), both.T @ wanted)
    assert near is not None
    assert np.vstack([weights, near]) == pytest.approx(exact, abs=1e-6)


def test_whitened_nearness_is_nearness() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(20, 6))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    mapped = nearness(points, points) @ whitener(points)
    assert mapped @ mapped.T == pytest.approx(nearness(points, points), abs=0.01)


def test_activity_means() -> None:
    """A large activity keeps its mean, an empty one has its group's, an empty group that of all."""
    target = np.array([[1.0, 0]] * 500 + [[0, 1]] * 500)
    activities = np.zeros((1000, 4))
    activities[:500, 0], activities[500:, 1] = 1, 1
    found = by_activity(target, activities, np.array([0, 1, 1, 2]))
    assert found.sum(1) == pytest.approx(1)
    assert found[0, 0] > 0.99
    assert found[2] == pytest.approx(found[1], abs=0.01)
    assert found[3] == pytest.approx([0.5, 0.5])


def test_a_saved_base_scores_alike(tmp_path) -> None:
    rng = np.random.default_rng(2)
    words = fitted("en", TEXTS, least=1)
    points = rng.normal(size=(5, 384))
    points = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    activities = Activities(points[:2], np.array([[0.2, 0.8], [0.9, 0.1]], np.float32), np.array([3.0, 1.0]))
    near = rng.normal(size=(3, 4)).astype(np.float32)
    weights = rng.normal(size=(len(words.idf), 4)).astype(np.float32)
    base = Base("en", words, weights, np.zeros(4, np.float32), points[:3], near, activities)
    base.save(tmp_path / "base.npz")
    again = Base.load(tmp_path / "base.npz", "en")
    assert again.scores(TEXTS, points) == pytest.approx(base.scores(TEXTS, points), abs=0.05)


def test_networks_are_scikit_learns() -> None:
    """The mean of what scikit-learn's own networks say, and deaf to the columns that are left out."""
    rng = np.random.default_rng(7)
    scores = rng.normal(size=(400, 34))
    labels = (scores[:, 0] + scores[:, 1] > 0).astype(int) + (scores[:, 0] > 1)
    made = fit_network(scores, labels)
    known = (scores - made.mean) / made.scale
    known[:, AUTOMATION] = 0
    theirs = []
    for seed in range(SEEDS):
        network = MLPClassifier((32,), alpha=2, learning_rate_init=2e-3, max_iter=12, batch_size=256, random_state=seed)
        with pytest.warns(ConvergenceWarning):
            theirs.append(network.fit(known, labels).predict_proba(known))
    assert made.probabilities(scores) == pytest.approx(np.mean(theirs, axis=0), abs=1e-6)
    deaf = scores.copy()
    deaf[:, AUTOMATION] = 9
    assert made.probabilities(deaf) == pytest.approx(made.probabilities(scores))


def test_a_reader_that_is_unsure_counts_for_both() -> None:
    """Both passes are learned from: half of the readers say likely where the passes differ."""
    labels = [Label(str(number), "L", "N", "U") for number in range(60)]
    layer = level_layer(np.random.default_rng(8).normal(size=(60, 3)), labels, 0)
    assert layer.probabilities(np.zeros((1, 3)))[0] == pytest.approx([0.5, 0, 0.5], abs=0.01)


def test_folds_part_groups_and_sentences() -> None:
    groups = np.array([f"{number // 4}" for number in range(80)])
    parts = folds(groups)
    assert sorted(np.concatenate(parts)) == list(range(80))
    texts = [f"text {number % 30}" for number in range(80)]
    for held in parts:
        away = others(texts, held)
        assert not set(groups[held]) & set(groups[away])
        assert not {texts[row] for row in held} & {texts[row] for row in away}


def test_zones_hold_nine_in_ten() -> None:
    rng = np.random.default_rng(3)
    exposed = rng.random(4000)
    labels = rng.random(4000) < exposed
    lower, upper = zones(exposed, [labels])
    assert 0 < lower < upper < 1
    assert labels[exposed >= upper].mean() == pytest.approx(0.9, abs=0.02)
    assert labels[exposed <= lower].mean() == pytest.approx(0.1, abs=0.02)


def test_conformal_sets_cover_new_groups() -> None:
    rng = np.random.default_rng(4)
    probabilities = rng.dirichlet([1, 1, 1], 6000)
    labels = np.array([rng.choice(3, p=p) for p in probabilities])
    groups = np.arange(6000) // 20
    level = conformal(probabilities[:3000], labels[:3000], groups[:3000])
    sets = probabilities[3000:] >= 1 - level
    assert sets[np.arange(3000), labels[3000:]].mean() == pytest.approx(0.9, abs=0.02)


def test_spread_finds_what_is_shared() -> None:
    rng = np.random.default_rng(5)
    majors, occupations = np.repeat(np.arange(200), 100), np.repeat(np.arange(2000), 10)
    errors = (
        0.2 * rng.normal(size=200)[majors] + 0.1 * rng.normal(size=2000)[occupations] + 0.5 * rng.normal(size=20000)
    )
    found = spread(errors, occupations, majors)
    assert found["major"] == pytest.approx(0.2, abs=0.03)
    assert found["occupation"] == pytest.approx(0.1, abs=0.02)
    assert found["task"] == pytest.approx(0.5, abs=0.02)


@given(st.lists(st.tuples(st.sampled_from(LEVELS), st.sampled_from(LEVELS)), min_size=5, max_size=60))
def test_kappa_is_scikit_learns(pairs: list[tuple[str, str]]) -> None:
    if len({letter for pair in pairs for letter in pair}) < 2:
        return
    first, second = zip(*pairs, strict=True)
    wanted = cohen_kappa_score(first, second, labels=list(LEVELS), weights="linear")
    found = kappa(pairs, lambda a, b: abs(LEVELS.index(a) - LEVELS.index(b)))
    assert found == pytest.approx(wanted) or np.isnan(wanted)


def test_disagreement_is_uncertain() -> None:
    assert merged("LNULN", "LNNNU") == "LNUUU"


def test_answers_are_read_or_refused(tmp_path) -> None:
    file = tmp_path / "pass.tsv"
    head = "\t".join(["id", *KINDS])
    file.write_text(f"{head}\n1\tL\tn\tU\tN\tN\n", encoding="utf-8")
    assert read_pass(file) == {"1": "LNUNN"}
    file.write_text(f"{head}\n1\tL\tN\tX\tN\tN\n", encoding="utf-8")
    with using("en"), pytest.raises(ZaohuaError, match="line 2"):
        read_pass(file)


def test_shipped_labels(shared_data) -> None:
    """500 tasks and more by identifier, of the tables they name; agreement is that of the passes."""
    data = shared_data / "careers"
    for source, least, tasks in (("onet", 520, labelled_tasks(data)), ("csco", 420, csco_tasks(data))):
        labels = read_labels(source)
        assert len(labels) >= least
        assert set(labels) <= {task.id for task in tasks}
        twice = [label for label in labels.values() if label.second]
        for label in twice:
            assert label.merged == merged(label.first, label.second)
        if twice:
            assert -1 <= agreement(twice)["overall"]["kappa"] <= 1


def test_numbered_tasks() -> None:
    assert split_numbered("1.守护出入口 2.巡视；10.值守。") == ["守护出入口", "巡视；10.值守"]

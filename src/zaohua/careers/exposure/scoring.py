"""Duties scored one by one: likely, uncertain or unlikely, by kind of content, with the nearest labelled work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from zaohua.careers import store
from zaohua.careers.exposure import meaning, sentences
from zaohua.careers.exposure.labels import KINDS
from zaohua.careers.exposure.levels import LEVEL_NAMES, Levels, levels
from zaohua.careers.exposure.model import HALVED, Model, best_for
from zaohua.careers.exposure.words import Words, fitted
from zaohua.careers.finding.aliases import own_lines
from zaohua.careers.finding.text import is_chinese

_NEAR = 3  # activities shown as evidence
# Cosines from which they say something: half of the sentences about other things reach .37 and .30 by meaning.
_BY_WORDS, _BY_MEANING = 0.25, {"en": 0.4, "zh": 0.36}


@dataclass(frozen=True)
class Exposure:
    """One duty. share: β, the expected part of such tasks whose time is halved (a task with more software counts half),
    see Scored.share; people, gpt4: each rater's; disagreement: how far these lie apart; sets: labels that hold each
    rater's nine times in ten; automation: 0 nothing … 4 everything could be handed over; near: titles of the most
    similar labelled activities, or the most similar task sentences, with their cosine."""

    text: str
    level: str
    share: float
    people: float
    gpt4: float
    disagreement: float
    automation: float
    sets: Mapping[str, tuple[str, ...]]
    kinds: Mapping[str, Levels]
    near: tuple[tuple[str, float], ...]


def of_duties(texts: Sequence[str], language: str | None = None) -> list[Exposure]:
    """Every duty by itself. language: en or zh; None looks at each text. An empty list gives an empty one."""
    chinese = [language == "zh" if language else is_chinese(text) for text in texts]
    found: dict[int, Exposure] = {}
    for code in ("en", "zh"):
        rows = [row for row, here in enumerate(chinese) if here == (code == "zh")]
        if rows:
            found |= dict(zip(rows, _scored([texts[row] for row in rows], best_for(code)), strict=True))
    return [found[row] for row in range(len(texts))]


def _scored(texts: list[str], model: Model) -> list[Exposure]:
    scored = model.score(texts)
    lower, upper = model.figures["unlikely_at_most"], model.figures["likely_at_least"]
    sets = {target: model.sets(getattr(scored, target), target) for target in ("people", "gpt4")}
    near = nearest(texts, model)
    level = np.where(scored.exposed >= upper, 2, np.where(scored.exposed <= lower, 0, 1))
    return [
        Exposure(
            text=text,
            level=LEVEL_NAMES[level[row]],
            share=float(scored.share[row]),
            people=float(scored.people[row] @ HALVED),
            gpt4=float(scored.gpt4[row] @ HALVED),
            disagreement=float(scored.disagreement[row]),
            automation=float(scored.automation[row]),
            sets={target: tuple(f"E{k}" for k in np.flatnonzero(each[row])) for target, each in sets.items()},
            kinds={kind: _levels(scored.kinds[row, place]) for place, kind in enumerate(KINDS)},
            near=near[row],
        )
        for row, text in enumerate(texts)
    ]


def _levels(probabilities: np.ndarray) -> Levels:
    return levels(float(probabilities[2]), float(probabilities[1]))


def nearest(texts: Sequence[str], model: Model) -> list[tuple[tuple[str, float], ...]]:
    """Titles of the work activities that each text resembles most, or task sentences once an update has brought them,
    with their cosines; unlike ones are left out."""
    if model.base.language == "en" and sentences.here():
        return sentences.nearest(texts, _NEAR)
    titles, words, known = _activities(model.base.language)
    if model.base.landmarks is not None:
        language = model.base.language
        cosines, least = meaning.vectors(texts, language) @ _activity_vectors(language).T, _BY_MEANING[language]
    else:
        cosines, least = words.rows(texts).times(known), _BY_WORDS
    found = []
    for row in cosines:
        best = np.argsort(-row, kind="stable")[:_NEAR]
        found.append(tuple((titles[place], float(row[place])) for place in best if row[place] >= least))
    return found


@cache
def _activities(language: str) -> tuple[list[str], Words, np.ndarray]:
    """(titles, words, dense [V, activities])"""
    english = {row["id"]: row["title"] for row in store.rows("activity_titles")}
    chinese = {code: title for code, title in own_lines("names_zh.psv") if code in english}
    titles = list((chinese if language == "zh" else english).values())
    words = fitted(language, titles, least=1)
    rows = words.rows(titles)
    known = np.zeros((len(words.idf), len(titles)), np.float32)
    known[rows.columns, np.repeat(np.arange(len(titles)), np.diff(rows.starts))] = rows.weights
    return titles, words, known


@cache
def _activity_vectors(language: str) -> np.ndarray:
    return meaning.vectors(_activities(language)[0], language)

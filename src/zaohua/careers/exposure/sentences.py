"""The task sentences most like a duty, as evidence beside its score, once `zaohua careers update` has brought them."""

from collections.abc import Sequence
from functools import cache

from zaohua.careers import store
from zaohua.careers.exposure.matching import Matcher, by_term
from zaohua.careers.exposure.words import fitted
from zaohua.careers.occupations import occupations
from zaohua.i18n import t

_ALIKE = 0.25  # cosine from which a sentence says something


def here() -> bool:
    """Whether there are any."""
    return store.has("tasks")


def nearest(texts: Sequence[str], most: int) -> list[tuple[tuple[str, float], ...]]:
    """For each text the `most` likest sentences with their occupation, and their cosines; unlike ones are left out."""
    sentences = {row["text"]: row["code"] for row in reversed(store.rows("tasks"))}
    found = []
    for text in texts:
        near = [
            (sentence, cosine) for sentence, cosine in _index(tuple(sentences)).rank(text, most) if cosine >= _ALIKE
        ]
        found.append(tuple((_told(sentence, sentences[sentence]), cosine) for sentence, cosine in near))
    return found


def _told(sentence: str, code: str) -> str:
    title = occupations()[code].title if code in occupations() else code
    return t("exposure.sentence", sentence=sentence.rstrip("."), title=title)


@cache
def _index(sentences: tuple[str, ...]) -> Matcher:
    words = fitted("en", sentences, least=1)
    return Matcher(words, sentences, *by_term(words, sentences))

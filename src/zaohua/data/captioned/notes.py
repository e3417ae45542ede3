"""What a report says about captions: facts for machines, warnings for people."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from zaohua.data.captioned.captions import Others, words
from zaohua.data.languages import language_of
from zaohua.data.notes import MUCH
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.data.captioned.read import Captioned


def caption_facts(pairs: "Captioned", languages: Sequence[str], others: Others) -> dict[str, Any]:
    """Captions by language, how many examples share theirs, and how many of those held back are of known words.

    others: what was left out for being in a third language.
    """
    said = [one for one in (*pairs.train.captions, *pairs.validation.captions) if one]
    return {
        "languages": {language: _of_language(pairs, language) for language in languages},
        "shared": len(said) - len({repr(sorted(one.items())) for one in said}),
        "other_languages": dict(others.captions.most_common()),
        "other_questions": dict(others.questions.most_common()),
    }


def _of_language(pairs: "Captioned", language: str) -> dict[str, Any]:
    """examples: that have one; words: of the main caption, in the middle; see Captioned.seen for what a word is."""
    said = [one[language] for one in (*pairs.train.captions, *pairs.validation.captions) if language in one]
    lengths = [len(words(texts[0], language)) for texts in said]
    return {
        "examples": len(said),
        "captions": sum(map(len, said)),
        "different": len({text for texts in said for text in texts}),
        "words": float(np.median(lengths)) if lengths else 0.0,
        "seen": sum(pairs.seen(number, language) for number in range(len(pairs.validation))),
        "validation": sum(language in one for one in pairs.validation.captions),
    }


def caption_warnings(pairs: "Captioned") -> list[str]:
    """What may spoil the training, in words."""
    facts, total = pairs.report["captions"], len(pairs.train) + len(pairs.validation)
    found = []
    for name in ("other_languages", "other_questions"):
        if left_out := facts[name]:
            found.append(t(f"captioned.{name}", count=sum(left_out.values()), languages=", ".join(left_out)))
    for language, known in facts["languages"].items():
        if 0 < known["examples"] < total:
            found.append(t(f"captioned.lack_{language}", count=total - known["examples"], total=total))
    are_classes = total - facts["shared"] <= len(pairs.report["classes"])  # then sharing is what was asked for
    if facts["shared"] > MUCH * total and not are_classes:
        found.append(t("captioned.shared", count=facts["shared"]))
    if (seems := _seems(pairs)) not in ("en", "other"):
        found.append(t("captioned.seems", language=seems))
    return found


def _seems(pairs: "Captioned") -> str:
    """What language the captions in Latin letters are in, all together: one alone is too short to tell."""
    return language_of(" ".join(text for one in pairs.train.captions for text in one.get("en", ())))

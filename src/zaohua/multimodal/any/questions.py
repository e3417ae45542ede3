"""Questions about a picture that its captions and its class answer: what it is, whether it is this or that, of what
kind it is. They make question answering learnable from any captioned pictures."""

from collections.abc import Sequence

from zaohua.multimodal.any.examples import Example

_ASKED = {
    "en": ("What is this?", "Is this {}?", "What kind of thing is this?"),
    "zh": ("这是什么？", "这是{}吗？", "这是哪一类东西？"),
}
_ANSWERS = {"en": ("yes", "no"), "zh": ("是", "不是")}


def question(example: Example, language: str, others: Sequence[Example], draws: Sequence[float]) -> tuple[str, str]:
    """A question about the example and its answer. others: where a wrong caption may come from; draws: four numbers in
    (0, 1) that decide which question, and with which captions."""
    names, asked = example.texts[language], _ASKED[language]
    own = names[int(draws[1] * len(names))]
    kinds = 3 if example.label else 2
    which = int(draws[0] * kinds)
    if which == 0:
        return asked[0], names[0]
    if which == 2:
        return asked[2], example.label
    right, wrong = _ANSWERS[language]
    if draws[2] < 0.5:
        return asked[1].format(own), right
    other = others[int(draws[3] * len(others))].texts.get(language, names)
    shown = other[int(draws[1] * len(other))]
    return asked[1].format(shown), right if shown in names else wrong

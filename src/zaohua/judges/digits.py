"""Stacked MNIST: which of the 1,000 triples of digits a picture's three channels show, and how many are ever made."""

from typing import Any

from torch import Tensor

from zaohua.judges.extractor import Extractor
from zaohua.metrics.modes import STACKED_MODES, even_kl, mode_scores, stacked_numbers

CLASSIFIER = "small-cnn-mnist"


def stacked_scores(pictures: Tensor, classifier: Extractor) -> dict[str, Any]:
    """modes and kl (see mode_scores) of pictures uint8 [N, 3, H, W], what kl would be if the triples were drawn evenly
    ("kl_floor"), the number of pictures and the classifier's name. Compare at 26,000 pictures."""
    grey = pictures.flatten(0, 1)[:, None]  # every channel a picture of its own
    digits = classifier.read(grey).probabilities.argmax(1).reshape(-1, 3)
    scores = mode_scores(stacked_numbers(digits), STACKED_MODES)
    floor = even_kl(len(pictures), STACKED_MODES)
    return {"classifier": classifier.name, "samples": len(pictures), **scores, "kl_floor": floor}

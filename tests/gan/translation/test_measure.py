"""What translations of held-out pictures score."""

import numpy as np
import pytest
import torch
from painting import album
from torch import nn

from zaohua.data.pictures.pairs import PairConfig, read_pairs
from zaohua.errors import ZaohuaError
from zaohua.gan.translation.cutting import as_numbers
from zaohua.gan.translation.measure import Judge, translate_all
from zaohua.judges.extractor import open_extractor
from zaohua.metrics.distances import frechet_distance, moments


@pytest.fixture(scope="module")
def judge(tmp_path_factory) -> Judge:
    folder = album(tmp_path_factory.mktemp("a") / "a", 60)
    pairs = read_pairs(PairConfig(source=f"folder:{folder}", input="grey", size=32, validation=0.4), 1)
    return Judge(pairs, open_extractor("small-cnn-mnist"), 20)


class Constant(nn.Module):
    """A translator that draws one colour, whatever it is given."""

    def __init__(self, colour: tuple[float, float, float]) -> None:
        super().__init__()
        self.colour = nn.Parameter(torch.tensor(colour))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.colour.view(1, 3, 1, 1).expand(len(x), 3, *x.shape[-2:])


def test_the_target_itself_is_the_best_translation(judge):
    scores = judge.scores(judge.wanted)
    assert scores["fd"] == pytest.approx(0, abs=1e-6)
    assert scores["l1"] == 0
    worse = judge.scores(judge.wanted.roll(1, 0))
    assert worse["fd"] == pytest.approx(0, abs=1e-6), "the same crowd"
    assert worse["l1"] > 0.05, "and no picture in its place"


def test_scores_follow_their_definitions(judge):
    found = judge.translated(Constant((-1.0, 0.0, 1.0)))
    made = translate_all(Constant((-1.0, 0.0, 1.0)), judge.inputs).double().numpy()
    assert [made[:, c].max() for c in range(3)] == [0, 128, 255]
    assert found["l1"] == pytest.approx(np.abs(made - judge.wanted.double().numpy()).mean() / 255)
    features = [judge.extractor.read(kind).features for kind in (torch.from_numpy(made).byte(), judge.wanted)]
    assert found["fd"] == pytest.approx(frechet_distance(*map(moments, features)))


def test_baselines(judge):
    found = judge.baselines()
    assert found["copy"]["l1"] == pytest.approx(
        float((as_numbers(judge.inputs) - as_numbers(judge.wanted)).abs().mean() / 2), rel=1e-4
    )
    assert 0 < found["floor"]["fd"] < judge.translated(Constant((0.0, 0.0, 0.0)))["fd"]


def test_one_picture_is_too_few(tmp_path):
    folder = album(tmp_path / "a", 5)
    pairs = read_pairs(PairConfig(source=f"folder:{folder}", input="grey", size=32), 1)
    with pytest.raises(ZaohuaError, match="2"):
        Judge(pairs, open_extractor("small-cnn-mnist"), 20)

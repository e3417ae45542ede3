"""The losses against their definitions in plain loops."""

import math

import pytest
import torch
import torch.nn.functional as F

from zaohua.multimodal.contrastive.losses import clip_score, sigmoid_loss, softmax_loss, within_difference

N, D = 6, 5


@pytest.fixture
def pairs():
    draw = torch.Generator().manual_seed(0)
    u, v, w = (F.normalize(torch.randn(N, D, generator=draw, dtype=torch.float64), dim=-1) for _ in range(3))
    return u, v, w


@pytest.fixture
def positives():
    """Captions 1 and 4 are one text; caption 2 is also true of medium 5, but not the other way round."""
    found = torch.eye(N, dtype=torch.bool)
    found[1, 4] = found[4, 1] = found[5, 2] = True
    return found


def _softmax_in_loops(u, v, scale, positives) -> float:
    """Captions that are true of the same media stand in it once, which is any of them if their vectors are the same."""
    similar = [[scale * float(u[i] @ v[j]) for j in range(N)] for i in range(N)]
    answers = [frozenset(i for i in range(N) if positives[i][j]) for j in range(N)]
    captions = [[j for j in range(N) if answers[j] == those] for those in dict.fromkeys(answers)]
    which = where = 0.0
    for i in range(N):
        total = sum(sum(math.exp(similar[i][j]) for j in alike) / len(alike) for alike in captions)
        true = [alike for alike in captions if positives[i][alike[0]]]
        named = [sum(similar[i][j] for j in alike) / len(alike) for alike in true]
        which += math.log(total) - sum(named) / len(named)
    for j in range(N):
        found = [similar[i][j] for i in answers[j]]
        where += math.log(sum(math.exp(similar[i][j]) for i in range(N))) - sum(found) / len(found)
    return (which / N + where / N) / 2


def test_softmax_loss_with_one_answer_each(pairs):
    u, v, _ = pairs
    eye = torch.eye(N, dtype=torch.bool)
    expected = pytest.approx(_softmax_in_loops(u, v, 7.0, eye), rel=1e-9)
    assert float(softmax_loss(u, v, torch.tensor(7.0))) == expected
    assert float(softmax_loss(u, v, torch.tensor(7.0), eye)) == expected


def test_softmax_loss_with_several_answers(pairs, positives):
    u, v, _ = pairs
    found = float(softmax_loss(u, v, torch.tensor(7.0), positives))
    assert found == pytest.approx(_softmax_in_loops(u, v, 7.0, positives), rel=1e-9)


def test_a_caption_counts_once_however_often_it_stands(pairs):
    u, texts, _ = pairs
    said = torch.tensor([0, 1, 0, 2, 0, 1])  # of six media, in three captions
    positives = said[:, None] == said
    s = 7.0 * u @ texts[:3].T
    which = F.cross_entropy(s, said)
    where = F.cross_entropy(s.T[said], F.normalize(F.one_hot(said).T[said].double(), p=1, dim=1))
    found = float(softmax_loss(u, texts[said], torch.tensor(7.0), positives))
    assert found == pytest.approx(float(which + where) / 2, rel=1e-9)


def test_the_commoner_of_two_captions_is_likelier(pairs):
    """What tells nothing is called by what is said most often, if captions count once; as CLIP has it, by neither."""
    said = torch.tensor([0, 0, 0, 0, 0, 1])
    media = torch.ones(N, 1, dtype=torch.float64)  # all look the same
    texts = torch.zeros(2, 1, dtype=torch.float64, requires_grad=True)
    one = torch.tensor(1.0)
    several = softmax_loss(media, texts[said], one, said[:, None] == said)
    more, less = (-torch.autograd.grad(several, texts)[0]).flatten().tolist()
    assert more > 0 > less
    alone = torch.autograd.grad(softmax_loss(media, texts[said], one), texts)[0]
    assert alone.abs().max() < 1e-12


@pytest.mark.parametrize("several", [False, True])
def test_sigmoid_loss(pairs, positives, several):
    u, v, _ = pairs
    wanted = positives if several else torch.eye(N, dtype=torch.bool)
    total = 0.0
    for i in range(N):
        for j in range(N):
            z = 1 if wanted[i, j] else -1
            total -= math.log(1 / (1 + math.exp(-z * (4.0 * float(u[i] @ v[j]) - 2.0))))
    found = sigmoid_loss(u, v, torch.tensor(4.0), torch.tensor(-2.0), positives if several else None)
    assert float(found) == pytest.approx(total / N, rel=1e-9)


def test_within_difference_is_half_the_squared_distance_of_positives(pairs, positives):
    u, _, w = pairs
    own = [float((u[i] - w[i]).square().sum()) / 2 for i in range(N)]
    assert float(within_difference(u, w)) == pytest.approx(sum(own) / N)
    all_of_them = [float((u[i] - w[j]).square().sum()) / 2 for i in range(N) for j in range(N) if positives[i, j]]
    assert float(within_difference(u, w, positives)) == pytest.approx(sum(all_of_them) / len(all_of_them))
    assert float(within_difference(u, u)) == pytest.approx(0, abs=1e-12)


def test_clip_score_has_no_negative_values():
    assert clip_score(torch.tensor([-0.5, 0.0, 0.4, 1.0])).tolist() == pytest.approx([0, 0, 1.0, 2.5])


def test_the_loss_is_added_up_in_full_precision_under_autocast(pairs):
    u, v, _ = (each.float() for each in pairs)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = softmax_loss(u, v, torch.tensor(10.0), torch.eye(N))
        plain = softmax_loss(u, v, torch.tensor(10.0))
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(plain.item(), abs=1e-5)

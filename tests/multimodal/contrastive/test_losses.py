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
    def way(similar, positive) -> float:
        total = 0.0
        for i in range(N):
            answers = [j for j in range(N) if positive(i, j)]
            wrong = sum(math.exp(similar(i, n)) for n in range(N) if n not in answers)
            terms = [math.log(math.exp(similar(i, j)) / (math.exp(similar(i, j)) + wrong)) for j in answers]
            total -= sum(terms) / len(answers)
        return total / N

    there = way(lambda i, j: scale * float(u[i] @ v[j]), lambda i, j: positives[i][j])
    back = way(lambda j, i: scale * float(u[i] @ v[j]), lambda j, i: positives[i][j])
    return (there + back) / 2


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


def test_a_batch_of_one_caption_has_nothing_to_learn(pairs):
    u, v, _ = pairs
    u = u.clone().requires_grad_()
    loss = softmax_loss(u, v, torch.tensor(7.0), torch.ones(N, N, dtype=torch.bool))
    (gradient,) = torch.autograd.grad(loss, u)
    assert float(loss.detach()) == 0
    assert not gradient.any()


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

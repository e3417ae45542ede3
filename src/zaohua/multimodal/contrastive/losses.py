"""What draws a picture (or a sound) and its caption together (seed §3.3: similarity across modalities up, difference
within one down).

u, v: unit vectors of media and captions, [N, D], row i of one belonging to row i of the other. s_ij = scale · uᵢ·vⱼ.
positives: [N, N], above 0 where caption j is true of medium i, at least on the diagonal; None: there alone.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

FIRST_SCALE, LARGEST_SCALE = 1 / 0.07, 100.0  # of the softmax loss, as in CLIP (arXiv:2103.00020, §2.5)
FIRST_SIGMOID_SCALE, FIRST_BIAS = 10.0, -10.0  # of the sigmoid loss, as in SigLIP (arXiv:2303.15343, §3.2)


def softmax_loss(u: Tensor, v: Tensor, scale: Tensor, positives: Tensor | None = None) -> Tensor:
    """-1/2N Σᵢ ( mean_{j in Pᵢ} log exp(sᵢⱼ) / (exp(sᵢⱼ) + Σ_{n not in Pᵢ} exp(sᵢₙ)) + the same of the columns )

    Pᵢ: what is positive of i. With the diagonal alone it is CLIP's loss. What has the same caption is no negative and
    does not compete. (To share one softmax among the positives, as in arXiv:2004.11362, eq. 2, would change nothing:
    with equal captions their vectors are equal too, and all terms add up to those of the plain loss.)
    """
    s = scale * u @ v.T
    if positives is None:
        answers = torch.arange(len(s), device=s.device)
        return (F.cross_entropy(s, answers) + F.cross_entropy(s.T, answers)) / 2
    positives = positives > 0
    return (_against_negatives(s, positives) + _against_negatives(s.T, positives.T)) / 2


def _against_negatives(s: Tensor, positives: Tensor) -> Tensor:
    """The mean over rows of the mean over their positives: log(1 + Σₙ exp(sᵢₙ) / exp(sᵢⱼ)), n being negatives."""
    lowest = torch.finfo(s.dtype).min / 2  # finite: a row without negatives has no gradient, and no NaN
    negatives = s.masked_fill(positives, lowest).logsumexp(1, keepdim=True)
    terms = F.softplus(negatives - s).masked_fill(~positives, 0.0)
    return (terms.sum(1) / positives.sum(1)).mean()


def sigmoid_loss(u: Tensor, v: Tensor, scale: Tensor, bias: Tensor, positives: Tensor | None = None) -> Tensor:
    """-1/N Σᵢⱼ log σ( zᵢⱼ (sᵢⱼ + bias) ), z = 1 for positives, else -1: every pair a question of its own (SigLIP)."""
    s = scale * u @ v.T + bias
    positive = torch.eye(len(s), dtype=torch.bool, device=s.device) if positives is None else positives > 0
    return -F.logsigmoid(torch.where(positive, s, -s)).sum() / len(s)


def within_difference(u: Tensor, again: Tensor, positives: Tensor | None = None) -> Tensor:
    """Mean of ½|uᵢ - u'ⱼ|² = 1 - uᵢ·u'ⱼ over the positives: how differently one modality shows the same thing.

    again: second views u' of the same N: another crop of a picture, another caption of it.
    """
    if positives is None:
        return 1 - (u * again).sum(1).mean()
    weights = (positives > 0).to(u.dtype)
    return 1 - (weights * (u @ again.T)).sum() / weights.sum()


def clip_score(cosine: Tensor) -> Tensor:
    """2.5 · max(cos, 0), the formula of CLIPScore (Hessel et al. 2021, arXiv:2104.08718, eq. 1). With the vectors of
    one's own encoder it compares with numbers of the same encoder alone."""
    return 2.5 * cosine.clamp(min=0)

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
    """Two questions, which caption of a medium and which medium of a caption, half of the sum of

        1/N Σᵢ ( log Σₘ exp(sᵢₘ) - mean_{j in Pᵢ} sᵢⱼ )   and   1/N Σⱼ ( log Σₙ exp(sₙⱼ) - mean_{i in Pⱼ} sᵢⱼ )

    P: the positives of i, or of j. i, n and the j on the right go over all N; m, and the j on the left, over the
    captions that differ in what they are true of: those true of the same media count as one there. With the diagonal
    alone it is CLIP's loss.

    To name several positives without counting them once (arXiv:2004.11362, eq. 2) would change nothing where captions
    are equal: their vectors are too, and all terms add up to those of CLIP. It asks how much likelier a caption is for
    this medium than for any; counted once, how likely it is, so that of two that fit the commoner comes first.
    """
    s = scale * u @ v.T
    s = s.to(torch.promote_types(s.dtype, torch.float32))  # autocast would add up in the product's bfloat16
    if positives is None:
        answers = torch.arange(len(s), device=s.device)
        return (F.cross_entropy(s, answers) + F.cross_entropy(s.T, answers)) / 2
    true = (positives > 0).to(s.dtype)
    once = 1 / _alike(true)  # weights of captions, so that those that are alike weigh one together
    named = (true * once * s).sum(1) / (true * once).sum(1)
    found = (true * s).sum(0) / true.sum(0)
    which = (s + once.log()).logsumexp(1) - named
    where = s.logsumexp(0) - found
    return (which.mean() + where.mean()) / 2


def _alike(true: Tensor) -> Tensor:
    """How many columns are the same as each, itself among them. true: of zeros and ones, [N, M]. Returns [M]"""
    _, place, count = true.unique(dim=1, return_inverse=True, return_counts=True)
    return count[place].to(true.dtype)


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

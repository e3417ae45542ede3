"""The second layer of the raters' labels: small networks on raw scores, whose mean is taken.

On major groups that were not seen they lose less than a logistic regression and keep to what they promise: see
docs/en/careers.md. The scores of the automation level are left out, which carry over worst.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from zaohua.extras import need

HIDDEN, PENALTY, ROUNDS, SEEDS = 32, 2.0, 12, 2  # units, λ of their squares, passes over the tasks, networks
AUTOMATION = slice(18, 28)  # columns of raw scores


@dataclass(frozen=True)
class Network:
    """mean, scale [K] of the scores; hidden [S, K, H] and hidden_bias [S, 1, H]; weights [S, H, C] and bias [S, 1, C]
    of S networks."""

    mean: np.ndarray
    scale: np.ndarray
    hidden: np.ndarray
    hidden_bias: np.ndarray
    weights: np.ndarray
    bias: np.ndarray

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """[N, K] -> [N, C]"""
        units = np.maximum((scores - self.mean) / self.scale @ self.hidden + self.hidden_bias, 0)  # [S, N, H]
        logits = units @ self.weights + self.bias
        odds = np.exp(logits - logits.max(2, keepdims=True))
        found: np.ndarray = (odds / odds.sum(2, keepdims=True)).mean(0)
        return found


def fit_network(scores: np.ndarray, labels: np.ndarray) -> Network:
    """From scores [N, K] of texts that the first layer has not seen, and their labels 0 … C - 1."""
    mean, scale = scores.mean(0), scores.std(0) + 1e-6
    known = (scores - mean) / scale
    known[:, AUTOMATION] = 0  # their weights stay at nothing but what the penalty leaves of chance
    networks = need("sklearn.neural_network", "baselines")
    unfinished = need("sklearn.exceptions", "baselines").ConvergenceWarning  # few rounds are wanted
    made = []
    for seed in range(SEEDS):
        network = networks.MLPClassifier(
            (HIDDEN,), alpha=PENALTY, learning_rate_init=2e-3, max_iter=ROUNDS, batch_size=256, random_state=seed
        )
        with warnings.catch_warnings(action="ignore", category=unfinished):
            made.append(network.fit(known, labels))
    hidden = np.stack([each.coefs_[0] for each in made])
    hidden[:, AUTOMATION] = 0
    return Network(
        mean,
        scale,
        hidden,
        np.stack([each.intercepts_[0][None] for each in made]),
        np.stack([each.coefs_[1] for each in made]),
        np.stack([each.intercepts_[1][None] for each in made]),
    )

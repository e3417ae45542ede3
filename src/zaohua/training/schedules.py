"""Learning-rate factors as functions of (step, total): what step 0 … total-1 multiply their rates by."""

import math

from zaohua.training.config import TrainConfig


def factor(config: TrainConfig, step: int, total: int) -> float:
    """Linear warm-up, then the chosen schedule, down to config.final at the last step."""
    warm = min(config.warmup, total // 2)  # a very short run still gets to its full rate
    if step < warm:
        return (step + 1) / (warm + 1)
    if config.schedule == "constant":
        return 1.0
    if config.schedule == "cosine":
        done = (step - warm) / max(1, total - 1 - warm)
        return config.final + (1 - config.final) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
    falling = max(1, round(config.decay * total))
    left = (total - step) / (falling + 1)  # warm-up, stable, decay
    return config.final + (1 - config.final) * min(1.0, left)

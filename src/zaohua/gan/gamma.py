"""`gamma = "auto"`: the weight of R1 and R2 by trial, for the right one differs from data to data by a hundredfold."""

import copy
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua.data.progress import counters
from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.training.monitor import say
from zaohua.training.parallel import Parallel
from zaohua.training.trainer import Trainer

if TYPE_CHECKING:
    from zaohua.gan.task import AdversarialTask

FACTORS = (0.25, 1.0, 4.0)  # of the usual gamma
STEPS = 300  # of a trial


def choose_gamma(task: "AdversarialTask", parallel: Parallel, *, steps: int = STEPS, visible: bool = False) -> float:
    """Train a few steps with a quarter of the usual gamma, with it and with four times it, from the same start, and
    return the one with the best measure; a trial that falls apart is none.

    task: prepared, with the usual gamma in its recipe and a measure to be had. The trials share its data and leave
    nothing behind; they follow from the recipe alone, so that whoever trains it again gets the same gamma. All ranks
    call it together. Says what was found.
    """
    usual = task.recipe.regulariser.gamma
    measured: dict[float, float] = {}
    with counters(visible=visible) as shown:
        bar = shown.add_task(t("gan.trying_gammas"), total=len(FACTORS) * steps)
        for gamma in (usual * factor for factor in FACTORS):
            trainer = Trainer(_trial(task, gamma), Path(task.recipe.run.dir), parallel)
            trainer.total = steps
            try:
                for _ in range(steps):
                    trainer.training_step()
                    shown.advance(bar)
                value = trainer.evaluate()[task.best_metric]
            except ZaohuaError:  # a loss that became no number
                value = math.inf
            measured[gamma] = value if math.isfinite(value) else math.inf
    best = min(measured, key=lambda gamma: (measured[gamma], abs(gamma - usual)))
    tried = " · ".join(f"{gamma:.3g}: {value:.4g}" for gamma, value in measured.items())
    say(t("gan.gamma_chosen", metric=task.best_metric, tried=tried, gamma=f"{best:.3g}"), quiet=not visible)
    return best


def _trial(task: "AdversarialTask", gamma: float) -> Any:
    """The same task, data and all, with this gamma."""
    trial = copy.copy(task)
    trial.adaptive = copy.deepcopy(task.adaptive)
    regulariser = task.recipe.regulariser.model_copy(update={"gamma": gamma})
    trial.recipe = task.recipe.model_copy(update={"regulariser": regulariser})
    return trial

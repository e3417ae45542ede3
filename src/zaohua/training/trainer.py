"""The one training loop: every task, every modality.

A step is a function of (seed, step): batches, noise and dropout are drawn from it, so a run that was killed and
resumed computes exactly what the unbroken run would have.
"""

import math
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.machine import peak_flops
from zaohua.training import checkpoint, precision, schedules
from zaohua.training.ema import EMA
from zaohua.training.monitor import MetricsLog, ProgressBar, watched
from zaohua.training.outputs import Outputs
from zaohua.training.parallel import Parallel, whole
from zaohua.training.signals import Stopped, StopRequest
from zaohua.training.task import Draw, Phase, Task, Weights
from zaohua.training.writing import writing

WARM_STEPS, TIMED_STEPS = 4, 9  # calibration of a budget in minutes


class Trainer:
    """Runs a task's phases for a budget of steps, and looks after everything around them."""

    def __init__(
        self,
        task: Task,
        folder: Path,
        parallel: Parallel,
        *,
        origin: dict[str, Any] | None = None,
        visible: bool = False,
    ) -> None:
        """task: prepared. folder: the run's. origin: what the state should remember of where the run came from.
        visible: show progress on the terminal."""
        self.task, self.config, self.parallel = task, task.recipe.train, parallel
        self.folder, self.origin, self.visible = folder, origin or {}, visible and parallel.main
        config = self.config
        self.precision = precision.choose(config, parallel.device, compiles=task.compiles)
        self.modules = {name: parallel.wrap(module) for name, module in task.build().items()}
        if self.precision.compile:
            for module in self.modules.values():
                module.compile()
        self.phases = task.phases(self.modules, parallel.device)
        if len(self.phases) > 1 and config.parallel == "shard":
            raise UsageError(t("training.shard_needs_one_phase", phases=", ".join(phase.name for phase in self.phases)))
        self.ema = EMA(self.modules, config.ema) if config.ema else None
        self.outputs = Outputs(folder, task)
        self.step, self.total = 0, 0  # steps done, steps in all
        self.best = math.inf
        self.elapsed = 0.0  # seconds of training, over all resumptions
        self._sums: dict[str, Tensor] = {}  # of what is logged, over the steps since the last metrics line
        self._summed = 0
        self._norms: dict[str, Tensor] = {}  # of the last gradient of each phase that was measured
        self._made_with: dict[str, str] = {}  # conditions under which the state we go on from was saved
        self._parameters = {
            f"{name}.{key}": parameter
            for name, module in self.modules.items()
            for key, parameter in module.named_parameters()
        }

    # ---- one step

    def training_step(self) -> None:
        """Every phase in turn: gradients over micro-batches and ranks, clip, update; then the average of weights."""
        factor = schedules.factor(self.config, self.step, self.total)
        numbers: dict[str, Tensor] = {}
        for phase in self.phases:
            self._only(phase)
            phase.optimiser.set_factor(factor)
            for repeat in range(phase.repeats):
                phase.optimiser.zero_grad()
                numbers |= self._backward(phase, repeat)
                self.parallel.average_gradients(phase.optimiser.parameters)
                self._measure_and_clip(phase)
                phase.optimiser.step()
        if self.ema is not None:
            self.ema.update()
        self.step += 1
        for name, value in numbers.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
        self._summed += 1
        if self.parallel.device.type == "cpu":  # elsewhere looking at a number would wait for the device
            self._refuse_non_finite(numbers)

    def _backward(self, phase: Phase, repeat: int) -> dict[str, Tensor]:
        """Accumulate one phase's gradients. Returns this rank's mean loss and the task's own numbers, float64."""
        parts = self.parallel.local_indices(phase.batch_size, self.config.accumulate)
        name = "loss" if len(self.phases) == 1 else f"loss_{phase.name}"
        totals: dict[str, Tensor] = {}
        for indices in parts:
            draw = Draw(self.config.seed, self.step, repeat, indices, self.parallel.device, self.step / self.total)
            with self.precision.context(self.parallel.device):
                loss, extra = phase.loss_fn(phase.batches(draw), draw)
            (loss / len(parts)).backward()
            for key, value in {name: loss, **extra}.items():
                share = value.detach().double() / len(parts)
                totals[key] = totals[key] + share if key in totals else share
        return totals

    def _measure_and_clip(self, phase: Phase) -> None:
        """Clip if asked to; measure the gradient's norm then, and otherwise only in steps that log it."""
        name = "grad_norm" if len(self.phases) == 1 else f"grad_norm_{phase.name}"
        if self.config.clip is not None:
            self._norms[name] = nn.utils.clip_grad_norm_(phase.optimiser.parameters, self.config.clip)
        elif (self.step + 1) % self.config.log_every == 0:
            gradients = [p.grad for p in phase.optimiser.parameters if p.grad is not None]
            self._norms[name] = nn.utils.get_total_norm(gradients)

    def _only(self, phase: Phase) -> None:
        """Let gradients reach this phase's parameters alone; with one phase there is nothing to switch."""
        if len(self.phases) > 1:
            own = set(phase.optimiser.parameters)
            for parameter in self._parameters.values():
                parameter.requires_grad_(parameter in own)

    def _refuse_non_finite(self, numbers: Mapping[str, Tensor | float]) -> None:
        """Stop at the first number that is none, a loss or what an evaluation found; the last good checkpoint is
        still on disk."""
        for name, value in numbers.items():
            if not math.isfinite(value):
                state = checkpoint.latest(self.folder / "state")
                kept = t("training.kept", step=checkpoint.facts(state)["step"]) if state else t("training.kept_nothing")
                raise ZaohuaError(t("training.non_finite", name=name, value=float(value), step=self.step, kept=kept))

    def _refuse_bad_weights(self) -> None:
        """Stop before weights gone bad are evaluated or take the place of good ones. A gradient can be NaN where the
        loss is finite, so the weights are looked at too: all in one norm, which every rank gets alike."""
        self._refuse_non_finite(self._sums)
        norm = nn.utils.get_total_norm([parameter.detach() for parameter in self._parameters.values()])
        self._refuse_non_finite({"weight_norm": whole(norm)})

    # ---- the run

    def run(self, state: Path | None = None, *, keep_budget: bool = True) -> dict[str, Any]:
        """Train to the end of the budget and return the last evaluation.

        state: a saved state to go on from. keep_budget: its number of steps stands, whatever the recipe says now.
        Raises Stopped after a signal, ZaohuaError when the loss stops being a number or the disk is full.
        """
        total = self._budget() if state is None or not keep_budget else None  # before loading: calibration takes steps
        metrics = self._load(state) if state is not None else {}
        self.total = total or self.total
        log = bar = None
        with writing(self.folder, only_full=True):
            try:
                if self.parallel.main:
                    log = MetricsLog(self.folder, after_step=self.step, tensorboard=self.config.tensorboard)
                bar = ProgressBar(self.total, self.step, visible=self.visible)
                self._introduce(bar)
                with StopRequest() as stop:
                    return self._loop(stop, log, bar, metrics)
            finally:
                if bar is not None:
                    bar.close()
                if log is not None:
                    log.close()

    def _introduce(self, bar: ProgressBar) -> None:
        """Say what was chosen for this machine, and where a resumed run stands."""
        mode = {"single": "one_process", "data": "data_parallel", "shard": "fully_sharded"}[self.parallel.mode]
        bar.say(
            t(
                "training.machine",
                device=self.parallel.device,
                precision=self.precision.name,
                compile=t("training.compiled") if self.precision.compile else t("training.eager"),
                mode=t(f"training.{mode}", world=self.parallel.world),
            )
        )
        if not self.step and precision.bf16_may_help(self.config, self.parallel.device):
            bar.say(t("training.bf16_may_help"))
        if self.step:
            bar.say(t("training.resuming", step=self.step))
            if changes := self.precision.changes(self._made_with, self.parallel):
                bar.say(t("training.not_bit_for_bit", changes=changes))
        elif self.config.minutes is not None:
            bar.say(t("training.calibrated", minutes=self.config.minutes, steps=self.total))

    def _loop(
        self, stop: StopRequest, log: MetricsLog | None, bar: ProgressBar, metrics: dict[str, Any]
    ) -> dict[str, Any]:
        evaluate_every = self.config.evaluate_every or max(1, self.total // 10)
        save_every = self.config.save_every or evaluate_every
        sample_every = self.config.sample_every or evaluate_every
        began = time.perf_counter() - self.elapsed
        marked, marked_at = self.step, time.perf_counter()
        while self.step < self.total:
            self.training_step()
            last, stopping = self.step == self.total, self.parallel.any(stop.asked)
            due = {
                "evaluate": last or self._is_due(evaluate_every),
                "sample": last or self._is_due(sample_every),
                "save": last or stopping or self._is_due(save_every),
            }
            pausing = any(due.values())
            if last or self.step % self.config.log_every == 0:
                speed = (self.step - marked) / (time.perf_counter() - marked_at)
                numbers = self._take_numbers(speed)
                self._note("train", {**numbers, "seconds": time.perf_counter() - began}, log, bar)
                bar.update(self.step, watched(numbers))
                marked, marked_at = self.step, time.perf_counter()
            if pausing:
                self._refuse_bad_weights()
            if due["evaluate"]:
                metrics = self.evaluate()
                self._refuse_non_finite(metrics)
                bar.say(t("training.evaluated", step=self.step, numbers=watched(metrics)))
                self._note("eval", {**metrics, "seconds": time.perf_counter() - began}, log, bar)
            if pausing:
                self._write(due, metrics, began)
                marked, marked_at = self.step, time.perf_counter()  # speed is that of training alone
            if stopping and not last:
                raise Stopped(t("training.stopped", step=self.step, total=self.total))
        return metrics

    def _note(self, kind: str, numbers: dict[str, float], log: MetricsLog | None, bar: ProgressBar) -> None:
        """A line of the log, on the rank that has one, and what the task has to say about it, if it watches."""
        if log is not None:
            log.write(self.step, kind, numbers)
        if log is not None and hasattr(self.task, "remarks"):
            for text in self.task.remarks(self.step, kind, numbers):
                bar.say(text)

    def _is_due(self, every: int) -> bool:
        """Every so many steps, but not shortly before the end, which does it all again."""
        return self.step % every == 0 and self.total - self.step >= every / 2

    def _write(self, due: dict[str, bool], metrics: dict[str, Any], began: float) -> None:
        """Samples, model folders and training state, as far as they are due."""
        self.elapsed = time.perf_counter() - began
        improved = due["evaluate"] and metrics[self.task.best_metric] < self.best
        with self._averaged():
            weights = self.weights()
            if self.parallel.main:
                if due["sample"]:
                    self.outputs.sample(self.step, weights)
                for which, wanted in (("best", improved), ("last", due["save"])):
                    if wanted:
                        self.outputs.save(which, self.step, weights, metrics, self.cost())
        if improved:
            self.best = metrics[self.task.best_metric]
        if due["save"]:
            self._agree_on_sums()
            checkpoint.save(self.folder / "state", self.step, self._tensors(), self._facts(metrics), self.parallel)

    def evaluate(self) -> dict[str, float]:
        """The task's full evaluation, with averaged weights if there are any; not compiled, as its shapes differ."""
        with self._averaged(), torch.no_grad(), precision.as_written(*self.modules.values()):
            for module in self.modules.values():
                module.eval()
            metrics = self.task.evaluate(self.modules, self.parallel)
            for module in self.modules.values():
                module.train()
        return metrics

    def cost(self) -> dict[str, Any]:
        """What the run has taken so far."""
        return {
            "steps": self.step,
            **{unit: count * self.step for unit, count in self.task.units_per_step().items()},
            "flops": self.task.flops_per_step() * self.step,
            "train_seconds": round(self.elapsed, 2),
        }

    def final_weights(self) -> Weights:
        """The weights to keep: averaged ones if there are any."""
        with self._averaged():
            return {name: {k: v.clone() for k, v in state.items()} for name, state in self.weights().items()}

    def weights(self) -> Weights:
        """Every module's whole state dict; all ranks must call it together."""
        return {
            name: {key: whole(value) for key, value in module.state_dict().items()}
            for name, module in self.modules.items()
        }

    @contextmanager
    def _averaged(self) -> Iterator[None]:
        with self.ema.applied() if self.ema is not None else nullcontext():
            yield

    def _take_numbers(self, steps_per_second: float) -> dict[str, float]:
        """Mean of what was summed since the last line, over ranks, with speed; starts new sums."""
        self._refuse_non_finite(self._sums)
        means = self.parallel.sum(torch.stack(list(self._sums.values()))) / (self._summed * self.parallel.world)
        numbers = dict(zip(self._sums, means.tolist(), strict=True))
        numbers |= {name: float(whole(norm)) for name, norm in self._norms.items()}
        numbers["lr_factor"] = schedules.factor(self.config, self.step - 1, self.total)
        for unit, count in self.task.units_per_step().items():
            numbers[unit] = count * self.step
            numbers[f"{unit}_per_second"] = count * steps_per_second
        rate = self.task.flops_per_step() * steps_per_second / self.parallel.world
        numbers["mfu"] = rate / peak_flops(self.parallel.device, self.precision.name, reached=rate)
        self._sums, self._summed = {}, 0
        return numbers

    def _agree_on_sums(self) -> None:
        """Give every rank the mean of the sums, so that one rank can save them for all."""
        if self._sums and self.parallel.world > 1:
            means = self.parallel.sum(torch.stack(list(self._sums.values()))) / self.parallel.world
            self._sums = dict(zip(self._sums, means, strict=True))

    # ---- budget

    def _budget(self) -> int:
        """Steps in all; a budget in other units is turned into steps, minutes by timing a few that are then undone."""
        if (steps := self.config.steps_for(self.task.units_per_step())) is not None:
            return steps
        assert self.config.minutes is not None, "the task fills in a budget"
        return self.parallel.share(self._steps_in(60 * self.config.minutes))

    def _steps_in(self, seconds: float) -> int:
        """How many steps, with ten evaluations, fit into so many seconds."""
        before, state = {key: tensor.clone() for key, tensor in self._tensors().items()}, self.task.state_dict()
        self.total = WARM_STEPS + TIMED_STEPS
        times = []
        for _ in range(self.total):
            began = time.perf_counter()
            self.training_step()
            times.append(time.perf_counter() - began)
        per_step = statistics.median(times[WARM_STEPS:])  # the first are slow, and another program may hold one up
        began = time.perf_counter()
        self.evaluate()
        evaluations = 10 * (time.perf_counter() - began)
        for phase in self.phases:
            phase.optimiser.forget()
        with torch.no_grad():
            for key, tensor in self._tensors().items():
                tensor.copy_(before[key])
        if self.ema is not None:
            self.ema.updates = 0
        self.task.load_state_dict(state)
        self.step, self._sums, self._summed = 0, {}, 0
        return max(1, int((seconds - min(evaluations, seconds / 2)) / per_step))

    # ---- state

    def _tensors(self) -> dict[str, Tensor]:
        """Everything that must come back bit for bit."""
        tensors = {f"weights/{name}": parameter.detach() for name, parameter in self._parameters.items()}
        for name, module in self.modules.items():
            kept = module.state_dict().keys()
            tensors |= {f"buffers/{name}.{key}": value for key, value in module.named_buffers() if key in kept}
        for phase in self.phases:
            tensors |= {f"optimiser/{phase.name}/{k}": v for k, v in phase.optimiser.state_tensors().items()}
        if self.ema is not None:
            tensors |= {f"average/{name}": value for name, value in self.ema.averages.items()}
        return tensors

    def _facts(self, metrics: dict[str, Any]) -> dict[str, Any]:
        """Everything else a resumed run needs."""
        return {
            **self.origin,
            "step": self.step,
            "total": self.total,
            "best": self.best,
            "elapsed": self.elapsed,
            "metrics": metrics,
            "averaged": self.ema.updates if self.ema is not None else 0,
            "sums": {name: value.item() for name, value in self._sums.items()},
            "summed": self._summed,
            "norms": {name: float(whole(norm)) for name, norm in self._norms.items()},
            "task": self.task.state_dict(),
            "random": checkpoint.random_state(),
            "made_with": self.precision.conditions(self.parallel),
        }

    def _load(self, state: Path) -> dict[str, Any]:
        """Take up a saved state; returns the evaluation it holds."""
        facts, reader = checkpoint.facts(state), checkpoint.Reader(state)
        for phase in self.phases:
            prefix = f"optimiser/{phase.name}/"
            saved = [key for key in reader.names() if key.startswith(prefix)]
            phase.optimiser.make_state({key.removeprefix(prefix): reader.shape(key) for key in saved})
        for key, tensor in self._tensors().items():
            reader.fill(key, tensor, self.parallel)
        self.step, self.total = facts["step"], facts["total"]
        self.best, self.elapsed = facts["best"], facts["elapsed"]
        if self.ema is not None:
            self.ema.updates = facts["averaged"]
        sums = torch.tensor(list(facts["sums"].values()), dtype=torch.float64, device=self.parallel.device)
        self._sums = dict(zip(facts["sums"], sums, strict=True))
        self._summed = facts["summed"]
        self._norms = {name: torch.tensor(norm) for name, norm in facts["norms"].items()}
        self.task.load_state_dict(facts["task"])
        checkpoint.restore_random_state(facts["random"])
        self._made_with = facts["made_with"]
        return facts["metrics"]

"""Our models in EleutherAI's lm-eval, whose tasks most published scores come from.

    from zaohua.language.lm_eval import ZaohuaLM, run_tasks
    run_tasks(zaohua.load("runs/mine"), ["task.yaml"])          # a table of scores
    lm_eval.simple_evaluate(ZaohuaLM(model), tasks=["arc_easy"])  # or everything that lm-eval offers

Once this module is imported, lm-eval also knows the model name "zaohua" (model_args "path=runs/mine"). A task file may
name Python functions of its own: run only files whose origin you know.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zaohua.errors import UsageError, ZaohuaError
from zaohua.extras import need
from zaohua.i18n import t
from zaohua.language.engine.request import Request
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig
from zaohua.language.scoring import continuations

_MOST_NEW_TOKENS = 256  # where a task says nothing, as in lm-eval's own models
_FILE_ENDINGS = (".yaml", ".yml")
_RESAMPLES = 1_000  # for the standard error of metrics without a formula for it

_register: Any = need("lm_eval.api.registry", "lm-eval").register_model
_Base: Any = need("lm_eval.api.model", "lm-eval").TemplateLM


@_register("zaohua")
class ZaohuaLM(_Base):
    """A LanguageModel as lm-eval sees it; path: a model or run folder, in its place. Encoding a context and its
    continuation, and cutting text longer than the context from the left, follow lm-eval's own models."""

    def __init__(self, model: LanguageModel | None = None, path: str | None = None, **_others: Any) -> None:
        super().__init__()
        if model is None and not path:
            raise UsageError(t("measure.lm_eval_needs_path"))
        self.model = model or LanguageModel.load(path or "")
        self._device = self.model.decoder.embed_tokens.weight.device

    @property
    def eot_token_id(self) -> int:
        """The end of a text."""
        return self.model.tokenizer.eot_id

    @property
    def prefix_token_id(self) -> int:
        """What stands before a text of which nothing is known yet."""
        return self.model.tokenizer.opening[-1]

    @property
    def tokenizer_name(self) -> str:
        """What lm-eval's caches know the tokeniser by."""
        return f"zaohua-{self.model.name}"

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_others: Any) -> list[int]:
        """Token ids, after what the folder puts before every text (Llama's <s>) unless add_special_tokens is False."""
        before = [] if add_special_tokens is False else self.model.tokenizer.frame[0]
        return before + self.model.tokenizer.encode(string)

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[Any, list[int], list[int]]], **_others: Any
    ) -> list[tuple[float, bool]]:
        # lm-eval takes blank space off a context, and nothing may be left of it.
        pairs = [(context or [self.prefix_token_id], ending) for _, context, ending in requests]
        found = continuations(self.model.decoder, pairs)
        answers = [(-each.nats, each.greedy) for each in found]
        for (text, _, _), answer in zip(requests, answers, strict=True):
            self.cache_hook.add_partial("loglikelihood", text, answer)
        return answers

    def loglikelihood_rolling(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[float]:
        """Log-likelihood of each text in blocks of the context, the last of which sees all that fits before it."""
        texts = [request.args[0] for request in requests]
        pairs = [(self.model.tokenizer.opening, self.model.tokenizer.encode(text)) for text in texts]
        return [-each.nats for each in continuations(self.model.decoder, pairs)]

    def generate_until(self, requests: Sequence[Any], disable_tqdm: bool = False) -> list[str]:
        """What the model writes after each context, up to any of the strings in `until`; greedy unless do_sample, and
        then another text each time the same is asked."""
        asked = [self._request(place, *request.args) for place, request in enumerate(requests)]
        return [written.text for written in self.model.engine.complete(asked)]

    def _request(self, place: int, context: str, asked: dict[str, Any]) -> Request:
        until = asked.get("until") or []
        longest, tokenizer = self.model.decoder.config.context, self.model.tokenizer
        new_tokens = max(1, min(int(asked.get("max_gen_toks", _MOST_NEW_TOKENS)), longest - 1))
        room = max(1, longest - new_tokens)
        before = tokenizer.frame[0][: room - 1]
        ids = before + tokenizer.encode(context)[-(room - len(before)) :]
        sampling = SamplingConfig(temperature=0.0)
        if asked.get("do_sample", False):
            sampling = SamplingConfig(
                temperature=float(asked.get("temperature", 1.0)), top_k=asked.get("top_k"), top_p=asked.get("top_p")
            )
        return Request(
            prompt=ids or tokenizer.opening,
            sampling=sampling,
            max_new_tokens=new_tokens,
            index=place,
            stop=[string for string in ([until] if isinstance(until, str) else until) if string],
            stop_ids=self.model.ends,
        )


def run_tasks(model: LanguageModel, tasks: Sequence[str], *, limit: int | None = None) -> dict[str, dict[str, Any]]:
    """Score a model on tasks of lm-eval: names, or paths of task files. limit: examples of each at most.

    Returns {task: {metric: {"value", "stderr"}}}. Raises UsageError for a task that is not there, ZaohuaError for one
    that fails, as when its data cannot be fetched.
    """
    absent = [name for name in tasks if name.endswith(_FILE_ENDINGS) and not Path(name).is_file()]
    if absent or not tasks:
        raise UsageError(t("measure.lm_eval_unknown", name=", ".join(absent) or "''"))
    names = [name for name in tasks if not name.endswith(_FILE_ENDINGS)]
    logging.getLogger("lm_eval").setLevel(logging.ERROR)  # it remarks on every default that a task file relies on
    manager = need("lm_eval.tasks", "lm-eval").TaskManager(
        include_defaults=bool(names)
    )  # reading its own takes seconds
    for name in names:
        if not manager.match_tasks([name]):
            raise UsageError(t("measure.lm_eval_unknown", name=name))
    try:
        found = need("lm_eval.evaluator", "lm-eval").simple_evaluate(
            ZaohuaLM(model),
            tasks=list(tasks),
            task_manager=manager,
            limit=limit,
            bootstrap_iters=_RESAMPLES,
            log_samples=False,
        )
    except ZaohuaError:
        raise
    except Exception as error:  # a task is somebody else's program: whatever it raises, the person is told in one line
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise ZaohuaError(t("measure.lm_eval_failed", tasks=", ".join(tasks), reason=reason)) from error
    return {task: _metrics(scores) for task, scores in found["results"].items()}


def _metrics(scores: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """lm-eval's flat "acc,none" and "acc_stderr,none" as one entry; a filter that does something stays in the name."""
    found = {}
    for key, value in scores.items():
        name, _, chosen = key.partition(",")
        if not chosen or name.endswith("_stderr") or not isinstance(value, int | float):
            continue
        error = scores.get(f"{name}_stderr,{chosen}")
        label = name if chosen == "none" else f"{name} ({chosen})"
        found[label] = {"value": float(value), "stderr": error if isinstance(error, int | float) else None}
    return found

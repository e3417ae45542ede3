"""A training step's share of the machine's matrix-product rate.

    python benchmarks/training_speed.py --text stories.txt

Trains the recipe (language/stories-en: 8 layers, 512 wide, context 256) for some steps through the real trainer, and
times [2048 x 512]·[512 x 2048] products before and after in the same process. The share counts the model's own
operations (forward and backward, attention at half the context, nothing recomputed); optimiser, data and everything
else cost time and count nothing. The last line of standard output is JSON.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

import torch


def product_rate(seconds: float = 2.0) -> float:
    """Median rate of the product, operations per second."""
    left, right = torch.randn(2048, 512), torch.randn(512, 2048)
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        left @ right
        times.append(time.perf_counter() - began)
    return 2 * 2048 * 512 * 2048 / statistics.median(times[3:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--recipe", default="language/stories-en")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--set", nargs="*", default=[], help="overrides, such as train.batch_size=8")
    options = parser.parse_args()

    from zaohua import recipe as recipes
    from zaohua.language.pretrain import LanguageRecipe, LanguageTask
    from zaohua.machine import keep_memory
    from zaohua.training import parallel
    from zaohua.training.trainer import Trainer

    with tempfile.TemporaryDirectory() as folder:
        overrides = [f"data.source=file:{options.text.resolve()}", f"run.dir={folder}", *options.set]
        raw = recipes.load_recipe(options.recipe, [*overrides, f"train.steps={options.steps}"])
        keep_memory()  # as `zaohua train` does
        ranks = parallel.start("auto")
        task = LanguageTask(recipes.validate(raw, LanguageRecipe))
        task.prepare(ranks, visible=True)
        trainer = Trainer(task, Path(folder), ranks)
        trainer.total = options.steps
        before = product_rate()
        times = []
        for _ in range(options.steps):
            began = time.perf_counter()
            trainer.training_step()
            times.append(time.perf_counter() - began)
        after = product_rate()
    rate, step = (before + after) / 2, statistics.median(times[2:])
    achieved = task.flops_per_step() / step
    result = {
        "threads": torch.get_num_threads(),
        "product_gflops": rate / 1e9,
        "step_seconds": step,
        "tokens_per_second": task.units_per_step()["tokens"] / step,
        "step_gflops": achieved / 1e9,
        "share": achieved / rate,
    }
    print("| recipe | tokens/s | GFLOP/s of the step | product GFLOP/s | share |")
    print("| --- | --- | --- | --- | --- |")
    speeds = f"{result['tokens_per_second']:.0f} | {achieved / 1e9:.0f} | {rate / 1e9:.0f}"
    print(f"| {options.recipe} | {speeds} | {result['share']:.0%} |")
    print(json.dumps(result))


if __name__ == "__main__":
    main()

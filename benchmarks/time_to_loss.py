"""Time to loss on tiny Shakespeare, characters, context 64: zaohua beside nanoGPT, interleaved, one evaluator.

    python benchmarks/time_to_loss.py --text input.txt --nanogpt PATH_OF_ITS_CHECKOUT --seeds 5
    python benchmarks/time_to_loss.py --text input.txt --recipes language/shakespeare-best --seeds 3

Each seed runs nanoGPT's published CPU configuration and then our recipes, each as a process of its own, start-up
counted. The evaluator is the same for all: a full pass over the 111,540 validation characters in non-overlapping
blocks of 64; beside it, for all of them, the estimate that nanoGPT makes (20 batches of 12 random windows). n-gram
tables on the same split are the floor. The last line of standard output is JSON.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RECIPES = ["language/shakespeare-char", "language/shakespeare-fast", "language/shakespeare-64"]
NANOGPT = (
    *("--device=cpu", "--dtype=float32", "--compile=False", "--eval_iters=20", "--log_interval=1"),
    *("--block_size=64", "--batch_size=12", "--n_layer=4", "--n_head=4", "--n_embd=128"),
    *("--max_iters=2000", "--lr_decay_iters=2000", "--dropout=0.0"),
)
# nanoGPT fixes its seed in the source; this shifts it without touching a file
RESEED = (
    "import runpy, sys, torch; shift = int(sys.argv.pop(1)); seed = torch.manual_seed; "
    "torch.manual_seed = lambda value: seed(value + shift); runpy.run_path('train.py', run_name='__main__')"
)
EVALUATE_NANOGPT = """
import json, sys
sys.path.insert(0, '.')
import torch
from model import GPT, GPTConfig
saved = torch.load('OUT/ckpt.pt', weights_only=True)
model = GPT(GPTConfig(**saved['model_args']))
model.load_state_dict({k.removeprefix('_orig_mod.'): v for k, v in saved['model'].items()})
model.eval()
text = open('data/shakespeare_char/input.txt', encoding='utf-8').read()
index = {c: i for i, c in enumerate(sorted(set(text)))}
ids = torch.tensor([index[c] for c in text[int(len(text) * 0.9):]])
total = 0.0
with torch.no_grad():
    blocks = (len(ids) - 1) // 64
    x, y = ids[: blocks * 64].view(blocks, 64), ids[1 : blocks * 64 + 1].view(blocks, 64)
    for part in range(0, blocks, 256):
        loss = model(x[part : part + 256], y[part : part + 256])[1]
        total += loss.item() * y[part : part + 256].numel()
    if rest := len(ids) - 1 - blocks * 64:
        total += model(ids[None, -1 - rest : -1], ids[None, -rest:])[1].item() * rest
print(json.dumps({'full': total / (len(ids) - 1), 'own': float(saved['best_val_loss']), 'step': saved['iter_num']}))
"""


def timed(command: list[str], folder: Path, threads: int) -> tuple[float, str]:
    """Wall seconds of a process, and what it printed."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    began = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - began
    if done.returncode:
        sys.exit(f"{' '.join(command[:6])} … failed:\n{done.stderr[-2000:]}")
    return seconds, done.stdout


def run_nanogpt(checkout: Path, text: Path, seed: int, scratch: Path, threads: int) -> dict:
    """Train and evaluate nanoGPT in a copy of its checkout."""
    copy = scratch / "nanogpt"
    if not copy.exists():
        shutil.copytree(checkout, copy, ignore=shutil.ignore_patterns(".git"))
        data = copy / "data" / "shakespeare_char"
        shutil.copy(text, data / "input.txt")
        timed([sys.executable, "prepare.py"], data, threads)
    out = f"out-{seed}"
    command = [
        sys.executable,
        "-c",
        RESEED,
        str(seed),
        "config/train_shakespeare_char.py",
        *NANOGPT,
        f"--out_dir={out}",
    ]
    seconds, _ = timed(command, copy, threads)
    _, printed = timed([sys.executable, "-c", EVALUATE_NANOGPT.replace("OUT", out)], copy, threads)
    scores = json.loads(printed.splitlines()[-1])  # its model says how large it is first
    return {"seconds": seconds, "loss": scores["full"], "own_estimate": scores["own"]}


def run_ours(recipe: str, text: Path, seed: int, scratch: Path, threads: int, *overrides: str) -> dict:
    """Train one of our recipes; its last evaluation is the same full pass."""
    folder = scratch / f"{recipe.replace('/', '-')}-{seed}"
    command = [sys.executable, "-m", "zaohua", "train", recipe, f"data.source=file:{text}"]
    command += [f"train.seed={seed}", f"run.dir={folder}", *overrides]
    seconds, _ = timed(command, scratch, threads)
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]
    evaluation = [line for line in lines if line["kind"] == "eval"][-1]
    estimate = random_windows(folder / "checkpoints" / "last", text, seed)
    return {
        "seconds": seconds,
        "loss": evaluation["loss"],
        "own_estimate": estimate,
        "train_seconds": evaluation["seconds"],
    }


def random_windows(model: Path, text: Path, seed: int, batches: int = 20, batch_size: int = 12) -> float:
    """The loss of our model as nanoGPT estimates its own: 20 batches of 12 random validation windows."""
    import torch

    from zaohua.language.folder import load_folder

    decoder, tokenizer = load_folder(model)
    content = text.read_text(encoding="utf-8")
    ids = torch.tensor(tokenizer.encode(content[int(len(content) * 0.9) :]))
    context, dice = decoder.config.context, torch.Generator().manual_seed(seed)
    starts = torch.randint(len(ids) - context, (batches, batch_size, 1), generator=dice)
    windows = ids[starts + torch.arange(context + 1)]  # [batches, batch_size, context + 1]
    with torch.no_grad():
        return statistics.fmean(decoder.loss(w[:, :-1], w[:, 1:]).item() for w in windows)


def ngram_floor(text: Path) -> dict[str, float]:
    """Witten-Bell tables on the same split, nats per character."""
    import numpy as np

    from zaohua.metrics.ngram import WittenBell

    content = text.read_text(encoding="utf-8")
    index = {character: i for i, character in enumerate(sorted(set(content)))}
    ids = np.array([index[character] for character in content])
    cut = int(len(ids) * 0.9)
    orders = (4, 5)
    return {f"{n}-gram": float(WittenBell.fit(ids[:cut], len(index), n).nll(ids[cut:])) for n in orders}


def spread(rows: list[dict], key: str) -> str:
    """Median and range."""
    values = [row[key] for row in rows]
    return f"{statistics.median(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--nanogpt", type=Path, help="a checkout of karpathy/nanoGPT; left out: our recipes alone")
    parser.add_argument("--recipes", nargs="+", default=RECIPES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    text = options.text.resolve()
    peers = ["nanoGPT"] if options.nanogpt else []
    rows: dict[str, list[dict]] = {name: [] for name in [*peers, *options.recipes]}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        os.environ["ZAOHUA_CACHE"] = str(scratch / "cache")  # the first run prepares the text, as a newcomer's would
        for seed in range(1, options.seeds + 1):
            if options.nanogpt:
                rows["nanoGPT"].append(run_nanogpt(options.nanogpt.resolve(), text, seed, scratch, options.threads))
            for recipe in options.recipes:
                rows[recipe].append(run_ours(recipe, text, seed, scratch, options.threads))
            print(
                {name: {k: round(v, 3) for k, v in found[-1].items()} for name, found in rows.items()}, file=sys.stderr
            )
    print("| run | validation loss, median (range) | random windows | wall seconds | nanoGPT's time ÷ ours |")
    print("| --- | --- | --- | --- | --- |")
    for name, found in rows.items():
        pairs = zip(rows.get("nanoGPT", []), found, strict=False)
        ratios = [theirs["seconds"] / ours["seconds"] for theirs, ours in pairs]
        ratio = f"{statistics.median(ratios):.2f}" if ratios else "–"
        columns = [spread(found, key) for key in ("loss", "own_estimate", "seconds")]
        print(f"| {name} | {' | '.join(columns)} | {ratio} |")
    floor = ngram_floor(text)
    for name, loss in floor.items():
        print(f"| {name} table | {loss:.3f} | – | – | – |")
    print(json.dumps({"rows": rows, "floor": floor}))


if __name__ == "__main__":
    main()

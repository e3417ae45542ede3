"""Preparing text: megabytes per second and core, peak memory, fast encoding beside the plain one.

    python benchmarks/prepare_speed.py --zh novel.txt --en prose.txt --megabytes 100

Each text is grown to the size asked for by copying it with 6% of its characters or words replaced (so that nothing is
a duplicate), cut into documents of some 4.5 kB, and prepared from JSONL as `zaohua train` does it: read, clean, remove
duplicates, split, train a BPE of 8,192, encode, write. The last line of standard output is JSON.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

CHANGED = 0.06


def documents(text: str, *, chinese: bool, megabytes: float) -> Iterator[str]:
    """Documents made from `text`, about `megabytes` in all."""
    dice = np.random.default_rng(0)
    units = np.array(list(text) if chinese else text.split(" "), dtype=object)
    joint, size, made = ("", 1500, 0) if chinese else (" ", 800, 0)
    while True:
        changed = units.copy()
        places = dice.random(len(units)) < CHANGED
        changed[places] = dice.choice(units, places.sum())
        for start in range(0, len(changed), size):
            document = joint.join(changed[start : start + size])
            made += len(document.encode())
            yield document
            if made > megabytes * 1e6:
                return


def prepare_once(file: Path) -> dict:
    """Prepare in this process, alone in it, so that its peak memory is the preparation's."""
    from zaohua.data.config import TextDataConfig
    from zaohua.language.corpus import prepare
    from zaohua.language.tokenizer import TokenizerConfig

    before, began = os.times(), time.perf_counter()
    with tempfile.TemporaryDirectory() as cache:
        config = TextDataConfig(source=f"jsonl:{file}")
        corpus = prepare(config, TokenizerConfig(), seed=1, context=256, cache=Path(cache))
        wall, after = time.perf_counter() - began, os.times()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        megabytes = corpus.report["bytes"] / 1e6
        with file.open(encoding="utf-8") as lines:
            texts = [json.loads(line)["text"] for line in islice(lines, 4000)]
        sample = sum(len(text.encode()) for text in texts) / 1e6
        began = time.process_time()
        fast = corpus.tokenizer.encode_batch(texts, threads=1)
        fast_seconds = time.process_time() - began
        began = time.process_time()
        plain = corpus.tokenizer.backend.encode_batch_fast(texts, add_special_tokens=False)
        plain_seconds = time.process_time() - began
    cpu = after.user + after.system - before.user - before.system
    return {
        "megabytes": megabytes,
        "wall_seconds": wall,
        "mb_per_second_and_core": megabytes / cpu,
        "mb_per_second": megabytes / wall,
        "peak_mb": peak / 1e6,
        "encode_mb_per_cpu_second": sample / fast_seconds,
        "tokenizers_mb_per_cpu_second": sample / plain_seconds,
        "same_ids": all(a.tolist() == b.ids for a, b in zip(fast, plain, strict=True)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--zh", type=Path, help="a Chinese text of some megabytes")
    parser.add_argument("--en", type=Path, help="an English one")
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--once", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.once:
        print(json.dumps(prepare_once(options.once)))
        return
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, source in (("zh", options.zh), ("en", options.en)):
            if source is None:
                continue
            file = Path(folder) / f"{name}.jsonl"
            with file.open("w", encoding="utf-8") as out:
                for text in documents(source.read_text("utf-8"), chinese=name == "zh", megabytes=options.megabytes):
                    out.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
            command = [sys.executable, __file__, "--once", str(file)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            results[name] = json.loads(done.stdout.splitlines()[-1])
    print("| text | MB | MB/s and core | MB/s | peak MB | encode MB/CPU-s | tokenizers alone | same ids |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, r in results.items():
        numbers = [r["megabytes"], r["mb_per_second_and_core"], r["mb_per_second"], r["peak_mb"]]
        numbers += [r["encode_mb_per_cpu_second"], r["tokenizers_mb_per_cpu_second"]]
        print(f"| {name} | " + " | ".join(f"{number:.1f}" for number in numbers) + f" | {r['same_ids']} |")
    print(json.dumps(results))


if __name__ == "__main__":
    main()

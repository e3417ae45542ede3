"""Throughput and waiting times of many requests at once, against the same requests one after the other.

    python benchmarks/serving_speed.py --shape 10m

1. `--count` greedy requests (16; random prompts of 32 to 96 tokens, 128 new tokens each) at once and one by one, in
   turns, medians of `--rounds`; transformers.generate on the same prompts as one left-padded batch beside them.
2. The same requests arriving at random (Poisson) at 70% of the rate just measured, for some time: how long until the
   first token and between tokens, medians and 95th percentiles. The last line of standard output is JSON.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import torch
from decode_speed import SHAPES, make

NEW = 128


def requests(count: int):
    """Requests with prompts of their own."""
    from zaohua.language.engine.request import Request
    from zaohua.language.sampling import SamplingConfig

    draw, greedy = random.Random(1), SamplingConfig(temperature=0)
    prompts = [[draw.randrange(1, 256) for _ in range(draw.randrange(32, 97))] for _ in range(count)]
    return [Request(prompt=prompt, sampling=greedy, max_new_tokens=NEW) for prompt in prompts]


def closed(engine, theirs, count: int, rounds: int) -> dict[str, float]:
    """Tokens a second: all at once, one by one, and transformers' batch."""
    asked = requests(count)
    longest = max(len(request.prompt) for request in asked)
    ids = torch.tensor([[0] * (longest - len(request.prompt)) + list(request.prompt) for request in asked])
    mask = torch.tensor([[0] * (longest - len(request.prompt)) + [1] * len(request.prompt) for request in asked])
    ways = {
        "at once": lambda: engine.complete(asked),
        "one by one": lambda: [engine.complete([request])[0] for request in asked],
        "transformers": lambda: theirs.generate(
            ids, attention_mask=mask, min_new_tokens=NEW, max_new_tokens=NEW, do_sample=False, eos_token_id=None,
            pad_token_id=0,
        ),
    }  # fmt: skip
    assert ways["at once"]() == ways["one by one"](), "a text depends on its company"
    ways["transformers"]()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: count * NEW / statistics.median(times) for name, times in seconds.items()}


def loaded(engine, rate: float, seconds: float) -> dict[str, float]:
    """Waiting times when requests arrive at random, `rate` of them a second."""
    draw, arrivals, ends = random.Random(2), [], []
    asked = requests(max(1, round(rate * seconds)))

    def listener(times: list[float], done: threading.Event):
        return lambda token: done.set() if token is None else times.append(time.perf_counter())

    with engine:
        for request in asked:
            times, done = [], threading.Event()
            arrivals.append((time.perf_counter(), times))
            ends.append(done)
            engine.submit(request, listener(times, done))
            time.sleep(draw.expovariate(rate))
        for done in ends:
            done.wait()
    first = [times[0] - came for came, times in arrivals]
    gaps = [later - earlier for _, times in arrivals for earlier, later in pairwise(times)]

    def percentile(values: list[float], share: float) -> float:
        return sorted(values)[min(len(values) - 1, int(share * len(values)))]

    return {
        "requests": len(asked),
        "requests_per_second": rate,
        "first_token_p50": percentile(first, 0.5),
        "first_token_p95": percentile(first, 0.95),
        "between_tokens_p50": percentile(gaps, 0.5),
        "between_tokens_p95": percentile(gaps, 0.95),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=SHAPES, default="10m")
    parser.add_argument("--count", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=20.0, help="of requests under load")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    os.environ.setdefault("ZAOHUA_COMPILED", "1")  # even if it has to be compiled first
    from zaohua.language.engine.engine import Engine

    with tempfile.TemporaryDirectory() as folder:
        theirs, decoder, tokenizer = make(options.shape, Path(folder))
    engine = Engine(decoder, tokenizer, batch=16, queue=100_000, prefix_memory=0)
    rates = closed(engine, theirs, options.count, options.rounds)
    load = loaded(engine, 0.7 * rates["at once"] / NEW, options.seconds)
    print(f"| {options.shape}, {options.count} requests | tokens/s | against one by one |\n| --- | --- | --- |")
    for name, rate in rates.items():
        print(f"| {name} | {rate:.0f} | {rate / rates['one by one']:.2f} |")
    print()
    print(f"| under load ({load['requests_per_second']:.1f} requests/s) | median, ms | 95%, ms |\n| --- | --- | --- |")
    for name in ("first_token", "between_tokens"):
        print(f"| {name.replace('_', ' ')} | {load[name + '_p50'] * 1e3:.0f} | {load[name + '_p95'] * 1e3:.0f} |")
    print(json.dumps({"threads": options.threads, "shape": options.shape, **rates, **load}))


if __name__ == "__main__":
    main()

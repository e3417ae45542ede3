"""Tokens a second of one text: the engine beside transformers.generate and, where there is one, llama.cpp.

    python benchmarks/decode_speed.py --shape 10m 135m
    python benchmarks/decode_speed.py --shape 135m --llama VENV/bin/python

Random weights, the same for all: batch 1, greedy, fp32, 64 tokens of prompt and 256 new ones. Contestants take turns,
`--rounds` times; medians are of whole calls, prompt included. "of bandwidth" is the share of the memory bandwidth,
measured in the same process, that reading every weight and every kept key and value once per token would take.
transformers runs with each cache that it has for this; its best is what ratios are against. The engine runs as compiled
code, where numba is installed, and by PyTorch's operations. The last line of standard output is JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import torch

PROMPT, NEW = 64, 256
SHAPES = {  # as config.json has them
    "10m": (
        "qwen3",
        {
            "vocab_size": 4096,
            "hidden_size": 320,
            "intermediate_size": 896,
            "num_hidden_layers": 6,
            "num_attention_heads": 5,
            "num_key_value_heads": 5,
            "head_dim": 64,
        },
    ),
    "135m": (
        "llama",
        {
            "vocab_size": 49152,
            "hidden_size": 576,
            "intermediate_size": 1536,
            "num_hidden_layers": 30,
            "num_attention_heads": 9,
            "num_key_value_heads": 3,
            "head_dim": 64,
            "tie_word_embeddings": True,
        },
    ),
}
LLAMA = """
import json, sys, time
from llama_cpp import Llama
model = Llama(sys.argv[1], n_ctx=512, n_threads=int(sys.argv[2]), verbose=False, logits_all=False)
ids, new, rounds = json.loads(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
for _ in range(rounds + 1):
    model.reset()
    began = time.perf_counter()
    for count, _ in enumerate(model.generate(ids, temp=0.0), 1):
        if count == new:
            break
    print(time.perf_counter() - began, flush=True)
"""


def read_bandwidth(megabytes: int = 512) -> float:
    """Bytes a second that a sum over far more memory than any cache reads, or a product with a matrix of that size; the
    best of some tries."""
    numbers = torch.ones(megabytes * 2**18)
    matrix = numbers.view(-1, 4096)
    times = []
    for read in (numbers.sum, lambda: matrix.mv(matrix[0])) * 7:
        began = time.perf_counter()
        read()
        times.append(time.perf_counter() - began)
    return numbers.nbytes / min(times)


def make(shape: str, folder: Path):
    """The model in transformers and here, and a tokeniser to go with it."""
    import transformers

    from zaohua.language.formats import load_decoder
    from zaohua.language.tokenizer import TokenizerConfig
    from zaohua.language.tokenizer_training import train

    transformers.logging.set_verbosity_error()
    kind, sizes = SHAPES[shape]
    torch.manual_seed(0)
    config = transformers.AutoConfig.for_model(kind, max_position_embeddings=512, **sizes)
    theirs = transformers.AutoModelForCausalLM.from_config(config).eval()
    theirs.save_pretrained(folder)
    small = train(TokenizerConfig(kind="bpe", vocab_size=300), ["Once upon a time there was a hill. " * 50])
    small.save(folder / "small")
    _grown(small, sizes["vocab_size"]).save(folder)
    decoder, tokenizer, _ = load_decoder(folder)
    tokenizer.special = {}  # every token may be written, as with transformers
    return theirs, decoder, tokenizer


def _grown(tokenizer, size: int):
    """The tokeniser with pairs of bytes as further tokens."""
    from tokenizers import Tokenizer as Backend

    from zaohua.language.tokenizer import Tokenizer

    spec = json.loads(tokenizer.backend.to_str())
    vocabulary, merges = spec["model"]["vocab"], spec["model"]["merges"]
    letters = [token for token in vocabulary if len(token) == 1]
    for left, right in product(letters, letters):
        if len(spec["added_tokens"]) + len(vocabulary) >= size:
            break
        if left + right not in vocabulary:
            vocabulary[left + right] = len(spec["added_tokens"]) + len(vocabulary)
            merges.append([left, right])
    return Tokenizer(Backend.from_str(json.dumps(spec)))


def contestants(shape: str, folder: Path, ids: list[int]) -> dict[str, Callable[[], list[int]]]:
    """Name -> a function that writes NEW tokens and returns them."""
    from zaohua.language.engine.engine import Engine
    from zaohua.language.engine.request import Request
    from zaohua.language.sampling import SamplingConfig
    from zaohua.nn.int8 import to_int8

    theirs, decoder, tokenizer = make(shape, folder)
    batch = torch.tensor([ids])
    options = {
        "attention_mask": torch.ones_like(batch),
        "min_new_tokens": NEW,
        "max_new_tokens": NEW,
        "do_sample": False,
        "eos_token_id": None,
        "pad_token_id": 0,
    }

    def ours(way: str) -> Callable[[], list[int]]:
        os.environ["ZAOHUA_COMPILED"] = str(int(way == "compiled"))
        engine = Engine(decoder, tokenizer, prefix_memory=0)
        request = Request(prompt=ids, sampling=SamplingConfig(temperature=0), max_new_tokens=NEW)
        return lambda: engine.complete([request])[0].ids

    def generate(cache: str) -> Callable[[], list[int]]:
        return lambda: theirs.generate(batch, cache_implementation=cache, **options)[0, len(ids) :].tolist()

    ways = ("compiled", "torch") if find_spec("numba") else ("torch",)
    full = {f"zaohua fp32, {way}": ours(way) for way in ways}
    to_int8(decoder)
    return {
        **full,
        **{f"zaohua int8, {way}": ours(way) for way in ways},
        "transformers, dynamic cache": generate("dynamic"),
        "transformers, static cache": generate("static"),
    }


def bytes_per_token(shape: str, weight_bytes: float) -> float:
    """What must be read for a token: matrices at `weight_bytes` a number, keys and values at their mean length."""
    sizes = SHAPES[shape][1]
    width, d = sizes["hidden_size"], sizes["head_dim"]
    heads, groups = sizes["num_attention_heads"], sizes["num_key_value_heads"]
    block = width * d * (2 * heads + 2 * groups) + 3 * width * sizes["intermediate_size"]
    weights = sizes["num_hidden_layers"] * block + width * sizes["vocab_size"]
    return weights * weight_bytes + 4 * 2 * sizes["num_hidden_layers"] * groups * d * (PROMPT + NEW / 2)


def llama_cpp(python: str, folder: Path, ids: list[int], rounds: int) -> dict[str, list[float]]:
    """Seconds of llama.cpp by the Python of an environment that has llama-cpp-python, after one run to warm up."""
    from zaohua.language.formats import load_decoder
    from zaohua.language.gguf.write import write_gguf
    from zaohua.language.tokenizer import Tokenizer

    decoder, _, _ = load_decoder(folder)
    tokenizer = Tokenizer.load(folder / "small")
    found = {}
    for kind in ("F32", "Q8_0"):
        file = folder / f"{kind}.gguf"
        write_gguf(decoder, tokenizer, file, kind.lower())
        command = [python, "-c", LLAMA, str(file), str(torch.get_num_threads()), json.dumps(ids), str(NEW), str(rounds)]
        lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        found[f"llama.cpp {kind}"] = [float(line) for line in lines[1:]]
    return found


def measure(shape: str, rounds: int, llama: str | None) -> dict[str, dict[str, float]]:
    """Seconds, tokens a second and share of bandwidth of every contestant."""
    ids = torch.randint(1, 256, (PROMPT,), generator=torch.Generator().manual_seed(1)).tolist()
    bandwidths = [read_bandwidth()]
    with tempfile.TemporaryDirectory() as folder:
        all_of_them = contestants(shape, Path(folder), ids)
        texts = {name: write() for name, write in all_of_them.items()}  # to warm up
        pairs = zip(next(iter(texts.values())), texts["transformers, dynamic cache"], strict=True)
        same = next((place for place, (ours, theirs) in enumerate(pairs) if ours != theirs), NEW)
        print(f"{shape}: {same} of {NEW} tokens the same as transformers'", file=sys.stderr)
        seconds: dict[str, list[float]] = {name: [] for name in all_of_them}
        for _ in range(rounds):
            for name, write in all_of_them.items():
                began = time.perf_counter()
                write()
                seconds[name].append(time.perf_counter() - began)
        if llama is not None:
            seconds |= llama_cpp(llama, Path(folder), ids, rounds)
    bandwidths.append(read_bandwidth())
    bandwidth = statistics.mean(bandwidths)
    found = {}
    for name, times in seconds.items():
        weight_bytes = 1 if "int8" in name else 34 / 32 if "Q8_0" in name else 4
        rate = NEW / statistics.median(times)
        share = bytes_per_token(shape, weight_bytes) * rate / bandwidth
        found[name] = {"tokens_per_second": rate, "bandwidth_share": share, "spread": max(times) / min(times)}
    print(f"{shape}: bandwidth {bandwidth / 1e9:.1f} GB/s", file=sys.stderr)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--llama", help="python of an environment with llama-cpp-python")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = {}
    print(f"| model | contestant | tokens/s | against transformers' best | of bandwidth |\n|{' --- |' * 5}")
    for shape in options.shape:
        results[shape] = found = measure(shape, options.rounds, options.llama)
        best = max(row["tokens_per_second"] for name, row in found.items() if name.startswith("transformers"))
        for name, row in found.items():
            rate, share = row["tokens_per_second"], row["bandwidth_share"]
            print(f"| {shape} | {name} | {rate:.0f} | {rate / best:.2f} | {share:.0%} |", flush=True)
    print(json.dumps({"threads": options.threads, **results}))


if __name__ == "__main__":
    main()

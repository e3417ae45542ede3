"""A fine-tuning step beside `peft` + `transformers`: the same model, texts, rank, targets and optimiser, in turns.

    python benchmarks/lora_speed.py --model builtin:smollm2 --data alpaca.json
    python benchmarks/lora_speed.py --model builtin:smollm2 --data alpaca.json --tune all --turns 3

With --tune all, every weight learns, on both sides. Both sides keep freed memory, as `zaohua finetune` does.

Two kinds of batch. "full": windows of one length, every token learnt, so that neither side has padding to carry or
tokens to skip. "chat": conversations of the data, only the assistant's tokens learnt; ours stand end to end, theirs
are padded to the longest, as collators do. Tokens are counted without padding. Speeds are medians over turns in one
process; peaks are those of a process of its own, from after loading. The last line of standard output is JSON.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zaohua.machine import keep_memory

TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
Step = Callable[[int], float]  # number of the step -> loss


def batches(options: argparse.Namespace) -> list:
    """Texts of every step."""
    from zaohua import hub
    from zaohua.data.report import SourceReport
    from zaohua.language.chat import Chat, Encoded
    from zaohua.language.finetuning.instructions import ChatDataConfig, read_conversations
    from zaohua.language.formats import load_decoder

    _, tokenizer, _ = load_decoder(hub.locate(options.model)[0])
    conversations, _ = read_conversations(ChatDataConfig(source=f"file:{options.data}"), SourceReport())
    chat = Chat(tokenizer)
    texts = [chat.training(conversation.messages) for conversation in conversations[: 400 * options.batch]]
    if options.kind == "full":
        ids = np.concatenate([text.ids for text in texts])
        size = options.context + 1
        texts = [Encoded(ids[i * size : (i + 1) * size], np.ones(size, bool)) for i in range(len(ids) // size)]
    texts = [Encoded(text.ids[: options.context + 1], text.learnt[: options.context + 1]) for text in texts]
    texts = [text for text in texts if text.learnt[1:].any()]
    return [texts[i : i + options.batch] for i in range(0, len(texts) - options.batch + 1, options.batch)]


def ours(options: argparse.Namespace, steps: list) -> Step:
    """This package's step."""
    from zaohua import hub
    from zaohua.language.finetuning.lora import LoRAConfig, attach
    from zaohua.language.finetuning.packing import Row
    from zaohua.language.finetuning.tuning import Scorer
    from zaohua.language.formats import load_decoder

    decoder, _, _ = load_decoder(hub.locate(options.model)[0])
    if options.tune == "lora":
        attach(decoder, LoRAConfig(rank=options.rank, alpha=2 * options.rank, targets=TARGETS), 1)
    scorer = Scorer(decoder).train()
    optimiser = torch.optim.AdamW(scorer.parameters(), lr=2e-4, fused=True)

    def step(number: int) -> float:
        loss = scorer(Row.of(steps[number], torch.device("cpu"))).mean()
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    return step


def theirs(options: argparse.Namespace, steps: list) -> Step:
    """The same with peft and transformers."""
    import peft
    import transformers

    from zaohua import hub

    with tempfile.TemporaryDirectory() as folder:
        hub.load(options.model, device="cpu").save(folder)
        model: Any = transformers.AutoModelForCausalLM.from_pretrained(folder, attn_implementation="sdpa")
    if options.tune == "lora":
        settings = peft.LoraConfig(
            r=options.rank, lora_alpha=2 * options.rank, lora_dropout=0.0, target_modules=TARGETS, task_type="CAUSAL_LM"
        )
        model = peft.get_peft_model(model, settings)
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=2e-4, fused=True)

    def step(number: int) -> float:
        longest = max(len(text.ids) for text in steps[number])
        shape = (len(steps[number]), longest)
        ids, labels, real = torch.zeros(shape, dtype=torch.long), torch.full(shape, -100), torch.zeros(shape).long()
        for row, text in enumerate(steps[number]):
            length = len(text.ids)
            ids[row, :length] = torch.from_numpy(text.ids.astype(np.int64))
            labels[row, :length] = torch.where(torch.from_numpy(text.learnt), ids[row, :length], -100)
            real[row, :length] = 1
        mask = None if bool(real.all()) else real
        loss = model(input_ids=ids, attention_mask=mask, labels=labels, use_cache=False).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    return step


SIDES = {"zaohua": ours, "peft": theirs}


def peak(side: str, options: argparse.Namespace) -> dict[str, int]:
    """Bytes after loading and at the height of five steps, in a process of its own."""
    command = [sys.executable, __file__, "--alone", side]
    for name in ("model", "data", "kind", "batch", "context", "rank", "threads", "tune"):
        command += [f"--{name}", str(getattr(options, name))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def alone(options: argparse.Namespace) -> dict[str, int]:
    """What `peak` measures."""
    steps = batches(options)
    step = SIDES[options.alone](options, steps)
    Path("/proc/self/clear_refs").write_text("5")  # Linux: the peak so far is forgotten
    loaded = _status("VmRSS")
    for number in range(5):
        step(number)
    return {"loaded": loaded, "peak": _status("VmHWM")}


def _status(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(key))


def compare(options: argparse.Namespace) -> dict:
    """Both in turns, and their peaks."""
    steps = batches(options)
    runs = {name: make(options, steps) for name, make in SIDES.items()}
    losses = {name: run(0) for name, run in runs.items()}
    wall: dict[str, list[float]] = {name: [] for name in SIDES}
    busy: dict[str, list[float]] = {name: [] for name in SIDES}  # the process' own time: other programs do not count
    for turn in range(1, 1 + options.turns):
        tokens = sum(len(text.ids) - 1 for text in steps[turn])
        for name, run in runs.items():
            began, began_busy = time.perf_counter(), time.process_time()
            run(turn)
            wall[name].append(tokens / (time.perf_counter() - began))
            busy[name].append(tokens / (time.process_time() - began_busy))
    found: dict = {}
    for name in SIDES:
        found[name] = {
            "tokens_per_second": round(statistics.median(wall[name]), 1),
            "tokens_per_cpu_second": round(statistics.median(busy[name]), 1),
            "first_loss": round(losses[name], 4),
            **peak(name, options),
        }
    for key, speeds in (("ratio", wall), ("cpu_ratio", busy)):
        ratios = [one / other for one, other in zip(speeds["zaohua"], speeds["peft"], strict=True)]
        found |= {key: round(statistics.median(ratios), 3), f"{key}s": [round(ratio, 3) for ratio in ratios]}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="builtin:smollm2")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--kind", choices=["full", "chat", "both"], default="both")
    parser.add_argument("--batch", type=int, default=4, help="texts in a step")
    parser.add_argument("--context", type=int, default=256)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--tune", choices=["lora", "all"], default="lora")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--alone", choices=list(SIDES))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_memory()
    if options.alone:
        print(json.dumps(alone(options)))
        return
    kinds = ["full", "chat"] if options.kind == "both" else [options.kind]
    found = {}
    for kind in kinds:
        options.kind = kind
        found[kind] = compare(options)
        print(f"{kind}: {json.dumps(found[kind])}", file=sys.stderr)
    names = ("model", "tune", "batch", "context", "rank", "turns", "threads")
    settings = {name: getattr(options, name) for name in names}
    print(json.dumps({**settings, "torch": torch.__version__, **found}))


if __name__ == "__main__":
    main()

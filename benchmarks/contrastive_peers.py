"""Pictures and their captions: open_clip's towers and loss beside ours, in speed and in what is found.

Each arm is a process of its own, one after the other for every seed. All get the same pictures, the same tokens, the
same order and crops, the same AdamW on the same schedule, and as many weights within 2%; none sees a padded token less
than its own code lets it. Time is that of forward and backward pass and update, in seconds of the processor.

    arms: see ARMS; all but open_clip are our towers
    data: see contrastive_sets.py; or --source SOURCE, any source of captioned pictures

Behind each figure stands how much more it is than that of plain, in the mean over the seeds, and the 95% interval of
that. open_clip needs torchvision, whose builds want a CUDA PyTorch; nothing of it is used here but its name. So:

    pip install --no-deps --target PEERS torchvision==0.28.0 open_clip_torch==3.3.0 timm ftfy wcwidth
    python benchmarks/contrastive_peers.py --peers PEERS --seeds 1 2 3
"""

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np
import torch
from contrastive_sets import SETS, SIDE, captioned
from seeded_runs import command, interval, options, publish, short, versions
from torch import Tensor, nn

from zaohua.data.order import sample_numbers
from zaohua.gan.images.pixels import to_floats
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train as train_tokenizer
from zaohua.metrics.retrieval import cross_modal_scores
from zaohua.multimodal.contrastive.augment import picture_views
from zaohua.multimodal.contrastive.captions import Captions, rows
from zaohua.multimodal.contrastive.losses import within_difference
from zaohua.multimodal.contrastive.shape import TowersConfig, encoder_stack
from zaohua.multimodal.contrastive.towers import Towers, initialise
from zaohua.seeding import sample_keys

HEAD, VOCABULARY = 32, 2048
BETAS, DECAY, WARM = (0.9, 0.98), 0.2, 0.1  # of AdamW as open_clip's README trains small models; share of warm-up
RATE = 1e-3
COLUMNS = {"recall_at_10": "R@10", "name_10": "naming", "find_10": "finding", "recall_at_1": "R@1"}
COLUMNS |= {"mean_average_precision": "mAP"}
View = tuple[Tensor, Tensor, Tensor]  # pictures, ids and lengths of their captions
Step = Callable[[list[View], Tensor], Tensor]


@dataclass(frozen=True)
class Arm:
    """How a batch is judged. several: whether a caption that is also true of another picture is an answer to it;
    within: weight of the difference between two views of one picture and two captions of it."""

    about: str
    kind: str = "softmax"
    several: bool = False
    within: float = 0.0


OPEN_CLIP, PLAIN = "open_clip", "plain"
ARMS = {
    OPEN_CLIP: Arm("open_clip 3.3.0: its CLIP and ClipLoss"),
    PLAIN: Arm("ours, each picture with its own caption as the only answer"),
    "several": Arm("ours, all captions of the batch that are true of it as answers (`loss.equal`)", several=True),
    "within": Arm("several, and two views alike (`loss.within = 0.3`)", several=True, within=0.3),
    "sigmoid": Arm("ours, every pair by itself (`loss.kind = sigmoid`)", kind="sigmoid", several=True),
}


def main() -> None:
    parser = options(__doc__, "/tmp/contrastive_peers")
    parser.add_argument("--peers", type=Path, help="folder of open_clip and what it imports; left out: ours alone")
    parser.add_argument("--data", nargs="*", default=["kinds"], choices=SETS)
    parser.add_argument("--source", help="further pictures with captions, e.g. jsonl:FILE")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--patch", type=int, default=8)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=float, default=20)
    parser.add_argument("--context", type=int, default=32, help="tokens of a caption at most; open_clip has 77")
    parser.add_argument("--one", nargs=3, metavar=("DATA", "ARM", "SEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.one:
        data, arm, seed = given.one
        print(json.dumps(run(data, arm, int(seed), given)))
        return
    for data in [*given.data, *filter(None, [given.source])]:
        found: dict[str, list[dict[str, Any]]] = {arm: [] for arm in given.arms}
        for seed in given.seeds:
            for arm in given.arms[:: 1 if seed % 2 else -1]:
                found[arm].append(child(data, arm, seed, given))
                print(data, arm, seed, json.dumps(found[arm][-1]), file=sys.stderr, flush=True)
        publish(section(data, found, given), given)


def child(data: str, arm: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """One arm in a process of its own; what was measured before is not measured again."""
    sizes = f"{given.width}-{given.layers}-{given.patch}-{given.batch}-{given.epochs:g}-{given.context}"
    kept = given.runs / f"{data.replace('/', '_')}-{arm}-{seed}-{sizes}.json"
    if not kept.exists():
        wanted = [sys.executable, __file__, *sys.argv[1:], "--one", data, arm, str(seed)]
        said = subprocess.run(wanted, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()[-1]
        given.runs.mkdir(parents=True, exist_ok=True)
        kept.write_text(said, encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def section(data: str, found: dict[str, list[dict[str, Any]]], given: argparse.Namespace) -> str:
    """The table of one set."""
    known = found[PLAIN][0] if PLAIN in found else next(iter(found.values()))[0]
    lines = [
        f"**{data}**: {known['pairs']:,} pairs to learn from, {known['held']:,} pictures and {known['texts']:,} "
        f"captions held back; a caption of a batch is true of {known['true_of']:.1f} of its {given.batch} pictures. "
        f"Width {given.width}, {given.layers} + {given.layers} layers, patches of {given.patch}, {given.epochs:g} "
        "epochs. R@10 is the mean of naming (a picture finds a caption) and finding (a caption finds a picture). "
        f"Means over seeds {', '.join(map(str, given.seeds))}. {versions()}",
        "",
        "| arm | " + " | ".join(COLUMNS.values()) + " | pairs/s | peak MB | weights |",
        "|---" * (len(COLUMNS) + 4) + "|",
    ]
    for arm, runs in found.items():
        cells = [f"{mean(run[name] for run in runs):.3f}{beside(name, arm, found)}" for name in COLUMNS]
        rest = [short(mean(run[name] for run in runs)) for name in ("pairs_per_second", "peak_mb", "parameters")]
        lines.append(f"| {ARMS[arm].about} | " + " | ".join([*cells, *rest]) + " |")
    if {OPEN_CLIP, PLAIN} <= found.keys() and len(given.seeds) > 1:
        both = zip(found[PLAIN], found[OPEN_CLIP], strict=True)
        middle, half = interval([ours["pairs_per_second"] / theirs["pairs_per_second"] for ours, theirs in both])
        lines += ["", f"plain ÷ open_clip in pairs/s: {middle:.2f} ± {half:.2f}"]
    typed = f"contrastive_peers.py --data {data} --width {given.width} --layers {given.layers} --patch {given.patch}"
    typed += f" --batch {given.batch} --epochs {given.epochs:g} --context {given.context} --peers PEERS"
    return "\n".join([*lines, "", command(typed, given), ""])


def beside(name: str, arm: str, found: dict[str, list[dict[str, Any]]]) -> str:
    """How much more than plain, with the interval of that."""
    if arm == PLAIN or PLAIN not in found or len(found[PLAIN]) < 2:
        return ""
    middle, half = interval([mine[name] - plain[name] for mine, plain in zip(found[arm], found[PLAIN], strict=True)])
    return f" ({middle:+.3f} ± {half:.3f})"


# ---- one arm


def run(data: str, arm: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """Train one arm and measure it."""
    pictures, captions, held, held_captions = SETS.get(data, partial(captioned, data))()
    said = [text for one in captions for text in one["en"]]
    tokenizer = train_tokenizer(TokenizerConfig(vocab_size=VOCABULARY), said)
    known = Captions(captions, "pictures", tokenizer)
    asked = Captions(held_captions, "pictures", tokenizer)
    end = tokenizer.vocab_size  # open_clip reads a text at the token with the largest id
    model, step, vectors = make(ARMS[arm], tokenizer.vocab_size + 1, seed, given)
    batch = min(given.batch, len(pictures))
    steps = max(1, round(given.epochs * len(pictures) / batch))
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, fused=True)
    seconds, true_of = 0.0, 0.0
    for number in range(steps):
        things = sample_numbers(seed, number, batch, len(pictures))
        x = to_floats(pictures[torch.from_numpy(things)])
        views, positives = [], torch.empty(0)
        for again in range(2 if ARMS[arm].within else 1):
            keys = sample_keys(seed, number, torch.arange(batch) + again * batch)
            texts, tokens = known.chosen(things, keys, 0.0)
            seen = picture_views(x, keys, crop=0.3, colour=0.2, mirror=False)
            views.append((seen, *rows(tokens, end, given.context)))
            positives = positives if again else known.positives(things, texts)
        true_of += float(positives.sum()) / batch / steps
        for group in optimiser.param_groups:
            group["lr"] = RATE * schedule(number, steps)
        began = time.process_time()
        optimiser.zero_grad()
        step(views, positives).backward()
        optimiser.step()
        seconds += time.process_time() - began
    u, v = vectors(to_floats(held), *rows([asked.tokens_of(n) for n in range(len(asked.texts))], end, given.context))
    similarity, right = (u @ v.T).numpy(), asked.right()
    both = cross_modal_scores(similarity, right), cross_modal_scores(similarity.T, right.T)
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "pairs_per_second": steps * batch / seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **{name: float(np.mean([one[name] for one in both])) for name in both[0]},
        "name_10": both[0]["recall_at_10"],  # a picture finds one of its captions
        "find_10": both[1]["recall_at_10"],  # a caption finds a picture that it is true of
        "pairs": len(pictures),
        "held": len(held),
        "texts": len(asked.texts),
        "true_of": true_of,
    }


def schedule(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to 0."""
    warm = max(1, round(WARM * steps))
    return (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def make(arm: Arm, vocabulary: int, seed: int, given: argparse.Namespace) -> tuple[nn.Module, Step, Any]:
    """A model, its loss of a batch, and its vectors of pictures and texts."""
    torch.manual_seed(seed)
    if arm is ARMS[OPEN_CLIP]:
        return open_clip(vocabulary, given)
    heads = given.width // HEAD
    stack = encoder_stack(
        layers=given.layers, width=given.width, heads=heads, head_dim=HEAD, ffn_width=4 * given.width, learned=True
    )
    sizes: dict[str, Any] = {"size": SIDE, "channels": 3, "patch": given.patch, "stem": "patches"}
    sizes |= {"vocab_size": vocabulary, "context": given.context, "dim": given.width, "loss": arm.kind}
    towers = Towers(TowersConfig(kind="pictures", media=stack, text=stack, **sizes))
    initialise(towers, seed)

    def step(views: list[View], positives: Tensor) -> Tensor:
        (u, v), *others = [(towers.see(x), towers.read(ids, lengths)) for x, ids, lengths in views]
        loss, _ = towers.judged(u, v, positives if arm.several else None)
        for u2, v2 in others:
            same = positives | positives.T
            loss = loss + arm.within * (within_difference(u, u2, same) + within_difference(v, v2, same)) / 2
        return loss

    @torch.no_grad()
    def vectors(x: Tensor, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return towers.see(x), towers.read(ids, lengths)

    return towers, step, vectors


def open_clip(vocabulary: int, given: argparse.Namespace) -> tuple[nn.Module, Step, Any]:
    """Its own classes with its own start, at the same sizes; its scale is kept below 100 as its trainer keeps it."""
    if given.peers is None:
        raise SystemExit("the arm open_clip needs --peers: see --help")
    library = torch.library.Library("torchvision", "DEF")  # else importing torchvision fails without CUDA
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    sys.path.append(str(given.peers))
    from open_clip.loss import ClipLoss
    from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg

    width, layers = given.width, given.layers
    seen = CLIPVisionCfg(layers=layers, width=width, head_width=HEAD, patch_size=given.patch, image_size=SIDE)
    read = CLIPTextCfg(
        context_length=given.context, vocab_size=vocabulary, width=width, heads=width // HEAD, layers=layers
    )
    model, loss = CLIP(width, seen, read), ClipLoss()

    def padded(ids: Tensor) -> Tensor:
        """Its tokeniser's form: zeros after the mark of the end."""
        full = ids.new_zeros(len(ids), given.context)
        full[:, : ids.shape[1]] = ids
        ends = (full == vocabulary - 1).int().argmax(1, keepdim=True)
        return full.masked_fill(torch.arange(given.context) > ends, 0)

    def step(views: list[View], positives: Tensor) -> Tensor:
        ((x, ids, _),) = views
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        u, v, scale = model(x, padded(ids))
        return loss(u, v, scale)

    @torch.no_grad()
    def vectors(x: Tensor, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        model.eval()
        return model.encode_image(x, normalize=True), model.encode_text(padded(ids), normalize=True)

    return model, step, vectors


if __name__ == "__main__":
    main()

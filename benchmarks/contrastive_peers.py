"""Pictures and their captions: open_clip's towers and loss beside ours, in speed and in what is found.

Each arm is a process of its own, one after the other for every seed. All get the same pictures, the same tokens, the
same order and crops, the same AdamW on the same schedule, and as many weights within 2%; none sees a padded token less
than its own code lets it. Time is that of forward and backward pass and update, in seconds of the processor.

    arms: open_clip (CLIP of open_clip.model with its ClipLoss), plain (our towers, one answer each), several (the same
          with captions that are also another picture's as answers to it)
    data: names (OpenMoji with CLDR's English names), stamps (a captions.jsonl, e.g. Tux Paint's stamps: --stamps FILE),
          figures (drawn here: coloured figures of two sizes in five places, whose captions recur)

open_clip needs torchvision, whose builds want a CUDA PyTorch; nothing of it is used here but its name. So:

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
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seeded_runs import cell, conditions, options
from torch import Tensor, nn

from zaohua.data.captioned import CaptionedConfig, read_captioned
from zaohua.data.order import sample_numbers
from zaohua.gan.images.pixels import to_floats
from zaohua.language.tokenizer import TokenizerConfig
from zaohua.language.tokenizer_training import train as train_tokenizer
from zaohua.metrics.retrieval import cross_modal_scores
from zaohua.multimodal.contrastive.augment import picture_views
from zaohua.multimodal.contrastive.captions import Captions, rows
from zaohua.multimodal.contrastive.losses import softmax_loss
from zaohua.multimodal.contrastive.shape import TowersConfig, encoder_stack
from zaohua.multimodal.contrastive.towers import Towers, initialise
from zaohua.seeding import sample_keys

ARMS = ("open_clip", "plain", "several")
HEAD, PATCH, SIDE, VOCABULARY = 32, 8, 64, 2048
BETAS, DECAY, WARM = (0.9, 0.98), 0.2, 0.1  # of AdamW as open_clip's README trains small models; share of warm-up
RATE = 1e-3
COLOURS = {"red": (214, 48, 49), "green": (39, 174, 96), "blue": (41, 98, 255), "yellow": (241, 196, 15)}
COLOURS |= {"purple": (142, 68, 173), "black": (30, 30, 30)}
PLACES = {"in the middle": (0.5, 0.5), "at the top": (0.5, 0.25), "at the bottom": (0.5, 0.75)}
PLACES |= {"on the left": (0.25, 0.5), "on the right": (0.75, 0.5)}
FIGURES = ("circle", "square", "triangle", "cross")
Step = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def main() -> None:
    parser = options(__doc__, "/tmp/contrastive_peers")
    parser.add_argument("--peers", type=Path, help="folder of open_clip and what it imports; left out: ours alone")
    parser.add_argument("--data", nargs="+", default=["names", "figures"], choices=("names", "stamps", "figures"))
    parser.add_argument("--stamps", help="jsonl:FILE")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--width", type=int, default=192)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--epochs", type=float, default=20)
    parser.add_argument(
        "--context", type=int, default=32, help="tokens of a caption at most; open_clip's default is 77"
    )
    parser.add_argument("--one", nargs=3, metavar=("DATA", "ARM", "SEED"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.one:
        data, arm, seed = given.one
        print(json.dumps(run(data, arm, int(seed), given)))
        return
    found = {data: {arm: [] for arm in given.arms} for data in given.data}
    for data in given.data:
        for seed in given.seeds:
            for arm in given.arms[:: 1 if seed % 2 else -1]:
                found[data][arm].append(child(data, arm, seed))
                print(data, arm, seed, json.dumps(found[data][arm][-1]), file=sys.stderr, flush=True)
    text = "\n".join(line for data in given.data for line in lines(data, found[data])) + f"\n{conditions(given)}\n"
    print(text)
    if given.results:
        with given.results.open("a", encoding="utf-8") as file:
            file.write(text)


def child(data: str, arm: str, seed: int) -> dict[str, Any]:
    command = [sys.executable, __file__, *sys.argv[1:], "--one", data, arm, str(seed)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1])


def lines(data: str, found: dict[str, list[dict[str, Any]]]) -> list[str]:
    """The table of one set."""
    names = {"pairs_per_second": "pairs/s", "seconds": "seconds", "peak_mb": "peak MB", "parameters": "weights"}
    names |= {f"recall_at_{k}": f"R@{k}" for k in (1, 5, 10)} | {"median_rank": "median rank"}
    made = [f"**{data}**", "", f"| arm | {' | '.join(names.values())} |", "|---" * (len(names) + 1) + "|"]
    for arm, runs in found.items():
        made.append(f"| {arm} | {' | '.join(cell([one[name] for one in runs]) for name in names)} |")
    if "open_clip" in found and "plain" in found:
        pairs = zip(found["plain"], found["open_clip"], strict=True)
        made += [
            "",
            f"plain ÷ open_clip in pairs/s: {cell([a['pairs_per_second'] / b['pairs_per_second'] for a, b in pairs])}",
        ]
    return [*made, ""]


# ---- one arm


def run(data: str, arm: str, seed: int, given: argparse.Namespace) -> dict[str, Any]:
    """Train one arm and measure it."""
    pictures, captions, held, held_captions = read(data, given)
    tokenizer = train_tokenizer(
        TokenizerConfig(vocab_size=VOCABULARY), [text for one in captions for text in one["en"]]
    )
    known = Captions(captions, "pictures", tokenizer)
    asked = Captions(held_captions, "pictures", tokenizer)
    end = tokenizer.vocab_size  # open_clip reads a text at the token with the largest id
    model, step, vectors = make(arm, tokenizer.vocab_size + 1, seed, given)
    batch = min(given.batch, len(pictures))
    steps = max(1, round(given.epochs * len(pictures) / batch))
    decayed = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, fused=True)
    seconds = 0.0
    for number in range(steps):
        things = sample_numbers(seed, number, batch, len(pictures))
        keys = sample_keys(seed, number, torch.arange(batch))
        x = picture_views(to_floats(pictures[torch.from_numpy(things)]), keys, crop=0.3, colour=0.2, mirror=False)
        texts, tokens = known.chosen(things, keys, 0.0)
        ids, lengths = rows(tokens, end, given.context)
        positives = known.positives(things, texts)
        for group in optimiser.param_groups:
            group["lr"] = RATE * schedule(number, steps)
        began = time.process_time()
        optimiser.zero_grad()
        step(x, ids, lengths, positives).backward()
        optimiser.step()
        seconds += time.process_time() - began
    u, v = vectors(to_floats(held), *rows([asked.tokens_of(n) for n in range(len(asked.texts))], end, given.context))
    similarity, right = (u @ v.T).numpy(), asked.right()
    both = cross_modal_scores(similarity, right), cross_modal_scores(similarity.T, right.T)
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "pairs_per_second": steps * batch / seconds,
        "seconds": seconds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        **{name: float(np.mean([one[name] for one in both])) for name in both[0]},
        "recurring": float(known.positives(np.arange(len(captions)), known.of[:, 0]).sum(1).float().mean()),
    }


def schedule(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine to 0."""
    warm = max(1, round(WARM * steps))
    return (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def make(arm: str, vocabulary: int, seed: int, given: argparse.Namespace) -> tuple[nn.Module, Step, Any]:
    """A model, its loss of a batch, and its vectors of pictures and texts."""
    torch.manual_seed(seed)
    if arm == "open_clip":
        return open_clip(vocabulary, given)
    heads = given.width // HEAD
    stack = encoder_stack(
        layers=given.layers, width=given.width, heads=heads, head_dim=HEAD, ffn_width=4 * given.width, learned=True
    )
    sizes = {"size": SIDE, "channels": 3, "patch": PATCH, "stem": "patches"}
    shape = TowersConfig(
        kind="pictures", media=stack, text=stack, vocab_size=vocabulary, context=given.context, dim=given.width, **sizes
    )
    towers = Towers(shape)
    initialise(towers, seed)

    def step(x: Tensor, ids: Tensor, lengths: Tensor, positives: Tensor) -> Tensor:
        answers = positives if arm == "several" else None
        return softmax_loss(towers.see(x), towers.read(ids, lengths), towers.scale(), answers)

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
    seen = CLIPVisionCfg(layers=layers, width=width, head_width=HEAD, patch_size=PATCH, image_size=SIDE)
    read_ = CLIPTextCfg(
        context_length=given.context, vocab_size=vocabulary, width=width, heads=width // HEAD, layers=layers
    )
    model, loss = CLIP(width, seen, read_), ClipLoss()

    def padded(ids: Tensor) -> Tensor:
        """Its tokeniser's form: zeros after the mark of the end."""
        full = ids.new_zeros(len(ids), given.context)
        full[:, : ids.shape[1]] = ids
        ends = (full == vocabulary - 1).int().argmax(1, keepdim=True)
        return full.masked_fill(torch.arange(given.context) > ends, 0)

    def step(x: Tensor, ids: Tensor, lengths: Tensor, positives: Tensor) -> Tensor:
        with torch.no_grad():
            model.logit_scale.clamp_(0, math.log(100))
        u, v, scale = model(x, padded(ids))
        return loss(u, v, scale)

    @torch.no_grad()
    def vectors(x: Tensor, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        model.eval()
        return model.encode_image(x, normalize=True), model.encode_text(padded(ids), normalize=True)

    return model, step, vectors


# ---- data


def read(data: str, given: argparse.Namespace) -> tuple[Tensor, list[dict], Tensor, list[dict]]:
    """Pictures uint8 [N, 3, 64, 64] and their captions, to train on and held back."""
    if data == "figures":
        return *figures(1200, 1), *figures(480, 2)
    source = "builtin:openmoji-names" if data == "names" else given.stamps
    if source is None:
        raise SystemExit("the set stamps needs --stamps jsonl:FILE")
    config = CaptionedConfig(source=source, size=SIDE, channels=3, fit="contain", languages=["en"], validation=0.2)
    found = read_captioned(config, 1)
    return found.train.media, found.train.captions, found.validation.media, found.validation.captions


def figures(count: int, seed: int) -> tuple[Tensor, list[dict]]:
    """Figures at random, a little moved and turned, with captions that are wholly true of them."""
    from PIL import Image, ImageDraw

    draw = np.random.default_rng(seed)
    pictures, captions = [], []
    for _ in range(count):
        colour, place, figure = (str(draw.choice(list(names))) for names in (COLOURS, PLACES, FIGURES))
        small = bool(draw.random() < 0.5)
        ground = int(draw.integers(200, 256))
        image = Image.new("RGB", (4 * SIDE, 4 * SIDE), (ground,) * 3)
        centre = 4 * SIDE * (np.array(PLACES[place]) + draw.uniform(-0.05, 0.05, 2))
        radius = 4 * SIDE * (0.1 if small else 0.2) * draw.uniform(0.85, 1.15)
        outline(ImageDraw.Draw(image), figure, centre, radius, draw.uniform(-0.2, 0.2), COLOURS[colour])
        pictures.append(np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)).transpose(2, 0, 1))
        captions.append({"en": [f"a {'small' if small else 'large'} {colour} {figure} {place}"]})
    return torch.from_numpy(np.stack(pictures)), captions


def outline(pen: Any, figure: str, centre: np.ndarray, radius: float, turn: float, colour: tuple[int, ...]) -> None:
    """Draw one figure."""
    if figure == "circle":
        pen.ellipse([*(centre - radius), *(centre + radius)], fill=colour)
        return
    if figure == "cross":
        points = [
            (-3, -1),
            (-1, -1),
            (-1, -3),
            (1, -3),
            (1, -1),
            (3, -1),
            (3, 1),
            (1, 1),
            (1, 3),
            (-1, 3),
            (-1, 1),
            (-3, 1),
        ]
        corners = np.array(points) / 3
    else:
        sides = 4 if figure == "square" else 3
        angles = np.arange(sides) * 2 * np.pi / sides + (np.pi / 4 if sides == 4 else -np.pi / 2)
        corners = np.stack((np.cos(angles), np.sin(angles)), 1)
    turned = corners @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    pen.polygon([tuple(centre + radius * point) for point in turned], fill=colour)


if __name__ == "__main__":
    main()

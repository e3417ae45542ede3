"""Trains the small classifiers that come with the package and judge digits and clothing, and measures them.

    python benchmarks/small_cnn_judges.py mnist FOLDER --epochs 3 --out small-cnn-mnist.safetensors
    python benchmarks/small_cnn_judges.py fashion FOLDER --epochs 8 --out small-cnn-fashion.safetensors

FOLDER holds the four idx.gz files of MNIST's form. The pictures are brought to 32 × 32 in both of the ways in use,
every other one by resizing and by two pixels of ground around it, so that the judge knows either; clothing is also
seen in a mirror. The weights are kept in half precision, in which they are measured. The last line of standard
output is JSON.
"""

import argparse
import json
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor

from zaohua.data.readers.idx import read_idx
from zaohua.judges.fit import accuracy, fit_classifier
from zaohua.judges.networks.small_cnn import SmallCnn
from zaohua.judges.pictures import resized
from zaohua.judges.weights import digest, fill

SIDE, SEED, BATCH, SHIFT = 32, 0, 64, 2
CLASSES = 10


def read(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """Pictures float [N, 1, 28, 28] in -1 … 1 and labels int64 [N]."""
    pictures = torch.from_numpy(read_idx(folder / f"{part}-images-idx3-ubyte.gz").copy())
    labels = torch.from_numpy(read_idx(folder / f"{part}-labels-idx1-ubyte.gz").copy())
    return pictures[:, None].float() / 127.5 - 1, labels.long()


def padded(pictures: Tensor) -> Tensor:
    """On a ground of -1."""
    return F.pad(pictures, ((SIDE - pictures.shape[-1]) // 2,) * 4, value=-1.0)


def both_ways(pictures: Tensor) -> Tensor:
    """Every other picture padded, the others resized. [N, 1, 28, 28] -> [N, 1, 32, 32]"""
    result = resized(pictures, SIDE)
    result[1::2] = padded(pictures[1::2])
    return result


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("data", choices=["mnist", "fashion"])
    options.add_argument("folder", type=Path)
    options.add_argument("--epochs", type=int, required=True)
    options.add_argument("--out", type=Path, required=True)
    given = options.parse_args()
    pictures, labels = read(given.folder, "train")
    seen = both_ways(pictures)
    if given.data == "fashion":
        seen, labels = torch.cat([seen, both_ways(pictures.flip(-1))]), labels.repeat(2)
    began = time.perf_counter()
    module = fit_classifier(
        seen, labels, classes=CLASSES, epochs=given.epochs, batch=BATCH, shift=SHIFT, seed=SEED, on_progress=show
    )
    seconds = time.perf_counter() - began
    state = {name: tensor.half() for name, tensor in module.state_dict().items() if tensor.is_floating_point()}
    save_file(state, given.out)
    judge = fill(SmallCnn(1, CLASSES), state, given.data)
    test, wanted = read(given.folder, "t10k")
    found = {"resized": accuracy(judge, resized(test, SIDE), wanted), "padded": accuracy(judge, padded(test), wanted)}
    print(json.dumps({"data": given.data, "sha256": digest(state), "seconds": round(seconds), "accuracy": found}))


def show(done: int, total: int) -> None:
    if done % 200 == 0:
        print(f"step {done} of {total}", flush=True)


if __name__ == "__main__":
    main()

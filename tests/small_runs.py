"""A small recipe of every task that trains one model on texts, with data of its own, learnt in seconds."""

import json
import random
import sys
from pathlib import Path

import torch

from zaohua.training.run import train_recipe

TOPICS = {"sport": "match goal team win", "money": "bank share price fall"}
ENGLISH = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
GERMAN = ["eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"]
_RECIPE = """
task = "{task}"
[data]
{data}
[tokenizer]
{tokenizer}
[model]
layers = 1
dropout = 0.1
{model}
[train]
steps = 12
batch_size = 8
accumulate = {parts}
log_every = 1
evaluate_every = 6
save_every = 5
tensorboard = false
[run]
dir = "{folder}/run"
{more}
"""


def masked(folder: Path) -> Path:
    """Sentences of one form."""
    draw = random.Random(0)
    pairs = [("sun", "day"), ("moon", "night"), ("cloud", "rain"), ("wind", "storm")]
    lines = ["the {} comes and it is {} now".format(*draw.choice(pairs)) for _ in range(900)]
    return _recipe(folder, "masked", "text.txt", lines, context=24, more="[mask]\nwhole_words = true")


def classify(folder: Path) -> Path:
    """Texts of two topics, told by any of their words."""
    draw = random.Random(0)
    rows = []
    for number in range(240):
        topic = draw.choice(list(TOPICS))
        words = draw.choices(["the", "of", "a", "today", "in"], k=draw.randint(1, 12))
        words += draw.choices(TOPICS[topic].split(), k=2)
        draw.shuffle(words)
        rows.append(f"{' '.join(words)} {number},{topic}")
    more = "[loss]\nhide = 0.1\nsmoothing = 0.1"
    return _recipe(folder, "classify", "table.csv", ["text,label", *rows], context=24, more=more)


def embed(folder: Path) -> Path:
    """First and second texts that share no word: a code between two word lists has to be learnt."""
    draw = random.Random(0)
    rows = set()
    while len(rows) < 500:
        numbers = draw.choices(range(10), k=3)
        rows.add("\t".join(" ".join(words[n] for n in numbers) for words in (ENGLISH, GERMAN)))
    names = 'first = "1"\nsecond = "2"'
    return _recipe(folder, "embed", "table.tsv", sorted(rows), names, context=16, parts=1)


def seq2seq(folder: Path) -> Path:
    """Words and the same words backwards."""
    draw = random.Random(0)
    words = {"".join(draw.choices("abcdef", k=draw.randint(2, 4))) for _ in range(1500)}
    rows = [json.dumps({"word": word, "turned": word[::-1]}) for word in sorted(words)]
    names, shape = 'first = "word"\nsecond = "turned"', {"width": 64, "tokenizer": 'kind = "char"'}
    return _recipe(folder, "seq2seq", "words.jsonl", rows, names, context=16, **shape)


TASKS = {task.__name__: task for task in (masked, classify, embed, seq2seq)}


def _recipe(
    folder: Path,
    task: str,
    name: str,
    lines: list[str],
    columns: str = "",
    *,
    context: int,
    width: int = 32,
    tokenizer: str = "vocab_size = 330",
    parts: int = 2,
    more: str = "",
) -> Path:
    (folder / name).write_text("\n".join(lines), encoding="utf-8")
    kind = {"txt": "file", "tsv": "csv"}.get(name.rpartition(".")[2], name.rpartition(".")[2])
    data = f'source = "{kind}:{folder / name}"\n{columns}'
    path = folder / f"{task}.toml"
    model = f"width = {width}\ncontext = {context}"
    filled = {"data": data, "tokenizer": tokenizer, "model": model, "parts": parts, "folder": folder, "more": more}
    path.write_text(_RECIPE.format(task=task, **filled), encoding="utf-8")
    return path


if __name__ == "__main__":  # python small_runs.py FOLDER NAME [KEY=VALUE]...: the recipes there, run in FOLDER/NAME
    torch.set_num_threads(1)
    place, run, *settings = sys.argv[1:]
    for each in TASKS:
        train_recipe(f"{place}/{each}.toml", f"run.dir={place}/{run}/{each}", *settings, quiet=True)

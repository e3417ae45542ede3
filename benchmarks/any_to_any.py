"""How well one any-to-any model captions and draws, listens and speaks, beside simple rivals and real data.

    python benchmarks/any_to_any.py runs/any-emoji --grid grid.png --results benchmarks/RESULTS.md
    python benchmarks/any_to_any.py runs/any-digits-spoken --set data.source=zip:recordings.zip

What a run has learnt decides what is measured, on the part of its data that it held back:
- captions: CIDEr-D, ROUGE-L and chrF in either language, on all things and on those whose names are made of words that
  were learnt; the rivals are the most frequent caption and that of the nearest training picture, by pixels and by
  EfficientNet's features.
- pictures of a text: the share that a classifier of real pictures takes for the right kind (the chance level is the
  share of the largest kind), the distance of EfficientNet's features, and the share that lies as near to a picture
  trained on as only 1% of real ones do; pictures a second, so many at once. The prompts are names; names after their
  kind; kinds alone. --rival names a GAN of the same kinds, which is asked for as many pictures of each.
- answers to questions: VQA accuracy. - transcripts: word error rate.
- speech: what PocketSphinx understands of it, and of real recordings.
--grid writes a picture of held-back prompts, a row each: the real one, then what was made of it.
"""

import argparse
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from seeded_runs import publish, versions

from zaohua import recipe as recipes
from zaohua.artifacts import Image
from zaohua.gan.images.model import ImageModel
from zaohua.gan.images.pixels import grid
from zaohua.hub import find_model
from zaohua.judges.agreement import agreement_report
from zaohua.judges.extractor import open_extractor
from zaohua.judges.scores import compare
from zaohua.judges.speech import SpeechJudge, agreement, spoken_words
from zaohua.multimodal.any.examples import kind_prompts
from zaohua.multimodal.any.measures import Asked, caption_rows, nearest_captions
from zaohua.multimodal.any.model import AnyModel
from zaohua.multimodal.any.recipe import AnyRecipe
from zaohua.multimodal.any.task import AnyTask
from zaohua.training.parallel import Parallel, here

EXTRACTOR = "efficientnet-lite0-128"
COLUMNS = 8  # of the grid


def opened(given: argparse.Namespace) -> tuple[AnyModel, AnyTask]:
    """The model of a run, and its task with the data read as they were for it."""
    folder = given.run / "checkpoints" / given.checkpoint
    settings = recipes.load_recipe(given.run / "recipe.toml", [*given.set, f"model.base={folder}"])
    task = AnyTask(recipes.validate(settings, AnyRecipe))
    task.prepare(Parallel(rank=0, world=1, device=here(), mode="single"), visible=False)
    task.measures.count = given.count
    return AnyModel.load(folder, name=given.run.name), task


def captions(model: AnyModel, task: AnyTask) -> list[dict[str, Any]]:
    """A row for the model and for each rival."""
    extractor, rows = open_extractor(EXTRACTOR), {"this model": task.measures.of(model, ["caption"])}
    rows |= {f"{name} caption": scores for name, scores in task.measures.baselines(["caption"]).items()}
    rows["caption of the nearest picture, EfficientNet"] = {}
    for asked in task.measures.asked("caption"):
        train, held_back = asked.captioned.train.media, asked.side.media
        assert isinstance(train, torch.Tensor)
        assert isinstance(held_back, torch.Tensor)
        seen = (torch.from_numpy(extractor.read(train).features), torch.from_numpy(extractor.read(held_back).features))
        rows["caption of the nearest picture, EfficientNet"] |= caption_rows(
            "caption", asked, nearest_captions(asked, seen)
        )
    return [{"": name, **scores} for name, scores in rows.items() if scores]


class Drawn:
    """Scores of pictures made for the things held back, all by the same real ones."""

    def __init__(self, asked: Asked) -> None:
        side, train = asked.side, asked.captioned.train
        assert isinstance(side.media, torch.Tensor)
        assert isinstance(train.media, torch.Tensor)
        self.extractor, self.wanted = open_extractor(EXTRACTOR), [side.classes[number] for number in asked.numbers]
        self.train, self.real = (self.extractor.read(each) for each in (train.media, side.media[asked.numbers]))
        self.kinds = sorted({*train.classes, *self.wanted})
        self.labels = self._numbers(train.classes) if len(self.kinds) > 1 else None
        self.floor: dict[str, Any] = {}

    def row(self, name: str, pictures: torch.Tensor, seconds: float | None = None) -> dict[str, Any]:
        """Of pictures uint8 [N, C, H, W], one for each thing, that were made in so many seconds."""
        made = self.extractor.read(pictures)
        found = compare(self.train, self.real, made, self.extractor.name)
        row: dict[str, Any] = {"": name, "pictures": len(pictures)}
        self.floor = {"": "real pictures of these names", "pictures": len(self.wanted)}
        if self.labels is not None:
            kinds = self._numbers(self.wanted)
            known = [(self.train.features, self.labels), (made.features, kinds), (self.real.features, kinds)]
            agreement = agreement_report(*known)
            row["right kind"], self.floor["right kind"] = agreement["value"], agreement["floor"]
            row["chance"] = Counter(self.wanted).most_common(1)[0][1] / len(self.wanted)
        for score in ("fd", "precision", "recall", "copies"):
            row[score], self.floor[score] = found[score]["value"], found[score]["floor"]
        row["pictures a second"] = None if seconds is None else len(pictures) / seconds
        return row

    def _numbers(self, kinds: Sequence[str]) -> torch.Tensor:
        return torch.tensor([self.kinds.index(kind) for kind in kinds])


def drawn(model: AnyModel, asked: Asked, given: argparse.Namespace, rival: ImageModel | None) -> list[dict[str, Any]]:
    """What was drawn of the prompts in one language, and by the rival of their kinds."""
    scores, rows = Drawn(asked), []
    items = [asked.examples.items[number] for number in asked.numbers]
    names = [known[0] for known in asked.references]
    ways = {"names": names}
    if any(item.called for item in items):
        told = [item.called.get(asked.language, "") for item in items]
        pairs = [kind_prompts(kind, [name], asked.language) for kind, name in zip(told, names, strict=True)]
        ways["kinds and names"] = [
            pair[1] if kind else name for pair, kind, name in zip(pairs, told, names, strict=True)
        ]
        ways["kinds"] = [kind or name for kind, name in zip(told, names, strict=True)]
    for way, prompts in ways.items():
        start = time.perf_counter()
        ways_of = {"guidance": given.guidance, "temperature": given.temperature, "best_of": given.best_of}
        made = model.generate(prompts, **ways_of)
        seconds = time.perf_counter() - start
        pictures = torch.from_numpy(np.stack([one.pixels for one in made])).permute(0, 3, 1, 2)
        rows.append(scores.row(f"drawn of {asked.language} {way}", pictures, seconds))
    if rival is not None:
        rows.append(scores.row(f"{rival.name}, of kinds", of_kinds(rival, scores.wanted)))
    return [*rows, scores.floor]


def of_kinds(rival: ImageModel, wanted: Sequence[str]) -> torch.Tensor:
    """A GAN's picture of every kind wanted, uint8 [N, C, H, W]: as many as it is asked for, each drawn once."""
    labels = torch.tensor([rival.classes.index(kind) for kind in wanted])
    z, _ = rival.draw(len(wanted))
    return rival.pictures(z, labels)


def spoken(model: AnyModel, asked: Asked, given: argparse.Namespace) -> list[dict[str, Any]]:
    """What the recogniser understands of what is said of each English word, and of the recordings held back."""
    side, rate = asked.side, round(asked.captioned.rate or 0)
    wanted = [known[0] for known in asked.references]
    judge = SpeechJudge(sorted(set(wanted)))
    prompts = sorted(set(wanted))
    made = model.generate(prompts, "audio", n=given.takes, guidance=given.guidance, temperature=given.temperature)
    said = [prompt for prompt in prompts for _ in range(given.takes)]
    heard = agreement(judge.heard([one.samples for one in made], made[0].rate), said)
    real = agreement(judge.heard([side.media[number].numpy() for number in asked.numbers], rate), wanted)
    tokeniser = model.parts.tokenisers.audio
    assert tokeniser is not None
    through = [
        tokeniser.decode(torch.from_numpy(asked.examples.items[number].codes[0])[None])[0].numpy()
        for number in asked.numbers
    ]
    copied = agreement(judge.heard(through, tokeniser.rate), wanted)
    return [
        {
            "": "said",
            "clips": len(made),
            "understood": heard["accuracy"],
            "÷ real": heard["accuracy"] / real["accuracy"],
            **heard["by_word"],
        },
        {"": "recordings", "clips": len(wanted), "understood": real["accuracy"], **real["by_word"]},
        {
            "": "recordings through the tokeniser",
            "clips": len(wanted),
            "understood": copied["accuracy"],
            "÷ real": copied["accuracy"] / real["accuracy"],
            **copied["by_word"],
        },
    ]


def show(model: AnyModel, asked: Sequence[Asked], given: argparse.Namespace) -> None:
    """A row of pictures for each of some prompts, in every language in turn; the prompts go to the terminal."""
    rows = []
    for each in asked:
        chosen = each.numbers[:: max(1, len(each.numbers) // given.rows)][: given.rows]
        for number in chosen:
            prompt = each.examples.items[number].texts[each.language][0]
            ways_of = {"guidance": given.guidance, "temperature": given.temperature, "best_of": given.best_of}
            made = model.generate(prompt, n=COLUMNS - 1, **ways_of)
            real = each.side.media[number]
            rows.append(torch.stack([real, *(torch.from_numpy(one.pixels).permute(2, 0, 1) for one in made)]))
            print(len(rows), each.language, prompt)
    Image(pixels=grid(torch.cat(rows), COLUMNS), model=model.name).save(given.grid)


def table(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """In Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = [[_cell(row.get(name)) for name in names] for row in rows]
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|", *(f"| {' | '.join(line)} |" for line in cells), ""]


def _cell(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument(
        "--set", nargs="*", default=[], metavar="KEY=VALUE", help="settings of its recipe, such as data.source"
    )
    parser.add_argument(
        "--checkpoint", choices=("best", "last"), default="best", help="by the loss, or after all steps"
    )
    parser.add_argument("--count", type=int, default=1000, help="held-back things that are looked at, at most")
    parser.add_argument("--guidance", type=float, default=2.0)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--best-of", type=int, default=1, help="so many are drawn for each that is scored")
    parser.add_argument("--takes", type=int, default=20, help="clips that are said of every word")
    parser.add_argument("--rival", type=Path, help="run of a GAN of pictures whose classes are the same kinds")
    parser.add_argument("--grid", type=Path)
    parser.add_argument("--rows", type=int, default=8, help="prompts of either language in the grid")
    parser.add_argument("--results", type=Path, help="append the tables to this file")
    given = parser.parse_args()
    model, task = opened(given)
    lines = [f"## Any to any, {given.run.name} — {date.today()}", ""]
    lines += [
        f"{model.decoder.config.num_parameters():,} parameters, checkpoint {given.checkpoint}; guidance "
        f"{given.guidance:g}, temperature {given.temperature:g}, best of {given.best_of}, "
        f"{torch.get_num_threads()} thread(s). {versions()}",
        "",
    ]
    weights = task.found.weights
    if "caption" in weights:
        lines += table(captions(model, task))
    if "draw" in weights:
        rival = None if given.rival is None else ImageModel.load(find_model(given.rival), name=given.rival.name)
        lines += [f"FD and kinds by {open_extractor(EXTRACTOR).name}.", ""]
        for asked in task.measures.asked("draw"):
            lines += table(drawn(model, asked, given, rival))
    for template in weights.keys() & {"answer", "transcribe"}:
        rows = {"this model": task.measures.of(model, [template]), **task.measures.baselines([template])}
        lines += table([{"": name, **scores} for name, scores in rows.items()])
    if "speak" in weights:
        for asked in task.measures.asked("speak"):
            if spoken_words(sorted({known[0] for known in asked.references})):
                lines += table(spoken(model, asked, given))
    if given.grid is not None and "draw" in weights:
        show(model, task.measures.asked("draw"), given)
    wishes = " ".join(["", "--set", *given.set]) if given.set else ""
    publish("\n".join([*lines, f"    python benchmarks/any_to_any.py {given.run}{wishes}", ""]), given)


if __name__ == "__main__":
    main()

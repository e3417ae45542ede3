"""The sections of a report: small functions from a record to a piece of page, or None if there is nothing to say.

A new section is one function here and one line in SECTIONS.
"""

from collections.abc import Callable
from typing import Any

from zaohua.data.picture import NEAREST
from zaohua.i18n import catalogue, language, t
from zaohua.report import captioned, charts, clips, duel, made, pictures, sounds
from zaohua.report.acts import acts
from zaohua.report.comparison import comparison, confusion, is_compared
from zaohua.report.findings import is_duel
from zaohua.report.html import Content, Html, join, table, tag, written
from zaohua.report.modalities import data as rows_of_modalities
from zaohua.report.modalities import modalities
from zaohua.report.next_steps import commands
from zaohua.report.numbers import MISSING, decimal, duration, number, percent, scaled, size, whole
from zaohua.report.quality import quality
from zaohua.report.record import Record, Sample, section
from zaohua.report.verdict import scores, verdict, warnings

_LONGEST_GLIMPSE = 160  # characters of a sample shown in the story of how the text improved
_MOST_GLIMPSES = 6  # steps shown there


def headline(record: Record) -> Html:
    """Did it work: one sentence, then the numbers behind it."""
    if not record.best:
        return tag("section", tag("p", t("report.no_numbers_yet"), class_="verdict"))
    if is_compared(record):
        return comparison(record)
    if is_duel(record):
        return duel.headline(record)
    kind, sentence = verdict(record)
    rows: list[list[Content]] = [
        [name, decimal(found.get("bits_per_byte")), decimal(found.get("perplexity"), 1), decimal(found.get("loss"))]
        for name, found in scores(record)
    ]
    head = ["", t("report.bits_per_byte"), t("report.perplexity"), t("report.loss")]
    return tag(
        "section",
        tag("p", sentence, class_=f"verdict {kind}"),
        *(tag("p", text, class_="warning") for text in warnings(record)),
        _bars(record),
        table(head, rows, class_="numbers first-row-strong"),
        tag("p", t("report.numbers_explained"), class_="note"),
    )


def learning(record: Record) -> Html | None:
    """The loss curve, and under it rate, speed and load; of two networks, their own curves."""
    if is_duel(record):
        return _section("learning", *duel.learning(record))
    chart = charts.loss_chart(record)
    if chart is None:
        return None
    small = [tag("figure", tag("figcaption", title), figure) for title, figure in charts.small_charts(record)]
    return _section("learning", tag("figure", chart), tag("div", *small, class_="small-charts") if small else None)


def final_samples(record: Record) -> Html | None:
    """What the model writes at the end, or makes."""
    if record.media:
        return _section("made", *made.final(record))
    if not record.samples:
        return None
    last = record.samples[-1].step
    cards = [_card(sample) for sample in record.samples if sample.step == last]
    name, note = ("answers", "encoder.answers_note") if is_compared(record) else ("samples", "report.samples_note")
    return _section(name, tag("p", t(note, step=whole(last)), class_="note"), *cards)


def progress(record: Record) -> Html | None:
    """How the text improved, or what is made: the same beginning, step by step."""
    if record.media:
        return _section("made_story", *made.story(record))
    prompts = list(dict.fromkeys(sample.prompt for sample in record.samples))
    stories = []
    for prompt in prompts:
        told = [sample for sample in record.samples if sample.prompt == prompt]
        if len({sample.step for sample in told}) < 2:
            continue
        kept = [told[round(i * (len(told) - 1) / (_MOST_GLIMPSES - 1))] for i in range(_MOST_GLIMPSES)]
        rows: list[list[Content]] = [
            [t("report.step", step=whole(sample.step)), _glimpse(sample)] for sample in dict.fromkeys(kept)
        ]
        title = tag("h3", t("report.prompt_was", prompt=prompt) if prompt else t("report.no_prompt"))
        stories.append(join(title, table([], rows, class_="story")))
    return _section("progress", *stories)


def overlap(record: Record) -> Html | None:
    """Does it write, or copy?"""
    found, real = section(record.summary, "overlap"), section(section(record.summary, "overlap"), "reference")
    share, real_share = number(found.get("share")), number(real.get("share"))
    if share is None or not found.get("texts"):
        return None
    rows: list[list[Content]] = [
        [t("report.generated_text"), percent(share), t("report.tokens_long", count=whole(found.get("longest")))],
    ]
    sentence = None
    if real_share is not None:
        rows.append(
            [t("report.real_text"), percent(real_share), t("report.tokens_long", count=whole(real.get("longest")))]
        )
        copies = share > real_share + 0.05
        sentence = tag("p", t("report.copies" if copies else "report.does_not_copy"), class_="lead")
    head = ["", t("report.windows_found", window=whole(found.get("window"))), t("report.longest_passage")]
    passage = found.get("passage")
    quote = None
    if isinstance(passage, str) and passage.strip():
        quote = tag("blockquote", tag("span", t("report.longest_passage_was"), class_="note"), written(passage))
    return _section("overlap", sentence, table(head, rows, class_="numbers"), quote)


def nearest(record: Record) -> Html | None:
    """What it made that comes nearest to pictures it was trained on, above these."""
    shown = pictures.sheet(record.folder / NEAREST, t("report.nearest_title"))
    return None if shown is None else _section("nearest", tag("p", t("report.nearest_note"), class_="note"), shown)


def data(record: Record) -> Html | None:
    """What it learnt from."""
    found = record.data
    if isinstance(found.get("captions"), dict) and "kind" in found:
        return _section("data", *captioned.section(found, record.folder))
    if isinstance(found.get("sets"), list):
        return _section("data", *(part for one in found["sets"] for part in captioned.section(one, record.folder)))
    if "present" in found:
        return _section("data", *rows_of_modalities(found))
    if "clips" in found:
        return _section("data", *clips.section(found, record.folder))
    if "originals" in found:
        return _section("data", *pictures.section(found, record.folder))
    if "durations" in found:
        return _section("data", *sounds.section(found, record.folder))
    tokens = section(found, "tokens")
    facts = [
        (t("report.documents"), whole(found.get("documents"))),
        (t("report.characters"), scaled(found.get("characters"))),
        (t("report.text_size"), size(found.get("bytes"))),
        (t("report.training_tokens"), scaled(tokens.get("train"))),
        (t("report.validation_tokens"), scaled(tokens.get("validation"))),
        (t("report.vocabulary"), whole(found.get("vocab_size"))),
        (t("report.encodings"), _counts(found.get("encodings"))),
        (t("report.removed"), _counts(found.get("removed"), "removed_")),
        (t("report.skipped"), _counts(found.get("skipped"), "skip_")),
        (t("report.prepared_in"), duration(found.get("seconds"))),
    ]
    return _section("data", _facts(facts), _languages(found))


def cost(record: Record) -> Html | None:
    """What it took."""
    spent = section(record.summary, "cost")
    last = record.train[-1] if record.train else {}
    loads = [value for line in record.train if (value := number(line.get("mfu"))) is not None]
    seconds, tokens = (
        number(spent.get("train_seconds") or last.get("seconds")),
        spent.get("tokens") or last.get("tokens"),
    )
    flops = number(spent.get("flops"))
    facts = [
        (t("report.parameters"), scaled(record.summary.get("parameters"))),
        (t("report.steps"), whole(spent.get("steps") or last.get("step"))),
        (t("report.tokens_read"), scaled(tokens)),
        (t("report.training_time"), duration(seconds)),
        (t("report.preparing_time"), duration(spent.get("prepare_seconds"))),
        (t("report.operations"), MISSING if flops is None else scaled(flops) + "FLOP"),
        (t("report.share_of_peak"), percent(sum(loads) / len(loads), 0) if loads else MISSING),
        (t("report.machine"), _machine(section(record.summary, "machine"))),
    ]
    return _section("cost", _facts(facts))


def what_next(record: Record) -> Html | None:
    """What to type now."""
    rows = [tag("li", tag("p", why), tag("pre", tag("code", command))) for why, command in commands(record)]
    return _section("next", tag("ol", *rows, class_="next"))


def recipe(record: Record) -> Html | None:
    """The whole recipe, for whoever wants to run it again."""
    path = record.folder / "recipe.toml"
    if not record.recipe:
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    inside = tag("details", tag("summary", t("report.show_recipe")), tag("pre", tag("code", text)))
    return _section("recipe", inside)


SECTIONS: list[Callable[[Record], Html | None]] = [
    headline,
    modalities,
    confusion,
    learning,
    final_samples,
    progress,
    quality,
    overlap,
    nearest,
    acts,
    data,
    cost,
    what_next,
    recipe,
]


def _section(name: str, *content: Content) -> Html | None:
    """A titled section, if it has any content."""
    if not any(content):
        return None
    return tag("section", tag("h2", t(f"report.{name}_title")), *content, id=name)


def _bars(record: Record) -> Html | None:
    """Bits per byte of the model and its baselines as bars."""
    colours = (charts.MODEL, charts.NGRAM, charts.UNIGRAM)
    rows = [
        (name, bits, colour)
        for (name, found), colour in zip(scores(record), colours, strict=False)
        if (bits := number(found.get("bits_per_byte"))) is not None and bits > 0
    ]
    if len(rows) < 2:
        return None
    longest = max(bits for _, bits, _ in rows)
    bars = []
    for name, bits, colour in rows:
        bar = tag("span", class_="bar", style=f"width:{80 * bits / longest:.1f}%;background:{colour}")
        value = tag("span", decimal(bits, 2), class_="bar-value")
        track = tag("span", bar, value, class_="bar-track")
        bars.append(tag("div", tag("span", name, class_="bar-name"), track, class_="bar-row"))
    return tag("div", tag("p", t("report.bars_title"), class_="note"), *bars, class_="bars")


def _card(sample: Sample) -> Html:
    prompt = tag("b", sample.prompt, class_="prompt") if sample.prompt else None
    return tag("article", tag("span", t("report.made_by_ai"), class_="badge"), written(prompt, sample.text, name="p"))


def _glimpse(sample: Sample) -> Html:
    text = " ".join(sample.text.split())
    return written(text if len(text) <= _LONGEST_GLIMPSE else text[:_LONGEST_GLIMPSE] + "…")


def _facts(facts: list[tuple[str, str]]) -> Html | None:
    """Names and values in a grid; what is not known is left out."""
    known = [tag("div", tag("dt", name), tag("dd", value)) for name, value in facts if value not in (MISSING, "")]
    return tag("dl", *known, class_="facts") if known else None


def _counts(value: object, message: str = "") -> str:
    """{"utf-8": 12, "gb18030": 3} as "utf-8 12 · gb18030 3"; zeros are left out.

    message: beginning of the catalogue keys (area "data") that put names in words.
    """
    if not isinstance(value, dict):
        return ""
    known = catalogue(language(), "data")
    return " · ".join(
        f"{known.get(message + name, name)} {whole(count)}" for name, count in value.items() if number(count)
    )


def _languages(found: dict[str, Any]) -> Html | None:
    """One row per language: characters, bytes per token."""
    characters, bytes_per_token = section(found, "languages"), section(found, "bytes_per_token")
    rows: list[list[Content]] = [
        [name, whole(characters.get(name)), decimal(bytes_per_token.get(name), 2)]
        for name in dict.fromkeys([*characters, *bytes_per_token])
    ]
    head = [t("report.language"), t("report.characters"), t("report.bytes_per_token")]
    return table(head, rows, class_="numbers") if rows else None


def _machine(machine: dict[str, Any]) -> str:
    """Processor, cores, graphics processors and torch's version in one line."""
    gpus = machine.get("gpus")
    names = [gpu.get("name") for gpu in gpus if isinstance(gpu, dict)] if isinstance(gpus, list) else []
    parts = [machine.get("processor"), *names]
    if number(machine.get("cores")):
        parts.append(t("report.cores", count=whole(machine["cores"])))
    if isinstance(machine.get("torch"), str):
        parts.append(f"torch {machine['torch']}")
    return " · ".join(part for part in parts if isinstance(part, str))

"""How well a model writes: its own texts after beginnings of held-out ones, beside how these really go on, and beside
the real ones in disorder as a floor.

Each measure is a row {"model", "held_out", "floor"}, None where it has no meaning. What is good is mostly what is near
the held-out text's value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any, TypeVar

from zaohua.i18n import t
from zaohua.language.corpus import Corpus
from zaohua.language.measuring.coherence import CHOICES, by_decoder, by_table, chose_right
from zaohua.language.measuring.forms import find_form, form_shares
from zaohua.language.measuring.judge import judged_bits, unread_share
from zaohua.language.measuring.samples import Sample, held_out, shuffled, write
from zaohua.language.model import LanguageModel
from zaohua.language.sampling import SamplingConfig
from zaohua.metrics.carry_over import carry_over
from zaohua.metrics.diversity import distinct, repetition, self_bleu
from zaohua.metrics.grammar_en import error_rates
from zaohua.metrics.near_copies import near_copy_report, source_units
from zaohua.metrics.ngram import WittenBell
from zaohua.metrics.stream import spread
from zaohua.metrics.units import script
from zaohua.metrics.writing import mark_error_rate

_BEGINNING = 64  # tokens of a beginning, or a quarter of the context if that is less
_CHOICE_PIECES = 64  # held-out pieces among which the model must choose right
_TABLE_TOKENS, _TABLE_ORDER = 1_000_000, 4  # training tokens counted for the table's own choice
_SOURCE_TOKENS = 20_000_000  # training tokens searched for copies

G = TypeVar("G")
Row = dict[str, float | None]
Rows = dict[str, Row]
OnStage = Callable[[str, int, int], None]
"""Called with the stage, what is done of it and what there is in all."""


@dataclass(frozen=True)
class Measuring:
    """How much to write, and what else to look at. form: see zaohua.language.measuring.forms; judge: another model."""

    samples: int = 16
    max_new_tokens: int = 128
    temperature: float = 0.8
    top_p: float | None = 0.95
    seed: int = 1
    form: str | None = None
    judge: LanguageModel | None = None


def measure(
    model: LanguageModel, corpus: Corpus, settings: Measuring, on_stage: OnStage = lambda stage, done, total: None
) -> dict[str, Any]:
    """samples and max_new_tokens as they were; rows by name; longest_copy, the longest near copy as text; notes, for
    people, on what was not measured. JSON-able.

    Rows without any value are left out. Raises UsageError for an unknown form, ZaohuaError for a form whose
    library is missing.
    """
    context = model.decoder.config.context
    beginning = min(_BEGINNING, max(1, context // 4))
    rest = max(1, min(settings.max_new_tokens, context - beginning))
    from_nothing = settings.form is not None and find_form(settings.form).whole
    eot, shards = corpus.tokenizer.eot_id, corpus.validation
    pieces = held_out(shards, eot, settings.samples, 0 if from_nothing else beginning, rest)
    samples = write(
        model,
        pieces,
        max_new_tokens=rest,
        sampling=SamplingConfig(temperature=settings.temperature, top_p=settings.top_p),
        seed=settings.seed,
        on_progress=_counting(on_stage, "write", len(pieces) * rest),
    )
    rows: Rows = {}
    _texts(rows, samples, settings.seed)
    if settings.form is not None:
        _form(rows, samples, settings.form, settings.seed)
    notes = _english(rows, samples, settings, on_stage) if samples else [t("measure.nothing_to_write_from")]
    rows |= _choices(model, corpus, beginning, on_stage)
    copied, passage = _copies(samples, corpus, on_stage)
    if (total := corpus.train.num_tokens) > _SOURCE_TOKENS:
        notes.append(t("measure.copies_in_part", tokens=f"{_SOURCE_TOKENS:,}", total=f"{total:,}"))
    return {
        "samples": len(samples),
        "max_new_tokens": rest,
        "rows": {name: row for name, row in (rows | copied).items() if set(row.values()) != {None}},
        "longest_copy": passage,
        "notes": notes,
    }


def _add(rows: Rows, measured: Callable[[G], Mapping[str, float | None]], **groups: G) -> None:
    """Take a measurement of the model's texts, the real ones and the floor: model=, held_out=, floor=."""
    for group, texts in groups.items():
        for name, value in measured(texts).items():
            rows.setdefault(name, {"model": None, "held_out": None, "floor": None})[group] = value


def _texts(rows: Rows, samples: Sequence[Sample], seed: int) -> None:
    """What can be said in any language of a text, and of it and its beginning."""
    beginnings, written, real = _parts(samples)
    disorder = shuffled(real, seed)
    _add(rows, _simple, model=written, held_out=real, floor=disorder)
    _add(
        rows,
        lambda pair: {"punctuation_errors": mark_error_rate(*pair)},
        model=(beginnings, written),
        held_out=(beginnings, real),
        floor=(beginnings, disorder),
    )
    others = beginnings[1:] + beginnings[:1]  # the real text after another's beginning: what chance carries over
    _add(
        rows,
        lambda pair: {"carry_over": carry_over(*pair)},
        model=(beginnings, written),
        held_out=(beginnings, real),
        floor=(others, real),
    )


def _simple(texts: Sequence[str]) -> Row:
    return {
        "distinct_2": distinct(texts, 2),
        "self_bleu": self_bleu(texts),
        "repetition_4": repetition(texts, 4),
    }


def _form(rows: Rows, samples: Sequence[Sample], form: str, seed: int) -> None:
    """The form of whole texts, beginning and all; the floor has their lines, or its rhymes and tones would be those of
    no poem."""
    real = [(each.beginning + each.real, each.real_ended) for each in samples]
    disorder = zip(shuffled([text for text, _ in real], seed, marks=False), (ended for _, ended in real), strict=True)
    _add(
        rows,
        lambda texts: form_shares(form, texts),
        model=[(each.beginning + each.written, each.ended) for each in samples],
        held_out=real,
        floor=list(disorder),
    )


def _english(rows: Rows, samples: Sequence[Sample], settings: Measuring, on_stage: OnStage) -> list[str]:
    """Grammar and the judge, who both read English alone; what was not measured, in words."""
    _, written, real = _parts(samples)
    groups = {"model": written, "held_out": real, "floor": shuffled(real, settings.seed)}
    english = script(real) == "latin" and settings.form != "code-python"
    notes = []
    if english and find_spec("harper"):
        _add(rows, error_rates, **groups)
    elif english:
        notes.append(t("measure.no_grammar"))
    if settings.judge is not None:
        judge = settings.judge
        for done, (group, texts) in enumerate(groups.items()):
            on_stage("judge", done, len(groups))
            _add(rows, lambda texts: {"judge_bits_per_byte": judged_bits(judge, texts)}, **{group: texts})
        if share := unread_share(judge, [*written, *real]):
            notes.append(t("measure.judge_lacks_characters", share=f"{share:.1%}"))
        if not english:
            notes.append(t("measure.judge_reads_english"))
    return notes


def _parts(samples: Sequence[Sample]) -> tuple[list[str], list[str], list[str]]:
    return [each.beginning for each in samples], [each.written for each in samples], [each.real for each in samples]


def _choices(model: LanguageModel, corpus: Corpus, beginning: int, on_stage: OnStage) -> Rows:
    """The forced choice, with a table of n-grams as the floor: for what follows at once, where the last few words help
    most, and for what follows after a gap, where only the matter does."""
    size = min(beginning, max(1, model.decoder.config.context // 2))
    table = WittenBell.fit(spread(corpus.train, _TABLE_TOKENS), corpus.tokenizer.vocab_size, _TABLE_ORDER)
    rows: Rows = {}
    for name, gap in (("chose_right", 0), ("chose_right_after_gap", size // 2)):
        pieces = [
            replace(piece, rest=piece.rest[gap:])
            for piece in held_out(corpus.validation, corpus.tokenizer.eot_id, _CHOICE_PIECES, size, gap + size)
            if len(piece.rest) > gap
        ]
        total = len(pieces) // CHOICES * CHOICES * CHOICES
        right = chose_right(pieces, by_decoder(model.decoder, _counting(on_stage, "choose", total)))
        rows[name] = {"model": right, "held_out": None, "floor": chose_right(pieces, by_table(table))}
    return rows


def _counting(on_stage: OnStage, stage: str, total: int) -> Callable[[int], None]:
    return lambda done: on_stage(stage, done, total)


def _copies(samples: Sequence[Sample], corpus: Corpus, on_stage: OnStage) -> tuple[Rows, str]:
    """Verbatim and near-verbatim copies of the training text, and the longest of them."""
    tokens = spread(corpus.train, _SOURCE_TOKENS)
    source = source_units(corpus.tokenizer, tokens, _counting(on_stage, "copies", len(tokens)))
    _, written, real = _parts(samples)
    report: dict[str, Any] = near_copy_report(written, real, source)
    rows: Rows = {
        name: {"model": report[key], "held_out": report["reference"][key], "floor": None}
        for name, key in (("copied_exactly", "exact"), ("copied_nearly", "share"), ("longest_copy", "longest"))
    }
    return rows, report["passage"]

"""Where pairs come from: a built-in set, a table, or files with captions beside them or classes for captions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from zaohua.data.captioned.beside import listed_beside
from zaohua.data.captioned.builtin import builtin_captioned
from zaohua.data.captioned.captions import Captions, Others, Questions, of_class
from zaohua.data.captioned.config import CaptionedConfig
from zaohua.data.captioned.files import media_among
from zaohua.data.captioned.listed import Listed
from zaohua.data.captioned.tables import listed_in_table
from zaohua.data.classes import classes_of
from zaohua.data.report import SourceReport
from zaohua.data.sounds.names import classes_in
from zaohua.data.sources import existing, parse_source, reasons
from zaohua.data.stored import Stored, stored_files
from zaohua.errors import ZaohuaError
from zaohua.i18n import t

KINDS = ("folder", "zip", "tar", "csv", "jsonl", "builtin")


@contextmanager
def captioned_of(
    source: str, config: CaptionedConfig, report: SourceReport, others: Others, *, questions: bool = False
) -> Iterator[list[Listed]]:
    """The pairs of a source that have a caption in one of the languages wanted, in a fixed order, to be opened within
    the block. questions: whether those are wanted, too, of which only something is asked.

    report: takes what was left out; others: what was for being in a third language. Raises UsageError for a source that
    is wrong, ZaohuaError for one that cannot be read or holds no pair.
    """
    kind, where = parse_source(source, KINDS, "captioned.unknown_source")
    if kind == "builtin":
        yield _wanted(builtin_captioned(where, config.kind), source, config, report)
    elif kind in ("csv", "jsonl"):
        with listed_in_table(source, config.files, config.kind, report, others) as found:
            yield _wanted(found, source, config, report, questions=questions)
    else:
        with stored_files(kind, existing(kind, where), report) as files:
            if config.captions == "classes":
                found = _by_class(files, source, config)
            else:
                found = listed_beside(files, config.kind, report, others.captions)
            yield _wanted(found, source, config, report)


def _wanted(
    found: list[Listed],
    source: str,
    config: CaptionedConfig,
    report: SourceReport,
    *,
    questions: bool = False,
) -> list[Listed]:
    """Those with a caption, or a question, in a language that is wanted, without their others."""
    kept = []
    for one in found:
        captions: Captions = {name: one.captions[name] for name in config.languages if name in one.captions}
        asked: Questions = {}
        if questions:
            asked = {name: one.questions[name] for name in config.languages if name in one.questions}
        if captions or asked:
            kept.append(Listed(one.medium, captions, asked))
        else:
            report.skip(one.medium.name, "other_language" if one.captions else "no_caption")
    if not kept:
        known = {"languages": ", ".join(config.languages), "reasons": reasons(report)}
        raise ZaohuaError(t("captioned.none", source=source, kind=t(f"captioned.{config.kind}"), **known))
    return kept


def _by_class(files: list[Stored], source: str, config: CaptionedConfig) -> list[Listed]:
    """Each with the name of its folder, or else with what its own name begins with."""
    media = media_among(files, config.kind)
    names = [one.name for one in media]
    found = classes_of([one.label for one in media], names, "auto", source)[1] or classes_in(names)
    if not found:
        raise ZaohuaError(t("captioned.no_classes", source=source))
    return [Listed(replace(one, label=label), of_class(label)) for one, label in zip(media, found, strict=True)]

"""zaohua search: the pictures or sounds of a folder that a sentence is true of."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from zaohua.cli.common import Json, console, print_json, table
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.multimodal.contrastive.index import Index
    from zaohua.multimodal.contrastive.model import ContrastiveModel

_NAMED = 3  # damaged files named one by one


def search(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    folder: Annotated[Path, typer.Argument(help="contrastive.help_folder")],
    sentence: Annotated[str, typer.Argument(help="contrastive.help_sentence")],
    n: Annotated[int, typer.Option("-n", help="contrastive.help_n", min=1)] = 10,
    out: Annotated[Path | None, typer.Option("--out", help="contrastive.help_out", metavar="FILE.html")] = None,
    json: Json = False,
) -> None:
    from zaohua.multimodal.contrastive.index import index_folder
    from zaohua.multimodal.contrastive.page import check_page, write_page

    if out is not None:
        check_page(out)
    opened = open_towers(model)
    index = index_folder(opened, folder, visible=not json)
    hits = index.search(opened, sentence, n)
    if out is not None:
        write_page(out, sentence, hits, opened.media, searched=len(index.names))
    if json:
        found = [{"file": str(hit.path), "similarity": hit.similarity} for hit in hits]
        counts = {"searched": len(index.names), "looked_at": index.looked_at, "skipped": index.skipped}
        print_json({"model": opened.name, "sentence": sentence, "hits": found, **counts})
        return
    made = table(t("contrastive.found", count=len(index.names)), t("contrastive.file"), t("contrastive.similarity"))
    for hit in hits:
        made.add_row(hit.name, f"{hit.similarity:.3f}")
    console().print(made)
    _tell_skipped(index)
    if out is not None:
        print(t("contrastive.page_written", path=out))


def open_towers(path: str) -> "ContrastiveModel":
    """The two towers at `path`; UsageError for any other model."""
    from zaohua import hub
    from zaohua.multimodal.contrastive.model import ContrastiveModel

    opened = hub.load(path)
    if not isinstance(opened, ContrastiveModel):
        raise UsageError(t("contrastive.not_towers", path=path))
    return opened


def _tell_skipped(index: "Index") -> None:
    """Damaged files by name; files of other kinds are nobody's mistake."""
    damaged = [(name, reason) for name, reason in index.skipped.items() if reason != "unsupported"]
    for name, reason in damaged[:_NAMED]:
        print(t("contrastive.skipped", name=name, reason=t(f"data.skip_{reason}")), file=sys.stderr)
    if len(damaged) > _NAMED:
        print(t("contrastive.skipped_more", count=len(damaged) - _NAMED), file=sys.stderr)

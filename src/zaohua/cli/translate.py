"""zaohua translate: one medium into another, with a model that has learnt to."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from zaohua.cli.common import Json
from zaohua.errors import UsageError
from zaohua.i18n import t

_KINDS = {
    "translator": "zaohua.cli.translate_pictures",
    "vocoder": "zaohua.cli.translate_sounds",
    "sound tokeniser": "zaohua.cli.translate_sounds",
    "image tokeniser": "zaohua.cli.translate_tokens",
    "listener": "zaohua.cli.translate_speech",
    "any": "zaohua.cli.translate_any",
}
"""A model's `kind` -> the module whose run(model, Options) does it."""


@dataclass(frozen=True)
class Options:
    """What was asked for. given: names of the options that only some kinds know, as typed."""

    model: str
    typed: str  # a path, or with a model of several media a text
    out: Path | None
    sheet: Path | None
    back: bool
    filter: bool
    longest: int | None
    json: bool
    to: str | None = None
    question: str | None = None

    @property
    def input(self) -> Path:
        """What was typed as the path it names."""
        return Path(self.typed)

    @property
    def given(self) -> list[str]:
        """The options that only pictures into pictures know, as far as they were typed."""
        known = {"--sheet": self.sheet, "--back": self.back, "--filter": self.filter, "--longest": self.longest}
        return [name for name, value in known.items() if value]

    @property
    def across(self) -> list[str]:
        """The same of those that only models of several media know."""
        return [name for name, value in (("--to", self.to), ("--question", self.question)) if value is not None]


def translate(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    input: Annotated[str, typer.Argument(help="translate.help_input")],
    out: Annotated[Path | None, typer.Option("--out", help="translate.help_out")] = None,
    sheet: Annotated[Path | None, typer.Option("--sheet", help="translate.help_sheet", metavar="FILE")] = None,
    back: Annotated[bool, typer.Option("--back", help="translate.help_back")] = False,
    filter: Annotated[bool, typer.Option("--filter", help="translate.help_filter")] = False,
    longest: Annotated[int | None, typer.Option("--longest", help="translate.help_longest", metavar="PIXELS")] = None,
    to: Annotated[str | None, typer.Option("--to", help="anymodal.help_to", metavar="MEDIUM")] = None,
    question: Annotated[str | None, typer.Option("--question", help="anymodal.help_question", metavar="TEXT")] = None,
    json: Json = False,
) -> None:
    from zaohua import hub

    if not input.strip():  # an unset variable is not the folder one stands in
        raise UsageError(t("translate.nothing_named"))
    if "\0" in input:
        raise UsageError(t("generate.nul_in_prompt"))
    opened = hub.load(model)
    kind = getattr(opened, "kind", "")
    if kind not in _KINDS:
        raise UsageError(t("translate.not_a_translator", path=model))
    options = Options(model, input, out, sheet, back, filter, longest, json, to, question)
    if options.across and kind != "any":
        raise UsageError(t("translate.not_of_several_media", options=", ".join(options.across), path=model))
    import_module(_KINDS[kind]).run(opened, options)

"""The verbs as one typer application, in the language in force."""

import re
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand, TyperGroup

import zaohua
from zaohua.errors import UsageError
from zaohua.i18n import LANGUAGES, t

# In the order in which a newcomer meets them: verb -> its function, or the typer application of its sub-verbs.
VERBS = {
    "quickstart": "zaohua.cli.quickstart:quickstart",
    "train": "zaohua.cli.train:train",
    "finetune": "zaohua.cli.finetune:finetune",
    "evaluate": "zaohua.cli.evaluate:evaluate",
    "generate": "zaohua.cli.generate:generate",
    "fill": "zaohua.cli.fill:fill",
    "classify": "zaohua.cli.classify:classify",
    "search": "zaohua.cli.search:search",
    "translate": "zaohua.cli.translate:translate",
    "import": "zaohua.cli.import_model:import_model",
    "export": "zaohua.cli.export_model:export_model",
    "careers": "zaohua.cli.careers:app",
    "data": "zaohua.cli.data:app",
    "doctor": "zaohua.cli.doctor:doctor",
}
_TYPER_HELP = {"install_completion": "cli.install_completion", "show_completion": "cli.show_completion"}
_CATALOGUE_KEY = re.compile(r"[a-z]+\.[a-z0-9_]+")


class _Translated:
    """What typer itself says in a command's help, in the language in force."""

    def format_usage(self: Any, ctx: Any, formatter: Any) -> None:
        """Write "Usage: zaohua VERB ..."."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=t("cli.usage"))

    def get_help_option(self, ctx: Any) -> Any:
        """The --help option."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        option.help = t("cli.show_help")
        return option


class Verb(_Translated, TyperCommand):
    """One verb."""


class Verbs(_Translated, TyperGroup):
    """A group that shows its help when no verb is given, and answers an unknown verb with the nearest known one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As typer does, but for a missing verb."""
        return super().parse_args(ctx, args if set(args) - {"--lang", *LANGUAGES} else ["--help"])

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """(name, command, remaining arguments); UsageError if there is no such verb."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.commands, 1)
            hint = t("recipe.did_you_mean", name=near[0]) if near else t("cli.verbs", names=", ".join(self.commands))
            raise UsageError(t("cli.no_such_verb", name=args[0], hint=hint))
        return super().resolve_command(ctx, args)


def build(*, for_help: bool) -> Any:
    """The command behind `zaohua`, ready for main(). for_help: whether help will be shown."""
    app = typer.Typer(cls=Verbs, rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback(help="cli.zaohua", epilog="cli.zaohua_examples")(_root)
    for verb, place in VERBS.items():
        module, _, attribute = place.partition(":")
        found: typer.Typer | Callable[..., Any] = getattr(import_module(module), attribute)
        help_text, examples = f"cli.{verb}", f"cli.{verb}_examples"
        if isinstance(found, typer.Typer):
            for below in found.registered_commands:
                below.cls = Verb
            app.add_typer(found, name=verb, cls=Verbs, help=help_text, epilog=examples)
        else:
            app.command(verb, cls=Verb, help=help_text, epilog=examples)(found)
    command = typer.main.get_command(app)
    if for_help:
        _translate_titles()
        _fold_long_lines()
    _finish(command, _shared_options())
    return command


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"zaohua {zaohua.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", help="cli.version_help", is_eager=True, callback=_print_version)
    ] = False,
) -> None: ...


def _shared_options() -> list[Any]:
    """--lang and --debug, which zaohua.cli.run obeys before typer sees them: every verb takes and shows them."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def shared(
        lang: Annotated[Literal["zh", "en"] | None, typer.Option("--lang", help="cli.lang_help")] = None,
        debug: Annotated[bool, typer.Option("--debug", help="cli.debug_help")] = False,
    ) -> None: ...

    options = [option for option in typer.main.get_command(app).params if option.name in ("lang", "debug")]
    for option in options:
        option.expose_value = False
    return options


def _finish(command: Any, shared: list[Any]) -> None:
    """Give a command and those below it the shared options, and put words in the place of catalogue keys."""
    command.params += shared
    for parameter in command.params:
        parameter.help = _words(_TYPER_HELP.get(parameter.name, parameter.help))
        parameter.rich_help_panel = _words(getattr(parameter, "rich_help_panel", None))
    command.help = _words(command.help)
    command.epilog = (_words(command.epilog) or "").strip()
    command.short_help = _words(command.short_help)
    for below in getattr(command, "commands", {}).values():
        _finish(below, shared)


def _words(text: str | None) -> str | None:
    """The message if `text` is a catalogue key; square brackets are kept from being read as rich's markup."""
    if text is None or not _CATALOGUE_KEY.fullmatch(text):
        return text
    return t(text).replace("[", "\\[")


def _translate_titles() -> None:
    """typer's own headings. They are module constants, settled when the module is imported (which takes 0.1 s)."""
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = t("cli.arguments")
    rich_utils.OPTIONS_PANEL_TITLE = t("cli.options")
    rich_utils.COMMANDS_PANEL_TITLE = t("cli.verbs_title")
    rich_utils.REQUIRED_LONG_STRING = t("cli.required")
    rich_utils.DEFAULT_STRING = t("cli.default", value="{}")


def _fold_long_lines() -> None:
    """Chinese has no spaces to break a line at; without this, what does not fit would end in dots."""
    from typer import rich_utils

    make = rich_utils._make_rich_text
    if make.__module__ == __name__:
        return  # done for an earlier command of this process

    def folded(**options: Any) -> Any:
        text = make(**options)
        if hasattr(text, "overflow"):
            text.overflow = "fold"
        return text

    rich_utils._make_rich_text = folded

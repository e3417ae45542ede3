"""zaohua generate: let a model make what it makes; how, each kind of model says in a module of its own."""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from zaohua.cli.common import Json
from zaohua.errors import UsageError
from zaohua.i18n import t

_KINDS = {
    "text": "zaohua.cli.generate_texts",
    "picture": "zaohua.cli.generate_pictures",
    "sound": "zaohua.cli.generate_sounds",
    "video": "zaohua.cli.generate_clips",
    "any": "zaohua.cli.generate_any",
}
"""A model's `kind` -> the module whose make(opened, **options) does it; its parameters are the options it knows."""

_TEXT = {"rich_help_panel": "generate.panel_text"}
_MEDIA = {"rich_help_panel": "generate.panel_media"}


def generate(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    prompt: Annotated[str, typer.Argument(help="generate.help_prompt")] = "",
    n: Annotated[int | None, typer.Option("-n", "--samples", help="generate.help_n")] = None,
    seed: Annotated[int, typer.Option(help="generate.help_seed")] = 0,
    out: Annotated[Path | None, typer.Option(help="generate.help_out")] = None,
    json: Json = False,
    chat: Annotated[bool, typer.Option("--chat", help="chat.help_chat", **_TEXT)] = False,
    max_new_tokens: Annotated[int, typer.Option(help="generate.help_max_new_tokens", **_TEXT)] = 200,
    temperature: Annotated[float, typer.Option(help="generate.help_temperature", **_TEXT)] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="generate.help_top_k", **_TEXT)] = None,
    top_p: Annotated[float | None, typer.Option(help="generate.help_top_p", **_TEXT)] = None,
    min_p: Annotated[float | None, typer.Option(help="generate.help_min_p", **_TEXT)] = None,
    repetition_penalty: Annotated[float, typer.Option(help="generate.help_repetition_penalty", **_TEXT)] = 1.0,
    presence_penalty: Annotated[float, typer.Option(help="generate.help_presence_penalty", **_TEXT)] = 0.0,
    frequency_penalty: Annotated[float, typer.Option(help="generate.help_frequency_penalty", **_TEXT)] = 0.0,
    stop: Annotated[list[str] | None, typer.Option(help="generate.help_stop", **_TEXT)] = None,
    json_schema: Annotated[Path | None, typer.Option(help="engine.help_json_schema", metavar="FILE", **_TEXT)] = None,
    regex: Annotated[str | None, typer.Option(help="engine.help_regex", **_TEXT)] = None,
    grammar: Annotated[Path | None, typer.Option(help="engine.help_grammar", metavar="FILE", **_TEXT)] = None,
    logprobs: Annotated[int | None, typer.Option(help="engine.help_logprobs", **_TEXT)] = None,
    beams: Annotated[int | None, typer.Option(help="engine.help_beams", **_TEXT)] = None,
    length_penalty: Annotated[float, typer.Option(help="engine.help_length_penalty", **_TEXT)] = 1.0,
    speculate: Annotated[int, typer.Option(help="engine.help_speculate", **_TEXT)] = 0,
    weights: Annotated[str | None, typer.Option(help="engine.help_weights", metavar="full|int8", **_TEXT)] = None,
    stream: Annotated[bool, typer.Option("--stream/--no-stream", help="generate.help_stream", **_TEXT)] = True,
    to: Annotated[str | None, typer.Option("--to", help="anymodal.help_to", metavar="MEDIUM", **_MEDIA)] = None,
    guidance: Annotated[float | None, typer.Option(help="anymodal.help_guidance", **_MEDIA)] = None,
    best_of: Annotated[int, typer.Option("--best-of", help="anymodal.help_best_of", **_MEDIA)] = 1,
    label: Annotated[str | None, typer.Option("--class", help="generate.help_class", metavar="NAME", **_MEDIA)] = None,
    truncation: Annotated[float, typer.Option(help="generate.help_truncation", **_MEDIA)] = 1.0,
    grid: Annotated[bool, typer.Option("--grid", help="generate.help_grid", **_MEDIA)] = False,
    interpolate: Annotated[
        Path | None, typer.Option(help="generate.help_interpolate", metavar="FILE.mp4", **_MEDIA)
    ] = None,
    project: Annotated[Path | None, typer.Option(help="generate.help_project", metavar="PICTURE", **_MEDIA)] = None,
    seconds: Annotated[float | None, typer.Option(help="generate.help_seconds", **_MEDIA)] = None,
    frames: Annotated[int | None, typer.Option(help="generate.help_frames", **_MEDIA)] = None,
    fps: Annotated[float | None, typer.Option(help="generate.help_fps", **_MEDIA)] = None,
) -> None:
    from zaohua import artifacts, hub

    if out is not None and out.suffix:  # before the work, not after it
        artifacts.check_any_format(out)
    opened = hub.load(model, **({} if weights is None else {"weights": weights}))
    kind = getattr(opened, "kind", "text")
    if kind not in _KINDS:
        raise UsageError(t("generate.makes_nothing", path=model, kind=kind))
    make = import_module(_KINDS[kind]).make
    known = inspect.signature(make).parameters
    _refuse(context, known.keys() | {"model", "weights"} if kind == "text" else known.keys() | {"model"}, model, kind)
    make(opened, **{name: value for name, value in context.params.items() if name in known})


def _refuse(context: typer.Context, known: Any, model: str, kind: str) -> None:
    """UsageError for options that were typed and mean nothing to such a model."""
    for option in context.command.params:
        typed = option.name is not None and context.get_parameter_source(option.name)
        if typed and typed.name == "COMMANDLINE" and option.expose_value and option.name not in known:
            shown = option.opts[0] if option.opts[0].startswith("-") else f'"{context.params[option.name]}"'
            raise UsageError(t("generate.not_for_this_kind", option=shown, path=model, kind=t(f"generate.kind_{kind}")))

"""zaohua generate: write with a model, to the terminal as it comes, or to a file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from zaohua.cli.common import Json, print_json
from zaohua.errors import UsageError, one_line
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.artifacts import Text


def generate(
    model: Annotated[str, typer.Argument(help="cli.model_help")],
    prompt: Annotated[str, typer.Argument(help="generate.help_prompt")] = "",
    chat: Annotated[bool, typer.Option("--chat", help="chat.help_chat")] = False,
    n: Annotated[int, typer.Option("-n", "--samples", help="generate.help_n")] = 1,
    max_new_tokens: Annotated[int, typer.Option(help="generate.help_max_new_tokens")] = 200,
    temperature: Annotated[float, typer.Option(help="generate.help_temperature")] = 0.8,
    top_k: Annotated[int | None, typer.Option(help="generate.help_top_k")] = None,
    top_p: Annotated[float | None, typer.Option(help="generate.help_top_p")] = None,
    min_p: Annotated[float | None, typer.Option(help="generate.help_min_p")] = None,
    repetition_penalty: Annotated[float, typer.Option(help="generate.help_repetition_penalty")] = 1.0,
    presence_penalty: Annotated[float, typer.Option(help="generate.help_presence_penalty")] = 0.0,
    frequency_penalty: Annotated[float, typer.Option(help="generate.help_frequency_penalty")] = 0.0,
    stop: Annotated[list[str] | None, typer.Option(help="generate.help_stop")] = None,
    json_schema: Annotated[Path | None, typer.Option(help="engine.help_json_schema", metavar="FILE")] = None,
    regex: Annotated[str | None, typer.Option(help="engine.help_regex")] = None,
    grammar: Annotated[Path | None, typer.Option(help="engine.help_grammar", metavar="FILE")] = None,
    logprobs: Annotated[int | None, typer.Option(help="engine.help_logprobs")] = None,
    beams: Annotated[int | None, typer.Option(help="engine.help_beams")] = None,
    length_penalty: Annotated[float, typer.Option(help="engine.help_length_penalty")] = 1.0,
    speculate: Annotated[int, typer.Option(help="engine.help_speculate")] = 0,
    weights: Annotated[str | None, typer.Option(help="engine.help_weights", metavar="full|int8")] = None,
    seed: Annotated[int, typer.Option(help="generate.help_seed")] = 0,
    out: Annotated[Path | None, typer.Option(help="generate.help_out")] = None,
    stream: Annotated[bool, typer.Option("--stream/--no-stream", help="generate.help_stream")] = True,
    json: Json = False,
) -> None:
    from zaohua import hub
    from zaohua.artifacts import Text

    if out is not None:
        Text.check_format(out)  # before the work, not after it
    if prompt == "-":
        prompt = sys.stdin.read().removesuffix("\n")
    if "\0" in prompt:
        raise UsageError(t("generate.nul_in_prompt"))
    if logprobs is not None and not json:
        raise UsageError(t("engine.logprobs_need_json"))
    forms = {"json_schema": _read(json_schema), "regex": regex, "grammar": _read(grammar)}
    opened = hub.load(model, **({} if weights is None else {"weights": weights}))
    if not hasattr(opened, "generate"):
        raise UsageError(t("encoder.does_not_write", path=model))
    if chat and not hasattr(opened, "chat"):
        raise UsageError(t("chat.does_not_chat", path=model))
    if hasattr(opened, "only_write"):
        opened.only_write()
    live = (
        _Live(prompt if getattr(opened, "continues", True) and not chat else "")
        if stream and n == 1 and not json and beams is None
        else None
    )
    texts = opened.generate(
        [{"role": "user", "content": prompt}] if chat else prompt,
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        presence_penalty=presence_penalty,
        frequency_penalty=frequency_penalty,
        stop=stop or (),
        n=n,
        seed=seed,
        stream=live,
        logprobs=logprobs,
        beams=beams,
        length_penalty=length_penalty,
        speculate=speculate,
        **forms,
    )
    files = [str(text.save(path)) for text, path in zip(texts, _paths(out, n), strict=True)] if out else []
    if json:
        print_json(_document(texts, files))
        return
    if live is not None:
        live("\n", 0)
    else:
        for number, text in enumerate(texts, 1):
            print((t("generate.sample", number=number, n=n) + "\n" if n > 1 else "") + str(text))
    for file in files:
        print(t("generate.saved", path=file), file=sys.stderr)


class _Live:
    """Writes the prompt and what follows it as it comes; nothing before the model has begun, which may fail."""

    def __init__(self, prompt: str) -> None:
        self.waiting = prompt

    def __call__(self, piece: str, _index: int) -> None:
        sys.stdout.write(self.waiting + piece)
        sys.stdout.flush()
        self.waiting = ""


def _read(file: Path | None) -> str | None:
    """The text of a schema or grammar."""
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(t("engine.cannot_read", path=file, reason=one_line(error))) from error


def _paths(out: Path, n: int) -> list[Path]:
    """The file, or name-1, name-2 … for several texts."""
    return [out] if n == 1 else [out.with_stem(f"{out.stem}-{number}") for number in range(1, n + 1)]


def _document(texts: "list[Text]", files: list[str]) -> dict[str, Any]:
    samples = [
        {"index": text.index, "text": text.text, "finish_reason": text.finish_reason, "tokens": text.tokens}
        | ({} if text.logprobs is None else {"logprobs": text.logprobs})
        for text in texts
    ]
    first = texts[0]
    return {"model": first.model, "prompt": first.prompt, "seed": first.seed, "samples": samples, "files": files}

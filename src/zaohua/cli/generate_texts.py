"""zaohua generate with a model that writes: to the terminal as it comes, or to a file."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zaohua.cli.common import print_json
from zaohua.errors import UsageError, one_line
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.artifacts import Text


def make(
    opened: Any,
    model: str,
    prompt: str,
    n: int | None,
    seed: int,
    out: Path | None,
    json: bool,
    chat: bool,
    json_schema: Path | None,
    regex: str | None,
    grammar: Path | None,
    logprobs: int | None,
    beams: int | None,
    stop: list[str] | None,
    stream: bool,
    max_new_tokens: int,
    temperature: float,
    top_k: int | None,
    top_p: float | None,
    min_p: float | None,
    repetition_penalty: float,
    presence_penalty: float,
    frequency_penalty: float,
    length_penalty: float,
    speculate: int,
) -> None:
    """Write and show `n` texts, one if left out."""
    from zaohua.artifacts import Text

    count = 1 if n is None else n
    if out is not None:
        Text.check_format(out)
    if prompt == "-":
        prompt = sys.stdin.read().removesuffix("\n")
    if "\0" in prompt:
        raise UsageError(t("generate.nul_in_prompt"))
    if logprobs is not None and not json:
        raise UsageError(t("engine.logprobs_need_json"))
    forms = {"json_schema": _read(json_schema), "regex": regex, "grammar": _read(grammar)}
    if not hasattr(opened, "generate"):
        raise UsageError(t("encoder.does_not_write", path=model))
    if chat and not hasattr(opened, "chat"):
        raise UsageError(t("chat.does_not_chat", path=model))
    if hasattr(opened, "only_write"):
        opened.only_write()
    live = (
        _Live(prompt if getattr(opened, "continues", True) and not chat else "")
        if stream and count == 1 and not json and beams is None
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
        n=count,
        seed=seed,
        stream=live,
        logprobs=logprobs,
        beams=beams,
        length_penalty=length_penalty,
        speculate=speculate,
        **forms,
    )
    files = [str(text.save(path)) for text, path in zip(texts, _paths(out, count), strict=True)] if out else []
    if json:
        print_json(_document(texts, files))
        return
    if live is not None:
        live("\n", 0)
    else:
        for number, text in enumerate(texts, 1):
            print((t("generate.sample", number=number, n=count) + "\n" if count > 1 else "") + str(text))
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

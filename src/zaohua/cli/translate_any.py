"""zaohua translate with a model of several media: a text, a picture, a sound or a film into another of these."""

from typing import TYPE_CHECKING

from zaohua.cli.common import print_json
from zaohua.cli.media import paths
from zaohua.cli.translate import Options
from zaohua.errors import UsageError
from zaohua.i18n import t

if TYPE_CHECKING:
    from zaohua.multimodal.any.model import AnyModel


def run(model: "AnyModel", options: Options) -> None:
    """A text is printed (and written with --out); anything else becomes a file."""
    from zaohua.artifacts import Text

    if options.given:
        raise UsageError(t("anymodal.no_options", options=", ".join(options.given)))
    if options.question is not None and options.to is not None:
        raise UsageError(t("anymodal.question_and_to"))
    source = options.typed
    target = options.to or f"text:{model.parts.knows.languages[0]}"
    if options.out is not None and options.out.suffix:
        model.artifact(target).check_format(options.out)
    asked = options.question
    made = model.translate(source, target) if asked is None else model.answer(source, asked)
    written = None
    if options.out is not None or not isinstance(made, Text):
        [path] = paths([made], options.out, model.name, 0)
        written = str(made.save(path))
    if options.json:
        said = made.text if isinstance(made, Text) else None
        print_json({"model": model.name, "input": source, "to": target, "text": said, "output": written})
        return
    if isinstance(made, Text):
        print(made.text)
    if written is not None:
        print(t("translate.saved", path=written))

"""zaohua translate with a listener: a recording to what is said in it."""

from zaohua.artifacts import Text
from zaohua.cli.common import print_json
from zaohua.cli.translate import Options
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.multimodal.speech.model import ListenerModel


def run(model: ListenerModel, options: Options) -> None:
    """Print what is said in one recording, or write it to a file."""
    if options.given:
        raise UsageError(t("speech.not_for_speech", options=", ".join(options.given)))
    if options.input.is_dir():
        raise UsageError(t("speech.several", path=options.input))
    if options.out is not None:
        Text.check_format(options.out)
    said = model.transcribe(options.input)
    file = None if options.out is None else str(said.save(options.out))
    if options.json:
        print_json({"model": model.name, "input": str(options.input), "output": file, "text": said.text})
    else:
        print(said.text if file is None else t("speech.saved", path=file))

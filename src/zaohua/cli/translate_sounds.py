"""zaohua translate with a vocoder: a recording through its spectrogram, which is how good the vocoder can be heard."""

from pathlib import Path

from zaohua.artifacts import Audio
from zaohua.cli.common import print_json
from zaohua.cli.translate import Options
from zaohua.errors import UsageError
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.i18n import t


def run(model: VocoderModel, options: Options) -> None:
    """Copy one sound file, and say where the copy is."""
    if options.given:
        raise UsageError(t("vocoder.not_for_sounds", options=", ".join(options.given)))
    source = options.input
    if source.is_dir():
        raise UsageError(t("vocoder.several", path=source))
    target = options.out or Path(f"{source.stem}-translated.wav")
    Audio.check_format(target)
    if target.resolve() == source.resolve():
        raise UsageError(t("vocoder.out_is_input", path=source))
    made = model.copy(source)
    file, seconds = str(made.save(target)), len(made.samples) / made.rate
    if options.json:
        print_json({"model": model.name, "input": str(source), "output": file, "rate": made.rate, "seconds": seconds})
    else:
        print(t("vocoder.saved", path=file, seconds=f"{seconds:.1f}"))

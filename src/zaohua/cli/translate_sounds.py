"""zaohua translate with a vocoder or a tokeniser of sounds: a recording through its spectrogram or its tokens, to hear
what they keep."""

from zaohua.artifacts import Audio
from zaohua.cli.common import print_json
from zaohua.cli.media import file_beside
from zaohua.cli.translate import Options
from zaohua.errors import UsageError
from zaohua.gan.vocoder.model import VocoderModel
from zaohua.i18n import t
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser


def run(model: VocoderModel | SoundTokeniser, options: Options) -> None:
    """Copy one sound file, and say where the copy is."""
    if options.given:
        raise UsageError(t("vocoder.not_for_sounds", options=", ".join(options.given)))
    source = options.input
    if source.is_dir():
        raise UsageError(t("vocoder.several", path=source))
    target = file_beside(source, options.out, Audio)
    made = model.copy(source)
    file, seconds = str(made.save(target)), len(made.samples) / made.rate
    if options.json:
        print_json({"model": model.name, "input": str(source), "output": file, "rate": made.rate, "seconds": seconds})
    else:
        print(t("vocoder.saved", path=file, seconds=f"{seconds:.1f}"))

"""zaohua translate with a tokeniser of pictures: a picture through its tokens, to see what they keep."""

from zaohua.artifacts import Image
from zaohua.cli.common import print_json
from zaohua.cli.media import file_beside
from zaohua.cli.translate import Options
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser


def run(model: ImageTokeniser, options: Options) -> None:
    """Copy one picture, and say where the copy is."""
    if options.given:
        raise UsageError(t("tokenise.not_for_tokens", options=", ".join(options.given)))
    source = options.input
    if source.is_dir():
        raise UsageError(t("tokenise.several", path=source))
    target = file_beside(source, options.out, Image)
    file, credit = str(model.copy(source).save(target)), model.look["credit"] or None
    if options.json:
        facts = {"size": [model.size, model.size], "codes": model.codes, "credit": credit}
        print_json({"model": model.name, "input": str(source), "output": file, **facts})
    else:
        print(t("translate.saved", path=file))

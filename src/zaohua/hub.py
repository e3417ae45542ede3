"""Open any model by the path of its folder or file, of the run that made it, or by its name on the hub."""

import importlib
import inspect
from pathlib import Path
from typing import Any

from zaohua import hf_models
from zaohua.errors import UsageError, ZaohuaError
from zaohua.i18n import t
from zaohua.language import pretrained
from zaohua.language.finetuning import adapter_folder
from zaohua.model_folder.files import CONFIG, read_json

GGUF, ADAPTER = "gguf", "adapter"
MEDIA = "media"  # the key of config.json that a model of several media adds to those of a decoder
_OURS = "zaohua_"  # forms of model folders that no one else has
_DECODER = "zaohua.language.model:LanguageModel"
LOADERS = {
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "gpt2", GGUF, ADAPTER), _DECODER),
    "bert": "zaohua.language.encoders.model:EncoderModel",
    MEDIA: "zaohua.multimodal.any.model:AnyModel",
    "zaohua_seq2seq": "zaohua.language.seq2seq.model:Seq2SeqModel",
    "zaohua_gan_image": "zaohua.gan.images.model:ImageModel",
    "zaohua_gan_sound": "zaohua.gan.sounds.model:SoundModel",
    "zaohua_gan_video": "zaohua.gan.video.model:VideoModel",
    "zaohua_gan_translate": "zaohua.gan.translation.model:TranslationModel",
    "zaohua_vocoder": "zaohua.gan.vocoder.model:VocoderModel",
    "zaohua_understand": "zaohua.multimodal.understanding.model:UnderstandingModel",
    "zaohua_image_tokeniser": "zaohua.multimodal.tokenisers.images.model:ImageTokeniser",
    "zaohua_sound_tokeniser": "zaohua.multimodal.tokenisers.sounds.model:SoundTokeniser",
    "zaohua_contrastive": "zaohua.multimodal.contrastive.model:ContrastiveModel",
    "zaohua_listener": "zaohua.multimodal.speech.model:ListenerModel",
}
"""model_type of config.json, or "gguf", "adapter", "media" -> the class whose load(path, name=…, **options) opens."""

_DECODERS = [kind for kind, loader in LOADERS.items() if loader == _DECODER]
EVALUATORS = {
    **dict.fromkeys(_DECODERS, "zaohua.language.evaluation:evaluate_folder"),
    **dict.fromkeys(
        ("bert", "zaohua_seq2seq", "zaohua_listener", MEDIA), "zaohua.language.text_measure:evaluate_folder"
    ),
    "zaohua_gan_image": "zaohua.gan.images.evaluation:evaluate_folder",
    "zaohua_gan_sound": "zaohua.gan.sounds.evaluation:evaluate_folder",
    "zaohua_gan_video": "zaohua.gan.video.evaluation:evaluate_folder",
    "zaohua_gan_translate": "zaohua.gan.translation.evaluation:evaluate_folder",
    "zaohua_vocoder": "zaohua.gan.vocoder.evaluation:evaluate_folder",
    "zaohua_understand": "zaohua.multimodal.understanding.evaluation:evaluate_folder",
    "zaohua_image_tokeniser": "zaohua.multimodal.tokenisers.images.evaluation:evaluate_folder",
    "zaohua_sound_tokeniser": "zaohua.multimodal.tokenisers.sounds.evaluation:evaluate_folder",
    "zaohua_contrastive": "zaohua.multimodal.contrastive.evaluation:evaluate_folder",
}
"""The same -> the function of (model folder or file, source or None, column or None) that measures it."""


def load(path: str | Path, *, revision: str | None = None, **options: Any) -> Any:
    """Open a model folder, the best (else the last) checkpoint of a run folder, or a .gguf file.

    path: also "builtin:smollm2", a real pretrained model, and "org/name" of the Hugging Face hub, of which only
    descriptions, tokeniser and weights are fetched, nothing that runs; revision: its branch, tag or commit. options
    go to the loader: device, dtype. Raises ZaohuaError, in one line, for anything else than a model.
    """
    found, name = locate(path, revision)
    function = _entry(found, LOADERS).load
    if foreign := _foreign(options, function):
        given = ", ".join(f"{option}={options[option]}" for option in foreign)
        raise UsageError(t("hub.not_for_this_model", path=path, kind=_kind(found), options=given))
    return function(found, name=name, **options)


def evaluate(path: str | Path, source: str | None = None, column: str | None = None, **options: Any) -> dict[str, Any]:
    """A model's metrics beside those of its baselines.

    source: other data to measure it on ("file:…", "folder:…", …), of which a tenth is held out and scored; column: of
    a table. Left out: the validation part of its own run's. options go to the function that measures such a model.
    Raises ZaohuaError, in one line, when the model cannot be opened or there is nothing to measure it on.
    """
    found, _ = locate(path)
    function = _entry(found, EVALUATORS)
    if foreign := _foreign(options, function):
        raise UsageError(t("measure.not_for_this_model", path=path, options=", ".join(foreign)))
    return function(found, source, column, **options)


def locate(path: str | Path, revision: str | None = None) -> tuple[Path, str]:
    """The model folder or .gguf file behind whatever may name a model, and what to call the model."""
    text = str(path)
    if "\0" in text:
        raise UsageError(t("hub.bad_name", path=repr(text)))
    if text.startswith(pretrained.PREFIX):
        return pretrained.builtin_model(text.removeprefix(pretrained.PREFIX))
    local = Path(path).expanduser()
    place = hf_models.Place.parse(text)
    if place and (text.startswith(hf_models.PREFIX) or not local.exists()):
        return hf_models.fetch(place if revision is None else place.at(revision)), place.repository
    if revision is not None:
        raise UsageError(t("hub.revision_of_a_path", path=path))
    return find_model(local), _name(local)


def find_model(path: Path) -> Path:
    """The model folder or .gguf file that a path stands for."""
    if not path.exists():
        raise ZaohuaError(t("hub.missing", path=path))
    if path.is_file() and path.suffix == f".{GGUF}":
        return path
    if not path.is_dir():
        raise ZaohuaError(t("hub.not_a_folder", path=path))
    if (path / CONFIG).exists() or (path / adapter_folder.CONFIG).exists():
        return path
    checkpoints = [path / "checkpoints" / kind for kind in ("best", "last")]
    for checkpoint in checkpoints:
        if (checkpoint / CONFIG).exists():
            return checkpoint
    if (path / "recipe.toml").exists():
        raise ZaohuaError(t("hub.unfinished_run", path=path))
    if not any(path.iterdir()):
        raise ZaohuaError(t("hub.empty_folder", path=path))
    raise ZaohuaError(t("hub.not_a_model", path=path))


def _kind(found: Path) -> str:
    """What the tables call this kind of model."""
    if found.is_file():
        return GGUF
    if adapter_folder.holds_adapter(found):
        return ADAPTER
    config = read_json(found / CONFIG)
    kind = config.get("model_type")
    if MEDIA in config:
        return MEDIA
    if isinstance(kind, str) and kind.startswith(_OURS) and kind in LOADERS:
        return kind
    from zaohua.language.folder import read_config  # the rest is refused by what is wrong with it

    return read_config(found)["model_type"]


def _entry(found: Path, table: dict[str, str]) -> Any:
    """What the table holds for the kind of this model."""
    kind = _kind(found)
    if kind not in table:
        raise ZaohuaError(t("hub.cannot_measure", path=found, kind=kind, known=", ".join(table)))
    module, _, name = table[kind].partition(":")
    return getattr(importlib.import_module(module), name)


def _foreign(options: dict[str, Any], function: Any) -> list[str]:
    """Options that the function does not take."""
    return sorted(options.keys() - inspect.signature(function).parameters)


def _name(path: Path) -> str:
    """What to call the model: its folder's or file's name, or its run's for a checkpoint."""
    path = path.absolute()
    if path.parent.name == "checkpoints":
        return path.parents[1].name
    return path.resolve().stem if path.suffix == f".{GGUF}" else path.resolve().name

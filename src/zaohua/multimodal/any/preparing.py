"""From a recipe to examples: captioned data, the tokenisers of their media, the tokeniser of their captions."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from zaohua.data.captioned import Captioned, Side, read_captioned
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.text_task import model_folder, own_tokenizer
from zaohua.language.tokenizer import Tokenizer
from zaohua.model_folder.files import CONFIG
from zaohua.multimodal.any.examples import Examples, Tokenisers, Views, caption_texts, examples_of
from zaohua.multimodal.any.folder import Parts
from zaohua.multimodal.any.recipe import AnyModelConfig, AnyRecipe
from zaohua.multimodal.any.rows import entries
from zaohua.multimodal.any.templates import USUAL, reads_picture
from zaohua.multimodal.any.vocabulary import Vocabulary
from zaohua.multimodal.sight import Eye
from zaohua.multimodal.tokenisers.images.model import ImageTokeniser
from zaohua.multimodal.tokenisers.sounds.model import SoundTokeniser
from zaohua.training.monitor import say

_FPS = 8.0  # of clips that do not say


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What a training needs to know of its data. unheard: of a voice that was kept out of both sides, or None; weights:
    of the templates; eye: what pictures to be read are looked at with, or None."""

    data: list[Captioned]
    tokenisers: Tokenisers
    tokenizer: Tokenizer
    train: list[Examples]
    validation: list[Examples]
    unheard: list[Examples | None]
    weights: dict[str, float]
    vocabulary: Vocabulary
    eye: Eye | None


def prepare(recipe: AnyRecipe, base: Parts | None, *, visible: bool) -> Prepared:
    """Read, tokenise, and see which templates can be learnt. Raises UsageError where something is missing for one."""
    seed = recipe.train.seed
    asks = "answer" in recipe.templates
    data = [read_captioned(config, seed, questions=asks, visible=visible) for config in (recipe.data, *recipe.also)]
    kinds: set[str] = {captioned.kind for captioned in data}
    tokenisers = _tokenisers(recipe.model, base.tokenisers if base else Tokenisers(), kinds)
    texts = caption_texts(data)
    tokenizer = base.tokenizer if base else own_tokenizer(recipe.tokenizer, texts)
    say(t("anymodal.tokenising"), quiet=not visible)
    views = Views(recipe.views.count, recipe.views.shift, seed, recipe.views.mirror)
    frames = base.vocabulary.frames if base else recipe.model.frames
    weights = dict(recipe.templates) or {name: weight for kind in kinds for name, weight in USUAL[kind].items()}
    sight = recipe.model.sight
    if base is not None:
        if sight and sight.partition("@")[0] != base.sees.partition("@")[0]:
            raise UsageError(t("anymodal.sight_of_base", name=sight, base=base.sees or "–"))
        sight = base.sees
    eye = Eye.open(sight) if sight and any(map(reads_picture, weights)) else None

    def taken(captioned: Captioned, side: Side, views: Views) -> Examples:
        look = partial(eye.look, visible=visible) if eye is not None else None
        return examples_of(captioned, side, tokenisers, tokenizer, views, frames, look)

    train = [taken(each, each.train, views) for each in data]
    validation = [taken(each, each.validation, Views()) for each in data]
    unheard = [None if each.unheard is None else taken(each, each.unheard, Views()) for each in data]
    for template, pool in entries(train, weights).items():
        if not pool:
            raise UsageError(t("anymodal.no_data_for", template=template, kinds=", ".join(sorted(kinds))))
    vocabulary = (
        base.vocabulary
        if base
        else _vocabulary(data, tokenisers, tokenizer, [*train, *validation, *filter(None, unheard)], frames)
    )
    return Prepared(
        data=data,
        tokenisers=tokenisers,
        tokenizer=tokenizer,
        train=train,
        validation=validation,
        unheard=unheard,
        weights=dict(sorted(weights.items())),
        vocabulary=vocabulary,
        eye=eye,
    )


def _tokenisers(model: AnyModelConfig, known: Tokenisers, kinds: set[str]) -> Tokenisers:
    """Those that the data need: the base's, else the recipe's."""
    found: dict[str, Any] = {}
    for name, tokeniser, needed in (
        ("image", ImageTokeniser, kinds & {"pictures", "clips"}),
        ("audio", SoundTokeniser, kinds & {"sounds"}),
    ):
        if not needed or getattr(known, name) is not None:
            continue
        path = getattr(model, name)
        if path is None or not (model_folder(path) / CONFIG).is_file():
            raise UsageError(t("anymodal.train_tokeniser", name=name, path=path or ""))
        found[name] = tokeniser.load(model_folder(path))
    return replace(known, **found)


def _vocabulary(
    data: list[Captioned], tokenisers: Tokenisers, tokenizer: Tokenizer, sets: list[Examples], frames: int
) -> Vocabulary:
    """Where each kind of token will lie."""
    found: dict[str, Any] = {}
    if tokenisers.image is not None:
        rows, columns = tokenisers.image.shape
        found |= {"image_codes": tokenisers.image.codes, "grid": (rows, columns)}
    if tokenisers.audio is not None:
        longest = max(examples.longest for examples in sets if examples.kind == "sounds")
        found |= {"audio_codes": tokenisers.audio.codes, "longest": longest}
    if clips := next((each for each in data if each.kind == "clips"), None):
        seconds = sum(map(len, clips.train.media)) / len(clips.train) / float(clips.rate or _FPS)
        found |= {"frames": frames, "fps": max(1.0, round(frames / seconds, 2))}
    return Vocabulary(text=tokenizer.vocab_size, **found)

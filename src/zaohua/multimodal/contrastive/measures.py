"""How two towers are judged during a run, at its end and on demand: on pairs held back, beside what is simpler."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from zaohua.data.captioned import Captioned, Side
from zaohua.language.text_task import or_nothing
from zaohua.language.tokenizer import Tokenizer
from zaohua.multimodal.contrastive import scores
from zaohua.multimodal.contrastive.captions import Captions
from zaohua.multimodal.contrastive.losses import clip_score
from zaohua.multimodal.contrastive.media import spectrum
from zaohua.multimodal.contrastive.model import ContrastiveModel
from zaohua.multimodal.contrastive.shape import TowersConfig
from zaohua.multimodal.sight import Eye, whole

Media = Tensor | list[Tensor]


class Measures:
    """Of pairs that were read. media: both sides as the tower reads them: pictures uint8 [N, C, H, W], or spectra
    float16 [frames, bands] each; seen: what the eye sees of the pictures, float16 [N, …], if there is one; captions:
    of the side that was held back."""

    def __init__(
        self, data: Captioned, config: TowersConfig, tokenizer: Tokenizer, eye: Eye | None = None, visible: bool = False
    ) -> None:
        self.data = data
        self.media: dict[str, Media] = {
            "train": _as_read(data.train, config),
            "validation": _as_read(data.validation, config),
        }
        self.seen: dict[str, Tensor] = {}
        for name, media in self.media.items():
            if eye is not None and isinstance(media, Tensor):
                self.seen[name] = eye.look(media, visible=visible)
        self.captions = Captions(data.validation.captions, config.kind, tokenizer)
        self.right, self.languages = self.captions.right(), self.captions.by_language()

    @torch.no_grad()
    def of(self, model: ContrastiveModel) -> dict[str, float]:
        """loss; retrieval both ways in both languages (see scores.py), missed_at_10 being what its mean lacks; the mean
        clip_score of true pairs; and zero-shot accuracy where the data have classes."""
        u, v = self.vectors(model), model.embed_text(self.captions.texts)
        similarity = u @ v.T
        found = scores.retrieval(similarity, self.right, self.languages)
        return {
            "loss": self._loss(model, u, v),
            "missed_at_10": 1 - found["recall_at_10"],
            **found,
            "clip_score": float(clip_score(torch.from_numpy(similarity[self.right])).mean()),
            **self._zero_shot(model, u),
        }

    def vectors(self, model: ContrastiveModel) -> np.ndarray:
        """Of the media held back, float32 [N, D]."""
        if self.seen:
            return model.seen_vectors(self.seen["validation"])
        media = self.media["validation"]
        return model.picture_vectors(media) if isinstance(media, Tensor) else model.sound_vectors(media)

    @cached_property
    def baselines(self) -> dict[str, Any]:
        """What luck finds, what the captions of the most similar training media find (by their pixels, and by what the
        eye sees of the whole), and the commonest class."""
        found: dict[str, Any] = {"chance": scores.chance(self.right, self.languages)}
        found |= or_nothing(self._neighbours)
        if self._classes:
            found["commonest"] = scores.commonest(self.data.train.classes, self.data.validation.classes)
        return found

    def _loss(self, model: ContrastiveModel, u: np.ndarray, v: np.ndarray) -> float:
        """Of all that was held back as one batch, each with its main caption."""
        firsts = self.captions.of[:, 0]
        positives = torch.from_numpy(self.right[:, firsts])
        place = model.towers.log_scale.device
        media, texts = (torch.from_numpy(x).to(place) for x in (u, v[firsts]))
        return float(model.towers.judged(media, texts, positives.to(place))[0])

    @property
    def _classes(self) -> list[str]:
        return scores.class_names([*self.data.train.classes, *self.data.validation.classes])

    def _zero_shot(self, model: ContrastiveModel, u: np.ndarray) -> Mapping[str, float]:
        if not self._classes:
            return {}
        names = {label: [label] for label in self._classes}
        return scores.zero_shot(u @ model.class_vectors(names).T, self.data.validation.classes, self._classes)

    def _neighbours(self) -> dict[str, Any]:
        """The baselines of the nearest training media."""
        features = {"neighbours": {side: _features(media) for side, media in self.media.items()}}
        if self.seen:
            features["neighbours_seen"] = {side: whole(seen).numpy() for side, seen in self.seen.items()}
        found = {name: self._said_of_nearest(each) for name, each in features.items()}
        return {name: scores.retrieval(each, self.right, self.languages) for name, each in found.items()}

    def _said_of_nearest(self, features: Mapping[str, np.ndarray]) -> np.ndarray:
        """Similarities of the media held back and all their captions, by what is said of the training media nearest by
        these features of both sides, [., F]: [N, texts]"""
        known, new = features["train"], features["validation"]
        found = np.zeros(self.right.shape)
        for language, numbers in self.languages.items():
            said = [" ".join(one.get(language, [])) for one in self.data.train.captions]
            questions = [self.captions.texts[number] for number in numbers]
            if any(said):
                characters = language == "zh"
                found[:, numbers] = scores.neighbour_similarity(known, new, said, questions, characters=characters)
        return found


def _as_read(side: Side, config: TowersConfig) -> Media:
    """Pictures as they are; spectra of sounds, in half the room."""
    if isinstance(side.media, Tensor):
        return side.media
    return [spectrum(wave, config).half() for wave in side.media]


def _features(media: Media) -> np.ndarray:
    if isinstance(media, Tensor):
        return scores.picture_features(media.numpy())
    return scores.spectrum_features(one.float().numpy() for one in media)

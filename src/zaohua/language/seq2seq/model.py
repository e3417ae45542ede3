"""An encoder-decoder ready to use: it reads one text and writes another."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from zaohua.artifacts import Text
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.engine.request import check_range
from zaohua.language.engine.text import StopStrings
from zaohua.language.generation import MOST_TEXTS, Stream
from zaohua.language.opened import OpenedModel
from zaohua.language.sampling import SamplingConfig
from zaohua.language.seq2seq.folder import load_seq2seq, save_seq2seq
from zaohua.language.seq2seq.module import Seq2Seq
from zaohua.language.seq2seq.writing import padded, written
from zaohua.seeding import sample_keys

_STREAM = 1  # this use of randomness, see zaohua.seeding
_TOKENS_PER_PASS = 8192  # read together
_ELSEWHERE = {"speculate": 0, "length_penalty": 1.0}  # options of a LanguageModel whose default is not None


class Seq2SeqModel(OpenedModel):
    """Writes the second text to a first one; see zaohua.language.seq2seq.folder for the form of its folder."""

    continues = False  # a text of its own, not what follows the prompt
    module: Seq2Seq

    @classmethod
    def _open(cls, folder: Path, dtype: torch.dtype) -> Self:
        return cls(*load_seq2seq(folder, dtype))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        save_seq2seq(self.module, self.tokenizer, Path(folder), self.card)

    def generate(
        self,
        prompt: str,
        *,
        temperature: float = 0.0,
        max_new_tokens: int = 200,
        stop: str | Sequence[str] = (),
        n: int = 1,
        seed: int = 0,
        stream: Stream | None = None,
        **options: Any,
    ) -> list[Text]:
        """n texts written to `prompt`, which the artifact does not repeat; the same seed gives the same texts.

        temperature 0, the default, takes the most probable token always. stop: the text ends before the first of
        these. stream(text, index): called once a text is whole. options: those of SamplingConfig; others of
        LanguageModel.generate must be left at their defaults.
        Raises UsageError for a value out of range, a prompt longer than the context, and an option that is not here.
        """
        sampling = {name: options.pop(name) for name in SamplingConfig.names() if name in options}
        config = SamplingConfig(temperature=temperature, **sampling)
        for name, value in options.items():
            if value != _ELSEWHERE.get(name):
                raise UsageError(t("seq2seq.not_here", name=name))
        check_range("n", n, 1, MOST_TEXTS)
        stops = [stop] if isinstance(stop, str) else list(stop)
        if not all(stops):
            raise UsageError(t("generate.empty_stop"))
        keys = sample_keys(seed, 0, torch.arange(n), _STREAM)
        made = []
        for index, ids in enumerate(self._answers([self._encode(prompt)] * n, max_new_tokens, config, keys)):
            ended = ids[-1:] == [self.tokenizer.eot_id]
            text = self.tokenizer.decode(ids, skip_special=True)
            shown, met = StopStrings(stops).push(text)
            made.append(
                Text(
                    text=shown if met else text,
                    model=self.name,
                    seed=seed,
                    index=index,
                    finish_reason="stop" if ended or met else "length",
                    tokens=len(ids),
                )
            )
            if stream is not None:
                stream(made[-1].text, index)
        return made

    def rewrite(self, texts: Sequence[str], max_new_tokens: int = 200) -> list[str]:
        """The most probable answer to each text, token by token (greedily), many texts at once."""
        encoded = [self._encode(text) for text in texts]
        order = np.argsort([-len(ids) for ids in encoded], kind="stable")  # texts of similar length go together
        found = [""] * len(texts)
        start = 0
        while start < len(order):
            some = order[start : start + max(1, _TOKENS_PER_PASS // len(encoded[order[start]]))]
            answers = self._answers([encoded[i] for i in some], max_new_tokens, SamplingConfig(temperature=0), None)
            for number, ids in zip(some.tolist(), answers, strict=True):
                found[number] = self.tokenizer.decode(ids, skip_special=True)
            start += len(some)
        return found

    def _encode(self, text: str) -> list[int]:
        ids = [*self.tokenizer.encode(text), self.tokenizer.eot_id]
        if len(ids) > self.module.config.context:
            raise UsageError(t("seq2seq.too_long", tokens=len(ids), context=self.module.config.context))
        return ids

    @torch.inference_mode()
    def _answers(
        self, texts: list[list[int]], max_new_tokens: int, config: SamplingConfig, keys: Tensor | None
    ) -> list[list[int]]:
        """Ids written to each text, with the end-of-text token where it came. keys: [B], where a token is drawn."""
        device = self.module.embed_tokens.weight.device
        ids, real = (x.to(device) for x in padded(texts, self.tokenizer.eot_id))
        memory = self.module.remember(ids, real)
        return written(self.module, self.tokenizer, memory, real, max_new_tokens, config, keys)

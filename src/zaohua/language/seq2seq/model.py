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
from zaohua.language.engine.request import MOST_TOKENS, check_range
from zaohua.language.engine.text import StopStrings
from zaohua.language.generation import MOST_TEXTS, Stream
from zaohua.language.opened import OpenedModel
from zaohua.language.sampling import SamplingConfig, choose, penalise
from zaohua.language.seq2seq.folder import load_seq2seq, save_seq2seq
from zaohua.language.seq2seq.module import Seq2Seq
from zaohua.seeding import sample_keys, uniform

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
        check_range("max_new_tokens", max_new_tokens, 1, MOST_TOKENS)
        limit = min(max_new_tokens, self.module.config.context)
        device, end = self.module.embed_tokens.weight.device, self.tokenizer.eot_id
        ids, real = padded(texts, end)
        real = real.to(device)
        memory = self.module.remember(ids.to(device), real)
        cache = self.module.new_cache(len(texts), limit)
        blocked = torch.ones(self.module.config.vocab_size, dtype=torch.bool, device=device)  # what is no text
        blocked[: self.tokenizer.vocab_size] = False
        blocked[[token for token in self.tokenizer.special.values() if token != end]] = True
        new = torch.full((len(texts), 1), end, device=device)  # the token before the first
        seen = torch.zeros(len(texts), len(blocked), dtype=torch.bool, device=device)
        counts = torch.zeros(len(texts), len(blocked), device=device)
        found: list[list[int]] = [[] for _ in texts]
        for step in range(limit):
            logits = self.module.write(new, memory, real, cache)[:, -1].float().masked_fill(blocked, -torch.inf)
            if config.penalises:
                logits = penalise(logits, seen, counts, config)
            draws = torch.zeros(len(texts)) if keys is None else uniform(keys, 1, step)[:, 0]
            new = torch.tensor(choose(logits, draws.to(device), config), device=device)[:, None]
            seen.scatter_(1, new, True)
            counts.scatter_add_(1, new, torch.ones_like(new, dtype=counts.dtype))
            for row, token in zip(found, new[:, 0].tolist(), strict=True):
                if row[-1:] != [end]:
                    row.append(token)
            if all(row[-1:] == [end] for row in found):
                break
        return found


def padded(texts: Sequence[Sequence[int] | np.ndarray], pad: int) -> tuple[Tensor, Tensor]:
    """Rows of one length: ids [B, T] and, bool [B, T], which are no padding."""
    lengths = torch.tensor([len(ids) for ids in texts])
    rows = torch.full((len(texts), int(lengths.max())), pad)
    for row, ids in zip(rows, texts, strict=True):
        row[: len(ids)] = torch.as_tensor(np.asarray(ids, dtype=np.int64))
    return rows, torch.arange(rows.shape[1]) < lengths[:, None]

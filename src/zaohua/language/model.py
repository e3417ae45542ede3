"""A language model ready to use: a decoder and the tokeniser it was trained with."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import torch

from zaohua.artifacts import Text
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.chat import Chat, Message
from zaohua.language.decoder import Decoder
from zaohua.language.engine.beam import likeliest, refuse_with_beams
from zaohua.language.engine.constraints import constraint_of
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.request import Completion
from zaohua.language.folder import save_folder
from zaohua.language.formats import load_decoder
from zaohua.language.generation import Stream, complete
from zaohua.language.opened import OpenedModel
from zaohua.language.sampling import SamplingConfig
from zaohua.language.scoring import check_stride, named, text_nats
from zaohua.language.tokenizer import Tokenizer
from zaohua.metrics.perplexity import scores
from zaohua.nn.int8 import Int8Linear, to_int8

WEIGHTS = ("full", "int8")


class LanguageModel(OpenedModel):
    """Continues text and measures it.

    name: what provenance calls the model. ends: tokens that end a text, besides <|endoftext|>. card: README.md.
    """

    def __init__(
        self,
        decoder: Decoder,
        tokenizer: Tokenizer,
        *,
        name: str = "",
        ends: frozenset[int] = frozenset(),
        card: str | None = None,
    ) -> None:
        super().__init__(decoder, tokenizer, name=name, card=card)
        self.decoder = decoder
        self.ends = ends | {tokenizer.eot_id}
        self._engine: tuple[Any, Engine] | None = None

    @classmethod
    def _open(cls, folder: Path, dtype: torch.dtype) -> Self:
        decoder, tokenizer, ends = load_decoder(folder, dtype)
        return cls(decoder, tokenizer, ends=ends)

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        name: str | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
        weights: Literal["full", "int8"] = "full",
    ) -> Self:
        """Open a model folder or .gguf file on `device`: a CUDA GPU if there is one, else the CPU.

        weights: "int8" rounds every matrix to a byte per weight (see zaohua.nn.int8): a quarter of the memory to read
        for each token. Raises UsageError for another value.
        """
        check_weights(weights)
        model = super().load(folder, name=name, device=device, dtype=dtype)
        if weights == "int8":
            to_int8(model.decoder)
        return model

    def save(self, folder: Path | str) -> None:
        """Write a Hugging Face folder, whole or not at all. Raises UsageError for weights rounded to int8."""
        self._check_savable()
        save_folder(self.decoder, self.tokenizer, Path(folder), self.card, ends=self.ends)

    def save_gguf(self, path: Path | str, numbers: Literal["f32", "f16", "q8_0"] = "f16") -> None:
        """Write one .gguf file for llama.cpp and its kin, whole or not at all; numbers: of the matrices.

        Raises UsageError for weights rounded to int8.
        """
        from zaohua.language.gguf.write import write_gguf  # the library it needs is not needed by folders

        self._check_savable()
        write_gguf(self.decoder, self.tokenizer, Path(path), numbers, ends=self.ends, name=self.name)

    def _check_savable(self) -> None:
        self._check_whole()
        if any(isinstance(module, Int8Linear) for module in self.decoder.modules()):
            raise UsageError(t("engine.int8_not_saved"))

    def generate(
        self,
        prompt: str | Sequence[Message] = "",
        *,
        max_new_tokens: int = 200,
        temperature: float = 0.8,
        top_k: int | None = None,
        top_p: float | None = None,
        min_p: float | None = None,
        repetition_penalty: float = 1.0,
        presence_penalty: float = 0.0,
        frequency_penalty: float = 0.0,
        stop: str | Sequence[str] = (),
        n: int = 1,
        seed: int = 0,
        stream: Stream | None = None,
        logprobs: int | None = None,
        json_schema: Mapping[str, Any] | str | None = None,
        regex: str | None = None,
        grammar: str | None = None,
        speculate: int = 0,
        beams: int | None = None,
        length_penalty: float = 1.0,
    ) -> list[Text]:
        """n continuations of `prompt`, or answers to a conversation; the same seed gives the same texts.

        prompt: a text, or messages with "role" and "content", which the model's chat template renders. Of a
        conversation too long for the context, the oldest turns are left out, whole (Text.dropped_turns).
        Each ends at <|endoftext|> or a stop string (finish_reason "stop"; neither is part of the text) or after
        max_new_tokens ("length"). temperature 0 is greedy; the other choices are explained in
        zaohua.language.sampling. stream(piece, index): called with text as it comes.

        logprobs: also give every token's log-probability and those of so many of the likeliest. json_schema, regex,
        grammar: the form of the text, one of them (see zaohua.language.engine.constraints). speculate: tokens guessed
        ahead, see Request. beams: the n likeliest texts by beam search instead of drawing, longer ones favoured the
        more the larger length_penalty is.
        Raises UsageError for a value out of range and ZaohuaError for a prompt longer than the model's context.
        """
        config = SamplingConfig(
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            repetition_penalty=repetition_penalty,
            presence_penalty=presence_penalty,
            frequency_penalty=frequency_penalty,
        )
        stops = (stop,) if isinstance(stop, str) else tuple(stop)
        ids, shown, dropped = self._read(prompt, max_new_tokens)
        constraint = constraint_of(json_schema, regex, grammar)
        if beams is not None:
            refuse_with_beams(
                top_k=top_k,
                top_p=top_p,
                min_p=min_p,
                penalties=config.penalises,
                constraint=constraint,
                logprobs=None if logprobs is None else True,
                speculate=speculate,
                stop=stops,
                stream=stream,
            )
            completions = likeliest(
                self.engine,
                ids or self.tokenizer.opening,
                n=n,
                beams=beams,
                max_new_tokens=max_new_tokens,
                stop_ids=self.ends,
                length_penalty=length_penalty,
            )
        else:
            completions = complete(
                self.decoder,
                self.tokenizer,
                ids,
                config,
                n=n,
                stream=stream,
                engine=self.engine,
                max_new_tokens=max_new_tokens,
                seed=seed,
                stop=stops,
                stop_ids=self.ends,
                logprobs=logprobs,
                constraint=constraint,
                speculate=speculate,
            )
        return [
            Text(
                text=completion.text,
                prompt=shown,
                dropped_turns=dropped,
                model=self.name,
                seed=seed,
                index=completion.index,
                finish_reason=completion.finish_reason,
                tokens=len(completion.ids),
                logprobs=self._named(completion) if logprobs is not None else None,
            )
            for completion in completions
        ]

    @cached_property
    def chat(self) -> Chat:
        """How conversations become tokens for this model."""
        return Chat(self.tokenizer)

    def _read(self, prompt: str | Sequence[Message], max_new_tokens: int) -> tuple[list[int], str, int]:
        """Token ids of a prompt, what to show of it, and how many turns were dropped from a conversation."""
        if isinstance(prompt, str):
            return self.tokenizer.frame[0] + self.tokenizer.encode(prompt), prompt, 0
        if not prompt:
            raise UsageError(t("chat.no_messages"))
        context = self.decoder.config.context
        kept, dropped = self.chat.fit(prompt, max(context - max_new_tokens, context // 2))
        return self.chat.encode(kept), f"{kept[-1]['content']}\n\n", dropped

    @property
    def engine(self) -> Engine:
        """What writes; made when first asked for, and anew when the decoder's weights have changed since."""
        if self._engine is None or self._engine[0] != _state(self.decoder):
            self._engine = self._laid_out()
        return self._engine[1]

    def only_write(self) -> None:
        """Hand the weights over to the engine, which keeps them in a layout of its own: half the memory. From then on
        the model writes, and is neither measured nor saved."""
        self._engine = self._laid_out(take=True)

    def _laid_out(self, take: bool = False) -> tuple[Any, Engine]:
        """An engine and the state of the decoder that it was made of."""
        engine = Engine(self.decoder, self.tokenizer, take=take)
        return _state(self.decoder), engine

    def _check_whole(self) -> None:
        if any(not tensor.numel() for tensor in (*self.decoder.parameters(), *self.decoder.buffers())):
            raise UsageError(t("engine.only_writes"))

    def _named(self, completion: Completion) -> list[dict[str, Any]]:
        """Log-probabilities of a text's tokens, with the tokens spelled out: parts of a character all as U+FFFD."""

        def named(id: int, logprob: float | None) -> dict[str, Any]:
            return {"id": id, "token": self.tokenizer.decode([id]), "logprob": logprob}

        return [
            named(id, token.logprob) | {"top": [named(*other) for other in token.top]}
            for id, token in zip(completion.ids, completion.logprobs, strict=True)
        ]

    @torch.inference_mode()
    def score(self, text: str, stride: int | None = None) -> dict[str, float]:
        """How well the model predicts `text`, read as one document: loss (nats per token), perplexity, bits_per_byte.

        stride: left out, in blocks of the context, each without a view of those before it; smaller, in windows that
        overlap (see zaohua.language.scoring), and the names begin with "sliding_". Raises UsageError for a text
        without a character or a stride out of range.
        """
        self._check_whole()
        ids = [self.tokenizer.opening[-1], *self.tokenizer.encode(text)]
        if len(ids) == 1:
            raise UsageError(t("generate.no_text"))
        context = self.decoder.config.context
        stride = check_stride(stride, context)
        nats = text_nats(self.decoder, ids, stride)
        return named(scores(nats, len(ids) - 1, len(text.encode("utf-8", "replace"))), stride, context)


def check_weights(weights: str) -> None:
    """Raises UsageError for another way to keep weights than WEIGHTS names."""
    if weights not in WEIGHTS:
        raise UsageError(t("engine.unknown_weights", value=weights, known=", ".join(WEIGHTS)))


def _state(decoder: Decoder) -> tuple[object, ...]:
    """Changes whenever parts or weights are replaced, or weights are updated in place."""
    tensors = (*decoder.parameters(), *decoder.buffers())
    versions = ((tensor.data_ptr(), 0 if tensor.is_inference() else tensor._version) for tensor in tensors)
    return *map(id, decoder.modules()), *versions

"""A language model ready to use: a decoder and the tokeniser it was trained with."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from zaohua.artifacts import Text
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder
from zaohua.language.folder import load_folder, save_folder, stop_ids
from zaohua.language.generation import Stream, complete
from zaohua.language.sampling import SamplingConfig
from zaohua.language.tokenizer import Tokenizer
from zaohua.metrics.perplexity import scores


class LanguageModel:
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
        self.decoder, self.tokenizer, self.name, self.card = decoder, tokenizer, name, card
        self.ends = ends | {tokenizer.eot_id}

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        name: str | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> "LanguageModel":
        """Open a model folder (see zaohua.language.folder) on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        decoder, tokenizer = load_folder(folder, dtype)
        decoder.to(device)
        if device.type == "cpu":
            _lay_out_for_decoding(decoder)
        card = folder / "README.md"
        return cls(
            decoder,
            tokenizer,
            name=folder.resolve().name if name is None else name,
            ends=stop_ids(folder, tokenizer),
            card=card.read_text(encoding="utf-8", errors="replace") if card.is_file() else None,
        )

    def save(self, folder: Path | str) -> None:
        """Write a Hugging Face folder, whole or not at all."""
        save_folder(self.decoder, self.tokenizer, Path(folder), self.card)

    def generate(
        self,
        prompt: str = "",
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
    ) -> list[Text]:
        """n continuations of `prompt`; the same seed gives the same texts.

        Each ends at <|endoftext|> or a stop string (finish_reason "stop"; neither is part of the text) or after
        max_new_tokens ("length"). temperature 0 is greedy; the other choices are explained in
        zaohua.language.sampling. stream(piece, index): called with text as it comes. Raises UsageError for a value
        out of range and ZaohuaError for a prompt longer than the model's context.
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
        completions = complete(
            self.decoder,
            self.tokenizer,
            self.tokenizer.encode(prompt),
            config,
            max_new_tokens=max_new_tokens,
            n=n,
            seed=seed,
            stop=(stop,) if isinstance(stop, str) else tuple(stop),
            stop_ids=self.ends,
            stream=stream,
        )
        return [
            Text(
                text=completion.text,
                prompt=prompt,
                model=self.name,
                seed=seed,
                index=completion.index,
                finish_reason=completion.finish_reason,
                tokens=len(completion.ids),
            )
            for completion in completions
        ]

    @torch.inference_mode()
    def score(self, text: str) -> dict[str, float]:
        """How well the model predicts `text`: loss (nats per token), perplexity and bits_per_byte.

        The text is read as one document, in blocks of the context, each block without a view of those before it.
        """
        ids = torch.tensor([self.tokenizer.eot_id, *self.tokenizer.encode(text)])
        if len(ids) == 1:
            raise UsageError(t("generate.no_text"))
        context, device = self.decoder.config.context, self.decoder.embed_tokens.weight.device
        nats = 0.0
        for start in range(0, len(ids) - 1, context):
            block = ids[start : start + context + 1].to(device)
            nats += self.decoder.loss(block[None, :-1], block[None, 1:]).item() * (len(block) - 1)
        return scores(nats, len(ids) - 1, len(text.encode("utf-8", "replace")))


def _lay_out_for_decoding(decoder: Decoder) -> None:
    """Store matrices with more rows than columns by columns: same values, but a product with one token's vector, most
    of the work of decoding, reads memory in order on CPUs: 236 tokens/s instead of 177 (docs/en/decisions.md)."""
    for module in decoder.modules():
        if isinstance(module, nn.Linear) and module.out_features > module.in_features:
            module.weight.data = module.weight.data.t().contiguous().t()

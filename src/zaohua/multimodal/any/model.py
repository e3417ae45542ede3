"""One model that reads and writes text, pictures, sounds and films."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from zaohua.artifacts import Artifact, Image, Text
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.engine.engine import Engine
from zaohua.language.engine.request import Request, check_range
from zaohua.language.engine.spans import Guidance
from zaohua.language.generation import MOST_TEXTS
from zaohua.language.sampling import SamplingConfig
from zaohua.machine import usual_device
from zaohua.model_folder.files import read_card
from zaohua.multimodal.any.folder import Parts, load_any, save_any
from zaohua.multimodal.any.inputs import Given, Input, codes_of, read_input
from zaohua.multimodal.any.languages import prompt_language
from zaohua.multimodal.any.outputs import ARTIFACTS, artifacts_of, spans_of, target_of
from zaohua.multimodal.any.prompts import medium_prompt, prompt_ids, text_prompt
from zaohua.multimodal.any.ranking import best, likelihoods
from zaohua.multimodal.any.templates import TEMPLATES
from zaohua.multimodal.sight import Eye

GUIDANCE = 2.0  # of media by text, unless asked otherwise
_AT_ONCE = 128  # texts and pictures written at a time, a guided one counted twice
_TEXT_TOKENS = 64  # of a caption or an answer
_STRONGEST = 100.0


class AnyModel:
    """parts: decoder, tokenisers, vocabulary, what it has learnt. name: what provenance calls it; card: README.md; eye:
    what it looks at pictures with, where that is open already."""

    kind = "any"

    def __init__(self, parts: Parts, *, name: str = "", card: str | None = None, eye: Eye | None = None) -> None:
        self.parts, self.name, self.card, self._eye = parts, name, card, eye
        self.decoder, self.tokenizer, self.vocabulary = parts.decoder, parts.tokenizer, parts.vocabulary
        self._engine: Engine | None = None

    @classmethod
    def load(
        cls,
        folder: Path | str,
        *,
        name: str | None = None,
        device: torch.device | str | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> Self:
        """Open a model folder on `device`: a CUDA GPU if there is one, else the CPU."""
        folder = Path(folder)
        parts = load_any(folder, dtype)
        parts.decoder.to(usual_device(device))
        if parts.sight is not None:
            parts.sight.to(usual_device(device))
        return cls(parts, name=folder.resolve().name if name is None else name, card=read_card(folder))

    def save(self, folder: Path | str) -> None:
        """Write the folder, whole or not at all."""
        save_any(self.parts, Path(folder), self.card)

    @property
    def engine(self) -> Engine:
        """What writes, made when first asked for."""
        if self._engine is None:
            self._engine = Engine(self.decoder, self.tokenizer, batch=_AT_ONCE, queue=4 * _AT_ONCE)
        return self._engine

    @property
    def eye(self) -> Eye:
        """What it looks at pictures with, opened when first asked for."""
        if self._eye is None:
            self._eye = Eye.open(self.parts.sees)
        return self._eye

    @property
    def makes(self) -> list[str]:
        """The media that it makes of a text."""
        ways = [TEMPLATES[name] for name in self.parts.knows.templates]
        found = [way[-1] for way in ways if way[0] == "text"]
        return found or ["image"]

    def artifact(self, to: str) -> type[Artifact]:
        """What it returns for such a target. Raises UsageError for one that is unknown."""
        return ARTIFACTS[target_of(to, self.parts.knows.languages)[0]]

    # ---- what it does

    def translate(self, x: Given, to: str, **options: Any) -> Any:
        """The same in another medium: `to` is "text:zh", "text:en", "image", "audio" or "video".

        x: a text, a file, a picture, an artifact. What no template does in one step goes by way of a text. options:
        those of generate(). Raises UsageError, one line that says what it knows, for what it has not learnt.
        """
        given = read_input(x)
        medium, language = target_of(to, self.parts.knows.languages)
        if given.medium == medium:
            raise UsageError(t("anymodal.same_medium", medium=medium))
        if given.medium == "text":
            return self.generate(given.text, to, **options)[0]
        if medium != "text":
            self._check("text", medium)
            between = self.translate(x, f"text:{self.parts.knows.languages[0]}")
            return self.generate(between.text, to, **{"cut": True, **options})[0]  # its own words, not the user's
        self._check(given.medium, "text")
        return self.read([given], language, **options)[0]

    def generate(
        self,
        prompt: str | Sequence[str] = "",
        to: str = "image",
        n: int = 1,
        *,
        guidance: float = GUIDANCE,
        seed: int = 0,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        best_of: int = 1,
        cut: bool = False,
    ) -> list[Any]:
        """n pictures, sounds or films of a prompt, or of each of several, in order; no prompt: whatever it knows.

        guidance: above 1 obeys the prompt more and varies less, see engine.spans.Guidance; 1 leaves it out. A medium of
        number i depends on (seed, i, its prompt) alone. best_of: so many are made for each that is returned, and those
        are kept that the model itself would call by the prompt most surely, the surest first. cut: a prompt that is too
        long is cut, as those learnt from were, instead of refused. Raises UsageError for what it has not learnt,
        ZaohuaError for a prompt too long.
        """
        medium, _ = target_of(to, self.parts.knows.languages)
        if medium == "text":
            raise UsageError(t("anymodal.text_of_text"))
        self._check("text", medium)
        check_range("n", n, 1, MOST_TEXTS)
        check_range("best_of", best_of, 1, MOST_TEXTS // n)
        if not 0 <= guidance <= _STRONGEST:
            expected = t("engine.expected_range", least=0, most=_STRONGEST)
            raise UsageError(t("generate.bad_option", name="guidance", value=guidance, expected=expected))
        sampling = SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p)
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        if best_of > 1:
            self._check(medium, "text")
            if not all(text.strip() for text in prompts):
                raise UsageError(t("anymodal.nothing_to_choose_by"))
        if not cut:
            _check_text(*prompts)
        if not prompts:
            return []
        opening = [self.vocabulary.mark(medium)]
        spans = spans_of(medium, self.vocabulary, self.vocabulary.longest_of(medium))
        room = self.decoder.config.context - self.vocabulary.longest_of(medium) - len(opening) if cut else None
        requests = []
        for text in prompts:
            asked = [*prompt_ids(self.parts, text, room), *opening]
            guided = Guidance(opening, guidance) if guidance != 1 and len(asked) > 1 else None
            requests += [
                Request(
                    prompt=asked,
                    sampling=sampling,
                    seed=seed,
                    index=index,
                    guidance=guided,
                    **spans,
                )
                for index in range(n * best_of)
            ]
        completions = self.engine.complete(requests)
        tokens = [completion.ids for completion in completions]
        told = self._told([text for text in prompts for _ in range(n * best_of)], seed, n * best_of)
        if best_of > 1:
            kept = self._likeliest(medium, tokens, [each["prompt"] for each in told], n * best_of, n)
            tokens, told = [tokens[place] for place in kept], [told[place] for place in kept]
        return artifacts_of(medium, tokens, self.vocabulary, self.parts.tokenisers, told)

    def answer(self, picture: Given, question: str, **options: Any) -> Text:
        """The answer to a question about a picture, in the question's language. options: those of read()."""
        given = read_input(picture)
        if "answer" not in self.parts.knows.templates:
            raise UsageError(t("anymodal.does_not_answer", known=self._known()))
        if given.medium != "image":
            raise UsageError(t("anymodal.not_a_picture", medium=given.medium))
        _check_text(question)
        if not question.strip():
            raise UsageError(t("anymodal.no_question"))
        language = prompt_language(question, self.parts.knows.languages)
        return self.read([given], language, questions=[question], **options)[0]

    def continue_picture(
        self, picture: Given, rows: int = 4, n: int = 1, *, seed: int = 0, temperature: float = 1.0
    ) -> list[Image]:
        """n pictures that begin as this one, of whose codes the first `rows` rows are kept."""
        if not {"continue", "draw"} & set(self.parts.knows.templates):
            raise UsageError(t("anymodal.not_learnt", source="image", target="image", known=self._known()))
        given, (grid_rows, columns) = read_input(picture), self.vocabulary.grid
        if given.medium != "image":
            raise UsageError(t("anymodal.not_a_picture", medium=given.medium))
        check_range("rows", rows, 0, grid_rows - 1)
        check_range("n", n, 1, MOST_TEXTS)
        kept = codes_of(given, self.vocabulary, self.parts.tokenisers)[: rows * columns]
        begun = self.vocabulary.tokens("image", kept)[:-1].tolist()
        spans = spans_of("image", self.vocabulary, self.vocabulary.picture - len(kept))
        sampling = SamplingConfig(temperature=temperature)
        asked = [Request(prompt=begun, sampling=sampling, seed=seed, index=i, **spans) for i in range(n)]
        made = [[*begun, *completion.ids] for completion in self.engine.complete(asked)]
        told = self._told([given.name] * n, seed, n)
        return artifacts_of("image", made, self.vocabulary, self.parts.tokenisers, told)

    def read(
        self,
        inputs: Sequence[Input],
        language: str,
        *,
        questions: Sequence[str] | None = None,
        temperature: float = 0.0,
        seed: int = 0,
        max_new_tokens: int = _TEXT_TOKENS,
        cut: bool = False,
    ) -> list[Text]:
        """A text about each of these pictures, sounds or films: what it shows or says, or what answers its question.

        cut: a question that is too long is cut, as those learnt from were, instead of refused with a ZaohuaError.
        """
        sampling, end = SamplingConfig(temperature=temperature), self.tokenizer.eot_id
        requests = []
        for index, given in enumerate(inputs):
            taken, vectors = medium_prompt(self.parts, given, lambda: self.eye)
            parts = [taken]
            if questions is not None:
                room = (self.decoder.config.context - len(taken.tokens)) // 2 if cut else None  # as Filler shares it
                parts.append(text_prompt(self.parts, questions[index], language, room))
            prompt = [*np.concatenate([part.tokens for part in parts]).tolist(), self.vocabulary.mark(language)]
            room = max(1, min(max_new_tokens, self.decoder.config.context - len(prompt)))
            requests.append(
                Request(
                    prompt=prompt,
                    sampling=sampling,
                    seed=seed,
                    index=index,
                    max_new_tokens=room,
                    stop_ids=frozenset({end}),
                    vectors=vectors,
                )
            )
        return [
            Text(
                text=completion.text,
                prompt=questions[completion.index] if questions is not None else "",
                model=self.name,
                seed=seed,
                index=completion.index,
                finish_reason=completion.finish_reason,
                tokens=len(completion.ids),
            )
            for completion in self.engine.complete(requests)
        ]

    # ---- its parts

    def _likeliest(
        self, medium: str, tokens: Sequence[Sequence[int]], prompts: Sequence[str], count: int, keep: int
    ) -> list[int]:
        """Places of the `keep` of every `count` things that it would call by their prompt most surely."""
        codes = [self.vocabulary.codes(medium, each) for each in tokens]
        return best(likelihoods(self.parts, lambda: self.eye, medium, codes, prompts), count, keep)

    def _told(self, prompts: Sequence[str], seed: int, n: int) -> list[dict[str, Any]]:
        """Where each of n things of each prompt comes from."""
        return [
            {"prompt": prompt, "model": self.name, "seed": seed, "index": place % n}
            for place, prompt in enumerate(prompts)
        ]

    def _check(self, source: str, target: str) -> None:
        """Raises UsageError for a way that it has not learnt."""
        ways = [TEMPLATES[name] for name in self.parts.knows.templates]
        if (source, target) not in ways:
            if source == "video" and ("image", target) in ways:
                raise UsageError(t("anymodal.film_for_picture"))
            raise UsageError(t("anymodal.not_learnt", source=source, target=target, known=self._known()))

    def _known(self) -> str:
        """What it has learnt, for people."""
        return ", ".join(t(f"anymodal.template_{name}") for name in self.parts.knows.templates)


def _check_text(*texts: str) -> None:
    """Raises UsageError for what no text holds."""
    if any("\0" in text for text in texts):
        raise UsageError(t("generate.nul_in_prompt"))

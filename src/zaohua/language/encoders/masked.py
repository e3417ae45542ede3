"""Pretraining an encoder on text: guess the tokens that were hidden (Devlin et al. 2018, arXiv:1810.04805)."""

import json
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from zaohua.data.config import TextDataConfig
from zaohua.data.order import window_starts, windows_per_epoch
from zaohua.data.shards import TokenShards
from zaohua.extras import need
from zaohua.files import write_atomic
from zaohua.language.corpus import Corpus, prepare
from zaohua.language.encoders import dial
from zaohua.language.encoders.encoder import Encoder
from zaohua.language.encoders.marks import Marks
from zaohua.language.encoders.masking import Masking
from zaohua.language.encoders.model import EncoderModel, hidden_places
from zaohua.language.encoders.task import EncoderTask
from zaohua.language.encoders.words import token_pieces, word_numbers
from zaohua.language.text_task import model_folder, turns
from zaohua.language.tokenizer import Tokenizer, TokenizerConfig
from zaohua.metrics.cloze import cloze_baselines
from zaohua.metrics.perplexity import perplexity
from zaohua.recipe import Section
from zaohua.seeding import sample_keys
from zaohua.training.config import RunConfig, TrainConfig
from zaohua.training.parallel import Parallel
from zaohua.training.task import Draw, Weights

_MASKS, _VALIDATION = 1, 2  # uses of randomness, see zaohua.seeding
_TOKENS_PER_STEP = 4096
_TOKENS_PER_PASS = 4096  # of evaluation


class MaskConfig(Section):
    """What is hidden. whole_words: all tokens of a word together; Chinese words need the extra `chinese`."""

    share: float = Field(0.15, gt=0, lt=1)
    whole_words: bool = False


class FillConfig(Section):
    """Texts with [MASK] to fill in during and after training; none: two sentences of the validation text."""

    texts: list[str] = []
    top_k: int = Field(5, ge=1, le=100)


class MaskedRecipe(Section):
    """The whole recipe of `task = "masked"`."""

    task: Literal["masked"]
    data: TextDataConfig
    tokenizer: TokenizerConfig = TokenizerConfig()
    model: dial.EncoderModelConfig = dial.EncoderModelConfig()
    mask: MaskConfig = MaskConfig()
    train: TrainConfig = TrainConfig()
    sample: FillConfig = FillConfig()
    run: RunConfig


class MaskedTask(EncoderTask):
    """Windows of a token stream between [CLS] and [SEP]; documents in them are parted by end-of-text tokens."""

    Recipe: ClassVar[type[Section]] = MaskedRecipe
    head: ClassVar[str] = "masked"
    epochs: ClassVar[float] = 20.0
    most_steps: ClassVar[int] = 4000

    def __init__(self, recipe: MaskedRecipe) -> None:
        super().__init__(recipe)
        self.corpus: Corpus
        self.masking: Masking
        self.guessed = recipe.mask.share
        self._pieces: list[bytes] = []

    # ---- data and shape

    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Prepare the corpus once, on the main rank, and settle shape, batch, rates and steps."""
        base = self._open_base()
        chosen = self.recipe.tokenizer
        if base is not None:
            chosen = TokenizerConfig(kind="folder", path=str(model_folder(self.recipe.model.base)))
        context = dial.shape(self.recipe.model).context
        assert context is not None
        for rank_turn in (parallel.main, not parallel.main):  # the others find what the main rank has left in the cache
            if rank_turn:
                self.corpus = prepare(
                    self.recipe.data, chosen, seed=self.recipe.train.seed, context=context - 2, visible=visible
                )
            parallel.wait()
        self.report = self.corpus.report
        self._begin(self.corpus.tokenizer, head=self.head)
        self.context = min(self.context, self.corpus.context + 2)
        self._settle(windows_per_epoch(self.corpus.train.num_tokens, self.context - 2))
        self.masking = masking(self.tokenizer, self.config.vocab_size, self.recipe.mask.share)
        if self.recipe.mask.whole_words:
            self._pieces = token_pieces(self.tokenizer)
            if "zh" in self.report["languages"]:
                need("rjieba", "chinese")  # said now, not at the first Chinese word
        for text in self.recipe.sample.texts:  # the same
            hidden_places(text, self.tokenizer, self.marks, self.config.context)

    def usual_batch(self) -> int:
        """Windows of about 4,096 tokens together."""
        return max(1, _TOKENS_PER_STEP // self.context)

    # ---- training

    def batch(self, draw: Draw, device: torch.device) -> tuple[Tensor, Tensor]:
        """Inputs and targets, 2 x [b, T]: other places are hidden every time a window comes round."""
        shards, length = self.corpus.train, self.context - 2
        starts = window_starts(draw.seed, draw.step, self.batch_size, shards.num_tokens, length)
        rows = framed(shards.gather(starts[draw.indices.numpy()], length), self.marks)
        keys = draw.keys(_MASKS)
        return self._hidden(rows, keys.cpu(), device)

    def _hidden(self, rows: Tensor, keys: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        words = word_numbers(rows, self._pieces) if self._pieces else None
        inputs, targets = self.masking.apply(rows, keys, words)
        return inputs.to(device), targets.to(device)

    def loss(self, encoder: Encoder, batch: tuple[Tensor, Tensor], draw: Draw) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean over the windows of the mean negative log-likelihood of their hidden tokens, in nats: however a batch is
        cut into parts, theirs together are its own."""
        logits, wanted = guesses(encoder, *batch, dropout_keys=self.dropout_keys(draw))
        places = batch[1] >= 0
        weights = (places / places.sum(1, keepdim=True).clamp(min=1))[places] / len(places)
        nats = F.cross_entropy(logits, wanted, reduction="none")
        return nats @ weights, {"accuracy": (logits.argmax(1) == wanted).double() @ weights.double()}

    # ---- evaluation

    @torch.no_grad()
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """One pass over the validation text with the same places hidden every time: loss (nats per hidden token),
        accuracy, and perplexity among hidden tokens."""
        encoder = modules["model"]
        assert isinstance(encoder, Encoder)
        sums = torch.zeros(3, dtype=torch.float64, device=parallel.device)
        for (inputs, targets), mine in turns(self._validation(), parallel):
            logits, wanted = guesses(encoder, inputs.to(parallel.device), targets.to(parallel.device))
            nats = F.cross_entropy(logits, wanted, reduction="sum").double()
            if mine:
                right = (logits.argmax(1) == wanted).double().sum()
                sums += torch.stack((nats, right, torch.tensor(float(len(wanted)), device=nats.device).double()))
        nats, right, count = parallel.sum(sums).tolist()
        return {"loss": nats / count, "accuracy": right / count, "perplexity": perplexity(nats / count)}

    def _validation(self) -> list[tuple[Tensor, Tensor]]:
        """Inputs and targets of all of the validation text."""
        shards, length = self.corpus.validation, self.context - 2
        found = []
        for starts, size in _passes(shards, length):
            rows = framed(shards.gather(starts, size), self.marks)
            keys = sample_keys(0, 0, torch.from_numpy(starts), _VALIDATION)
            found.append(self._hidden(rows, keys, torch.device("cpu")))
        return found

    def _rivals(self) -> dict[str, Any]:
        """Token frequencies, and counts of both neighbours, at the same hidden places; kept beside the corpus."""
        mask = self.recipe.mask
        file = self.corpus.folder / f"cloze-{self.context}-{mask.share}-{mask.whole_words}.json"
        if not file.exists():
            found = cloze_baselines(
                self.corpus.train, self._validation(), self.config.vocab_size, self.masking.ordinary.numpy()
            )
            write_atomic(file, json.dumps(found))
        return json.loads(file.read_text(encoding="utf-8"))

    # ---- results

    def _answers(self, weights: Weights) -> Iterator[tuple[str, str]]:
        """What the model puts in the place of [MASK]."""
        model = EncoderModel(self.encoder(weights), self.tokenizer)
        top_k = min(self.recipe.sample.top_k, self.tokenizer.vocab_size)
        for text in self.recipe.sample.texts or self._texts():
            places = model.fill_mask(text, top_k)
            yield text, "; ".join(", ".join(f"{g.shown} {g.probability:.2f}" for g in place) for place in places)

    def _texts(self) -> list[str]:
        """Two pieces of the validation text, each with a token in its middle hidden."""
        shards, made = self.corpus.validation, []
        size = min(16, self.context - 2, shards.num_tokens)
        for place in (0, max(0, shards.num_tokens // 2 - size)):
            ids = shards.read(place, size).tolist()
            before, after = (
                self.tokenizer.decode(part, skip_special=True) for part in (ids[: size // 2], ids[size // 2 + 1 :])
            )
            made.append(f"{before}[MASK]{after}")
        return made


def masking(tokenizer: Tokenizer, vocab_size: int, share: float) -> Masking:
    """Every token but special ones, and rows of a table padded to a round size, may be hidden."""
    ordinary = torch.arange(vocab_size) < tokenizer.vocab_size
    ordinary[list(tokenizer.special.values())] = False
    mask_id = Marks.of(tokenizer).mask
    assert mask_id is not None
    return Masking(ordinary, mask_id, share)


def framed(windows: np.ndarray, marks: Marks) -> Tensor:
    """[CLS] window [SEP]: int [b, n] -> int64 [b, n + 2]"""
    return F.pad(F.pad(torch.from_numpy(windows).long(), (1, 0), value=marks.begin), (0, 1), value=marks.end)


def guesses(
    encoder: Encoder, inputs: Tensor, targets: Tensor, dropout_keys: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Logits at the hidden places alone, float32 [n, V], and the tokens that stood there, [n]."""
    places = targets >= 0
    hidden = encoder.hidden(inputs, dropout_keys=dropout_keys)
    return encoder.guess(hidden[places]).float(), targets[places]


def _passes(shards: TokenShards, length: int) -> list[tuple[np.ndarray, int]]:
    """Windows end to end over the whole stream: their starts, a forward pass at a time, and their length."""
    starts = np.arange(0, shards.num_tokens - length + 1, length, dtype=np.int64)
    per_pass = max(1, _TOKENS_PER_PASS // length)
    found = [(starts[i : i + per_pass], length) for i in range(0, len(starts), per_pass)]
    rest = shards.num_tokens % length
    return [*found, (np.array([shards.num_tokens - rest]), rest)] if rest else found

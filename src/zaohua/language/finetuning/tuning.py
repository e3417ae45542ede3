"""What the tasks that go on from a decoder share: the base, adapters, one phase over packed rows, the model folder."""

import hashlib
import math
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from zaohua import recipe as recipes
from zaohua.artifacts import Text
from zaohua.data.order import permute
from zaohua.errors import UsageError
from zaohua.i18n import t
from zaohua.language.decoder import Decoder, DecoderConfig
from zaohua.language.finetuning.adapter_folder import save_adapter
from zaohua.language.finetuning.card import tuning_card
from zaohua.language.finetuning.lora import Adapter, Adapters, LoRAConfig, attach
from zaohua.language.finetuning.packing import Row
from zaohua.language.folder import save_folder
from zaohua.language.formats import load_decoder
from zaohua.language.one_model import OneModelTask
from zaohua.language.tokenizer import Tokenizer
from zaohua.nn.blank import Blank
from zaohua.nn.token_loss import token_losses
from zaohua.recipe import Section
from zaohua.training.config import RunConfig, TrainConfig
from zaohua.training.parallel import Parallel, here
from zaohua.training.task import Draw, Weights

ADAPTER = "adapter"  # folder of the adapters, in that of the model into which they are merged
USUAL_CONTEXT, USUAL_TOKENS = 1024, 4096  # of a window, in a step
FULL_RATE, LORA_RATE = 5e-5, 5e-4  # of AdamW
SAMPLES = 3


class BaseConfig(Section):
    """The `[model]` section: what to go on from. `zaohua finetune MODEL RECIPE` fills in the base."""

    base: str | None = Field(None, description="model folder or .gguf file")
    context: Annotated[int, Field(ge=16)] | None = Field(None, description="tokens of a window")


class TuningRecipe(Section):
    """What the recipes of these tasks share. Without a `[lora]` section, every weight is trained."""

    model: BaseConfig = BaseConfig()
    lora: LoRAConfig | None = None
    train: TrainConfig = TrainConfig()
    run: RunConfig


class Scorer(nn.Module):
    """A decoder that tells how surprising the learnt tokens of a row are to it."""

    entries = ("loss",)  # see Parallel.wrap

    def __init__(self, decoder: Decoder) -> None:
        super().__init__()
        self.decoder = decoder

    @property
    def config(self) -> DecoderConfig:
        """The decoder's shape."""
        return self.decoder.config

    def loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        """As the decoder's."""
        return self.decoder.loss(ids, targets)

    def forward(self, row: Row) -> Tensor:
        """-log p of every learnt token, in nats: [M]"""
        hidden = self.decoder.hidden(row.ids, mask=row.mask, positions=row.positions)[0]  # [N, D]
        return token_losses(hidden[row.places], self.decoder.lm_head.weight, row.targets)


class TuningTask(OneModelTask):
    """A decoder that was trained before, one phase. A task adds its data, its loss and its evaluation.

    before: the evaluation of the weights training begins with; see zaohua.training.run.
    """

    epochs: ClassVar[float]  # where the recipe leaves the budget open

    def __init__(self, recipe: Any) -> None:
        super().__init__(recipe)
        self.before: dict[str, float] = {}
        self.tokenizer: Tokenizer
        self.ends: frozenset[int]  # tokens that end what the model writes
        self.parallel: Parallel
        self.config: DecoderConfig
        self.context: int  # of training
        self.adapters: Adapters | None = None
        self.decoder: Decoder  # the base; its weights are trained in place where there are no adapters
        self._base: dict[str, Tensor]  # its weights, where there are

    # ---- the base

    def _open(self, parallel: Parallel) -> None:
        """Open the base and settle the context."""
        model = self.recipe.model
        if model.base is None:
            raise UsageError(t("finetune.no_base"))
        self.parallel = parallel
        self.decoder, self.tokenizer, self.ends = load_decoder(Path(model.base).expanduser())
        self.config = self.decoder.config
        self.context = min(
            model.context or USUAL_CONTEXT, self.config.context, self.config.window or self.config.context
        )
        self.recipe = self.recipe.model_copy(update={"model": model.model_copy(update={"context": self.context})})

    def _settle(self, items: int | None, usual: int) -> None:
        """Settle batch, rates and steps. items: those of an epoch, None if not known yet; usual: size of a batch."""
        train = self.recipe.train
        self.batch_size = train.batch_size or usual
        rate = train.learning_rate or (FULL_RATE if self.recipe.lora is None else LORA_RATE)
        update: dict[str, Any] = {"batch_size": self.batch_size, "learning_rate": rate}
        update["muon_learning_rate"] = train.muon_learning_rate or rate
        if train.open_ended and items is not None:
            update["steps"] = max(1, math.ceil(self.epochs * items / self.batch_size))
        self.recipe = self.recipe.model_copy(update={"train": train.model_copy(update=update)})

    def _identity(self, data: Iterable[bytes]) -> str:
        """A hash of the data and of the base."""
        digest = hashlib.blake2b(digest_size=16)
        for name, tensor in self.decoder.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.contiguous().view(torch.uint8).numpy())
        for part in (self.tokenizer.backend.to_str().encode(), *data):
            digest.update(len(part).to_bytes(8, "little") + part)
        return digest.hexdigest()

    # ---- training

    def build(self) -> dict[str, nn.Module]:
        """The base, with adapters if the recipe asks for them."""
        if self.recipe.lora is not None:
            self._base = self.decoder.state_dict()
            self.adapters = attach(self.decoder, self.recipe.lora, self.recipe.train.seed)
        return {"model": Scorer(self.decoder)}

    def dropping(self, draw: Draw, lengths: Sequence[int]) -> Any:
        """Dropout of the adapters, in force within the block. lengths: tokens of every sample of the draw."""
        lora = self.recipe.lora
        if self.adapters is None or not lora.dropout:
            return nullcontext()
        return self.adapters.dropping(draw.keys(), lengths)

    def flops(self, tokens: float, learnt: float, length: float) -> float:
        """Forward and backward over so many tokens of texts that are `length` long, `learnt` of them with a loss.

        Frozen weights cost two passes, the forward one and the gradient of what went in; others three.
        """
        config = self.config
        body = config.layers * (config.block_matrices() + config.heads * config.head_dim * length)
        head = config.width * config.vocab_size
        passes = 3 if self.recipe.lora is None else 2
        return 2.0 * passes * (tokens * body + learnt * head) + 6.0 * tokens * self._adapter_parameters()

    def _adapter_parameters(self) -> int:
        if self.recipe.lora is None:
            return 0
        layers = {} if self.adapters is None else self.adapters.layers
        return sum(layer.lora_A.numel() + layer.lora_B.numel() for layer in layers.values())

    # ---- results

    def baselines(self) -> dict[str, Any]:
        """What the base could do before."""
        return {"before": self.before}

    def tuned(self, weights: Weights) -> tuple[Decoder, Adapter | None]:
        """An unsharded decoder with these weights, adapters merged, and the adapters by themselves."""
        own = {name.removeprefix("decoder."): tensor.cpu() for name, tensor in weights["model"].items()}
        adapter = None if self.adapters is None else self.adapters.adapter(own)
        with Blank():
            decoder = Decoder(self.config)
        decoder.load_state_dict(own if adapter is None else adapter.merged(self._base), assign=True)
        if decoder.config.tied:
            decoder.lm_head.weight = decoder.embed_tokens.weight
        return decoder.eval(), adapter

    @abstractmethod
    def sample(self, weights: Weights) -> list[Text]:
        """A few texts written with these weights."""

    def save_model(self, folder: Path, weights: Weights, metrics: dict[str, Any], cost: dict[str, Any]) -> None:
        """A Hugging Face folder with its card, adapters merged; in it, a folder of the adapters as peft keeps them."""
        decoder, adapter = self.tuned(weights)
        card = tuning_card(
            task=self.recipe.task,
            title=Path(self.recipe.run.dir).name,
            base=Path(self.recipe.model.base).name,
            data=self.report,
            recipe=recipes.dump(self.recipe),
            metrics=metrics,
            before=self.before,
            config=decoder.config,
            cost=cost,
        )
        save_folder(decoder, self.tokenizer, folder, card, ends=self.ends)
        if adapter is not None:
            base = str(Path(self.recipe.model.base).expanduser().resolve())
            save_adapter(adapter, self.recipe.lora, decoder.config, folder / ADAPTER, base)

    def summary(self, weights: Weights) -> dict[str, Any]:
        """What the base could do before, and sizes."""
        every = self.config.num_parameters()
        trained = every if self.recipe.lora is None else self._adapter_parameters()
        return {"baselines": self.baselines(), "parameters": every, "trained": trained}

    @abstractmethod
    def prepare(self, parallel: Parallel, *, visible: bool) -> None:
        """Open the base, read the data, fill in what the recipe left open."""

    @abstractmethod
    def evaluate(self, modules: dict[str, nn.Module], parallel: Parallel) -> dict[str, float]:
        """What is held back, measured."""

    def _foresee(self, alone: Parallel) -> None:
        """As much of prepare() as the plan needs: all, for how long the texts are is known from the data alone."""
        self.prepare(alone, visible=False)

    def plan(self) -> dict[str, Any]:
        """What the recipe would cost."""
        self._foresee(Parallel(rank=0, world=1, device=here(), mode="single"))
        self.build()
        costs = self.costs()
        if self.adapters is not None:  # no gradients and averages of the weights, no logits of all tokens
            tokens = costs["units_per_step"]["tokens"] // self.recipe.train.accumulate
            unneeded = 3 * self.config.num_parameters() + 3 * self.config.vocab_size * tokens
            costs["memory_bytes"] += 4 * (4 * self._adapter_parameters() - unneeded)
        return costs


def order(step: int, batch: int, count: int, seed: int) -> list[int]:
    """Which of `count` items the batch of a step holds: an epoch takes each once, in an order of its own."""
    samples = np.arange(step * batch, (step + 1) * batch, dtype=np.uint64)
    epochs, positions = samples // np.uint64(count), samples % np.uint64(count)
    keys = epochs * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
    return permute(positions, count, keys).tolist()

"""The marks of an encoder's tokeniser: [CLS] text [SEP], [PAD] where a row is short, [MASK] over what is hidden."""

from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import AddedToken
from tokenizers import Tokenizer as Backend
from tokenizers.processors import TemplateProcessing
from torch import Tensor

from zaohua.errors import ZaohuaError
from zaohua.i18n import t
from zaohua.language.tokenizer import Tokenizer
from zaohua.language.tokenizer_fast import byte_table

_NAMES = {"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
MARKS = len(_NAMES)


def with_marks(tokenizer: Tokenizer, context: int) -> Tokenizer:
    """The same tokeniser with the four marks after its vocabulary, or itself if it has them.

    context: tokens that a row may have, for other readers of the folder, who also get [CLS] text [SEP] from it.
    """
    if all(name in tokenizer.special for name in _NAMES.values()):
        return tokenizer
    backend = Backend.from_str(tokenizer.backend.to_str())
    # Tokens of byte-level BPE begin with their word's space: [MASK] stands for one and takes the space before it along.
    takes_space = byte_table(backend) is not None
    backend.add_special_tokens(
        [
            AddedToken(name, special=True, normalized=False, lstrip=name == "[MASK]" and takes_space)
            for name in _NAMES.values()
        ]
    )
    begin, end = _NAMES["cls_token"], _NAMES["sep_token"]
    backend.post_processor = TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {end} $B:1 {end}:1",
        special_tokens=[(name, backend.token_to_id(name)) for name in (begin, end)],
    )
    return Tokenizer(backend, tokenizer.settings | _NAMES | {"model_max_length": context})


@dataclass(frozen=True)
class Marks:
    """Ids of the marks; mask is None where there is none."""

    begin: int
    end: int
    pad: int
    mask: int | None

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> "Marks":
        """The marks as the tokeniser's settings name them, else by BERT's names. ZaohuaError if it lacks one."""
        found: dict[str, int | None] = {}
        for role, usual in _NAMES.items():
            named = tokenizer.settings.get(role) or usual
            name = named.get("content") if isinstance(named, dict) else named
            found[role] = tokenizer.backend.token_to_id(str(name))
            if found[role] is None and role != "mask_token":
                raise ZaohuaError(t("encoder.no_mark", name=name))
        return cls(*(found[role] for role in _NAMES))  # type: ignore[arg-type]

    def rows(self, texts: list[np.ndarray], context: int) -> tuple[Tensor, Tensor]:
        """Texts as rows of one length, cut to the context: ids [B, T] and, bool [B, T], which are no padding."""
        cut = [ids[: context - 2] for ids in texts]
        lengths = torch.tensor([len(ids) + 2 for ids in cut])
        rows = torch.full((len(cut), int(lengths.max())), self.pad)
        rows[:, 0] = self.begin
        for row, ids in zip(rows, cut, strict=True):
            row[1 : len(ids) + 1] = torch.from_numpy(ids.astype(np.int64))
            row[len(ids) + 1] = self.end
        return rows, torch.arange(rows.shape[1]) < lengths[:, None]

"""Three texts as an engine would have them read and written, and the same by the plain decoder."""

import torch

from zaohua.language.decoder import Decoder
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.slots import Slot, SlotPool

LENGTHS, STEPS = (70, 64, 30), 8  # read over a block's end, up to it, within it


def slots(decoder: Decoder, count: int) -> list[Slot]:
    pool = SlotPool(decoder.config, 1 << 30, decoder.embed_tokens.weight)
    found = [pool.take(decoder.config.context) for _ in range(count)]
    for slot in found:
        slot.kv[:] = torch.nan  # whatever an earlier text has left
    return found


def texts(decoder: Decoder, count: int) -> list[list[int]]:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, decoder.config.vocab_size, (count, 100), generator=generator).tolist()


@torch.inference_mode()
def served(model, decoder: Decoder) -> torch.Tensor:
    """Logits of all positions of three texts: prompts in blocks, then all three token by token in one batch."""
    room, ids, logits = slots(decoder, 3), texts(decoder, 3), [[], [], []]
    for text, (slot, length) in enumerate(zip(room, LENGTHS, strict=True)):
        for start in range(0, length, 64):
            part = ids[text][start : min(start + 64, length)]
            logits[text].append(model.logits(model(part, [Piece(slot, start, len(part))])))
    for step in range(STEPS):
        news = [ids[text][length + step] for text, length in enumerate(LENGTHS)]
        pieces = [Piece(slot, length + step) for slot, length in zip(room, LENGTHS, strict=True)]
        for text, row in enumerate(model.logits(model(news, pieces)).split(1)):
            logits[text].append(row)
    return torch.cat([torch.cat(rows) for rows in logits])


@torch.inference_mode()
def defined(decoder: Decoder) -> torch.Tensor:
    """The same by the plain module, each text in one pass."""
    ids = texts(decoder, 3)
    return torch.cat([decoder(torch.tensor([ids[i][: n + STEPS]]))[0] for i, n in enumerate(LENGTHS)])

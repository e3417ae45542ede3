"""Pictures that the generator made earlier, shown to the discriminator again so that it does not forget them
(Shrivastava et al. 2017, arXiv:1612.07828, §2.3)."""

import torch
from torch import Tensor, nn

from zaohua.seeding import uniform


class Pool(nn.Module):
    """For each position of a batch some of the pictures made there, as buffers, which a saved run keeps.

    size: pictures in all, a multiple of the batch's; shape: of one of them.
    """

    pictures: Tensor
    filled: Tensor

    def __init__(self, size: int, batch_size: int, shape: tuple[int, int, int]) -> None:
        super().__init__()
        places = size // batch_size
        self.register_buffer("pictures", torch.zeros(batch_size, places, *shape))
        self.register_buffer("filled", torch.zeros(batch_size, dtype=torch.int64))

    @torch.no_grad()
    def exchange(self, made: Tensor, positions: Tensor, keys: Tensor) -> Tensor:
        """Once full, every other picture is put away and an earlier one given in its place. made: [b, C, H, W];
        positions: in the batch, int64 [b]; keys: int32 [b]"""
        places = self.pictures.shape[1]
        if not places:
            return made
        positions, result = positions.to(made.device), made.clone()
        coin, where = uniform(keys, 2).unbind(1)
        filled = self.filled[positions]
        full = filled == places
        swapped = full & (coin < 0.5)
        place = torch.where(full, (where * places).long().clamp_max(places - 1), filled)
        stored = swapped | ~full
        result[swapped] = self.pictures[positions, place][swapped].to(made.dtype)
        self.pictures[positions[stored], place[stored]] = made[stored].to(self.pictures.dtype)
        self.filled[positions] = torch.where(full, filled, filled + 1)
        return result

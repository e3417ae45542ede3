"""What a Transformer keeps of the tokens it has already read."""

import torch
from torch import Tensor


class KVCache:
    """Keys and values of the tokens read so far, preallocated for `capacity` positions, every row equally long."""

    def __init__(
        self,
        layers: int,
        batch: int,
        kv_heads: int,
        capacity: int,
        head_dim: int,
        *,
        device: torch.device | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        shape = (layers, batch, kv_heads, capacity, head_dim)
        self.keys = torch.zeros(shape, device=device, dtype=dtype)
        self.values = torch.zeros(shape, device=device, dtype=dtype)
        self.capacity = capacity
        self.length = 0  # positions filled in every layer; the Transformer moves it on after a forward pass

    def append(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the new positions of one layer and return all so far. k, v: [B, H_kv, T, d] -> [B, H_kv, S, d]."""
        end = self.length + k.shape[2]
        assert end <= self.capacity, "the caller must keep within the cache's capacity"
        self.keys[layer, :, :, self.length : end] = k
        self.values[layer, :, :, self.length : end] = v
        return self.keys[layer, :, :, :end], self.values[layer, :, :, :end]

    def select(self, rows: Tensor) -> None:
        """Keep these rows of the batch, in this order; one may come several times. rows: [B'] indices."""
        self.keys, self.values = self.keys[:, rows], self.values[:, rows]

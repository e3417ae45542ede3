"""The decoder of zaohua.language.decoder as compiled code: one call for all layers, weights in an order of its own.

Nothing waits between operations, and weights are read from the first to the last as fast as memory gives them. Needs
numba, which brings its own compiler.
"""

import threading
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.language.decoder import Decoder
from zaohua.language.engine.attending import Piece
from zaohua.language.engine.fast_decode import FastDecoder, emptied
from zaohua.language.engine.given import Given
from zaohua.language.engine.kernels import Array, Room, Rows, Shape, Vectors, project, read
from zaohua.language.engine.matrices import Linear
from zaohua.language.engine.team import team
from zaohua.language.engine.tiles import LANES
from zaohua.nn.int8 import Int8Linear
from zaohua.nn.norm import RMSNorm
from zaohua.nn.rotary import RotaryTable
from zaohua.nn.transformer import Block, SwiGLU

_KEPT = 32  # rows: room for so many is kept for the next step
_FIRST = 256  # positions that there are angles for from the beginning


class CompiledDecoder:
    """Reads tokens of several texts at once. A row's numbers do not depend on the rows beside it."""

    @staticmethod
    def serves(decoder: Decoder) -> bool:
        """Whether it is of the shape that is compiled: RMS norms, rotary positions, SwiGLU; fp32 or int8 on a CPU."""
        c, weight = decoder.config, decoder.embed_tokens.weight
        linears = [module for module in decoder.modules() if isinstance(module, Linear)]
        floats = all(isinstance(linear, nn.Linear) for linear in linears)
        known = floats or all(isinstance(linear, Int8Linear) for linear in linears)
        usual = (c.norm, c.positions, c.mlp) == ("rms", "rotary", "swiglu")
        on_cpu = weight.device.type == "cpu" and weight.dtype == torch.float32
        return usual and known and on_cpu and FastDecoder.serves(decoder)

    def __init__(self, decoder: Decoder, take: bool = False) -> None:
        """take: the matrices are taken out of `decoder` one after the other, so that memory holds them once."""
        self.config = c = decoder.config
        self.embedding = decoder.embed_tokens.weight.detach()
        self.shape = Shape(c.layers, c.width, c.heads, c.kv_heads, c.head_dim, c.ffn_width, c.qk_norm, c.norm_eps)
        self.rotary = RotaryTable(c.head_dim, c.rope_theta, c.rope_scaling)
        head = decoder.lm_head
        self.head, self.head_numbers = _panels(head).flatten().numpy(), _numbers(head).numpy()
        if take and head.weight is not decoder.embed_tokens.weight:
            emptied(head)
        self.matrices = np.empty(0, self.head.dtype)
        vectors: list[list[Tensor]] = []
        for place, block in enumerate(decoder.transformer.layers):
            assert isinstance(block, Block)
            matrices = _matrices(block)
            if not place:
                self.matrices = np.empty((c.layers, sum(map(Tensor.numel, matrices))), self.head.dtype)
            torch.cat([matrix.flatten() for matrix in matrices], out=torch.from_numpy(self.matrices[place]))
            vectors.append(_vectors(block))
            if take:
                emptied(block)
        last = _gain(decoder.transformer.norm).numpy()
        self.matrices = self.matrices.reshape(-1)
        stacked = (torch.stack(same).numpy() for same in zip(*vectors, strict=True))
        self.vectors = Vectors._make((*stacked, last))
        self._rooms: dict[int, Room] = {}
        self._lock = threading.Lock()

    def __call__(self, ids: Sequence[int], pieces: Sequence[Piece], given: Given | None = None) -> Tensor:
        """Final hidden states [N, D] of the pieces' tokens, end to end; keys and values go into the slots, whose
        lengths are left to the caller. given: vectors that stand in the place of some tokens' own."""
        c, threads, count = self.config, team(torch.get_num_threads()), len(ids)
        longest = max(_FIRST, *(piece.end for piece in pieces))
        cos, sin = self.rotary.rows(0, 1 << (longest - 1).bit_length(), self.embedding)  # a longer table now and then
        rows = _rows(pieces, c.window)
        with self._lock:
            room = self._room(threads.size, count)
            x = torch.from_numpy(room.x).view(count, -1)[:, : c.width]
            x[:] = F.embedding(torch.tensor(ids), self.embedding)
            if given is not None:
                x[given.rows] = given.vectors.to(x)
            arguments = self.shape, self.matrices, self.vectors, cos.numpy(), sin.numpy(), rows, room
            threads.run(lambda rank, size, counter: read(rank, size, counter, *arguments))
            return torch.from_numpy(room.normed[0].copy()).view(count, -1)

    def logits(self, hidden: Tensor) -> Tensor:
        """[N, D] -> fp32 [N, V]"""
        threads, x, count = team(torch.get_num_threads()), hidden.numpy().reshape(-1), len(hidden)
        wide = np.empty((threads.size, self.config.width * LANES), np.float32)
        sums = np.empty((threads.size, count * LANES), np.float32)
        logits = np.empty(count * self.head_numbers.shape[1], np.float32)
        arguments = self.head, self.head_numbers, x, self.config.width, wide, sums, logits
        threads.run(lambda rank, size, counter: project(rank, size, counter, *arguments))
        return torch.from_numpy(logits).view(count, -1)[:, : self.config.vocab_size]

    def _room(self, threads: int, count: int) -> Room:
        if count in self._rooms and len(self._rooms[count].normed) == threads:
            return self._rooms[count]
        c = self.config

        def room(*sizes: int) -> Array:
            return np.zeros(sizes, np.float32)

        qkv, seen = (c.heads + 2 * c.kv_heads) * c.head_dim, c.heads * c.head_dim
        found = Room(
            x=room(count * _whole(c.width)),
            normed=room(threads, count * c.width),
            qkv=room(count * _whole(qkv)),
            seen=room(count * seen),
            inner=room(count * _whole(c.ffn_width)),
            wide=room(threads, max(c.width, seen, c.ffn_width) * LANES),
            sums=room(threads, count * LANES),
            shares=room(threads, _whole(c.context)),
        )
        if count <= _KEPT:
            self._rooms[count] = found
        return found


def _rows(pieces: Sequence[Piece], window: int | None) -> Rows:
    found: list[tuple[int, ...]] = []
    for piece in pieces:
        kv = piece.slot.kv
        if piece.end > piece.slot.capacity:  # what is compiled would write there
            raise IndexError
        layer, values, head, *_ = kv.stride()
        address = kv.data_ptr()
        for place in range(piece.start, piece.end):
            first = 0 if window is None else max(0, place + 1 - window)
            found.append((place, first, address, layer, values, head))
    return Rows(*np.array(found, np.int64).T.copy())


def _whole(outputs: int) -> int:
    """So many outputs in whole panels."""
    return -(-outputs // LANES) * LANES


def _panels(*linears: Linear) -> Tensor:
    """Outputs end to end, in panels: [M / LANES, K, LANES]"""
    weight = torch.cat([linear.weight.detach() for linear in linears])
    return F.pad(weight, (0, 0, 0, -len(weight) % LANES)).view(-1, LANES, weight.shape[1]).transpose(1, 2).contiguous()


def _numbers(*linears: Linear) -> Tensor:
    """Factor and bias of every output, [2, M in whole panels]"""
    found = []
    for linear in linears:
        ones = torch.ones(linear.out_features)
        scale = linear.scale if isinstance(linear, Int8Linear) else ones
        found.append(torch.stack((scale, 0 * ones if linear.bias is None else linear.bias.detach())))
    numbers = torch.cat(found, dim=1)
    return F.pad(numbers, (0, -numbers.shape[1] % LANES))


def _in_turns(x: Tensor, y: Tensor, dim: int) -> Tensor:
    """Panel by panel of one and of the other."""
    return torch.stack((x, y), dim + 1).flatten(dim, dim + 1)


def _gain(norm: nn.Module) -> Tensor:
    return norm.weight.detach() if isinstance(norm, RMSNorm) else torch.empty(0)


def _matrices(block: Block) -> list[Tensor]:
    attention, mlp = block.self_attn, block.mlp
    assert isinstance(mlp, SwiGLU)
    return [
        _panels(attention.q_proj, attention.k_proj, attention.v_proj),
        _panels(attention.o_proj),
        _in_turns(_panels(mlp.up_proj), _panels(mlp.gate_proj), 0),
        _panels(mlp.down_proj),
    ]


def _vectors(block: Block) -> list[Tensor]:
    attention, mlp = block.self_attn, block.mlp
    assert isinstance(mlp, SwiGLU)
    up, gate = (_numbers(linear).view(2, -1, LANES) for linear in (mlp.up_proj, mlp.gate_proj))
    return [
        *map(_gain, (block.input_layernorm, block.post_attention_layernorm, attention.q_norm, attention.k_norm)),
        _numbers(attention.q_proj, attention.k_proj, attention.v_proj),
        _numbers(attention.o_proj),
        _in_turns(up, gate, 1).flatten(1),
        _numbers(mlp.down_proj),
    ]

"""The decoder of zaohua.language.decoder, laid out for writing: the same logits in few operations per layer.

With one token at a time a small model waits for Python and PyTorch between operations, a large one for its weights.
So each layer is seven products and little else: query, key and value in one matrix, gate and up in another, gains of
RMS norms taken into the matrix that follows, sums with the stream done by the product. Rotary pairs lie side by side,
which makes the turn one multiplication of complex numbers. The plain definition and this one are compared in the tests
for every shape.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from zaohua.language.decoder import Decoder
from zaohua.language.engine.attending import Attending, Piece
from zaohua.language.engine.given import Given
from zaohua.language.engine.matrices import Linear, joined
from zaohua.nn.attention import SelfAttention
from zaohua.nn.int8 import Int8Linear
from zaohua.nn.norm import RMSNorm
from zaohua.nn.rotary import rotary_table
from zaohua.nn.transformer import GELU, Block, SwiGLU, Transformer

_PARTS = (nn.Embedding, nn.Linear, Int8Linear, nn.LayerNorm, RMSNorm, nn.Identity, nn.ModuleList)
_WHOLES = (Decoder, Transformer, Block, SelfAttention, SwiGLU, GELU)
_VECTORS = 64  # numbers that elementwise operations take at a time, at most
SMALL = 16_000_000  # weights: so many, 64 MB, stay in the caches of today's processors for the most part
_GRAIN = 32_768  # numbers: of longer tensors PyTorch gives parts to threads, cut anywhere, and rounds a few differently


class FastDecoder:
    """Reads tokens of several texts at once. A row's numbers do not depend on the rows beside it."""

    @staticmethod
    def serves(decoder: Decoder) -> bool:
        """Whether every part is one that is known here; a part put in by others is left to PlainDecoder."""
        c = decoder.config
        known = all(type(module) in (*_PARTS, *_WHOLES) for module in decoder.modules())
        hooked = any(module._forward_hooks or module._forward_pre_hooks for module in decoder.modules())
        return known and not hooked and c.causal and c.norm_first and not c.cross

    def __init__(self, decoder: Decoder, take: bool = False) -> None:
        """take: the matrices are taken out of `decoder` one after the other, so that memory holds them once."""
        self.config = c = decoder.config
        self.embedding = decoder.embed_tokens.weight.detach()
        self.positions = decoder.embed_positions.weight.detach() if c.positions == "learned" else None
        small = c.num_parameters() <= SMALL
        self.layers = []
        for block in decoder.transformer.layers:
            self.layers.append(_Layer(block, small))  # type: ignore[arg-type]
            if take:
                emptied(block)
        self.norm = _Norm(decoder.transformer.norm, [decoder.lm_head])
        self.head = joined([decoder.lm_head], gain=self.norm.taken, small=small)
        if take and decoder.lm_head.weight is not decoder.embed_tokens.weight:
            emptied(decoder.lm_head)
        matrices = [self.head, *(matrix for layer in self.layers for matrix in layer.matrices)]
        self.kinds = list({type(matrix): matrix for matrix in matrices}.values())
        self.turns = torch.empty(0)

    def __call__(self, ids: Sequence[int], pieces: Sequence[Piece], given: Given | None = None) -> Tensor:
        """Final hidden states [N, D] of the pieces' tokens, end to end; keys and values go into the slots, whose
        lengths are left to the caller. given: vectors that stand in the place of some tokens' own."""
        device, padding = self.embedding.device, (0,) * self._padding(len(ids))
        starts = [place for piece in pieces for place in range(piece.start, piece.end)]
        places = torch.tensor([*starts, *padding], device=device)  # [N]
        x = F.embedding(torch.tensor([*ids, *padding], device=device), self.embedding)
        if given is not None:
            x[given.rows] = given.vectors.to(x)
        turns = None
        if self.positions is not None:
            x = x + F.embedding(places, self.positions)
        else:
            turns = self._turns(max(piece.end for piece in pieces))[places][:, None]  # [N, 1, d / 2]
        memory = Attending(pieces, self.config, len(padding))
        for layer in self.layers:
            x = layer(x, turns, memory)
        return self.norm(x)[: len(ids)]

    def logits(self, hidden: Tensor) -> Tensor:
        """[N, D] -> fp32 [N, V]"""
        more = self._padding(len(hidden))
        return self.head(F.pad(hidden, (0, 0, 0, more)) if more else hidden)[: len(hidden)].float()

    def _padding(self, count: int) -> int:
        """Rows that must stand below so many, whichever matrix they go through."""
        return max(matrix.padding(count) for matrix in self.kinds)

    def _turns(self, length: int) -> Tensor:
        """cos + i sin of every position's angles, complex [T, d / 2]"""
        turns = self.turns  # another thread may put shorter ones in their place
        if len(turns) < length:
            c = self.config
            length = min(c.context, max(length, 2 * len(turns), 256))
            cos, sin = rotary_table(
                length, c.head_dim, c.rope_theta, scaling=c.rope_scaling, device=self.embedding.device
            )
            self.turns = turns = torch.complex(cos, sin)[:, : c.head_dim // 2].contiguous()
        return turns


def emptied(module: nn.Module) -> None:
    """Give the memory of a module's matrices back."""
    for part in module.modules():
        if isinstance(part, nn.Linear):
            part.weight = nn.Parameter(torch.empty(0), requires_grad=False)
        elif isinstance(part, Int8Linear):
            part.weight = torch.empty(0)


class _Layer:
    """One block."""

    def __init__(self, block: Block, small: bool) -> None:
        attention, mlp = block.self_attn, block.mlp
        assert isinstance(mlp, SwiGLU | GELU)
        H, K, d = attention.heads, attention.kv_heads, attention.head_dim  # noqa: N806
        self.layer, self.head_dim, self.turning = block.layer, d, H + K
        into = [attention.q_proj, attention.k_proj, attention.v_proj]
        device = attention.q_proj.weight.device
        # Channels i and i + d/2 of a query or key turn together: side by side they are one complex number.
        pairs = torch.arange(d, device=device).view(2, d // 2).t().flatten()
        turned = (torch.arange(H + K, device=device)[:, None] * d + pairs).flatten()
        rows = torch.cat((turned, torch.arange((H + K) * d, (H + 2 * K) * d, device=device)))
        self.norm1 = _Norm(block.input_layernorm, into)
        self.qkv = joined(into, gain=self.norm1.taken, rows=rows, small=small)
        self.gains: Tensor | None = None
        if isinstance(attention.q_norm, RMSNorm):
            assert isinstance(attention.k_norm, RMSNorm)
            self.length, of_keys = _Length(attention.q_norm), _Length(attention.k_norm)
            gains = torch.cat((self.length.gain.expand(H, d), of_keys.gain.expand(K, d)))
            self.gains = gains[:, pairs].contiguous()  # [H + H_kv, d]
        self.out = joined([attention.o_proj], small=small)
        self.swiglu = isinstance(mlp, SwiGLU)
        inner: list[Linear] = [mlp.gate_proj, mlp.up_proj] if isinstance(mlp, SwiGLU) else [mlp.up_proj]
        self.approximate = getattr(mlp, "approximate", "none")
        self.norm2 = _Norm(block.post_attention_layernorm, inner)
        # Elementwise operations round what is left over from whole vectors in another way: leave nothing over.
        width = -(-inner[0].out_features // _VECTORS) * _VECTORS
        self.inner = joined(inner, gain=self.norm2.taken, outputs=width, small=small)
        self.down = joined([mlp.down_proj], inputs=width, small=small)
        self.matrices = (self.qkv, self.out, self.inner, self.down)

    def __call__(self, x: Tensor, turns: Tensor | None, memory: Attending) -> Tensor:
        """[N, D] -> [N, D]"""
        qkv = self.qkv(self.norm1(x))  # memory of its own, which is cut up below: each view has its price
        if self.gains is not None:
            qk = qkv.as_strided((x.shape[0], self.turning, self.head_dim), (qkv.stride(0), self.head_dim, 1))
            qk.div_(self.length(qk)).mul_(self.gains)
        if turns is not None:
            shape = (x.shape[0], self.turning, self.head_dim // 2, 2)
            pairs = qkv.as_strided(shape, (qkv.stride(0), self.head_dim, 2, 1))
            rows = _rows(qkv)
            if pairs.shape[0] <= rows:
                _turn(pairs, turns)
            else:
                for part, angles in zip(pairs.split(rows), turns.split(rows), strict=True):
                    _turn(part, angles)
        x = self.out.add(memory.attend(self.layer, qkv), x)
        return self.down.add(self._activate(self.inner(self.norm2(x))), x)

    def _activate(self, inner: Tensor) -> Tensor:
        """[N, 2 F] -> [N, F] for SwiGLU, [N, F] -> [N, F] for GELU"""
        rows = _rows(inner)
        if inner.shape[0] > rows:
            return torch.cat([self._activate(part) for part in inner.split(rows)])
        if not self.swiglu:
            return F.gelu(inner, approximate=self.approximate)
        half = inner.shape[1] // 2
        return F.silu(inner.narrow(1, 0, half)).mul_(inner.narrow(1, half, half))


def _rows(x: Tensor) -> int:
    """So many rows of x [N, D] that no thread gets a part of one."""
    return max(1, _GRAIN // x.shape[1])


def _turn(pairs: Tensor, turns: Tensor) -> None:
    """Turn every pair by its position's angle, in place. pairs: [N, H, d / 2, 2]; turns: complex [N, 1, d / 2]"""
    if pairs.dtype == torch.float32:
        torch.view_as_complex(pairs).mul_(turns)
    else:  # there are no complex numbers of halves
        pairs.copy_(torch.view_as_real(torch.view_as_complex(pairs.float()) * turns))


class _Length:
    """√(Σx² + Dε) over the last dimension. An RMS norm is √D g ⊙ x / length: two operations here and a gain that the
    matrix after it takes over, instead of seven."""

    def __init__(self, norm: RMSNorm) -> None:
        width = norm.weight.numel()
        self.least = norm.weight.new_full((1,), math.sqrt(width * (norm.eps or 0.0)), dtype=torch.float32)
        self.gain = norm.weight.detach() * math.sqrt(width)

    def __call__(self, x: Tensor) -> Tensor:
        """[..., D] -> fp32 [..., 1]"""
        norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)  # squares overflow in halves
        return norm.hypot_(self.least)


class _Norm:
    """A norm of the stream. taken: the gain that the matrix after it takes over, so that it costs nothing here."""

    def __init__(self, norm: nn.Module, after: Sequence[Linear]) -> None:
        self.taken: Tensor | None = None
        self.gain: Tensor | None = None
        self.norm = norm
        if isinstance(norm, RMSNorm):
            self.length = _Length(norm)
            gain = self.length.gain
            floats = gain.dtype == torch.float32 and not any(isinstance(linear, Int8Linear) for linear in after)
            self.taken, self.gain = (gain, None) if floats else (None, gain)

    def __call__(self, x: Tensor) -> Tensor:
        """[N, D] -> [N, D]"""
        if isinstance(self.norm, nn.LayerNorm):
            return self.norm(x)
        y = x / self.length(x)
        return y if self.gain is None else y.mul_(self.gain).to(x.dtype)

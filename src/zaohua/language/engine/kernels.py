"""Compiled code: tokens of several texts go through all layers of a decoder in one call. Needs numba.

All threads of a team run the same function, each with its rank, and meet where one needs what the others have made.
A row's numbers do not depend on the rows beside it, nor on the number of threads.
"""

import sys
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.core.types import NamedTuple as Tuple
from numba.core.types import NamedUniTuple

from zaohua.language.engine.parts import add, attend, multiply, norm, norms, options, put, silu, times, turn
from zaohua.language.engine.tiles import LANES, add_one, count_of, floats_at, pause

_compiled, _kept = njit(**options), njit(**options, cache=True)  # a part of others, what is called and kept on disk
_SPINS = 2_000  # rounds of waiting before the system may run another thread on this core
_give_way = types.ExternalFunction("SwitchToThread" if sys.platform == "win32" else "sched_yield", types.int32())

Array = np.ndarray[Any, Any]


class Shape(NamedTuple):
    """Sizes of a decoder: those of its config."""

    layers: int
    width: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_width: int
    qk_norm: bool
    eps: float


class Vectors(NamedTuple):
    """What stands beside the matrices, fp32, of all layers. Of products: factor and bias of every output."""

    norm1: Array  # [L, D]
    norm2: Array  # [L, D]
    q_gain: Array  # [L, d]
    k_gain: Array  # [L, d]
    qkv: Array  # [L, 2, (H + 2 H_kv) d, whole panels]
    out: Array  # [L, 2, D, whole panels]
    inner: Array  # [L, 2, 2 F, panels of up and gate in turns]
    down: Array  # [L, 2, D, whole panels]
    last: Array  # [D]


class Rows(NamedTuple):
    """Where the tokens stand. int64 [N] each."""

    places: Array  # positions in their texts
    firsts: Array  # the first position that each sees
    slots: Array  # addresses of their texts' keys and values
    layer: Array  # numbers from one layer to the next there,
    values: Array  # from keys to values,
    head: Array  # from head to head


class Room(NamedTuple):
    """Memory to work in, fp32."""

    x: Array  # [N, D, whole panels], the stream
    normed: Array  # [threads, N, D]
    qkv: Array  # [N, (H + 2 H_kv) d, whole panels]
    seen: Array  # [N, H d]
    inner: Array  # [N, F, whole panels]
    wide: Array  # [threads, the most inputs of a matrix, LANES]
    sums: Array  # [threads, N, LANES]
    shares: Array  # [threads, positions]


@_compiled
def meet(counter, team):
    """Wait until all threads have come here as often as this one, or the count is below zero."""
    if team > 1:
        mine = add_one(counter)
        all_of_them = -(-mine // team) * team
        spins = 0
        while 0 <= count_of(counter) < all_of_them:
            pause()
            spins += 1
            if spins > _SPINS:
                _give_way()


@_kept
def wait(counter, seen, spins):
    """Wait until the count is another than `seen`, for so many rounds at most."""
    while count_of(counter) == seen and spins > 0:
        pause()
        spins -= 1


@_compiled
def share(count, rank, team):
    """This thread's part of 0 … count-1."""
    return range(count * rank // team, count * (rank + 1) // team)


@_kept
def read(rank, team, counter, shape, matrices, vectors, cos, sin, rows, room):
    """Rows of the stream, room.x, through all layers; normed for the head in the end, into room.normed[0]."""
    count, d = len(rows.places), shape.head_dim
    heads, kv_heads, width, eps = shape.heads, shape.kv_heads, shape.width, shape.eps
    turning, q_width = heads + kv_heads, heads * d
    x, normed, qkv, seen, inner = room.x, room.normed[rank], room.qkv, room.seen, room.inner
    wide, sums, shares = room.wide[rank], room.sums[rank], room.shares[rank]
    x_stride, qkv_stride, inner_stride = len(x) // count, len(qkv) // count, len(inner) // count
    at = 0
    for layer in range(shape.layers):
        norms(x, count, vectors.norm1[layer], eps, normed)
        for panel in share(qkv_stride // LANES, rank, team):
            multiply(matrices, at + panel * width * LANES, width, normed, width, wide, sums)
            put(sums, vectors.qkv[layer], panel, qkv, panel)
        at += qkv_stride * width
        meet(counter, team)

        for item in share(count * turning, rank, team):
            row, head = item // turning, item % turning
            place, start = rows.places[row], row * qkv_stride + head * d
            if shape.qk_norm:
                norm(qkv, start, (vectors.q_gain if head < heads else vectors.k_gain)[layer], eps, qkv, start)
            turn(qkv, start, cos[place], sin[place])
            if head >= heads:
                slot = floats_at(rows.slots[row] + 4 * layer * rows.layer[row])
                base = (head - heads) * rows.head[row]
                key, lane = base + place // LANES * LANES * d, place % LANES
                value = base + rows.values[row] + place * d
                for i in range(d):
                    slot[key + i * LANES + lane] = qkv[start + i]
                    slot[value + i] = qkv[start + kv_heads * d + i]
        meet(counter, team)

        for item in share(count * heads, rank, team):
            row, head = item // heads, item % heads
            slot = floats_at(rows.slots[row] + 4 * layer * rows.layer[row])
            keys = head // (heads // kv_heads) * rows.head[row]
            attend(
                qkv, row * qkv_stride + head * d, slot, keys, keys + rows.values[row], d,
                rows.firsts[row], rows.places[row] + 1, shares, seen, row * q_width + head * d,
            )  # fmt: skip
        meet(counter, team)

        for panel in share(x_stride // LANES, rank, team):
            start = at + panel * q_width * LANES
            multiply(matrices, start, q_width, seen, q_width, wide, sums)
            add(sums, vectors.out[layer], panel, x, panel)
        at += x_stride * q_width
        meet(counter, team)

        norms(x, count, vectors.norm2[layer], eps, normed)
        for panel in share(inner_stride // LANES, rank, team):
            start = at + 2 * panel * width * LANES
            multiply(matrices, start, width, normed, width, wide, sums)
            put(sums, vectors.inner[layer], 2 * panel, inner, panel)
            start += width * LANES
            multiply(matrices, start, width, normed, width, wide, sums)
            put(sums, vectors.inner[layer], 2 * panel + 1, sums, 0)
            silu(sums)
            times(sums, inner, panel)
        at += 2 * inner_stride * width
        meet(counter, team)

        depth = shape.ffn_width
        for panel in share(x_stride // LANES, rank, team):
            start = at + panel * depth * LANES
            multiply(matrices, start, depth, inner, inner_stride, wide, sums)
            add(sums, vectors.down[layer], panel, x, panel)
        at += x_stride * depth
        meet(counter, team)
    norms(x, count, vectors.last, eps, normed)
    meet(counter, team)


@_kept
def project(rank, team, counter, weights, numbers, x, width, wide, sums, logits):
    """x [N, D] times the head. logits: [N, V, whole panels]"""
    for panel in share(numbers.shape[1] // LANES, rank, team):
        multiply(weights, panel * width * LANES, width, x, width, wide[rank], sums[rank])
        put(sums[rank], numbers, panel, logits, panel)
    meet(counter, team)


def compile_all() -> None:
    """Compile for fp32 and int8, or take what was kept on disk."""
    size, floats, table, tables = types.int64, *(types.Array(types.float32, n, "C") for n in (1, 2, 3))
    sizes = types.Array(types.int64, 1, "C")
    shape = Tuple((*[size] * 6, types.boolean, types.float64), Shape)
    vectors = Tuple((*[table] * 4, *[tables] * 4, floats), Vectors)
    room = Tuple((floats, table, *[floats] * 3, *[table] * 3), Room)
    wait.compile((sizes, size, size))
    for weights in (floats, types.Array(types.int8, 1, "C")):
        read.compile((size, size, sizes, shape, weights, vectors, table, table, NamedUniTuple(sizes, 6, Rows), room))
        project.compile((size, size, sizes, weights, table, floats, size, table, table, floats))

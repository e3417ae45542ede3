"""Compiled code: what the layers of a decoder are made of, by rows. Needs numba.

Matrices come in panels, see tiles.py; every array is flat.
"""

import math
from typing import Any

import numpy as np
from numba import njit

from zaohua.language.engine.tiles import FEW, LANES, MOST, add_lanes, few_rows, most_rows, one_row, put_lanes

options: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_compiled = njit(**options)
# Sums alone may be taken in another order, in functions that write nothing: of a loop over arrays that might overlap,
# LLVM makes two versions, which would round differently.
_summing = njit(**options, fastmath={"reassoc"})


@_compiled
def exp(x):
    """eˣ of an fp32 number that is not positive: 2ⁿ, put together from its bits, times the Taylor series of the rest,
    ln 2 / 2 at most. LLVM makes vectors of this, and none of a library's."""
    x = max(x, np.float32(-87.0))
    n = np.floor(x * np.float32(1.44269504) + np.float32(0.5))
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    y = np.float32(1 / 5040)
    y = y * r + np.float32(1 / 720)
    y = y * r + np.float32(1 / 120)
    y = y * r + np.float32(1 / 24)
    y = y * r + np.float32(1 / 6)
    y = y * r + np.float32(0.5)
    y = y * r + np.float32(1)
    y = y * r + np.float32(1)
    return y * np.int32((np.int32(n) + 127) << 23).view(np.float32)


@_summing
def squares(x, start, count):
    """Σx² of so many numbers"""
    total = np.float32(0)
    for i in range(start, start + count):
        total += x[i] * x[i]
    return total


@_summing
def total(x, start, end):
    """Σx"""
    whole = np.float32(0)
    for i in range(start, end):
        whole += x[i]
    return whole


@_compiled
def norm(x, start, gain, eps, y, to):
    """y = g ⊙ x / √(mean(x²) + ε), of the numbers from `start` on, into those from `to` on."""
    mean = squares(x, start, len(gain)) / np.float32(len(gain))
    factor = np.float32(1) / np.sqrt(mean + np.float32(eps))
    for i in range(len(gain)):
        y[to + i] = gain[i] * (x[start + i] * factor)


@_compiled
def norms(x, count, gain, eps, y):
    """The same of all rows. x: [N, D, whole panels]; y: [N, D]"""
    for row in range(count):
        norm(x, row * (len(x) // count), gain, eps, y, row * len(gain))


@_compiled
def turn(x, start, cos, sin):
    """Turn each pair (x_i, x_{i+d/2}) by its position's angle, in place."""
    half = len(cos) // 2
    for i in range(start, start + half):
        a, b = x[i], x[i + half]
        x[i] = a * cos[i - start] - b * sin[i - start]
        x[i + half] = b * cos[i - start] + a * sin[i - start]


@_compiled
def multiply(weights, at, depth, x, stride, wide, sums):
    """One panel's product with all rows, into sums [N, LANES]. wide: room for the panel, which many rows read as
    fp32."""
    count, size = len(sums) // LANES, depth * LANES
    row = 0
    if weights.itemsize == 1 and count >= 2 * FEW:
        narrow = weights[at : at + size]
        for i in range(size):
            wide[i] = narrow[i]
        while row + MOST <= count:
            most_rows(wide, 0, LANES, x, row * stride, stride, sums, row * LANES, depth)
            row += MOST
        while row + FEW <= count:
            few_rows(wide, 0, LANES, x, row * stride, stride, sums, row * LANES, depth)
            row += FEW
    while row + MOST <= count:
        most_rows(weights, at, LANES, x, row * stride, stride, sums, row * LANES, depth)
        row += MOST
    while row + FEW <= count:
        few_rows(weights, at, LANES, x, row * stride, stride, sums, row * LANES, depth)
        row += FEW
    while row < count:
        one_row(weights, at, LANES, x, row * stride, stride, sums, row * LANES, depth)
        row += 1


@_compiled
def put(sums, numbers, part, y, panel):
    """The panel's sums, with the factors and biases of that part of the outputs, into y [N, M, whole panels]"""
    count = len(sums) // LANES
    for row in range(count):
        put_lanes(sums, row * LANES, numbers, part, y, row * (len(y) // count) + panel * LANES)


@_compiled
def add(sums, numbers, part, y, panel):
    """y + the same"""
    count = len(sums) // LANES
    for row in range(count):
        add_lanes(sums, row * LANES, numbers, part, y, row * (len(y) // count) + panel * LANES)


@_compiled
def silu(x):
    """x / (1 + e⁻ˣ), in place"""
    for i in range(len(x)):
        part = exp(-abs(x[i]))
        x[i] = (x[i] if x[i] >= 0 else x[i] * part) / (np.float32(1) + part)


@_compiled
def times(sums, y, panel):
    """y ⊙ the panel's numbers"""
    count = len(sums) // LANES
    for row in range(count):
        place = row * (len(y) // count) + panel * LANES
        for lane in range(LANES):
            y[place + lane] *= sums[row * LANES + lane]


@_compiled
def attend(qkv, start, slot, keys, values, d, first, end, shares, y, to):
    """y = softmax(q Kᵀ / √d) V over positions first … end-1. The query begins at `start` of qkv, y at `to`; in the slot
    the keys at `keys`, in panels [T / LANES, d, LANES], and the values [T, d] at `values`."""
    begin = first // LANES * LANES
    for t in range(begin, end, LANES):
        one_row(slot, keys + t * d, LANES, qkv, start, 0, shares, t, d)
    largest = np.float32(-np.inf)
    for t in range(first, end):
        largest = max(largest, shares[t])
    scale = np.float32(1 / math.sqrt(d))
    for t in range(first, end):
        shares[t] = exp((shares[t] - largest) * scale)
    whole = total(shares, first, end)
    beyond = d - d % LANES
    for lane in range(0, beyond, LANES):
        one_row(slot, values + first * d + lane, d, shares, first, 0, y, to + lane, end - first)
    for i in range(beyond, d):
        seen = np.float32(0)
        for t in range(first, end):
            seen += shares[t] * slot[values + t * d + i]
        y[to + i] = seen
    for i in range(to, to + d):
        y[i] /= whole

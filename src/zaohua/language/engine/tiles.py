"""What numba has no words for, said to LLVM itself: products by vectors, memory at an address, a count that threads
share. Needs numba.

A matrix is cut into panels of LANES outputs: [outputs / LANES, inputs, LANES]. Every output is one sum, taken in the
order of the inputs, so that it rounds the same whatever is computed beside it, on processors with vectors of any width;
and a product reads a panel from its beginning to its end, as fast as memory gives it. Of several rows it asks for the
panel after while it computes: a product that waits for memory first takes half as long again.
"""

import platform
from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.core.typing.templates import Signature
from numba.extending import intrinsic as _intrinsic

LANES = 32
_VECTOR = 16  # numbers: one register of AVX-512, two of AVX2, four of NEON
_told = getattr(config, "CPU_NAME", None)  # to compile for another processor than this
_many = not _told and llvm.get_host_cpu_features().get("avx512f")
MOST, FEW = (8, 4) if _many else (2, 2)  # rows of a product that the registers hold

_float, _byte, _long, _int = ir.FloatType(), ir.IntType(8), ir.IntType(64), ir.IntType(32)
_floats = ir.VectorType(_float, _VECTOR)
_Generated = tuple[Signature, Callable[..., Any]]

intrinsic: Any = _intrinsic  # what it makes is called without the first argument


def _tile(rows: int) -> Any:
    """y[r, :] = Σₖ x[r, k] w[k, :] for so many rows and the LANES outputs of one panel."""

    @intrinsic
    def tile(typing, weights, at, step, x, start, stride, y, to, depth) -> _Generated:
        """weights: fp32 or int8, the panel begins at `at` and goes on by `step` for each input; x, y: fp32, rows begin
        at `start` + r `stride` and `to` + r LANES."""
        signature = types.void(weights, types.intp, types.intp, x, types.intp, types.intp, y, types.intp, types.intp)

        def generate(context, b, signature, arguments):
            arrays = zip(signature.args, arguments, strict=True)
            weights, at, step, x, start, stride, y, to, depth = (
                context.make_array(kind)(context, b, value).data if isinstance(kind, types.Array) else value
                for kind, value in arrays
            )
            small = signature.args[0].dtype == types.int8
            multiply_add = cgutils.get_or_insert_function(
                b.module, ir.FunctionType(_floats, [_floats] * 3), f"llvm.fma.v{_VECTOR}f32"
            )
            prefetch = cgutils.get_or_insert_function(
                b.module, ir.FunctionType(ir.VoidType(), [_byte.as_pointer(), _int, _int, _int]), "llvm.prefetch.p0"
            )
            vectors = range(LANES // _VECTOR)
            before, body, after = b.block, b.append_basic_block(), b.append_basic_block()
            b.branch(body)
            b.position_at_end(body)
            k = b.phi(_long)
            k.add_incoming(_long(0), before)
            sums = [[b.phi(_floats) for _ in vectors] for _ in range(rows)]
            panel = []
            for v in vectors:
                place = b.gep(weights, [b.add(at, b.add(b.mul(k, step), _long(v * _VECTOR)))])
                if rows > 1:
                    following = b.bitcast(b.gep(place, [b.mul(depth, step)]), _byte.as_pointer())
                    b.call(prefetch, [following, _int(0), _int(2), _int(1)])  # to be read, into the second cache
                kind = ir.VectorType(_byte, _VECTOR) if small else _floats
                part = b.load(b.bitcast(place, kind.as_pointer()), align=1 if small else 4)
                panel.append(b.sitofp(b.sext(part, ir.VectorType(_int, _VECTOR)), _floats) if small else part)
            results = []
            for r, row in enumerate(sums):
                factor = b.load(b.gep(x, [b.add(start, b.add(b.mul(stride, _long(r)), k))]))
                factors = b.insert_element(ir.Constant(_floats, ir.Undefined), factor, _int(0))
                factors = b.shuffle_vector(factors, factors, ir.Constant(ir.VectorType(_int, _VECTOR), None))
                results.append([b.call(multiply_add, [panel[v], factors, row[v]]) for v in vectors])
                for total, more in zip(row, results[-1], strict=True):
                    total.add_incoming(ir.Constant(_floats, None), before)
                    total.add_incoming(more, body)
            onward = b.add(k, _long(1))
            k.add_incoming(onward, body)
            b.cbranch(b.icmp_signed("<", onward, depth), body, after)
            b.position_at_end(after)
            for r, row in enumerate(results):
                for v, total in enumerate(row):
                    place = b.gep(y, [b.add(to, _long(r * LANES + v * _VECTOR))])
                    b.store(total, b.bitcast(place, _floats.as_pointer()), align=4)
            return context.get_dummy_value()

        return signature, generate

    return tile


one_row, few_rows, most_rows = map(_tile, (1, FEW, MOST))


def _finished(added: bool) -> Any:
    """y = x ⊙ factor + bias of the LANES outputs of one row, or what y was and that."""

    @intrinsic
    def finished(typing, x, start, numbers, panel, y, to) -> _Generated:
        """x, y: fp32, LANES from `start` and `to` on; numbers: fp32 [2, M], factor and bias of every output."""
        signature = types.void(x, types.intp, numbers, types.intp, y, types.intp)

        def generate(context, b, signature, arguments):
            _, start, _, panel, _, to = arguments
            views = [context.make_array(signature.args[i])(context, b, arguments[i]) for i in (0, 2, 4)]
            x, factors, y = (view.data for view in views)
            outputs = cgutils.unpack_tuple(b, views[1].shape)[1]
            for v in range(LANES // _VECTOR):

                def vector(array, place, v=v):
                    place = b.gep(array, [b.add(place, _long(v * _VECTOR))])
                    return b.bitcast(place, _floats.as_pointer())

                first = b.mul(panel, _long(LANES))
                factor = b.load(vector(factors, first), align=4)
                bias = b.load(vector(factors, b.add(first, outputs)), align=4)
                result = b.fadd(b.fmul(b.load(vector(x, start), align=4), factor), bias)
                if added:
                    result = b.fadd(b.load(vector(y, to), align=4), result)
                b.store(result, vector(y, to), align=4)
            return context.get_dummy_value()

        return signature, generate

    return finished


put_lanes, add_lanes = _finished(False), _finished(True)


@intrinsic
def floats_at(typing, address) -> _Generated:
    """The fp32 numbers from an address on, as an array without an end."""
    array = types.Array(types.float32, 1, "C")

    def generate(context, b, signature, arguments):
        view = context.make_array(array)(context, b)
        context.populate_array(
            view,
            data=b.inttoptr(arguments[0], _float.as_pointer()),
            shape=[_long(2**40)],
            strides=[_long(4)],
            itemsize=_long(4),
            meminfo=None,
        )
        return view._getvalue()

    return array(types.intp), generate


@intrinsic
def add_one(typing, counter) -> _Generated:
    """Count one more, in one piece; what was written before is seen by whoever sees the count. Returns the new one."""

    def generate(context, b, signature, arguments):
        place = context.make_array(signature.args[0])(context, b, arguments[0]).data
        return b.add(b.atomic_rmw("add", place, _long(1), "acq_rel"), _long(1))

    return types.int64(counter), generate


@intrinsic
def count_of(typing, counter) -> _Generated:
    """How far others have counted by now."""

    def generate(context, b, signature, arguments):
        place = context.make_array(signature.args[0])(context, b, arguments[0]).data
        return b.load_atomic(place, "acquire", 8)

    return types.int64(counter), generate


@intrinsic
def pause(typing) -> _Generated:
    """Tell the processor that this thread only waits."""

    def generate(context, b, signature, arguments):
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            b.call(cgutils.get_or_insert_function(b.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), generate

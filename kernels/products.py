"""Matrix products, ``C = A B + bias``, on slices and in registers: the work of a dense network.

A tile of C, ``ROWS`` rows by ``VECTORS`` vector registers, stays in registers while k runs; each
step loads a row of B and multiplies it by one number of A after the other. Small matrices lie
in the first-level cache as they are. A panel of B (k, tile width) is copied into a private buffer
only where B is transposed, or where its rows are so far apart that they would evict each other
from the cache.

The tile is written as LLVM vector instructions, since Numba cannot be told to keep a tile in
registers. At the sizes of small networks that is faster than a BLAS, which packs both matrices for
any size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from nncli.kernels.jit import kernel
from nncli.kernels.tiles import DEPTH, REGISTER, ROWS, VECTORS

#: What a tile's sums begin with.
ZERO, BIAS, SUM = 0, 1, 2

INDEX = ir.IntType(64)


@intrinsic
def lanes(typing_context: Any, array: Any) -> Any:
    """Return how many elements of an array fit into a vector register."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(INDEX, REGISTER * 8 // signature.args[0].dtype.bitwidth)

    return types.int64(array), codegen


def _tile_intrinsic(vectors: int, masked: bool) -> Any:
    """Make the intrinsic of a tile of ``vectors`` registers, ``masked`` if its last is not full."""

    @intrinsic
    def tile(
        typing_context: Any,
        rows: Any,
        columns: Any,
        depth: Any,
        a: Any,
        a_start: Any,
        a_row: Any,
        a_column: Any,
        b: Any,
        b_start: Any,
        b_row: Any,
        begin: Any,
        bias: Any,
        bias_start: Any,
        c: Any,
        c_start: Any,
        c_row: Any,
    ) -> Any:
        size = types.int64
        signature = types.void(
            *(size, size, size, a, size, size, size, b, size, size),
            *(size, bias, size, c, size, size),
        )

        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return _emit_tile(context, builder, signature, arguments, vectors, masked)

        return signature, codegen

    return tile


def _emit_tile(
    context: Any, builder: Any, signature: Any, arguments: Any, vectors: int, masked: bool
) -> Any:
    """Emit ``C[r, v] = begin + sum_k A[r, k] B[k, v]`` for one tile.

    ``begin`` is one of ``ZERO``, ``BIAS`` (the same for all rows) and ``SUM`` (what is in C).
    Where fewer than ``ROWS`` rows are left, the last one is computed several times over, which
    costs less than a loop over single rows.
    """
    rows, columns, depth = arguments[:3]
    a_start, a_row, a_column = arguments[4:7]
    b_start, b_row, begin = arguments[8:11]
    bias_start, c_start, c_row = arguments[12], arguments[14], arguments[15]
    element = context.get_value_type(signature.args[3].dtype)
    count = REGISTER * 8 // signature.args[3].dtype.bitwidth
    vector = ir.VectorType(element, count)
    zero = ir.Constant(vector, [0.0] * count)

    def data(position: int) -> Any:
        array = context.make_array(signature.args[position])(context, builder, arguments[position])
        return array.data

    a, b, bias, c = data(3), data(7), data(11), data(13)

    def constant(value: int) -> Any:
        return ir.Constant(INDEX, value)

    def mask_of(number: int) -> Any:
        lane = ir.Constant(ir.VectorType(INDEX, count), [number * count + i for i in range(count)])
        limit = _splat(builder, columns, count)
        return builder.icmp_signed("<", lane, limit)

    masks = [mask_of(number) for number in range(vectors)] if masked else []

    def pointer(base: Any, index: Any) -> Any:
        return builder.bitcast(builder.gep(base, [index]), vector.as_pointer())

    def load(base: Any, index: Any, number: int) -> Any:
        place = pointer(base, builder.add(index, constant(number * count)))
        if masked:
            return _masked_load(builder, place, masks[number], zero, element)
        return builder.load(place, align=element_bytes)

    element_bytes = signature.args[3].dtype.bitwidth // 8
    last = builder.sub(rows, constant(1))
    row_of = []
    for number in range(ROWS):
        row = constant(number)
        row_of.append(builder.select(builder.icmp_signed("<", row, last), row, last))

    sums = [[cgutils.alloca_once(builder, vector) for _ in range(vectors)] for _ in range(ROWS)]
    c_places = [builder.add(c_start, builder.mul(row, c_row)) for row in row_of]
    for number in range(vectors):
        for row in range(ROWS):
            builder.store(zero, sums[row][number])
        with builder.if_then(builder.icmp_signed("==", begin, constant(BIAS))):
            value = load(bias, bias_start, number)
            for row in range(ROWS):
                builder.store(value, sums[row][number])
        with builder.if_then(builder.icmp_signed("==", begin, constant(SUM))):
            for row in range(ROWS):
                builder.store(load(c, c_places[row], number), sums[row][number])

    fma = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(vector, [vector] * 3), f"llvm.fma.{_name(vector)}"
    )
    a_places = [builder.add(a_start, builder.mul(row, a_row)) for row in row_of]
    with cgutils.for_range(builder, depth, intp=INDEX) as loop:
        b_place = builder.add(b_start, builder.mul(loop.index, b_row))
        b_values = [load(b, b_place, number) for number in range(vectors)]
        step = builder.mul(loop.index, a_column)
        for row in range(ROWS):
            number_a = builder.load(builder.gep(a, [builder.add(a_places[row], step)]))
            broadcast = _splat(builder, number_a, count)
            for number in range(vectors):
                total = builder.load(sums[row][number])
                total = builder.call(fma, [broadcast, b_values[number], total])
                builder.store(total, sums[row][number])

    for row in range(ROWS):
        for number in range(vectors):
            place = pointer(c, builder.add(c_places[row], constant(number * count)))
            value = builder.load(sums[row][number])
            if masked:
                _masked_store(builder, value, place, masks[number], element)
            else:
                builder.store(value, place, align=element_bytes)
    return context.get_dummy_value()


def _splat(builder: Any, value: Any, count: int) -> Any:
    """Return a vector of ``count`` times the same number."""
    empty = ir.Constant(ir.VectorType(value.type, count), ir.Undefined)
    first = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
    choice = ir.Constant(ir.VectorType(ir.IntType(32), count), [0] * count)
    return builder.shuffle_vector(first, empty, choice)


def _name(vector: Any) -> str:
    return f"v{vector.count}{'f32' if vector.element == ir.FloatType() else 'f64'}"


def _masked_load(builder: Any, place: Any, mask: Any, zero: Any, element: Any) -> Any:
    vector = zero.type
    function_type = ir.FunctionType(vector, [place.type, ir.IntType(32), mask.type, vector])
    name = f"llvm.masked.load.{_name(vector)}.p0"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    align = ir.Constant(ir.IntType(32), 4 if element == ir.FloatType() else 8)
    return builder.call(function, [place, align, mask, zero])


def _masked_store(builder: Any, value: Any, place: Any, mask: Any, element: Any) -> None:
    parameters = [value.type, place.type, ir.IntType(32), mask.type]
    function_type = ir.FunctionType(ir.VoidType(), parameters)
    name = f"llvm.masked.store.{_name(value.type)}.p0"
    function = cgutils.get_or_insert_function(builder.module, function_type, name)
    align = ir.Constant(ir.IntType(32), 4 if element == ir.FloatType() else 8)
    builder.call(function, [value, place, align, mask])


full_tile = _tile_intrinsic(VECTORS, masked=False)
edge_tile = _tile_intrinsic(VECTORS, masked=True)
narrow_tile = _tile_intrinsic(1, masked=True)

#: Bytes between two rows of B from which on a panel is copied: rows this far apart share too few
#: sets of the cache.
FAR = 2048


@kernel
def multiply(
    m, n, k, a, a_start, a_row, a_column, b, b_start, b_row, b_column, panel,
    begin, bias, bias_start, c, c_start, c_row,
):  # fmt: skip
    """Write ``C = A B``, plus the bias if ``begin`` is ``BIAS``, for blocks inside flat arrays.

    A is (m, k), B (k, n), C (m, n); ``A[i, l]`` is ``a[a_start + i * a_row + l * a_column]``, B
    likewise, with one of its strides 1; rows of C are contiguous. ``bias`` (n,) begins at
    ``bias_start``. ``panel`` is scratch, see :func:`nncli.kernels.tiles.panel_size`. An element is
    summed in the order of k whatever the block: slices of one product come to the same bits.
    """
    if m <= 0 or n <= 0:
        return
    count = lanes(c)
    width = VECTORS * count
    packs = b_column != 1 or (m > 2 * ROWS and k > 64 and b_row * c.itemsize >= FAR)
    for first in range(0, k, DEPTH):
        depth = min(DEPTH, k - first)
        for j in range(0, n, width):
            columns = min(width, n - j)
            source, source_start, source_row = b, b_start + first * b_row + j * b_column, b_row
            if packs:
                pack(b, source_start, b_row, b_column, depth, columns, width, panel)
                source, source_start, source_row = panel, np.int64(0), width
            for i in range(0, m, ROWS):
                rows, a_place = m - i, a_start + i * a_row + first * a_column
                c_place = c_start + i * c_row + j
                if columns == width:
                    full_tile(
                        rows, columns, depth, a, a_place, a_row, a_column,
                        source, source_start, source_row, begin, bias, bias_start + j,
                        c, c_place, c_row,
                    )  # fmt: skip
                elif columns > count:
                    edge_tile(
                        rows, columns, depth, a, a_place, a_row, a_column,
                        source, source_start, source_row, begin, bias, bias_start + j,
                        c, c_place, c_row,
                    )  # fmt: skip
                else:
                    narrow_tile(
                        rows, columns, depth, a, a_place, a_row, a_column,
                        source, source_start, source_row, begin, bias, bias_start + j,
                        c, c_place, c_row,
                    )  # fmt: skip
        begin = np.int64(SUM)


@intrinsic
def transpose_block(
    typing_context: Any,
    source: Any,
    source_start: Any,
    source_row: Any,
    target: Any,
    target_start: Any,
    target_row: Any,
) -> Any:
    """Write the transpose of a square block, as many rows as a register has lanes, into another.

    Halves, quarters, ... of pairs of rows change places in registers, until each holds a column.
    """
    size = types.int64
    signature = types.void(source, size, size, target, size, size)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        scalar = signature.args[0].dtype
        element, count = context.get_value_type(scalar), REGISTER * 8 // scalar.bitwidth
        vector = ir.VectorType(element, count)

        def place(number: int, position: int) -> Any:
            array = context.make_array(signature.args[position])(
                context, builder, arguments[position]
            )
            offset = builder.mul(ir.Constant(INDEX, number), arguments[position + 2])
            first = builder.gep(array.data, [builder.add(arguments[position + 1], offset)])
            return builder.bitcast(first, vector.as_pointer())

        def shuffled(one: Any, other: Any, lanes: list[int]) -> Any:
            choice = ir.Constant(ir.VectorType(ir.IntType(32), count), lanes)
            return builder.shuffle_vector(one, other, choice)

        rows = [builder.load(place(i, 0), align=scalar.bitwidth // 8) for i in range(count)]
        step = count // 2
        while step:
            for i in range(count):
                if not i & step:
                    one, other = rows[i], rows[i + step]
                    low = [j if not j & step else count + j - step for j in range(count)]
                    high = [j + step if not j & step else count + j for j in range(count)]
                    rows[i] = shuffled(one, other, low)
                    rows[i + step] = shuffled(one, other, high)
            step //= 2
        for i in range(count):
            builder.store(rows[i], place(i, 3), align=scalar.bitwidth // 8)
        return context.get_dummy_value()

    return signature, codegen


@kernel
def pack(b, start, row, column, k, columns, width, panel):
    """Copy ``columns`` columns of B into ``panel``, (k, width) row by row.

    One of the strides ``row`` and ``column`` is 1.
    """
    count = lanes(panel)
    if column == 1:
        for i in range(k):
            first = start + i * row
            source, target = b[first : first + columns], panel[i * width : i * width + columns]
            for j in range(columns):
                target[j] = source[j]
        return
    for j in range(0, columns, count):
        whole = k - k % count if columns - j >= count else 0
        for i in range(0, whole, count):
            transpose_block(b, start + j * column + i, column, panel, i * width + j, width)
        for jj in range(j, min(j + count, columns)):
            first = start + jj * column
            source = b[first : first + k]
            for i in range(whole, k):
                panel[i * width + jj] = source[i]

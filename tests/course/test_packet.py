"""Packets: what goes in comes out, and whatever a stranger writes is a value or a PacketError."""

import json
import math
import random
from collections import namedtuple
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from course import packet
from course.packet import Opaque, PacketError, dumps, equal, loads

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=15,
)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or a == b
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    return type(a) is type(b) and bool(a == b)


def back(tensor: Tensor) -> Tensor:
    out = loads(dumps(tensor))
    assert isinstance(out, Tensor)
    return out


# --- round trip -------------------------------------------------------------------------------------------------------


@given(plain)
@settings(derandomize=True, deadline=None)
def test_plain_values_come_back(value: packet.Plain) -> None:
    assert same(loads(dumps(value)), value)


@pytest.mark.parametrize("dtype", packet._DTYPES, ids=str)
def test_every_dtype_comes_back(dtype: torch.dtype) -> None:
    x = torch.arange(6).reshape(2, 3).to(dtype)
    assert torch.equal(back(x), x)
    assert back(x).dtype == dtype


@pytest.mark.parametrize(
    "x",
    [
        torch.tensor(3.5),
        torch.zeros(0),
        torch.zeros(0, 3, 4, 5),
        torch.zeros(2, 0, 3).transpose(0, 2),
        torch.arange(24.0).reshape(2, 3, 4).transpose(0, 2),
        torch.arange(24.0).reshape(2, 3, 4)[:, ::2, 1:3],
        torch.arange(3.0).expand(4, 3),
        torch.arange(3.0)[:, None].expand(3, 4).transpose(0, 1),
        torch.tensor(1.0).expand(2, 3),
        torch.zeros(1, 3).expand(0, 3),
        torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        torch.tensor([math.nan, math.inf, -math.inf, -0.0]),
        torch.arange(4.0)[None].T,
    ],
)
def test_a_tensor_comes_back_with_its_strides(x: Tensor) -> None:
    out = back(x)
    assert torch.allclose(out, x, rtol=0, atol=0, equal_nan=True)
    assert (out.shape, out.dtype, out.is_contiguous()) == (x.shape, x.dtype, x.is_contiguous())
    if x.numel() and not x.is_contiguous():
        assert (out.stride(), out.storage_offset()) == (x.stride(), x.storage_offset())


def test_a_tensor_whose_elements_overlap_comes_back_contiguous() -> None:
    x = torch.arange(6.0).unfold(0, 3, 1)
    assert torch.equal(back(x), x)
    assert back(x).is_contiguous()


def test_what_comes_back_shares_no_memory_and_no_graph() -> None:
    x = torch.ones(3, requires_grad=True)
    out = back(x * 2)
    out.zero_()
    assert not out.requires_grad
    assert bool(x.all())


def test_the_same_value_gives_the_same_bytes() -> None:
    value = {"b": torch.ones(2, 3).T, "a": (1, [2.5, None])}
    assert dumps(value) == dumps({"b": torch.ones(2, 3).T, "a": (1, [2.5, None])})


def test_what_cannot_travel_is_named() -> None:
    out = loads(
        dumps(
            [object(), {1: 2}, {3}, print, 2**70, 1j, np.zeros(2), torch.zeros(2).to_sparse(), torch.ones(1).cfloat()]
        )
    )
    assert isinstance(out, list)
    assert all(isinstance(item, Opaque) for item in out)
    assert [item.type_name for item in out[:3]] == ["object", "dict", "set"]
    assert out[6] == Opaque("numpy.ndarray")
    assert "sparse" in out[7].type_name
    assert loads(dumps(out)) == out


def test_numbers_of_numpy_and_named_tuples_travel_as_plain_ones() -> None:
    Point = namedtuple("Point", "x y")
    value = [np.float64(0.5), np.float32(0.25), np.int64(3), np.bool_(True), Point(1, 2), torch.ones(2).max(0)]
    assert loads(dumps(value)) == [0.5, 0.25, 3, True, (1, 2), (torch.tensor(1.0), torch.tensor(0))]


def test_deep_and_endless_values_end() -> None:
    endless: list[object] = []
    endless.append(endless)
    out = loads(dumps(endless))
    depth = 0
    while isinstance(out, list):
        out, depth = out[0], depth + 1
    assert out == Opaque("list")
    assert depth == 32


def test_equal_forgives_the_last_digits_of_terms_that_cancel() -> None:
    """What another processor's order of adding makes of it: found where a convolution's outputs are near zero."""
    x = torch.tensor([24.0, 0.05])
    assert equal(x, x + torch.tensor([0.0, 7e-6]))
    assert not equal(x, x + torch.tensor([0.0, 1e-4]))
    assert not equal(x[1:], x[1:] + 7e-6)


def test_equal_looks_at_shape_dtype_strides_and_values() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    assert equal({"a": [x, 1]}, {"a": [x + 1e-8, 1]})
    for other in (x + 1, x.double(), x.reshape(3, 2), x.T.contiguous().T):
        assert not equal(x, other)
    assert not equal([1], (1,))
    assert not equal({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert equal(torch.tensor(math.nan), torch.tensor(math.nan))


# --- strangers --------------------------------------------------------------------------------------------------------


def forged(tree: object, **tensors: Tensor) -> bytes:
    return bytes(safetensors.torch.save(tensors, metadata={"tree": json.dumps(tree)}))


def accepted(data: bytes) -> bool:
    """Read strange bytes: a value or a PacketError, never anything else."""
    try:
        loads(data)
    except PacketError:
        return False
    return True


@given(st.binary(max_size=200))
@settings(derandomize=True, deadline=None)
def test_random_bytes_are_no_packet(data: bytes) -> None:
    assert not accepted(data)


@given(st.binary(max_size=120))
@settings(derandomize=True, deadline=None)
def test_random_bytes_behind_a_right_length_are_no_packet(data: bytes) -> None:
    assert not accepted(len(data).to_bytes(8, "little") + data)


EXAMPLE = dumps({"x": torch.arange(12.0).reshape(3, 4).T, "y": (1, 2.5, None, "text", [torch.ones(2).expand(3, 2)])})


def test_no_truncation_is_a_packet() -> None:
    assert accepted(EXAMPLE)
    for length in range(len(EXAMPLE)):
        assert not accepted(EXAMPLE[:length]), length
    assert not accepted(EXAMPLE + b"x")


def test_mutations_are_values_or_packet_errors() -> None:
    dice = random.Random(0)
    for _ in range(3000):
        data = bytearray(EXAMPLE)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(data))
            match dice.randrange(3):
                case 0:
                    data[place] = dice.randrange(256)
                case 1:
                    del data[place : place + dice.randint(1, 5)]
                case _:
                    data[place:place] = bytes(dice.choices(b'0123456789{}[]",:$-.', k=dice.randint(1, 4)))
        if len(data) > 8 and dice.random() < 0.5:  # make the length of the header right again
            body = len(EXAMPLE) - 8 - int.from_bytes(EXAMPLE[:8], "little")
            data[:8] = max(0, len(data) - 8 - body).to_bytes(8, "little")
        accepted(bytes(data))


json_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.sampled_from(["t", "tensor"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$", "key", "strides", "items", "value", "type"]), inner, max_size=4)
        | st.fixed_dictionaries(
            {
                "$": st.sampled_from(["tensor", "tuple", "dict", "float", "opaque", "other"]),
                "key": st.just("t") | inner,
                "items": inner,
                "value": inner,
                "type": inner,
            },
            optional={"strides": st.lists(st.integers(-2, 10), max_size=3) | inner},
        )
    ),
    max_leaves=12,
)


@given(json_trees)
@settings(derandomize=True, deadline=None, max_examples=300)
def test_any_tree_is_a_value_or_a_packet_error(tree: object) -> None:
    accepted(forged(tree, t=torch.arange(6.0).reshape(2, 3)))


@pytest.mark.parametrize(
    "tree",
    [
        {"$": "tensor", "key": "missing"},
        {"$": "tensor", "key": ["t"]},
        {"$": "tensor", "key": "t", "strides": [1]},
        {"$": "tensor", "key": "t", "strides": [-3, 1]},
        {"$": "tensor", "key": "t", "strides": [1, 1]},
        {"$": "tensor", "key": "t", "strides": [3, 1], "offset": -1},
        {"$": "tensor", "key": "t", "strides": [3, 1], "offset": 2**62},
        {"$": "tensor", "key": "t", "strides": [3, 1], "offset": "1"},
        {"$": "tensor", "key": "t", "strides": [2, 1]},
        {"$": "tensor", "key": "t", "strides": [10**12, 1]},
        {"$": "tensor", "key": "t", "strides": [2**63, 1]},
        {"$": "tensor", "key": "t", "strides": [3.0, 1.0]},
        {"$": "tensor", "key": "t", "strides": "ab"},
        {"$": "pickle", "value": "cos\nsystem\n"},
        {"$": "float", "value": "one"},
        {"$": "tuple"},
        {"$": "dict", "items": [[1]]},
        {"no": "kind"},
    ],
)
def test_a_forged_tree_is_refused(tree: object) -> None:
    assert not accepted(forged(tree, t=torch.zeros(2, 3)))


def test_few_bytes_cannot_ask_for_much_memory() -> None:
    """One tensor, laid out far apart a hundred times."""
    far = {"$": "tensor", "key": "t", "strides": [2**20, 1]}
    assert accepted(forged([far], t=torch.zeros(2, 3)))
    assert not accepted(forged([far] * 100, t=torch.zeros(2, 3)))


def test_a_deep_tree_is_refused() -> None:
    for depth in (40, 5000, 200_000):
        text = "[" * depth + "]" * depth
        assert not accepted(bytes(safetensors.torch.save({}, metadata={"tree": text})))


def test_foreign_dtypes_and_missing_trees_are_refused() -> None:
    assert not accepted(forged({"$": "tensor", "key": "t"}, t=torch.zeros(2).to(torch.float8_e5m2)))
    assert not accepted(forged({"$": "tensor", "key": "t"}, t=torch.zeros(2, dtype=torch.float8_e4m3fn)))
    assert not accepted(bytes(safetensors.torch.save({"t": torch.zeros(2)})))
    assert not accepted(b"")


def test_a_packet_above_the_limit_is_refused() -> None:
    data = dumps(torch.zeros(100))
    with pytest.raises(PacketError, match="may hold 50 bytes"):
        loads(data, limit=50)
    assert loads(data, limit=len(data)) is not None

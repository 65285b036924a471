"""Whatever bytes come out of a sandbox: a value or an error of ours, never another exception, never much memory."""

import json
import socket
import struct
import time
import tracemalloc

import pytest
import safetensors.torch
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograde.judging import verdicts
from autograde.sandbox import protocol
from autograde.sandbox.session import _cell_failure
from course import layers, packet
from course.checking.calling import Outcome
from course.exercises.catalogue import all_exercises
from course.packet import PacketError

KINDS = [*layers._ARGUMENTS, "torch.nn.LSTM", "builtins.eval", "os.system", ""]
NAMES = sorted({name for names in layers._ARGUMENTS.values() for name in names} | {"bias", "self", "device", "dtype"})
TENSORS = [*layers._TENSORS, "0", "nothing"]
numbers = st.one_of(
    st.integers(-3, 6), st.sampled_from([2**31, 2**62, 2**63, -(2**63), 10**30, 10**400, True, False]), st.floats()
)
words = st.one_of(
    st.text(max_size=6), st.sampled_from(["zeros", "valid", "same", "reflect", "nearest", "inf", "1e999"])
)
keys = st.sampled_from(["0", "1", "2", "7"])


def dictionary(pairs: list[tuple[object, object]]) -> object:
    return {"$": "dict", "items": [list(pair) for pair in pairs]}


def grow(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    arguments = st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=5).map(dictionary)
    state = st.lists(st.tuples(st.sampled_from(TENSORS), st.one_of(tensor_nodes, inner)), max_size=4).map(dictionary)
    layer = st.tuples(st.sampled_from(KINDS), arguments, state, st.lists(inner, max_size=2), st.booleans()).map(
        lambda told: dictionary(list(zip(("kind", "arguments", "tensors", "parts", "training"), told, strict=True)))
    )
    return st.one_of(
        st.lists(inner, max_size=4),
        st.fixed_dictionaries({"$": st.just("tuple"), "items": st.one_of(st.lists(inner, max_size=4), inner)}),
        st.lists(st.tuples(words, inner), max_size=4).map(dictionary),
        st.fixed_dictionaries({"$": st.just("module"), "layer": st.one_of(layer, inner)}),
        st.fixed_dictionaries({"$": st.just("float"), "value": st.one_of(words, numbers, inner)}),
        st.fixed_dictionaries({"$": st.just("opaque"), "type": inner}),
        st.dictionaries(st.sampled_from(["$", "items", "key", "value", "strides"]), inner, max_size=4),
        layer,
    )


tensor_nodes = st.fixed_dictionaries(
    {"$": st.just("tensor"), "key": keys},
    optional={"strides": st.one_of(st.lists(numbers, max_size=4), words, st.none())},
)
trees = st.recursive(st.one_of(st.none(), numbers, words, tensor_nodes), grow, max_leaves=14)
shapes = st.lists(st.integers(0, 4), max_size=4)
dtypes = st.sampled_from([torch.float32, torch.float64, torch.int64, torch.bool, torch.bfloat16, torch.uint8])
stores = st.lists(st.tuples(shapes, dtypes), max_size=3)


def written(tree: object, store: list[tuple[list[int], torch.dtype]]) -> bytes:
    tensors = {str(place): torch.zeros(shape, dtype=dtype) for place, (shape, dtype) in enumerate(store)}
    return bytes(safetensors.torch.save(tensors, metadata={"tree": json.dumps(tree)}))


@given(trees, stores)
@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_is_a_value_or_a_packet_error(tree: object, store: list[tuple[list[int], torch.dtype]]) -> None:
    try:
        value = packet.loads(written(tree, store))
    except PacketError:
        return
    packet.loads(packet.dumps(value))  # what was read can be written again


OUTCOME = {"value": None, "gradients": None, "modified": (), "forbidden": (), "failure": None}


@given(
    st.sampled_from(list(OUTCOME)),
    st.one_of(trees, st.dictionaries(words, trees, max_size=3).map(lambda x: dictionary(list(x.items())))),
    stores,
    st.integers(0, 2**16),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_outcome_is_judged(key: str, tree: object, store: list[tuple[list[int], torch.dtype]], which: int) -> None:
    exercises = [exercise for exercise in all_exercises() if exercise.chapter == "03_unpooling"]
    exercise = exercises[which % len(exercises)]
    try:
        value = packet.loads(written(tree, store))
        outcome = Outcome.from_plain({**OUTCOME, key: value})
    except (PacketError, ValueError):
        return
    oracle = verdicts.public(exercise)
    verdict = verdicts._judge_safely(exercise, "case", oracle.expected[0], outcome)
    assert not verdict.passed
    assert verdict.sentence


@given(trees, stores)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_failure_of_a_cell_is_one_or_a_protocol_error(
    tree: object, store: list[tuple[list[int], torch.dtype]]
) -> None:
    try:
        cell, failure = _cell_failure(packet.loads(written(tree, store)))
    except (PacketError, protocol.ProtocolError):
        return
    assert isinstance(cell, int)
    assert isinstance(failure.message, str)


def header(entries: dict[str, object], tree: object, body: bytes = b"") -> bytes:
    text = json.dumps({**entries, "__metadata__": {"tree": tree if isinstance(tree, str) else json.dumps(tree)}})
    return struct.pack("<Q", len(text)) + text.encode() + body


def entry(shape: list[int], size: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [0, size]}


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\0" * 8, b"\xff" * 8, struct.pack("<Q", 2**63), header({}, "{"), header({}, "[" * 100_000),
        header({}, {"$": "float", "value": 10**400}), header({}, "9" * 5000), header({}, {"$": "tensor", "key": []}),
        header({"0": entry([2**31, 2**31], 4)}, {"$": "tensor", "key": "0"}, b"\0" * 4),
        header({"0": entry([0, 2**62], 0)}, {"$": "tensor", "key": "0", "strides": [1, 2**62]}),
        header({"0": entry([1], 4)}, {"$": "tensor", "key": "0", "strides": [-1]}, b"\0" * 4),
        header({"0": entry([2], 8)}, {"$": "tensor", "key": "0", "strides": [2**60]}, b"\0" * 8),
        header({"0": entry([1], 4, "F8_E4M3")}, {"$": "tensor", "key": "0"}, b"\0" * 4),
        header({"0": entry([1], 4, "C64")}, {"$": "tensor", "key": "0"}, b"\0" * 8),
        json.dumps({"__metadata__": {"tree": "[]"}}).encode(),
    ],
)  # fmt: skip
def test_what_looks_like_a_packet_and_is_none(data: bytes) -> None:
    try:
        value = packet.loads(data)
    except PacketError:
        return
    assert isinstance(value, torch.Tensor)  # what torch can hold after all
    assert value.numel() == 0


@pytest.mark.parametrize("node", ["[]", "{}", '{"$":"tuple","items":[]}', "0", '""', '{"$":"float","value":"1"}'])
def test_a_frame_full_of_small_things_takes_little_memory(node: str) -> None:
    tree = f"[{','.join([node] * (protocol.FRAME_LIMIT // (len(node) * 2)))}]"
    data = header({}, tree)
    tracemalloc.start()
    try:
        with pytest.raises(PacketError):
            packet.loads(data, protocol.FRAME_LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(data)
    finally:
        tracemalloc.stop()


def test_one_tensor_that_is_named_a_million_times_takes_the_memory_of_a_packet() -> None:
    body = bytes(4 * 1000)
    nodes = [{"$": "tensor", "key": "0", "strides": [2]}] * 20_000  # 8 kB each, if they were laid out
    with pytest.raises(PacketError, match="reach too far"):
        packet.loads(header({"0": entry([1000], 4000)}, nodes, body), 2**22)


@given(st.binary(max_size=300), st.integers(0, 2**32 - 1))
@settings(max_examples=300, deadline=None)
def test_bytes_after_any_head_give_a_frame_or_a_protocol_error(data: bytes, length: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">4sI", protocol.MAGIC, length % 400) + data)
        theirs.close()
        try:
            frame = protocol.receive(ours, time.monotonic() + 5)
        except protocol.ProtocolError:
            return
    assert isinstance(frame["type"], str)


def test_a_forged_frame_is_told_from_a_process_that_died() -> None:
    for data, kind in ((b"HTTP/1.1", protocol.ForgedError), (protocol.MAGIC + b"\0", protocol.EndedError)):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.sendall(data)
            theirs.close()
            with pytest.raises(kind):
                protocol.receive(ours, time.monotonic() + 5)

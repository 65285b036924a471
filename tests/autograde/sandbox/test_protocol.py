"""The reader of what a sandbox says believes nothing."""

import os
import socket
import struct
import time

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from autograde.sandbox import protocol
from course import packet


def came(data: bytes, seconds: float = 2.0) -> protocol.Frame:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data)
        theirs.close()
        return protocol.receive(ours, time.monotonic() + seconds)


def framed(body: bytes) -> bytes:
    return struct.pack(">4sI", protocol.MAGIC, len(body)) + body


def test_a_frame_goes_through_with_its_tensors() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        protocol.send(theirs, {"type": "case", "x": torch.arange(3)})
        frame = protocol.receive(ours)
    assert torch.equal(frame["x"], torch.arange(3))  # type: ignore[arg-type]


def test_descriptors_travel_with_a_request() -> None:
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    with ours, theirs:
        protocol.request(theirs, {"type": "start"}, (writing,))
        request = protocol.receive_request(ours)
        assert request is not None
        frame, (received,) = request
        os.write(received, b"hello")
        assert (frame["type"], os.read(reading, 5)) == ("start", b"hello")
    for descriptor in (reading, writing, received):
        os.close(descriptor)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "gone"),
        (b"P2I", "gone"),
        (b"HTTP/1.1", "no frame"),
        (struct.pack(">4sI", b"P2I\xff", 0), "no frame"),
        (struct.pack(">4sI", protocol.MAGIC, 2**32 - 1), "allowed"),
        (framed(b"\x80\x04}\x94."), "not a packet|cut off"),
        (framed(packet.dumps([1, 2])), "without a type"),
        (framed(packet.dumps({"type": 1})), "without a type"),
    ],
)
def test_what_is_no_frame_is_said_to_be_none(data: bytes, said: str) -> None:
    with pytest.raises(protocol.ProtocolError, match=said):
        came(data)


def test_a_promised_frame_that_does_not_come_is_not_waited_for() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">4sI", protocol.MAGIC, 2**20) + b"x")
        started = time.monotonic()
        with pytest.raises(protocol.TimedOutError):
            protocol.receive(ours, started + 0.2)
        assert time.monotonic() - started < 2


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_bytes_of_a_stranger_give_a_frame_or_a_protocol_error(data: bytes) -> None:
    for bytes_ in (data, framed(data)):
        try:
            frame = came(bytes_)
        except protocol.ProtocolError:
            continue
        assert isinstance(frame["type"], str)


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_packet_gives_a_frame_or_a_protocol_error(data: st.DataObject) -> None:
    whole = bytearray(packet.dumps({"type": "outcome", "value": torch.ones(2, 3).t(), "more": [(1, 2.0), {"a": None}]}))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        frame = came(framed(bytes(whole)))
    except protocol.ProtocolError:
        return
    assert isinstance(frame["type"], str)

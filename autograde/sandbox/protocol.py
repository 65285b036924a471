"""What the grader and the sandboxed processes say to each other: frames on private stream sockets.

This file is all that the two sides share; docs/GRADING_PROTOCOL.md says which frames there are, who sends them and what
holds of each. A frame is eight bytes, a magic word with the version and a length, and then one packet: tensors and
JSON, never a pickle. The length is bounded before anything is read. Nothing that comes out is believed: it is data to
compare, and what is malformed is a lost answer.
"""

import socket
import struct
import time
from collections.abc import Callable

from course import packet
from course.packet import Plain

VERSION = 4
MAGIC = b"P2I" + bytes([VERSION])
FRAME_LIMIT = 32 * 2**20
"""Bytes of one frame. The largest expected answers are some hundred kilobytes."""

_HEADER = struct.Struct(">4sI")
_CREDENTIALS = struct.Struct("3i")
_SCM_CREDENTIALS: int = getattr(socket, "SCM_CREDENTIALS", -1)
_PASS_CREDENTIALS: int | None = getattr(socket, "SO_PASSCRED", None)

Frame = dict[str, Plain]


class ProtocolError(Exception):
    """The other side said something that is no frame, or too large a one."""


class EndedError(ProtocolError):
    """The other side has closed the socket: its process is gone."""


class ForgedError(ProtocolError):
    """The other side said what no process of ours says: somebody writes to its socket."""


class TimedOutError(ProtocolError):
    """Nothing came before the deadline."""


def request(
    sock: socket.socket, frame: Frame, descriptors: tuple[int, ...] = (), deadline: float | None = None
) -> None:
    """Send a frame of the control socket: one byte, with which file descriptors travel, and then the frame.

    Raises:
        TimedOutError, EndedError, ProtocolError: as `send`.
    """
    try:
        sock.settimeout(_remaining(deadline))
        socket.send_fds(sock, [b"\0"], list(descriptors))
    except TimeoutError:
        raise TimedOutError("it does not read what it is sent") from None
    except OSError:
        raise EndedError("it is gone") from None
    send(sock, frame, deadline)


def receive_request(sock: socket.socket, seconds: float | None = None) -> tuple[Frame, list[int]] | None:
    """Receive what `request` sent; None where nothing starts to come within `seconds`.

    Raises:
        EndedError, ProtocolError: as they say.
    """
    sock.settimeout(seconds)
    try:
        first, descriptors, _, _ = socket.recv_fds(sock, 1, 4)
    except TimeoutError:
        return None
    if not first:
        raise EndedError("it is gone")
    return receive(sock), descriptors


def receive_greeting(sock: socket.socket, deadline: float) -> tuple[Frame, int | None]:
    """Receive the first frame of an init, sent by `request`; return it with its PID here, where the kernel tells it.

    `tell_sender` asks the kernel to tell.

    Raises:
        TimedOutError, EndedError, ProtocolError: as they say.
    """
    try:
        sock.settimeout(_remaining(deadline))
        first, ancillary, _, _ = sock.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
    except TimeoutError:
        raise TimedOutError("no answer came in time") from None
    except OSError:
        raise EndedError("it is gone") from None
    if not first:
        raise EndedError("it is gone")
    pid = None
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SCM_CREDENTIALS and len(data) >= _CREDENTIALS.size:
            pid = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[0] or None
    return receive(sock, deadline), pid


def tell_sender(sock: socket.socket) -> None:
    """Have the kernel say who sends what is received on `sock`, where it can."""
    if _PASS_CREDENTIALS is not None:
        sock.setsockopt(socket.SOL_SOCKET, _PASS_CREDENTIALS, 1)


def send(sock: socket.socket, frame: Frame, deadline: float | None = None) -> None:
    """Send `frame`.

    Raises:
        TimedOutError: it could not be sent before `deadline`, a time of `time.monotonic()`.
        EndedError: nobody reads any more.
        ProtocolError: the frame is larger than a reader accepts.
    """
    send_bytes(sock, encode(frame), deadline)


def encode(frame: Frame) -> bytes:
    """Return `frame` as `send` sends it, for who sends it often.

    Raises:
        ProtocolError: the frame is larger than a reader accepts.
    """
    try:
        body = packet.dumps(frame)
    except packet.PacketError as error:
        raise ProtocolError(str(error)) from None
    if len(body) > FRAME_LIMIT:
        raise ProtocolError(f"a frame of {len(body)} bytes; {FRAME_LIMIT} are allowed")
    return _HEADER.pack(MAGIC, len(body)) + body


def send_bytes(sock: socket.socket, frame: bytes, deadline: float | None = None) -> None:
    """Send what `encode` returned.

    Raises:
        TimedOutError, EndedError: as `send`.
    """
    data = memoryview(frame)
    try:
        while data:
            sock.settimeout(_remaining(deadline))
            data = data[sock.send(data) :]
    except TimeoutError:
        raise TimedOutError("it does not read what it is sent") from None
    except OSError:
        raise EndedError("it is gone") from None


def receive(
    sock: socket.socket, deadline: float | None = None, wait: Callable[[float | None], None] | None = None
) -> Frame:
    """Receive one frame. `wait(deadline)` returns when `sock` can be read, for a caller who watches more than one.

    Raises:
        TimedOutError, EndedError, ProtocolError: as they say.
    """
    magic, length = _HEADER.unpack(_receive_exactly(sock, _HEADER.size, deadline, wait))
    if magic != MAGIC:
        raise ForgedError("what came is no frame")
    if length > FRAME_LIMIT:
        raise ForgedError(f"a frame of {length} bytes; {FRAME_LIMIT} are allowed")
    try:
        frame = packet.loads(_receive_exactly(sock, length, deadline, wait), FRAME_LIMIT)
    except packet.PacketError as error:
        raise ForgedError(str(error)) from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise ForgedError("a frame without a type")
    return frame


def _receive_exactly(
    sock: socket.socket, size: int, deadline: float | None, wait: Callable[[float | None], None] | None
) -> bytes:
    """Read `size` bytes; memory grows with what came, not with what was promised."""
    data = bytearray()
    while len(data) < size:
        if wait is not None:
            wait(deadline)
        sock.settimeout(_remaining(deadline))
        try:
            piece = sock.recv(min(size - len(data), 2**20))
        except TimeoutError:
            raise TimedOutError("no answer came in time") from None
        except OSError:
            raise EndedError("it is gone") from None
        if not piece:
            raise EndedError("it is gone")
        data += piece
    return bytes(data)


def _remaining(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimedOutError("no answer came in time")
    return left

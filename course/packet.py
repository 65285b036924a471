"""Plain values as bytes: how answers are stored and how calls cross the border of the grader's sandbox.

A packet is one safetensors file: the tensors, and beside them a JSON tree of everything else. It is never unpickled, so
reading a packet that a stranger wrote can give wrong values but runs no code. A tensor keeps its dtype and its strides,
since whether an input is contiguous is part of a case; a network of ordinary layers travels as what its layers are.
What cannot travel becomes an `Opaque`, which names its type.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import safetensors.torch
import torch
from torch import Tensor, nn

from course import layers

Plain = object
"""None, bool, int, float, str, Tensor, module of known layers, Opaque; lists, tuples and str-keyed dicts of these."""

LIMIT = 64 * 2**20
TREE_LIMIT = 2 * 2**20
"""Bytes of a packet's tree: a few of them become a Python object of fifty."""

_DTYPES = (
    torch.float64, torch.float32, torch.float16, torch.bfloat16,
    torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool,
)  # fmt: skip
_DEPTH = 32


class PacketError(ValueError):
    """The bytes are no packet, or hold more than a reader accepts."""


@dataclass(frozen=True)
class Opaque:
    """Stands for a value that cannot travel: only its type's name is left."""

    type_name: str


def dumps(value: Plain) -> bytes:
    """Write `value` as a packet. The same value always gives the same bytes.

    Raises:
        PacketError: so many parts that no reader would accept them; tensors do not count.
    """
    tensors: dict[str, Tensor] = {}
    tree = _to_tree(value, tensors, _DEPTH)
    text = json.dumps(tree, allow_nan=False, ensure_ascii=True, separators=(",", ":"))
    data = bytes(safetensors.torch.save(tensors, metadata={"tree": text}))
    if int.from_bytes(data[:8], "little") > TREE_LIMIT:
        raise PacketError(f"the parts of a packet may take {TREE_LIMIT} bytes; put numbers into tensors")
    return data


def loads(data: bytes, limit: int = LIMIT) -> Plain:
    """Read a packet of at most `limit` bytes, from a writer that is not trusted.

    Raises:
        PacketError: too large, not a packet, or a tree that does not fit its tensors.
    """
    if len(data) > limit:
        raise PacketError(f"a packet may hold {limit} bytes, got {len(data)}")
    try:
        header_length = int.from_bytes(data[:8], "little")
        if header_length > len(data) - 8:
            raise PacketError("the packet is cut off")
        if header_length > TREE_LIMIT:
            raise PacketError(f"the parts of a packet may take {TREE_LIMIT} bytes, got {header_length}")
        header = json.loads(data[8 : 8 + header_length])
        tree = json.loads(header["__metadata__"]["tree"])
        return _Reader(safetensors.torch.load(data), limit).value(tree, _DEPTH + 1)
    except PacketError:
        raise
    except Exception as error:  # a stranger finds more kinds of them than we do
        raise PacketError(f"not a packet: {type(error).__name__}") from None


def equal(a: Plain, b: Plain) -> bool:
    """Return whether two plain values are the same, up to the last digits of floating-point tensors.

    Processors add in different orders: a sum of large terms that nearly cancel differs by the last digits of the terms.
    """
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        if _layout(a) != _layout(b):
            return False
        scale = float(a.double().abs().nan_to_num(0.0, 0.0).max()) if a.numel() else 0.0
        return torch.allclose(a.double(), b.double(), rtol=1e-5, atol=1e-6 * max(1.0, scale), equal_nan=True)
    if isinstance(a, nn.Module) and isinstance(b, nn.Module):
        one, other = layers.describe(a), layers.describe(b)
        return one is not None and other is not None and equal(layers.to_plain(one), layers.to_plain(other))
    if isinstance(a, list | tuple) and type(a) is type(b) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(equal(a[key], b[key]) for key in a)
    return type(a) is type(b) and a == b


def _layout(x: Tensor) -> tuple[object, ...]:
    return x.shape, x.dtype, x.stride(), 0 if x.is_contiguous() else x.storage_offset()


def _to_tree(value: Plain, tensors: dict[str, Tensor], depth: int) -> object:
    if depth == 0:
        return _opaque(value)
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return value if abs(value) < 2**63 else _opaque(value)
    if type(value) is float:
        return value if math.isfinite(value) else {"$": "float", "value": repr(value)}
    if isinstance(value, Tensor):
        return _tensor_to_tree(value, tensors)
    if isinstance(value, nn.Module):
        layer = layers.describe(value)
        if layer is None:
            return _opaque(value)
        return {"$": "module", "layer": _to_tree(layers.to_plain(layer), tensors, depth - 1)}
    if isinstance(value, list):
        return [_to_tree(item, tensors, depth - 1) for item in list(value)]
    if isinstance(value, tuple):  # named tuples such as torch.return_types.max travel as plain ones
        return {"$": "tuple", "items": [_to_tree(item, tensors, depth - 1) for item in tuple(value)]}
    if isinstance(value, dict) and all(type(key) is str for key in value):
        return {"$": "dict", "items": [[key, _to_tree(item, tensors, depth - 1)] for key, item in value.items()]}
    if isinstance(value, Opaque):
        return {"$": "opaque", "type": value.type_name}
    number = _numpy_number(value)
    return _opaque(value) if number is None else _to_tree(number, tensors, depth - 1)


def _tensor_to_tree(tensor: Tensor, tensors: dict[str, Tensor]) -> object:
    plain = tensor.layout == torch.strided and tensor.dtype in _DTYPES and tensor.device.type != "meta"
    if not plain:
        return {"$": "opaque", "type": f"torch.Tensor with {tensor.dtype}, {tensor.layout}, {tensor.device}"}
    tensor = tensor.detach()
    key = str(len(tensors))
    tensors[key] = tensor.cpu().contiguous().clone()
    node: dict[str, object] = {"$": "tensor", "key": key}
    if not tensor.is_contiguous() and _apart(tensor.shape, tensor.stride()):
        node |= {"strides": list(tensor.stride()), "offset": tensor.storage_offset()}
    return node


def _apart(shape: Sequence[int], strides: Sequence[int]) -> bool:
    """Return whether no two elements share memory, but those of an expanded dimension, whose stride is 0."""
    reach = 0
    for step, size in sorted(zip(strides, shape, strict=True)):
        if step and size > 1:
            if step <= reach:
                return False
            reach += step * (size - 1)
    return True


def _numpy_number(value: object) -> bool | int | float | None:
    import numpy as np

    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.bool_ | np.integer | np.floating):
        item = value.item()
        return item if isinstance(item, bool | int | float) else None
    return None


def _opaque(value: object) -> dict[str, str]:
    kind = type(value)
    module = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return {"$": "opaque", "type": f"{module}{kind.__qualname__}"}


class _Reader:
    """Builds the value of one packet, and no more in memory than its reader accepts."""

    def __init__(self, tensors: Mapping[str, Tensor], room: int) -> None:
        if any(tensor.dtype not in _DTYPES for tensor in tensors.values()):
            raise PacketError("a tensor of a dtype that does not travel")
        self.tensors, self.room = tensors, room

    def value(self, tree: object, depth: int) -> Plain:
        if depth == 0:
            raise PacketError("the packet is nested too deeply")
        if tree is None or isinstance(tree, bool | int | float | str):
            return tree
        if isinstance(tree, list):
            return [self.value(item, depth - 1) for item in tree]
        if not isinstance(tree, dict):
            raise PacketError("a node of an unknown kind")
        match tree.get("$"):
            case "float":
                return float(tree["value"])
            case "tuple":
                return tuple(self.value(item, depth - 1) for item in tree["items"])
            case "dict":
                return {str(key): self.value(item, depth - 1) for key, item in tree["items"]}
            case "module":
                return self._module(tree["layer"], depth - 1)
            case "opaque":
                return Opaque(str(tree["type"])[:200])
            case "tensor":
                tensor = self.tensors[tree["key"]]
                return (
                    self._with_strides(tensor, tree["strides"], tree.get("offset", 0)) if "strides" in tree else tensor
                )
            case other:
                raise PacketError(f"a node of the unknown kind {str(other)[:40]!r}")

    def _module(self, tree: object, depth: int) -> nn.Module:
        described = self.value(tree, depth)
        if not isinstance(described, dict):
            raise PacketError("a module that is not described")
        try:
            return layers.build(layers.from_plain(described))
        except layers.LayerError as error:
            raise PacketError(str(error)) from None

    def _with_strides(self, tensor: Tensor, strides: list[int], offset: int) -> Tensor:
        """Lay `tensor` out in memory with `strides`, `offset` numbers after the beginning of its storage.

        A stride of 0 means that the dimension was expanded.
        """
        if type(offset) is not int or offset < 0:
            raise PacketError("an offset that is none")
        if len(strides) != tensor.ndim or any(type(step) is not int or step < 0 for step in strides):
            raise PacketError("strides that do not fit their tensor")
        if not _apart(tensor.shape, strides):
            raise PacketError("strides that overlap")
        if not tensor.numel():
            return tensor
        reach = sum((size - 1) * step for size, step in zip(tensor.shape, strides, strict=True)) + 1
        self.room -= (offset + reach) * tensor.element_size()
        if self.room < 0:
            raise PacketError("strides that reach too far")
        kept = tensor[tuple(slice(0, 1) if step == 0 else slice(None) for step in strides)]
        storage = torch.zeros(offset + reach, dtype=tensor.dtype)
        laid_out = torch.as_strided(storage, kept.shape, strides, offset)
        return laid_out.copy_(kept).expand(tensor.shape)

"""Networks of ordinary layers as plain data: what a case may hand to an answer, and what an answer may return.

A layer is its kind, its constructor's arguments and its tensors; a Sequential is the list of its layers. Nothing else
of a module travels, so reading one that a stranger described runs no code of theirs. Only the layers listed here are
known, and subclasses that compute what their parent does: others could do anything under its name.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from importlib import import_module
from itertools import pairwise

import torch
from torch import Tensor, nn

_CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
_POOLING = ("kernel_size", "stride", "padding", "ceil_mode")
_NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")

_ARGUMENTS: dict[str, tuple[str, ...]] = {
    "torch.nn.Linear": ("in_features", "out_features"),
    "torch.nn.Conv1d": _CONVOLUTION,
    "torch.nn.Conv2d": _CONVOLUTION,
    "torch.nn.ConvTranspose1d": (*_CONVOLUTION, "output_padding"),
    "torch.nn.ConvTranspose2d": (*_CONVOLUTION, "output_padding"),
    "torch.nn.BatchNorm1d": _NORM,
    "torch.nn.BatchNorm2d": _NORM,
    "torch.nn.MaxPool2d": (*_POOLING, "dilation", "return_indices"),
    "torch.nn.AvgPool2d": (*_POOLING, "count_include_pad", "divisor_override"),
    "torch.nn.AdaptiveAvgPool2d": ("output_size",),
    "torch.nn.Upsample": ("size", "scale_factor", "mode", "align_corners"),
    "torch.nn.Dropout": ("p",),
    "torch.nn.Dropout2d": ("p",),
    "torch.nn.Flatten": ("start_dim", "end_dim"),
    "torch.nn.Softmax": ("dim",),
    "torch.nn.LogSoftmax": ("dim",),
    "torch.nn.LeakyReLU": ("negative_slope",),
    "torch.nn.ReLU": (),
    "torch.nn.Sigmoid": (),
    "torch.nn.Tanh": (),
    "torch.nn.Identity": (),
    "torch.nn.Sequential": (),
    "torch.nn.ModuleList": (),
    "course.exercises.probes.AtMost": ("limit",),
}
"""Each known layer's constructor arguments; the layer keeps each under the same name."""

_LISTS = ("torch.nn.Sequential", "torch.nn.ModuleList")
_WITH_BIAS = ("Linear", "Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d")
_TENSORS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


class LayerError(ValueError):
    """A description that fits no layer."""


@dataclass(frozen=True)
class Layer:
    """A module as plain data: `kind` is its class's dotted name, `parts` are the layers of a Sequential."""

    kind: str
    arguments: dict[str, object]
    tensors: dict[str, Tensor]
    parts: tuple["Layer", ...] = ()
    training: bool = True


def describe(module: nn.Module) -> Layer | None:
    """Return `module` as plain data, its tensors cut from the graph, or None where a layer is not a known one."""
    kind = _kind(module)
    if kind is None:
        return None
    parts = tuple(describe(part) for part in module.children()) if kind in _LISTS else ()
    known = tuple(part for part in parts if part is not None)
    if len(known) < len(parts):
        return None
    arguments = {name: getattr(module, name) for name in _ARGUMENTS[kind]}
    tensors = {name: getattr(module, name, None) for name in _TENSORS if kind not in _LISTS}
    if kind.rpartition(".")[2] in _WITH_BIAS:
        arguments["bias"] = tensors["bias"] is not None
    present = {name: tensor.detach() for name, tensor in tensors.items() if isinstance(tensor, Tensor)}
    return Layer(kind, arguments, present, known, bool(module.training))


def build(layer: Layer) -> nn.Module:
    """Make the module that `layer` describes.

    Raises:
        LayerError: an unknown kind, arguments that it does not take, or tensors that do not fit them.
    """
    if layer.kind not in _ARGUMENTS:
        raise LayerError(f"there is no layer {layer.kind[:80]!r}")
    module_name, _, name = layer.kind.rpartition(".")
    make = getattr(import_module(module_name), name)
    try:
        if layer.kind in _LISTS:
            parts = [build(part) for part in layer.parts]
            module: nn.Module = make(*parts) if name == "Sequential" else make(parts)
        else:
            with torch.device("meta"):  # so that a size which a stranger wrote takes no memory
                module = make(**layer.arguments)
            _require_shapes(name, module, layer.tensors)
            module.load_state_dict(layer.tensors, strict=True, assign=True)
    except LayerError:
        raise
    except (TypeError, ValueError, RuntimeError, OverflowError, AttributeError, ZeroDivisionError) as error:
        raise LayerError(f"no {name} can be made of this: {type(error).__name__}") from None
    return module.train(layer.training)


def _require_shapes(name: str, module: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Raise where a tensor was put into a layer that has another shape; torch itself sees that in the first call."""
    for part, tensor in tensors.items():
        wanted = getattr(module, part, None)
        if isinstance(wanted, Tensor) and wanted.shape != tensor.shape:
            raise LayerError(
                f"the {part} of this {name} must have shape {tuple(wanted.shape)}, got {tuple(tensor.shape)}"
            )


def copy(module: nn.Module) -> nn.Module:
    """Return a copy of `module` that shares no memory with it, or the module itself where a layer is unknown."""
    layer = describe(module)
    return module if layer is None else build(_map(layer))


def same(a: nn.Module, b: nn.Module) -> bool:
    """Return whether two modules compute the same, bit for bit, whether or not they are in training."""
    one, other = describe(a), describe(b)
    return one is not None and other is not None and difference(one, other) == ""


def difference(expected: Layer, got: Layer) -> str:
    """Return the name of the first thing in which two layers differ: "kind", an argument, a tensor, or ""."""
    if expected.kind != got.kind or len(expected.parts) != len(got.parts):
        return "kind"
    one, other = effective(expected), effective(got)
    for name in one:
        if one[name] != other.get(name):
            return name
    for name in sorted(expected.tensors.keys() | got.tensors.keys(), key=_TENSORS.index):
        a, b = expected.tensors.get(name), got.tensors.get(name)
        if a is None or b is None or (a.dtype, a.device) != (b.dtype, b.device) or not torch.equal(a, b):
            return name
    inside = (difference(a, b) for a, b in zip(expected.parts, got.parts, strict=True))
    return next((f"{place}.{name}" for place, name in enumerate(inside) if name), "")


def effective(layer: Layer) -> dict[str, object]:
    """Return the arguments in one spelling: padding="valid" is (0, 0), and without padding its mode means nothing."""
    arguments = {name: _pair(value) for name, value in layer.arguments.items()}
    if layer.kind.endswith(("Conv1d", "Conv2d")) and arguments.get("padding") in ("valid", "same"):
        sizes, steps = arguments["kernel_size"], arguments["dilation"]
        assert isinstance(sizes, tuple)
        assert isinstance(steps, tuple)
        around = tuple(step * (size - 1) for size, step in zip(sizes, steps, strict=True))
        if arguments["padding"] == "valid" or not any(around):
            arguments["padding"] = (0,) * len(around)
        elif not any(total % 2 for total in around):
            arguments["padding"] = tuple(total // 2 for total in around)
    if "padding_mode" in arguments and not any(_numbers(arguments["padding"])):
        arguments["padding_mode"] = "zeros"
    if arguments.get("kernel_size") == (1, 1):
        arguments["dilation"] = (1, 1)
    return arguments


def product(layer: Layer) -> Tensor | None:
    """Return the product (out, in) of the weights of a Sequential of linear layers, or None for anything else."""
    weights = [part.tensors["weight"] for part in layer.parts if part.kind == "torch.nn.Linear"]
    if not weights or len(weights) < len(layer.parts):
        return None
    fits = all(after.shape[1] == before.shape[0] for before, after in pairwise(weights))
    return (
        reduce(lambda found, weight: weight @ found, weights) if fits and len({x.dtype for x in weights}) == 1 else None
    )


def _kind(module: nn.Module) -> str | None:
    for cls in type(module).__mro__:
        for home in ("torch.nn", cls.__module__):
            kind = f"{home}.{cls.__qualname__}"
            if kind in _ARGUMENTS and getattr(import_module(home), cls.__name__, None) is cls:
                return kind if _computes_as(module, cls) else None
    return None


def _computes_as(module: nn.Module, parent: type[nn.Module]) -> bool:
    """Return whether `module` runs the code of `parent`, of which its class may be a subclass."""
    names = ("forward", "_conv_forward", "__call__")
    return all(
        getattr(type(module), name, None) is getattr(parent, name, None) and name not in vars(module) for name in names
    )


def _map(layer: Layer) -> Layer:
    tensors = {name: tensor.clone() for name, tensor in layer.tensors.items()}
    return Layer(layer.kind, layer.arguments, tensors, tuple(map(_map, layer.parts)), layer.training)


def _pair(value: object) -> object:
    return tuple(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _numbers(value: object) -> Sequence[object]:
    if isinstance(value, str):
        return (value,)
    return value if isinstance(value, Sequence) else (value,)


def from_plain(plain: Mapping[str, object]) -> Layer:
    """Read what `to_plain` gave, from a writer that is not trusted.

    Raises:
        LayerError: something else.
    """
    match plain:
        case {
            "kind": str(kind),
            "arguments": dict(arguments),
            "tensors": dict(tensors),
            "parts": list(parts),
            "training": bool(training),
        } if all(isinstance(tensor, Tensor) for tensor in tensors.values()):
            inner = tuple(from_plain(part) for part in parts if isinstance(part, Mapping))
            if len(inner) == len(parts):
                return Layer(kind, arguments, tensors, inner, training)
    raise LayerError("not a layer")


def to_plain(layer: Layer) -> dict[str, object]:
    """Return `layer` as plain values for a packet."""
    return {
        "kind": layer.kind,
        "arguments": dict(layer.arguments),
        "tensors": dict(layer.tensors),
        "parts": [to_plain(part) for part in layer.parts],
        "training": layer.training,
    }

"""What an exception is about, whatever library raised it in whatever words: its kind.

The same slip raises one text in torch and another in numpy, and both change with versions: a dimension is counted from
the other end, a sentence is rewritten, a RuntimeError becomes an IndexError. The kind is what stays. It is what is
stored of a known mistake, and what is compared when one is recognised.
"""

import re

from course.checking.calling import Failure

_NUMBER, _SEVERAL = r"'?(?:int|float|bool)'?", r"'?(?:tuple|list)'?"

_KINDS: dict[str, tuple[str, ...]] = {
    "view": (r"view size is not compatible", r"incompatible shape for in-place"),
    "minus one of nothing": (r"cannot reshape (tensor|array) of (size )?0 ",),
    "nothing to join": (r"non-empty (list|TensorList)", r"need at least one array to"),
    "nothing to choose from": (
        r"zero-size array",
        r"numel\(\) == 0",
        r"non-zero size",
        r"empty sequence",
        r"(arg|argument) is (an )?empty",
        r"must be specified for input",
        r"specified reduction dim",
    ),
    "numpy": (r"call numpy\(\) on Tensor that requires grad",),
    "written in place": (r"in-?place operation", r"modified (by an )?in-?place", r"read-only"),
    "written where memory is shared": (r"single memory location",),
    "no graph": (r"does not require grad", r"does not have a grad_fn"),
    "None": (r"NoneType", r"got None\b"),
    "a number, not several": (
        rf"cannot unpack non-iterable {_NUMBER}",
        rf"{_NUMBER} object is not (subscriptable|iterable)",
        rf"object of type {_NUMBER} has no len", rf"must be an iterable, not {_NUMBER}",
        r"(iteration over|len\(\) of) (a 0-d|unsized)",
    ),
    "another number of items": (r"(too many|not enough) values to unpack",),
    "several, not a number": (
        rf"unsupported operand type.*{_SEVERAL}",
        rf"not supported between instances of.*{_SEVERAL}",
        r"only concatenate",
        r"failed to unpack the object",
        rf"(not|got|by non-int of type) {_SEVERAL}",
        rf"{_SEVERAL} object cannot be interpreted",
        rf"bad operand type for.*{_SEVERAL}",
    ),
    "a fraction, not a whole number": (
        r"'float' object cannot be interpreted",
        r"indices must be integers or None",
        r"non-int of type 'float'",
        r"(not|got|found|found type|type) '?float'?",
        r"integers, slices",
        r"arrays used as indices must be of integer",
    ),
    "what bincount does not take": (r"bincount only supports", r"Cannot cast array data .* 'safe'"),
    "a dimension that is not there": (
        r"Dimension (out of range|specified as)", r"axis -?\d+ is out of bounds", r"too many indices", r"number of dim",
        r"expected \d+D", r"same number of dimensions", r"must (have|be) (at least )?(a )?(\d+|two)[ -]?d",
        r"at least \d+ dim", r"only supports \d", r"must be (a )?(matrix|vector)", r"\dD tensor expected",
        r"dims?\b.*does not match the number of",
    ),
    "an index that is not there": (r"out of (bounds|range)", r"Class values must be", r"invalid index"),
    "a size that is too small": (
        r"negative (dimension|padding)", r"can't be greater than actual", r"too small", r"sliding blocks",
        r"maximum size for tensor", r"Padding size should be less", r"window shape cannot be larger",
        r"greater than zero|must be non-negative|non-positive|non-negative, but",
    ),
    "another number of elements": (
        r"is invalid for input of size", r"cannot reshape (array|tensor)", r"number of elements",
    ),
    "dtypes that differ": (
        r"dtypes?\b", r"should be the same", r"scalar type", r"can't be cast", r"Cannot cast", r"not implemented for '",
        r"tensors used as indices", r"must be long|Long, Int|LongTensor|floating[ -]point",
    ),
    "channels that a layer does not take": (r"to have \d+ channels", r"divisible by", r"should contain \d+ elements"),
    "matrices that do not multiply": (
        r"cannot be multiplied", r"matmul: Input operand", r"not aligned", r"size of (batch2|mat2) tensor",
        r"Expected size for first two dimensions",
    ),
    "shapes that do not join": (
        r"Sizes of tensors must match", r"stack expects each", r"concatenation axis must match",
        r"must have the same shape",
    ),
    "shapes that do not fit": (
        r"must match", r"broadcast", r"no larger than self", r"expanded size", r"same (size|shape)", r"mismatch",
        r"(does not|doesn't) match", r"Expected size",
    ),
    "division by zero": (r"(division|divide|modulo) by zero", r"by zero"),
}  # fmt: skip
"""Kinds of errors, by what the texts of torch, numpy and Python that belong to one have in common."""

_PATTERNS = {kind: re.compile("|".join(texts), re.IGNORECASE) for kind, texts in _KINDS.items()}
_OF_LIBRARIES = frozenset(
    ("RuntimeError", "ValueError", "TypeError", "IndexError", "AttributeError", "ZeroDivisionError", "AxisError",
     "NotImplementedError", "UFuncTypeError", "_UFuncNoLoopError", "_UFuncOutputCastingError")
)  # fmt: skip


def kind_of(failure: Failure) -> str:
    """Return what `failure` is about: the first kind that knows its text, else the exception's type.

    A student's own text, which says nothing that is known here, leaves the type alone.
    """
    if failure.type_name in _OF_LIBRARIES:
        text = failure.message.partition("\n")[0]
        for kind, pattern in _PATTERNS.items():
            if pattern.search(text):
                return kind
    return failure.type_name

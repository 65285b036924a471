"""A call notes everything and lets nothing escape."""

import linecache
import os
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from course.checking.answers import case_from_plain, case_to_plain
from course.checking.calling import Failure, Outcome, _is_library, call, describe_exception
from course.exercises.exercise import Case, Exercise
from course.layers import same
from course.packet import dumps, equal, loads


def exercise(*cases: Case) -> Exercise:
    return Exercise("double", "00", 1, 1, 1, "nowhere:double", lambda rng: cases, hints=())


def outcome(answer: Callable[..., object], *, gradient: bool = False, **inputs: object) -> Outcome:
    case = Case("a case", inputs or {"x": torch.arange(6.0).reshape(2, 3)}, gradient=gradient)
    return call(exercise(case), answer, case)


def cell(source: str, name: str = "<cell 1>") -> Callable[..., object]:
    """Return the function `answer` of a notebook's cell."""
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    module = types.ModuleType("__main__")
    exec(compile(source, name, "exec"), module.__dict__)
    answer: Callable[..., object] = module.__dict__["answer"]
    return answer


# --- the value --------------------------------------------------------------------------------------------------------


def test_positional_arguments_and_options() -> None:
    case = Case("a case", {"x": 1, "y": 2}, {"z": 3})
    assert call(exercise(case), lambda a, b, z: (a, b, z), case).value == (1, 2, 3)


def test_the_value_is_cut_from_the_graph_and_from_the_inputs() -> None:
    x = torch.ones(2, 3)
    got = outcome(lambda x: {"same": x, "list": [x * 2], "tuple": (x, 1)}, x=x)
    assert isinstance(got.value, dict)
    got.value["same"].zero_()
    assert bool(x.all())
    got = outcome(lambda x: x * torch.ones(3, requires_grad=True), x=x)
    assert isinstance(got.value, Tensor)
    assert not got.value.requires_grad


def test_an_answer_gets_copies_with_the_same_memory_layout() -> None:
    seen: list[Tensor] = []
    base = torch.arange(60.0).reshape(3, 4, 5)
    layouts = (base.transpose(0, 2), base[:, ::2, 1:3], base[:1].expand(3, 4, 5), base[1:], base[0, 0, 0], base[:0])
    for x in layouts:
        before = x.clone()
        outcome(seen.append, x=x)
        got = seen.pop()
        assert torch.equal(got, x)
        assert (got.stride(), got.is_contiguous()) == (x.stride(), x.is_contiguous())
        assert got.data_ptr() != x.data_ptr() or not x.numel()
        assert torch.equal(x, before)


def test_lists_are_copied_too() -> None:
    given = [[1, 2], (torch.ones(2),)]
    got = outcome(lambda x: x[0].append(3), x=given)
    assert given[0] == [1, 2]
    assert got.modified == ("x",)


def region() -> dict[str, object]:
    return {"size": 12, "box": torch.tensor([0.0, 1.0, 4.0, 6.0]), "colour": torch.arange(3.0)}


def test_dicts_are_copied_with_what_is_in_them() -> None:
    def writes(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
        first["box"].zero_()
        second["box"] = second["box"] * 2

    first, second = region(), region()
    assert outcome(writes, first=first, second=second).modified == ("first", "second")
    for given in (first, second):
        assert isinstance(given["box"], Tensor)
        assert given["box"].tolist() == [0, 1, 4, 6]


@pytest.mark.parametrize(
    "write",
    [
        lambda region: region.update(size=13),
        lambda region: region.update(size=12.0),
        lambda region: region.update(size=torch.tensor([12, 12])),
        lambda region: region.update(box=None),
        lambda region: region.update(label=1),
        lambda region: region.pop("size"),
        lambda region: region.clear(),
        lambda region: region["colour"].mul_(2),
    ],
)
def test_a_dict_that_was_changed_is_noted(write: Callable[[object], object]) -> None:
    assert outcome(write, region=region()).modified == ("region",)


def test_a_dict_that_is_only_read_is_not_modified() -> None:
    got = outcome(lambda region: {**region, "size": region["size"] + 1}, region=region())
    assert got.modified == ()
    assert isinstance(got.value, dict)
    assert got.value["size"] == 13


def test_gradients_reach_into_dicts() -> None:
    got = outcome(lambda region: region["box"] * 2, gradient=True, region=region())
    assert got.gradients is not None
    assert list(got.gradients) == ['region["box"]', 'region["colour"]']
    assert got.gradients['region["box"]'] is not None
    assert got.gradients['region["colour"]'] is None


def test_no_gradient_is_asked_with_respect_to_constants() -> None:
    case = Case("a case", {"x": torch.ones(2), "labels": torch.ones(2)}, gradient=True)
    got = call(replace(exercise(case), constants=("labels",)), lambda x, labels: x * labels, case)
    assert got.gradients is not None
    assert list(got.gradients) == ["x"]


def test_a_dict_crosses_the_border_of_the_sandbox_as_it_is() -> None:
    given = {**region(), "texture": torch.arange(12.0).reshape(3, 4)[:, 1]}
    case = case_from_plain(loads(dumps(case_to_plain(Case("a case", {"first": given})))))
    arrived = case.inputs["first"]
    assert isinstance(arrived, dict)
    assert equal(arrived, given)
    assert type(arrived["size"]) is int
    assert not arrived["texture"].is_contiguous()
    assert outcome(lambda first: first["texture"].mul_(2), first=arrived).modified == ("first",)


# --- inputs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.add_(1),
        lambda x: x.__setitem__((0, 0), 9),
        lambda x: x.unsqueeze_(0),
        lambda x: x.t_(),
        lambda x: x.resize_(0),
        lambda x: x.detach().zero_(),
        lambda x: x.numpy().fill(7),
        lambda x: setattr(x, "data", torch.zeros(2, 3)),
        lambda x: setattr(x, "data", x.double()),
    ],
)
def test_a_changed_input_is_noticed(change: Callable[[Tensor], object]) -> None:
    def answer(x: Tensor) -> int:
        change(x)
        return 1

    assert outcome(answer).modified == ("x",)


def test_only_the_changed_inputs_are_named() -> None:
    x = torch.ones(2)
    assert outcome(lambda x, y: y.mul_(2), x=x, y=x).modified == ("y",)
    assert outcome(lambda x: x.clone().add_(1), x=torch.tensor([1.0, float("nan")])).modified == ()
    assert outcome(lambda x: x.requires_grad_()).modified == ()


def test_an_expanded_input_cannot_be_written_to_as_in_life() -> None:
    got = outcome(lambda x: x.add_(1), x=torch.ones(1, 3).expand(2, 3))
    assert got.failure is not None
    assert got.failure.type_name == "RuntimeError"


# --- gradients --------------------------------------------------------------------------------------------------------


def test_gradients_reach_every_floating_point_input() -> None:
    got = outcome(lambda x, n, w: (x * w, n), gradient=True, x=torch.ones(2), n=torch.tensor([1, 2]), w=torch.ones(2))
    assert got.gradients is not None
    assert list(got.gradients) == ["x", "w"]
    assert all(isinstance(gradient, Tensor) for gradient in got.gradients.values())


def test_the_gradient_tells_the_elements_apart() -> None:
    got = outcome(lambda x: x.flip(-1), gradient=True, x=torch.ones(4))
    other = outcome(lambda x: x + 0, gradient=True, x=torch.ones(4))
    assert got.gradients is not None
    assert other.gradients is not None
    assert isinstance(got.gradients["x"], Tensor)
    assert isinstance(other.gradients["x"], Tensor)
    assert torch.allclose(got.gradients["x"].flip(-1), other.gradients["x"])
    assert not torch.allclose(got.gradients["x"], other.gradients["x"])


def test_a_cut_gradient_is_none() -> None:
    assert outcome(lambda x: x.detach() * 2, gradient=True).gradients == {"x": None}
    assert outcome(lambda x: 3, gradient=True).gradients == {"x": None}
    assert outcome(lambda x, y: x * 2, gradient=True, x=torch.ones(1), y=torch.ones(1)).gradients["y"] is None  # type: ignore[index]


def test_an_exception_while_gradients_flow_is_told_apart() -> None:
    got = outcome(lambda x: torch.from_numpy(x.numpy() * 2), gradient=True)
    assert isinstance(got.value, Tensor)
    assert got.failure is not None
    assert got.failure.in_gradient
    assert "requires grad" in got.failure.message


def test_gradients_flow_even_where_the_notebook_switched_them_off() -> None:
    with torch.no_grad():
        got = outcome(lambda x: x * 2, gradient=True)
    assert got.gradients is not None
    assert isinstance(got.gradients["x"], Tensor)


# --- exceptions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [ValueError, SystemExit, RecursionError, MemoryError, GeneratorExit, StopIteration, AssertionError]
)
def test_no_exception_escapes(error: type[BaseException]) -> None:
    def answer(x: Tensor) -> Tensor:
        raise error("a word")

    got = outcome(answer)
    assert got.failure is not None
    assert (got.failure.type_name, got.failure.message) == (error.__name__, "a word")


def test_endless_recursion_does_not_escape() -> None:
    def answer(x: Tensor) -> Tensor:
        return answer(x)

    got = outcome(answer)
    assert got.failure is not None
    assert got.failure.type_name == "RecursionError"


def test_a_list_that_holds_itself_does_not_escape() -> None:
    def answer(x: Tensor) -> list[object]:
        endless: list[object] = []
        endless.append(endless)
        return endless

    got = outcome(answer)
    assert got.failure is not None
    assert got.failure.type_name == "RecursionError"


def test_a_keyboard_interrupt_does_escape() -> None:
    def answer(x: Tensor) -> Tensor:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        outcome(answer)


def test_a_message_that_cannot_be_read() -> None:
    class RudeError(Exception):
        def __str__(self) -> str:
            raise SystemExit

    def answer(x: Tensor) -> Tensor:
        raise RudeError

    got = outcome(answer)
    assert got.failure is not None
    assert got.failure.message == "(its message could not be read)"


def test_a_failure_is_told_by_the_students_own_line() -> None:
    answer = cell("import torch\n\ndef answer(x):\n    y = x + 1\n    return torch.cat([y, y.reshape(99)])\n")
    got = outcome(answer)
    assert got.failure is not None
    assert (got.failure.line, got.failure.code) == (5, "return torch.cat([y, y.reshape(99)])")
    assert got.failure.message.startswith("shape '[99]' is invalid")


def test_the_innermost_of_the_students_lines_counts() -> None:
    answer = cell("def helper(x):\n    return x.no_such_thing\n\ndef answer(x):\n    return helper(x)\n")
    got = outcome(answer)
    assert got.failure is not None
    assert (got.failure.line, got.failure.code) == (2, "return x.no_such_thing")


def test_a_line_of_a_library_is_not_the_students() -> None:
    answer = cell("import torch\ndef answer(x):\n    return torch.nn.functional.conv2d(x, weight='no')\n")
    got = outcome(answer)
    assert got.failure is not None
    assert got.failure.line == 3
    answer = cell("import json\ndef answer(x):\n    return json.loads('{')\n")
    got = outcome(answer)
    assert got.failure is not None
    assert (got.failure.line, got.failure.code) == (3, "return json.loads('{')")


def test_a_wrong_signature_has_no_line() -> None:
    got = outcome(lambda: 1)
    assert got.failure is not None
    assert got.failure.type_name == "TypeError"
    assert "positional argument" in got.failure.message


def test_a_syntax_error_is_told_by_its_own_line() -> None:
    try:
        compile("def f(:\n    pass", "<cell 2>", "exec")
    except SyntaxError as error:
        failure = describe_exception(error)
        assert (failure.type_name, failure.line, failure.code) == ("SyntaxError", 1, "def f(:")


def test_folders_that_only_begin_like_a_library_are_the_students() -> None:
    import course

    folder = os.path.dirname(course.__file__)  # noqa: PTH120
    assert _is_library(os.path.join(folder, "packet.py"))  # noqa: PTH118
    assert not _is_library(f"{folder}-work/answer.py")
    assert not _is_library("<cell 3>")
    assert _is_library(torch.nn.functional.__file__)
    assert _is_library(sys.modules["json"].__file__ or "")


def test_a_line_of_the_grader_is_not_the_students() -> None:
    import autograde
    from autograde.sandbox import examination

    assert _is_library(examination.__file__)
    assert not _is_library(f"{os.path.dirname(autograde.__file__)}-work/answer.py")  # noqa: PTH120


# --- across a border --------------------------------------------------------------------------------------------------


def outcomes() -> Iterator[Outcome]:
    yield outcome(lambda x: (x, [1, None], {"a": 2.5}), gradient=True)
    yield outcome(lambda x: x.detach(), gradient=True)
    yield outcome(lambda x: x.add_(1))
    yield outcome(lambda x: x.no_such_thing)
    yield outcome(lambda x: torch.from_numpy(x.numpy()), gradient=True)
    yield Outcome(forbidden=("torch.ops.aten.max_pool2d",))


@pytest.mark.parametrize("one", outcomes())
def test_an_outcome_travels_as_a_packet(one: Outcome) -> None:
    data = dumps(one.to_plain())
    assert dumps(Outcome.from_plain(loads(data)).to_plain()) == data


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {},
        {"value": 1},
        {"value": 1, "gradients": [], "modified": (), "forbidden": (), "failure": None},
        {"value": 1, "gradients": {"x": 1}, "modified": (), "forbidden": (), "failure": None},
        {"value": 1, "gradients": None, "modified": (1,), "forbidden": (), "failure": None},
        {"value": 1, "gradients": None, "modified": (), "forbidden": "all", "failure": None},
        {"value": 1, "gradients": None, "modified": (), "forbidden": (), "failure": {"type_name": "X"}},
        {"value": 1, "gradients": None, "modified": (), "forbidden": (), "failure": 3},
    ],
)
def test_a_forged_outcome_is_refused(plain: object) -> None:
    with pytest.raises(ValueError, match="not "):
        Outcome.from_plain(plain)


def test_a_failure_of_a_right_shape_is_read() -> None:
    failure = Failure("ValueError", "no", 3, "x", True)
    assert Outcome.from_plain(Outcome(failure=failure).to_plain()).failure == failure


# --- modules ----------------------------------------------------------------------------------------------------------


def test_a_module_comes_as_a_copy_and_goes_into_evaluation_without_blame() -> None:
    given = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5))
    case = Case("a case", {"network": given, "x": torch.ones(1, 2)})

    def answer(network: nn.Module, x: Tensor) -> Tensor:
        assert network is not given
        return network.eval()(x)  # type: ignore[no-any-return]

    got = call(exercise(), answer, case)
    assert (got.failure, got.modified) == (None, ())
    assert torch.equal(got.value, given.eval()(torch.ones(1, 2)))  # type: ignore[arg-type]


def test_a_module_whose_weights_change_is_a_modified_input() -> None:
    def answer(network: nn.Linear) -> None:
        with torch.no_grad():
            network.weight.zero_()

    assert call(exercise(), answer, Case("a case", {"network": nn.Linear(2, 2)})).modified == ("network",)


def test_a_returned_module_shares_no_memory_with_the_students() -> None:
    mine = nn.Linear(2, 2)
    got = call(exercise(), lambda: mine, Case("a case", {})).value
    assert isinstance(got, nn.Linear)
    assert got.weight.data_ptr() != mine.weight.data_ptr()
    assert same(got, mine)


def test_a_number_of_numpys_is_a_number() -> None:
    for number in (np.float32(0.5), np.float64(0.5)):
        value = outcome(lambda x, number=number: number).value
        assert type(value) is float
        assert value == 0.5

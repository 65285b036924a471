"""Each kind of difference has its sentence, and the first that a student can act on comes first."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from course.checking.calling import Failure, Outcome
from course.checking.judging import Verdict, judge, same_values, score
from course.exercises.exercise import Exercise
from course.packet import Opaque, Plain


def exercise(outputs: tuple[str, ...] = ("output",), tolerance: tuple[float, float] | None = None) -> Exercise:
    return Exercise(
        "thing",
        "00",
        6,
        1,
        1,
        "nowhere:thing",
        lambda rng: (),
        (),
        outputs,
        ("magic",),
        "Magic is not for you.",
        tolerance,
    )


def verdict(expected: Plain, got: Plain, outputs: tuple[str, ...] = ("output",)) -> Verdict:
    return judge(exercise(outputs), "a case", Outcome(expected), Outcome(got))


x = torch.arange(6.0).reshape(2, 3)
pair = (x, torch.tensor([1, 2]))


# --- values, each with its sentence -----------------------------------------------------------------------------------


def test_right() -> None:
    assert verdict(x, x.clone()) == Verdict("a case", "right")
    assert verdict(pair, list(pair), ("values", "indices")).passed
    assert verdict(x, x.t().contiguous().t()).passed
    assert verdict(torch.zeros(0, 3), torch.zeros(0, 3)).passed
    assert verdict(torch.tensor(float("nan")), torch.tensor(float("nan"))).passed


@pytest.mark.parametrize(
    ("expected", "got", "kind", "words"),
    [
        (x, None, "type", ["torch.Tensor", "None", "`return`"]),
        (x, [1, 2], "type", ["torch.Tensor", "list"]),
        (x, Opaque("numpy.ndarray"), "type", ["numpy.ndarray"]),
        (x, x.to_sparse(), "type", ["dense", "sparse"]),
        (x, torch.zeros(2, 3, device="meta"), "type", ["dense", "meta"]),
        (x, x.reshape(3, 2), "shape", ["(2, 3)", "(3, 2)", "dimension 0 and 1"]),
        (x, x[:1], "shape", ["dimension 0."]),
        (x, x[None], "shape", ["3 dimensions instead of 2"]),
        (x, x.double(), "dtype", ["float32", "float64"]),
        (torch.tensor(2.0), torch.tensor(3.0), "values", ["The output is wrong: expected 2, yours 3."]),
        (torch.zeros(2, 3, 4), torch.zeros(3, 4, 5), "shape", ["No dimension is right."]),
        (x, x + torch.eye(2, 3), "values", ["2 of 6", "[0, 0]", "expected 0", "yours 1"]),
        (x, torch.full((2, 3), float("nan")), "values", ["6 of 6", "nan"]),
        (torch.tensor(2.0), torch.tensor(3.0), "values", ["expected 2", "yours 3"]),
        (torch.tensor([True]), torch.tensor([False]), "values", ["True", "False"]),
        (3, 4, "values", ["3", "4"]),
        (3, "3", "values", ["3", "'3'"]),
        (3, True, "values", ["3", "True"]),
        (True, 1, "values", ["True", "1"]),
        (2.5, 2.6, "values", ["2.5", "2.6"]),
        ([1, 2], [1, 3], "values", ["[1, 2]"]),
        ([1, 2], 5, "values", ["[1, 2]"]),
        ("a", "b", "values", ["'a'", "'b'"]),
        (None, 1, "values", ["None", "1"]),
    ],
)
def test_one_output(expected: Plain, got: Plain, kind: str, words: list[str]) -> None:
    came = verdict(expected, got)
    assert came.kind == kind
    assert all(word in came.sentence for word in words), came.sentence
    assert "output" in came.sentence


@pytest.mark.parametrize(
    ("got", "kind", "words"),
    [
        (x, "type", ["2 things (values, indices)", "a tensor of shape (2, 3)"]),
        ((x,), "type", ["2 things", "returned 1"]),
        ((*pair, 1), "type", ["returned 3"]),
        ((pair[1], pair[0]), "shape", ["values"]),
        ((x, None), "type", ["indices", "None"]),
        ((x, torch.tensor([1, 2], dtype=torch.int32)), "dtype", ["indices", "int64", "int32"]),
        ((x, torch.tensor([1, 3])), "values", ["1 of 2", "indices", "[1]"]),
    ],
)
def test_several_outputs(got: Plain, kind: str, words: list[str]) -> None:
    came = verdict(pair, got, ("values", "indices"))
    assert came.kind == kind
    assert all(word in came.sentence for word in words), came.sentence


def test_where_the_difference_is() -> None:
    came = verdict(pair, (x, torch.tensor([1, 3])), ("values", "indices"))
    assert (came.output, came.where) == (1, (1,))


def test_a_dict_of_outputs() -> None:
    assert verdict({"a": x}, {"a": x, "extra": 1}).passed
    assert "b is missing" in verdict({"a": x, "b": x}, {"a": x}).sentence
    assert "must return a dict with a" in verdict({"a": x}, x).sentence
    assert "numbers of the a differ" in verdict({"a": x}, {"a": x + 1}).sentence


def test_a_python_number_will_do_for_a_scalar() -> None:
    assert verdict(torch.tensor(2.5), 2.5).passed
    assert verdict(2.5, torch.tensor(2.5)).passed
    assert verdict(3, torch.tensor(3)).passed
    assert not verdict(torch.tensor(2.5), True).passed


# --- tolerances -------------------------------------------------------------------------------------------------------


def test_rounding_is_no_mistake_and_a_mistake_no_rounding() -> None:
    for dtype, small, large in [(torch.float32, 1e-6, 1e-3), (torch.float64, 1e-12, 1e-7)]:
        y = torch.tensor([1.0, 100.0], dtype=dtype)
        assert verdict(y, y * (1 + small)).passed
        assert not verdict(y, y * (1 + large)).passed
    assert judge(exercise(tolerance=(0.5, 0.0)), "a case", Outcome(x), Outcome(x * 1.4)).passed
    assert same_values(exercise(), x, x + 1e-9)
    assert not same_values(exercise(), x, None)


# --- order ------------------------------------------------------------------------------------------------------------


def test_the_order_in_which_differences_are_told() -> None:
    """A forbidden call, an exception, kind, shape, dtype, values, gradients, and last the inputs."""
    right = Outcome(x, gradients={"x": x})
    failure, late = Failure("ValueError", "no", 3, "x.no()"), Failure("ValueError", "no", 3, "x.no()", in_gradient=True)
    ladder = [
        (Outcome(None, {"x": None}, ("x",), ("torch.magic",), failure), "forbidden"),
        (Outcome(None, {"x": None}, ("x",), (), failure), "raised"),
        (Outcome(None, None, ("x",), (), late), "type"),
        (Outcome(x[0].int(), {"x": None}, ("x",)), "shape"),
        (Outcome(x.int() + 1, {"x": None}, ("x",)), "dtype"),
        (Outcome(x + 1, {"x": None}, ("x",)), "values"),
        (Outcome(x, None, ("x",), (), late), "gradient"),
        (Outcome(x, {"x": None}, ("x",)), "gradient"),
        (Outcome(x, {"x": x}, ("x",)), "modified"),
        (Outcome(x, {"x": x}), "right"),
    ]
    assert [judge(exercise(), "a case", right, got).kind for got, _ in ladder] == [kind for _, kind in ladder]


def test_a_forbidden_call_is_told_with_the_exercises_sentence() -> None:
    came = judge(exercise(), "a case", Outcome(x), Outcome(x, forbidden=("torch.magic", "other")))
    assert came.sentence == "Magic is not for you. It uses torch.magic."


def test_an_exception_is_told_with_its_line() -> None:
    got = Outcome(failure=Failure("ValueError", "no", 3, "x.no()"))
    assert judge(exercise(), "", Outcome(x), got).sentence == "Your code raised ValueError in line 3, `x.no()`: no"
    got = Outcome(failure=Failure("AssertionError", ""))
    assert judge(exercise(), "", Outcome(x), got).sentence == "Your code raised AssertionError"


def test_the_stub_is_unwritten_not_wrong() -> None:
    got = Outcome(failure=Failure("NotImplementedError", ""))
    assert judge(exercise(), "", Outcome(x), got).kind == "unwritten"


def test_an_exception_while_gradients_flow() -> None:
    got = Outcome(x, failure=Failure("RuntimeError", "no", 3, "x.no()", in_gradient=True))
    came = judge(exercise(), "", Outcome(x, gradients={"x": x}), got)
    assert came.kind == "gradient"
    assert came.sentence.startswith("When gradients flow, your code raised RuntimeError in line 3")


# --- gradients and inputs ---------------------------------------------------------------------------------------------


def test_gradients() -> None:
    right = Outcome(x, gradients={"x": x, "w": None})
    assert judge(exercise(), "", right, Outcome(x, {"x": x, "w": x})).passed  # where none is needed, any will do
    assert "no gradient reaches `x`" in judge(exercise(), "", right, Outcome(x, {"x": None, "w": None})).sentence
    assert "with respect to `x`" in judge(exercise(), "", right, Outcome(x, {"x": x * 2, "w": None})).sentence
    assert not judge(exercise(), "", right, Outcome(x, {"x": x[0]})).passed
    assert not judge(exercise(), "", right, Outcome(x, None)).passed
    zero = Outcome(x, gradients={"x": torch.zeros(2, 3), "w": x})
    assert judge(exercise(), "", zero, Outcome(x, {"x": None, "w": x})).passed
    nothing_counts = Outcome(x, gradients={"x": torch.zeros(2, 3)})
    assert judge(exercise(), "", nothing_counts, Outcome(x, {"x": torch.zeros(2, 3)})).passed
    assert "no gradient reaches" in judge(exercise(), "", nothing_counts, Outcome(x, {"x": None})).sentence


def test_a_modified_input_is_named() -> None:
    came = judge(exercise(), "", Outcome(x), Outcome(x, modified=("x", "w")))
    assert (came.kind, "`x` and `w`" in came.sentence) == ("modified", True)


# --- points -----------------------------------------------------------------------------------------------------------


def test_points_are_the_share_of_right_cases_and_none_without_the_basic_one() -> None:
    good, bad, magic = Verdict("", "right"), Verdict("", "values"), Verdict("", "forbidden")
    assert score(exercise(), [good] * 4) == 6
    assert score(exercise(), [good, bad, good]) == 4
    assert score(exercise(), [bad, good, good]) == 0
    assert score(exercise(), [good, good, magic]) == 0
    assert score(exercise(), []) == 0


# --- modules ----------------------------------------------------------------------------------------------------------

CONVOLUTION = nn.Conv2d(2, 3, 3)


def changed(**options: object) -> nn.Conv2d:
    """A convolution that shares its weights with CONVOLUTION and differs in one argument."""
    other = nn.Conv2d(2, 3, 3, **options)  # type: ignore[arg-type]
    other.weight, other.bias = CONVOLUTION.weight, CONVOLUTION.bias
    return other


def heavier() -> nn.Conv2d:
    other = nn.Conv2d(2, 3, 3)
    other.load_state_dict({"weight": CONVOLUTION.weight + 1, "bias": CONVOLUTION.bias})
    return other


@pytest.mark.parametrize(
    ("got", "sentence"),
    [
        (changed(), ""),
        (changed(padding="valid"), ""),
        (changed(padding_mode="circular").eval(), ""),
        (changed(stride=2), "The output must have stride = (1, 1); yours has (2, 2)."),
        (changed(padding="same"), "The output must have padding = (0, 0); yours has (1, 1)."),
        (nn.Conv2d(2, 3, 3, bias=False), "The output must have bias = True; yours has False."),
        (nn.Conv2d(2, 3, 3).double(), "The output's weight must be float32; got float64."),
        (nn.Linear(2, 3), "The output must be an nn.Conv2d; got a torch.nn.modules.linear.Linear."),
        (None, "The output must be an nn.Conv2d; got None."),
        (nn.Sequential(CONVOLUTION), "The output must be an nn.Conv2d; got a torch.nn.modules.container.Sequential."),
    ],
)
def test_a_returned_layer_is_told_by_what_it_computes(got: Plain, sentence: str) -> None:
    assert verdict(CONVOLUTION, got).sentence == sentence


def test_a_returned_layers_weights_are_compared() -> None:
    told = verdict(CONVOLUTION, heavier())
    assert told.sentence.startswith("54 of 54 numbers of the output's weight differ. The first is at [0, 0, 0, 0]:")
    assert (told.where, told.part) == ((0, 0, 0, 0), "weight")


def two_layers(scale: float = 1.0, *, bias: float = 0.5, dtype: torch.dtype = torch.float32) -> nn.Sequential:
    """Three numbers become two and then four; `scale` moves weight from the second layer into the first."""
    first, second = nn.Linear(3, 2, bias=False), nn.Linear(2, 4)
    first.weight = nn.Parameter(scale * torch.arange(6.0).view(2, 3))
    second.weight = nn.Parameter(torch.arange(8.0).view(4, 2) / scale)
    nn.init.constant_(second.bias, bias)
    return nn.Sequential(first, second).to(dtype)


def test_where_only_the_product_counts_its_split_is_free_and_nothing_else() -> None:
    free = replace(exercise(), product_only=True)

    def told(got: Plain) -> Verdict:
        return judge(free, "a case", Outcome(two_layers()), Outcome(got))

    assert told(two_layers(4.0)).passed
    assert told(two_layers(-2.0)).passed
    assert not verdict(two_layers(), two_layers(4.0)).passed
    heavy = two_layers()
    with torch.no_grad():
        heavy[0].weight[1, 2] += 1
    assert told(heavy).sentence.startswith("4 of 12 numbers of the product of the weights in the output differ.")
    assert told(heavy).part == "product"
    assert told(two_layers(bias=0.25)).sentence.startswith("4 of 4 numbers of the output's layer 1's bias differ.")
    assert told(two_layers(dtype=torch.float64)).kind == "dtype"
    wider = nn.Sequential(nn.Linear(3, 3, bias=False), nn.Linear(3, 4))
    assert told(wider).sentence == "The output's layer 0 must have out_features = 2; yours has 3."
    assert not judge(free, "a case", Outcome(heavy[0]), Outcome(two_layers()[0])).passed  # alone it is no product
    assert told(nn.Sequential(*two_layers(), nn.Identity())).sentence == "The output must have 2 layers; got 3."


def test_a_right_result_whose_input_was_changed_loses_a_quarter_and_not_all() -> None:
    x = torch.ones(2)
    changed = judge(exercise(), "", Outcome(x), Outcome(x, modified=("x",)))
    right, wrong = (judge(exercise(), "", Outcome(x), Outcome(value)) for value in (x, x + 1))
    points = exercise().points
    assert score(exercise(), [changed] * 4) == pytest.approx(0.75 * points)
    assert score(exercise(), [right, changed, wrong, right]) == pytest.approx(points * 2.75 / 4, abs=0.006)
    assert score(exercise(), [wrong, changed, changed]) == 0
    assert not changed.passed

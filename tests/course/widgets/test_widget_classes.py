"""What Python does for a widget: joining its module, the mimebundle with the still picture, the saved state."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import course.widgets
from course.widgets import Anchors, MaxUnpooling, ReceptiveField, RoIPool, SlidingWindow, Unpooling, YoloGrid, _homes
from course.widgets._base import STATE_TYPE, VIEW_TYPE, CourseWidget, join_modules, saved_state
from course.widgets.palette import okabe_ito

WIDGETS = [getattr(course.widgets, name) for name in course.widgets.__all__]
FOLDER = Path(course.widgets.__file__).parent
every_widget = pytest.mark.parametrize("widget", WIDGETS)


def python(code: str) -> str:
    """Run `code` in an interpreter of its own and return what it printed."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_widgets_imports_neither_torch_nor_anywidget():
    slow = "{'torch', 'anywidget', 'ipywidgets'} & set(sys.modules)"
    assert python(f"import sys, course, course.widgets; print({slow} or 'none')") == "none"


def test_showing_a_widget_needs_no_torch_and_no_kernel():
    shown = "from course.widgets import Unpooling; Unpooling()._repr_mimebundle_()"
    assert python(f"import sys; {shown}; print('torch' in sys.modules)") == "False"


@every_widget
def test_the_mimebundle_holds_the_view_and_the_still_picture(widget):
    data, metadata = widget()._repr_mimebundle_()
    assert data[VIEW_TYPE]["model_id"]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert data["text/plain"].startswith(widget.__name__)
    assert metadata == {}


@every_widget
def test_the_still_picture_is_small(widget):
    assert 5_000 < (widget._folder / "still.png").stat().st_size < 60_000


@every_widget
def test_the_module_has_no_import_and_one_default_export(widget):
    assert not re.search(r"^\s*import\b", widget._esm, re.MULTILINE)
    assert re.findall(r"^[ \t]*export\b.*", widget._esm, re.MULTILINE) == ["export default { render };"]


@every_widget
def test_the_module_and_the_style_name_no_address(widget):
    for text in (widget._esm, widget._css):
        assert set(re.findall(r"https?://[^\s\"']+", text)) <= {"http://www.w3.org/2000/svg"}


def test_a_shared_module_brings_its_style_to_the_widgets_that_draw_with_it():
    assert ".cw-on-map {" in RoIPool._css
    assert all(".cw-on-map" not in widget._css for widget in WIDGETS if "boxOnMap" not in widget._esm)


def test_only_the_shared_file_makes_what_can_be_focused_and_it_frees_the_keys():
    makes_focusable = re.compile(r"""tabindex|html\("(?:a|button|input|select|textarea)\"""")
    for file in FOLDER.rglob("*.js"):
        for number, line in enumerate(file.read_text().splitlines(), start=1):
            if makes_focusable.search(line) and "setAttribute" not in line:
                assert file.name == "draw.js", f"{file.name}:{number} makes a focusable element of its own"
    drawn = (FOLDER / "shared" / "draw.js").read_text()
    made = re.findall(r'html\("(?:button|input)", \{([^}]*)\}', drawn) + re.findall(r"\{([^{}]*tabindex:[^{}]*)", drawn)
    assert len(made) == 6
    assert all("...OWN_KEYS" in attributes for attributes in made)


@every_widget
def test_the_saved_state_is_complete_and_the_same_each_time(widget):
    first, second = (json.dumps(widget().static_view("0123456789abcdef")) for _ in range(2))
    assert first == second
    bundle, state = widget().static_view("0123456789abcdef")
    assert bundle[VIEW_TYPE]["model_id"] == "0123456789abcdef"
    assert {"image/png", "text/plain", VIEW_TYPE} == bundle.keys()
    main = state["0123456789abcdef"]
    assert (main["model_name"], main["model_module"]) == ("AnyModel", "anywidget")
    assert main["state"]["_esm"] == widget._esm
    assert main["state"]["_css"] == widget._css
    references = set(re.findall(r"IPY_MODEL_(\w+)", json.dumps(state)))
    assert references == state.keys() - {"0123456789abcdef"}


def test_the_saved_state_is_the_same_in_another_process():
    code = "import json; from course.widgets import Unpooling; print(json.dumps(Unpooling(seed=3).static_view('abc')))"
    assert python(code) == json.dumps(Unpooling(seed=3).static_view("abc"))


def test_a_notebook_holds_the_state_of_all_its_widgets():
    views = [Unpooling().static_view("b"), MaxUnpooling(preset="edge").static_view("a")]
    state = saved_state(views)[STATE_TYPE]["state"]
    assert len(state) == 4
    assert list(state) == sorted(state)
    assert state["a"]["state"]["preset"] == "edge"
    with pytest.raises(ValueError, match=r"own id, got twice: a"):
        saved_state([views[1], views[1]])


def test_traits_reject_what_they_do_not_know():
    with pytest.raises(Exception, match="preset"):
        MaxUnpooling(preset="cubes")
    for trait, value in {"layers": 3, "stride": 0, "size": "huge"}.items():
        with pytest.raises(Exception, match=trait):
            SlidingWindow(**{trait: value})

    for layers in ([], [[3, 1, 1]] * 7, [[4, 1, 1]], [[3, 1]]):
        with pytest.raises(Exception, match=r"layers must be 1 to 6|a layer is \[kernel, stride, dilation\]"):
            ReceptiveField(layers=layers)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([0, 0, 10], "must be"),
        ([-1, 0, 10, 10], "must lie on"),
        ([0, 0, 10, 129], "must lie on"),
        ([0, 0, 180.25, 10], "4 to 180 wide"),
        ([20, 0, 10, 10], "4 to 180 wide"),
        ([0, 0, 10, 3], "4 or more high"),
        ([0, 0, 10.1, 10], "quarters"),
    ],
)
def test_a_region_must_be_one_that_the_widget_can_move(box, message):
    for widget, name in ((RoIPool, "box"), (Anchors, "box"), (Anchors, "other"), (YoloGrid, "two")):
        with pytest.raises(Exception, match=message):
            widget(**{name: box})
    assert RoIPool(box=[12, 0, 192, 128]).box == [12, 0, 192, 128]


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"high": 1.05}, "between 0 and 1"),
        ({"low": -0.05}, "between 0 and 1"),
        ({"high": 0.72}, "steps of 0.05"),
        ({"high": 0.2}, "low must not be above high, got 0.3 and 0.2"),
        ({"high": 0.5, "low": 0.55}, "low must not be above high"),
    ],
)
def test_the_thresholds_of_anchors_must_be_ones_that_the_sliders_have(thresholds, message):
    with pytest.raises(Exception, match=message):
        Anchors(**thresholds)
    widget = Anchors(high=0.2, low=0.15)
    assert (widget.high, widget.low) == (0.2, 0.15)


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        ({"grid": 0}, "1 to 9 cells"),
        ({"grid": 10}, "1 to 9 cells"),
        ({"view": "costs"}, "view"),
        ({"confidences": [0.5]}, "must be two, one a box"),
        ({"confidences": [0.5, 1.05]}, "confidences must lie between 0 and 1"),
        ({"elsewhere": 0.12}, "elsewhere must lie between 0 and 1, in steps of 0.05"),
        ({"score": -0.05}, "score must lie"),
    ],
)
def test_what_cells_say_must_be_what_the_sliders_have(traits, message):
    with pytest.raises(Exception, match=message):
        YoloGrid(**traits)
    assert YoloGrid(grid=9, confidences=[0, 1], elsewhere=0.15).grid == 9


class TestHomes:
    """Which widget gets the id that a chapter's saved notebook knows."""

    class Widget:
        closed = False

        def close(self) -> None:
            self.closed = True

    @pytest.fixture(autouse=True)
    def run(self, monkeypatch):
        """Return a function that begins an execution of a cell."""
        monkeypatch.setattr(_homes, "_homes", {})
        executions = iter(range(100))

        def begin(cell: str) -> None:
            now = _homes.Run(cell, str(next(executions)))
            monkeypatch.setattr(_homes, "_run_of_now", lambda: now)

        return begin

    def test_the_first_one_gets_it(self, run):
        run("a cell")
        assert _homes.take_home(self.Widget(), "home") == "home"

    def test_a_cell_that_runs_again_takes_it_over(self, run):
        earlier = self.Widget()
        run("a cell")
        _homes.take_home(earlier, "home")
        run("a cell")
        assert _homes.take_home(self.Widget(), "home") == "home"
        assert earlier.closed

    def test_another_cell_leaves_it_alone(self, run):
        earlier = self.Widget()
        run("a cell")
        _homes.take_home(earlier, "home")
        run("another cell")
        assert _homes.take_home(self.Widget(), "home") is None
        assert not earlier.closed

    def test_two_of_one_run_do_not_fight_for_it(self, run):
        run("a cell")
        first = self.Widget()
        assert _homes.take_home(first, "home") == "home"
        assert _homes.take_home(self.Widget(), "home") is None
        assert not first.closed

    def test_without_a_kernel_there_is_none(self, monkeypatch):
        monkeypatch.undo()
        assert _homes.take_home(self.Widget(), "home") is None
        assert Unpooling().model_id != Unpooling.model_id_of()


def test_each_class_has_an_id_of_its_own():
    ids = [widget.model_id_of() for widget in WIDGETS]
    assert len(set(ids)) == len(WIDGETS)
    assert all(re.fullmatch("[0-9a-f]{32}", model_id) for model_id in ids)


class TestJoining:
    def write(self, folder: Path, **files: str) -> Path:
        for name, text in files.items():
            (folder / f"{name}.js").write_text(text)
        return folder / "view.js"

    def test_puts_each_file_once_before_the_first_that_needs_it(self, tmp_path):
        view = self.write(
            tmp_path,
            base="export const one = 1;\n",
            core='import { one } from "./base.js";\nexport function two() {\n  return one + one;\n}\n',
            view='import {\n  two,\n} from "./core.js";\nimport { one } from "./base.js";\n'
            "function render() {\n  return two() + one;\n}\n\nexport default { render };\n",
        )
        joined = join_modules(view)
        assert joined.index("const one") < joined.index("function two") < joined.index("function render")
        assert joined.count("const one") == 1

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ('import { html } from "lit";\n', "cannot join"),
            ('import * as core from "./core.js";\n', "cannot join"),
            ('import { one as uno } from "./core.js";\n', "without `as`"),
            ('import { one } from "./core.js";\nconst one = 2;\n', "already defined in core.js"),
            ('export { one } from "./core.js";\n', "cannot join"),
        ],
    )
    def test_refuses_what_it_cannot_join(self, tmp_path, text, message):
        ending = "function render() {}\nexport default { render };\n"
        view = self.write(tmp_path, core="export const one = 1;\n", view=text + ending)
        with pytest.raises(ValueError, match=message):
            join_modules(view)

    def test_asks_for_the_default_export(self, tmp_path):
        with pytest.raises(ValueError, match="must end with"):
            join_modules(self.write(tmp_path, view="function render() {}\n"))


def test_a_widget_class_needs_a_folder_of_its_own(monkeypatch):
    monkeypatch.setitem(sys.modules, "typed_in", ModuleType("typed_in"))  # as a notebook's __main__: without a file
    with pytest.raises(TypeError, match="own folder"):
        type("TypedIn", (CourseWidget,), {"__module__": "typed_in"})


def test_plots_share_the_palette():
    assert okabe_ito()["vermillion"] == "#d55e00"
    assert len(set(okabe_ito().values())) == 8

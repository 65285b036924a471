"""What every widget shares: its JavaScript joined into one module, its style, its still picture, its saved state.

A widget is a folder: `core.js` (pure functions), `view.js` (drawing), perhaps `view.css`, `still.png`, and an
`__init__.py` with a class derived from `CourseWidget`. The numbers are computed in the browser; Python only carries the
text there, so nothing here needs torch, a kernel or a network.
"""

import base64
import hashlib
import re
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import anywidget

from course.widgets._homes import take_home

SHARED = Path(__file__).parent / "shared"
VIEW_TYPE = "application/vnd.jupyter.widget-view+json"
STATE_TYPE = "application/vnd.jupyter.widget-state+json"
ANY_VERSION = "*"
_VERSIONS = ("_model_module_version", "_view_module_version")

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Bundle = dict[str, Json]

# `import { a, b } from "./file.js";`, on one line or on several. No other import form is written in a widget.
_IMPORT = re.compile(r'^import\s*\{(?P<names>[^}]*)\}\s*from\s*"(?P<path>\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|const|let|class)\b)", re.MULTILINE)
_EXPORT_DEFAULT = re.compile(r"^export default \{ render \};\n", re.MULTILINE)
_TOP_LEVEL = re.compile(r"^(?:async )?(?:function|const|let|class)\s+(?:(\w+)|[{\[]([^}\]]*)[}\]])", re.MULTILINE)
_LEFT_OVER = re.compile(r"^\s*(?:import\b(?!\()|export\b).*$", re.MULTILINE)


class StaticView(NamedTuple):
    """A widget as a saved notebook holds it: the cell's output, and the models that the output refers to."""

    bundle: Bundle
    state: dict[str, Bundle]


@cache
def join_modules(view: Path) -> str:
    """Join `view` and the files that it imports into one ES module that exports `{ render }` as its default.

    A browser gets a widget's module as one text, where a relative import has nothing to be relative to. Each imported
    file comes once, before the first that needs it; the import lines and the word `export` go. The result depends on
    the files' text alone.

    Raises:
        ValueError: an import of something else than a neighbouring file, a name defined in two files, or no
            `export default { render };` at the end of `view`.
    """
    parts: list[str] = []
    owner: dict[str, str] = {}
    seen: set[Path] = set()

    def visit(path: Path) -> None:
        if path in seen:
            return
        seen.add(path)
        text = path.read_text(encoding="utf-8")
        for line in _IMPORT.finditer(text):
            if re.search(r"\bas\b", line["names"]):
                raise ValueError(f"{path.name}: import {line['names'].strip()!r} by its own name, without `as`")
            visit((path.parent / line["path"]).resolve())
        body = _EXPORT.sub("", _EXPORT_DEFAULT.sub("", _IMPORT.sub("", text)))
        if left := _LEFT_OVER.search(body):
            raise ValueError(f"{path.name}: cannot join the line {left[0].strip()!r}")
        for match in _TOP_LEVEL.finditer(body):
            for name in re.findall(r"\w+", match[1] or match[2]):
                if name in owner:
                    raise ValueError(f"{path.name}: {name} is already defined in {owner[name]}; rename one of the two")
                owner[name] = path.name
        parts.append(f"// ---- {path.parent.name}/{path.name}\n{body.strip()}\n")

    visit(view.resolve())
    if not _EXPORT_DEFAULT.search(view.read_text(encoding="utf-8")):
        raise ValueError(f"{view.name} must end with `export default {{ render }};`")
    return "\n".join(parts) + "\nexport default { render };\n"


def join_styles(folder: Path) -> str:
    """Join the palette, the shared style, that of each shared module in use, and the folder's own `view.css`.

    A shared module brings its style in a file of its own name beside it, so that widgets without it stay as they are.
    """
    modules = (path.with_suffix(".css") for path in _modules_of(folder / "view.js") if path.parent == SHARED.resolve())
    files = [SHARED / "palette.css", SHARED / "widget.css", *modules, folder / "view.css"]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.exists())


def _modules_of(view: Path) -> list[Path]:
    """Return `view` and the files that it imports, itself or through others, in the order in which they are met."""
    found = [view.resolve()]
    for path in found:  # grows on the way
        imports = (path.parent / line["path"] for line in _IMPORT.finditer(path.read_text(encoding="utf-8")))
        found += dict.fromkeys(module for each in imports if (module := each.resolve()) not in found)
    return found


class CourseWidget(anywidget.AnyWidget):  # type: ignore[misc]  # follow_imports = "skip" makes the base an Any
    """A widget of the course: a folder of files, one small state.

    A subclass in `course/widgets/<name>/__init__.py` declares its synced traits and nothing else. Shown in a notebook,
    it draws itself in the browser; where no widget can run (GitHub, nbviewer, an untrusted notebook) its `still.png`
    stands in its place.
    """

    def __init_subclass__(cls, **kwargs: object) -> None:
        if CourseWidget in cls.__bases__:  # not for the class that traitlets' add_traits derives for each instance
            module = getattr(sys.modules[cls.__module__], "__file__", None)
            if module is None:
                raise TypeError(f"{cls.__name__} must be defined in the __init__.py of its own folder")
            cls._folder = Path(module).parent
            cls._esm = join_modules(cls._folder / "view.js")
            cls._css = join_styles(cls._folder)
        super().__init_subclass__(**kwargs)

    _folder: Path
    _ipython_display_ = None  # ipywidgets 7's, as on Colab, would show a bundle without the still picture

    def __init__(self, **kwargs: object) -> None:
        if "model_id" not in kwargs and (home := take_home(self, type(self).model_id_of())):
            kwargs["model_id"] = home
        super().__init__(**kwargs)

    @classmethod
    def model_id_of(cls) -> str:
        """Return the id of the class's model in a chapter's notebook, the same in every chapter and version."""
        return hashlib.sha256(f"course.widgets/{cls.__name__}".encode()).hexdigest()[:32]

    @classmethod
    def still(cls) -> str | None:
        """Return the still picture as base64 text, as a notebook stores a PNG; None where none was taken yet."""
        file = cls._folder / "still.png"
        return base64.b64encode(file.read_bytes()).decode("ascii") if file.exists() else None

    def __repr__(self) -> str:
        """Return the class and its traits, `Unpooling(seed=1)`: what a text-only reader sees."""
        own = sorted(set(self.trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names()))
        values = [f"{name}={getattr(self, name)!r}" for name in own if not name.startswith("_")]
        return f"{type(self).__name__}({', '.join(values)})"

    def _repr_mimebundle_(self, **kwargs: object) -> tuple[dict[str, Json], dict[str, Json]] | None:
        shown = super()._repr_mimebundle_(**kwargs)
        if shown is None:
            return None
        data, metadata = shown
        return _with_still(data, self.still()), metadata

    def static_view(self, model_id: str) -> StaticView:
        """Return this widget as a committed notebook holds it, under the id `model_id`, as a rule `model_id_of()`.

        `bundle` is the `data` of a `display_data` or `execute_result` output. `state` holds one entry for each model
        that the view needs; the entries of all widgets of a notebook go together under
        `metadata.widgets["application/vnd.jupyter.widget-state+json"]`, see `saved_state`. Both depend only on
        `model_id`, the traits and the widget's files: the same call gives the same bytes.

        Raises:
            ValueError: `model_id` is empty.
        """
        if not model_id:
            raise ValueError("model_id must name the widget's model, got an empty text")
        layout_id = hashlib.sha256(f"layout of {model_id}".encode()).hexdigest()[:32]
        traits = self.get_state()
        layout = {key: value for key, value in self.layout.get_state().items() if key.startswith("_")}
        view: Bundle = {"version_major": 2, "version_minor": 0, "model_id": model_id}
        data = _with_still({"text/plain": repr(self), VIEW_TYPE: view}, self.still())
        state = {
            model_id: _model_entry({**traits, "layout": f"IPY_MODEL_{layout_id}"}),
            layout_id: _model_entry(layout),
        }
        return StaticView(data, state)


def saved_state(views: list[StaticView]) -> Bundle:
    """Return what a notebook's `metadata.widgets` holds for these views, ids in order.

    Raises:
        ValueError: two views with the same id.
    """
    entries: Bundle = {}
    for view in views:
        if twice := entries.keys() & view.state.keys():
            raise ValueError(f"each widget of a notebook needs its own id, got twice: {', '.join(sorted(twice))}")
        entries.update(view.state)
    return {STATE_TYPE: {"version_major": 2, "version_minor": 0, "state": dict(sorted(entries.items()))}}


def _with_still(data: dict[str, Json], still: str | None) -> dict[str, Json]:
    return data if still is None else {**data, "image/png": still}


def _model_entry(state: dict[str, Json]) -> Bundle:
    """Return a model's entry: its name and module, then its traits in alphabetical order, None left out.

    It asks for whatever version of the front end the reader has, not for the one that was installed at the build: what
    a widget needs of it, all versions that we promise have.
    """
    state = {key: ANY_VERSION if key in _VERSIONS else value for key, value in state.items() if value is not None}
    return {
        "model_name": state["_model_name"],
        "model_module": state["_model_module"],
        "model_module_version": ANY_VERSION,
        "state": {key: state[key] for key in sorted(state)},
    }

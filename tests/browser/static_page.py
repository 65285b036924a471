"""A page without a kernel: a widget's saved state and the ten lines of JavaScript that a page of one's own needs.

It draws exactly what `static_view` saves, so a picture taken here also proves that the state is complete.
"""

import json

from course.widgets._base import StaticView

_SHIM = """
const state = %(state)s;
const listeners = {};
const model = {
  get: (name) => state[name],
  set: (name, value) => { state[name] = value; (listeners[`change:${name}`] ?? []).forEach((heard) => heard()); },
  on: (event, heard) => (listeners[event] ??= []).push(heard),
  off: (event, heard) => (listeners[event] = (listeners[event] ?? []).filter((other) => other !== heard)),
  save_changes: () => {},
};
document.head.append(Object.assign(document.createElement("style"), { textContent: state._css }));
const module = await import(URL.createObjectURL(new Blob([state._esm], { type: "text/javascript" })));
window.leave = module.default.render({ model, el: document.getElementById("widget") });
document.body.dataset.ready = "yes";
"""


def static_page(view: StaticView, *, width: int | None = None) -> str:
    """Return an HTML page that shows the one widget of `view`, `width` CSS pixels wide."""
    [state] = [entry["state"] for entry in view.state.values() if "_esm" in entry["state"]]  # type: ignore[operator]
    script = _SHIM % {"state": json.dumps(state).replace("</", "<\\/")}
    box = f"width: {width}px" if width else ""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A widget</title>'
        "<style>:root { color-scheme: light dark } body { margin: 12px; font-family: sans-serif }</style>"
        f'<body><div id="widget" style="{box}"></div><script type="module">{script}</script></body></html>'
    )

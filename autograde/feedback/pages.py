"""A feedback page as nbgrader makes it, at the price of what differs between two students.

nbgrader has nbconvert compile the page's templates and set every cell for each student anew. Here compiled templates
and set cells are kept for the next page, since most cells of a class are those that were released. nbconvert then
parses the finished page once more, to describe pictures that have no description; here that is one substitution.
"""

import re
from functools import lru_cache

from jinja2 import BytecodeCache, Environment, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

_KEPT = 1024  # cells
_LONGEST = 20_000  # characters of a cell that is kept
_UNDESCRIBED = re.compile(r"<img\b(?![^>]*\balt\s*=)", re.IGNORECASE)
_DESCRIBED = '<img alt="No description has been provided for this image"'  # nbconvert's words


class PageExporter(HTMLExporter):  # type: ignore[misc]
    """nbconvert's HTML exporter, for many notebooks that have most of their cells in common."""

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, object] | None = None, **options: object
    ) -> tuple[str, dict[str, object]]:
        """Return the page of a notebook."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name")) or "ipython3"
        resources = self._init_resources(resources)
        chosen = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", chosen)
        self.register_filter("highlight_code", _Highlight(lexer))
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **options)
        return _UNDESCRIBED.sub(_DESCRIBED, page), resources

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Return Markdown as HTML; without attachments it depends on nothing but the text."""
        own = context.get("cell", {}).get("attachments") or self.embed_images or self.lexer_options
        if own or len(source) > _LONGEST:
            return str(super().markdown2html(context, source))
        return _markdown(source, self.anchor_link_text, self.exclude_anchor_links)

    def _create_environment(self) -> Environment:
        environment: Environment = super()._create_environment()
        environment.bytecode_cache = _compiled
        return environment


class _Compiled(BytecodeCache):
    """Compiled templates, kept in memory; jinja2 looks itself whether the source is still the same."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._code:
            bucket.bytecode_from_string(self._code[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


_compiled = _Compiled()


class _Highlight:
    """nbconvert's highlighting of a code cell, which remembers cells."""

    def __init__(self, lexer: str) -> None:
        self._lexer = lexer

    def __call__(self, source: str, language: str | None = None, metadata: NotebookNode | None = None) -> str:
        magic = str((metadata or {}).get("magics_language", ""))
        highlight = _highlighted if len(source) <= _LONGEST else _highlighted.__wrapped__
        return highlight(source, self._lexer, language, magic)


@lru_cache(maxsize=_KEPT)
def _highlighted(source: str, lexer: str, language: str | None, magic: str) -> str:
    metadata = {"magics_language": magic} if magic else None
    return str(Highlight2HTML(pygments_lexer=lexer)(source, language, metadata))


@lru_cache(maxsize=_KEPT)
def _markdown(source: str, anchor: str, exclude_anchors: bool) -> str:
    renderer = IPythonRenderer(escape=False, anchor_link_text=anchor, exclude_anchor_links=exclude_anchors)
    return str(MarkdownWithMath(renderer=renderer).render(source))

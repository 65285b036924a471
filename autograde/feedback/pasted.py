"""Pictures that a student pasted into a text: JupyterLab keeps them beside it, and the text names them.

What Markdown makes of the text is cleaned with a name in the place of each picture, and the picture is put in after.
"""

import base64
import binascii
import html
import re
from urllib.parse import unquote

_KINDS = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8", "image/webp": b"RIFF"}
"""What may be shown, and how its bytes begin. An SVG may hold a script."""
_REFERENCE = re.compile(r"""attachment:([^\s)"'<>]{1,300})""")
_NAME = re.compile(r"pasted-picture-\d{1,4}\Z")
_PLACE = re.compile(r'src="pasted-picture-(\d{1,4})"')
_ELSEWHERE = re.compile(r'(?<!src=")pasted-picture-(\d{1,4})')


class Pasted:
    """The pictures beside one text. `shown` counts the characters of those that were put in, at most `room`."""

    def __init__(self, attachments: object, room: int) -> None:
        self._attachments = attachments if isinstance(attachments, dict) else {}
        self._room, self.shown = room, 0
        self._names: list[str] = []

    @staticmethod
    def is_name(address: str) -> bool:
        """Return whether an address is a name that `named` gives."""
        return bool(_NAME.match(address))

    def named(self, markdown: str) -> str:
        """Return the text with a plain name in the place of each `attachment:…`."""

        def name(reference: re.Match[str]) -> str:
            self._names.append(reference[1])
            return f"pasted-picture-{len(self._names) - 1}"

        return _REFERENCE.sub(name, markdown)

    def put_in(self, page: str) -> str:
        """Return clean HTML with each picture in its place; one that is missing, too large or none leaves its words.

        What named no picture, in a sentence or in code, reads as it was written.
        """
        page = _ELSEWHERE.sub(self._as_written, page)
        return _PLACE.sub(lambda place: self._source(int(place[1])), page)

    def _as_written(self, place: re.Match[str]) -> str:
        number = int(place[1])
        return html.escape(f"attachment:{self._names[number]}") if number < len(self._names) else place[0]

    def _source(self, number: int) -> str:
        if number >= len(self._names):
            return ""
        beside = self._attachments.get(unquote(self._names[number]))
        for kind, start in _KINDS.items():
            data = beside.get(kind) if isinstance(beside, dict) else None
            text = "".join(data if isinstance(data, list) else [data]) if isinstance(data, str | list) else ""
            if text and self.shown + len(text) <= self._room and _is_picture(text, start):
                self.shown += len(text)
                return f'src="data:{kind};base64,{"".join(text.split())}"'
        return ""


def _is_picture(text: str, start: bytes) -> bool:
    try:
        return base64.b64decode("".join(text.split()), validate=True).startswith(start)
    except (binascii.Error, ValueError):
        return False

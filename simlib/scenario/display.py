"""Display of values in a few lines: text for `repr`, escaped HTML for notebooks."""

from collections.abc import Iterable
from html import escape
from textwrap import shorten

TEXT_LINES, TEXT_WIDTH = 3, 90
"""Of `repr`, below 400 characters in all; the line of the title is not counted."""
HTML_ROWS, HTML_WIDTH = 10, 200

Lines = Iterable[tuple[str, str]]
"""Label and text of each line."""


class Displayed:
    """A value that is displayed by a title and a few labelled lines, and not by its fields."""

    def _describe(self) -> tuple[str, Lines]:
        """Title and lines; long ones are shortened and surplus ones left out where they are displayed."""
        raise NotImplementedError

    def __repr__(self) -> str:
        title, lines = self._describe()
        head = _shorten(f"{type(self).__name__}: {title}", TEXT_WIDTH)
        rows = [f"  {_shorten(f'{label}: {text}', TEXT_WIDTH - 2)}" for label, text in list(lines)[:TEXT_LINES]]
        return "\n".join([f"<{head}", *rows]) + ">"

    def _repr_html_(self) -> str:
        title, lines = self._describe()
        head = f"<b>{escape(type(self).__name__)}: {escape(_shorten(title, HTML_WIDTH))}</b>"
        rows = [
            f"<tr><th>{escape(_shorten(label, TEXT_WIDTH))}</th><td>{escape(_shorten(text, HTML_WIDTH))}</td></tr>"
            for label, text in list(lines)[:HTML_ROWS]
        ]
        return f"<div>{head}<table>{''.join(rows)}</table></div>"


def _shorten(text: str, width: int) -> str:
    return shorten(text, width, placeholder=" ...")

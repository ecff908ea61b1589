"""Figures as bytes: the same figure gives the same bytes, today and tomorrow."""

import io
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from simlib.report.style import house_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 150
# matplotlib would write the date, and its own address, into every file.
_SVG_METADATA: Mapping[str, str | None] = {"Date": None, "Creator": None, "Format": None, "Type": None}


def to_svg(figure: "Figure") -> bytes:
    """The figure as an SVG document."""
    return _rendered(figure, "svg", _SVG_METADATA)


def to_png(figure: "Figure", dpi: int = _DPI) -> bytes:
    """The figure as a PNG image."""
    return _rendered(figure, "png", {"Software": None}, dpi)


def inline_svg(svg: bytes, prefix: str, alt: str) -> str:
    """An SVG document of `to_svg` as an element of a page, with its description for those who cannot see it.

    Ids get ``prefix``, so that several figures fit on one page. Namespaces go, for a page does not need them.
    """
    document = svg.decode("utf-8")
    element = document[document.index("<svg") :]
    element = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", element, count=2)
    element = re.sub(r'\bid="', f'id="{prefix}-', element)
    element = element.replace('href="#', f'href="#{prefix}-').replace("url(#", f"url(#{prefix}-")
    return element.replace("<svg", f'<svg role="img" aria-label="{_attribute(alt)}"', 1)


def _rendered(figure: "Figure", kind: str, metadata: Mapping[str, str | None], dpi: int = _DPI) -> bytes:
    buffer = io.BytesIO()
    with house_style(), warnings.catch_warnings():
        # A title in letters that the font lacks shows boxes; matplotlib would tell the terminal for each of them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=dict(metadata))
    return buffer.getvalue()


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")

"""Style of figures (colours for colour-blind readers, markers, line styles, hatches), and figures as bytes.

The same figure is rendered as the same bytes, on any day. Labels and descriptions of figures are made here too.
"""

import io
import re
import textwrap
import warnings
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from simlib.analysis.metrics import METRICS
from simlib.decision import Verdicts
from simlib.report.cells import UNDEFINED, format_mean

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A7E00")
"""Okabe and Ito's palette (2008), its yellow darkened so that it is visible on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES = ((1, 0), (4, 2), (6, 2, 1, 2), (1, 2), (8, 1), (3, 1, 1, 1), (1, 1), (5, 5))  # points on, points off
LINES: tuple[tuple[float, Sequence[float]], ...] = tuple((0, dashes) for dashes in _DASHES)
HATCHES = ("", "///", "xxx", "\\\\\\")

_SHEET = Path(__file__).with_name("simlib.mplstyle")


def apply_house_style() -> AbstractContextManager[None]:
    """Context with simlib's settings of matplotlib, for drawing and writing a figure."""
    import matplotlib

    return matplotlib.rc_context(fname=_SHEET)


_DPI = 150
# matplotlib would write the date, and its own address, into every file.
_SVG_METADATA: Mapping[str, str | None] = {"Date": None, "Creator": None, "Format": None, "Type": None}


def render_svg(figure: "Figure") -> bytes:
    """The figure as an SVG document."""
    return _render(figure, "svg", _SVG_METADATA)


def render_png(figure: "Figure", dpi: int = _DPI) -> bytes:
    """The figure as a PNG image."""
    return _render(figure, "png", {"Software": None}, dpi)


def inline_svg(svg: bytes, prefix: str, alt: str) -> str:
    """An SVG document of `render_svg` as an element of a page, with its description as alternative text.

    Ids get ``prefix``, so that several figures fit on one page. Namespaces are removed, for a page does not need them.
    """
    document = svg.decode("utf-8")
    element = document[document.index("<svg") :]
    element = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", element, count=2)
    element = re.sub(r'\bid="', f'id="{prefix}-', element)
    element = element.replace('href="#', f'href="#{prefix}-').replace("url(#", f"url(#{prefix}-")
    return element.replace("<svg", f'<svg role="img" aria-label="{_escape_attribute(alt)}"', 1)


def _render(figure: "Figure", kind: str, metadata: Mapping[str, str | None], dpi: int = _DPI) -> bytes:
    buffer = io.BytesIO()
    with apply_house_style(), warnings.catch_warnings():
        # Letters that the font lacks are drawn as boxes; matplotlib would print a warning for each of them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format=kind, dpi=dpi, metadata=dict(metadata))
    return buffer.getvalue()


def _escape_attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


_LINE = 30  # characters
_LINES = 2


def format_row_label(verdicts: Verdicts, design: str) -> str:
    """The name of a design and the beginning of its title, for an axis."""
    title = verdicts.scenario.designs[design].title
    if title == design:
        return design
    return "\n".join((design, *textwrap.wrap(title, _LINE, max_lines=_LINES, placeholder=" …")))


def describe_latency(verdicts: Verdicts) -> str:
    """Description of the latency figure."""
    sentences = [_describe_design_latency(verdicts, design) for design in verdicts.designs]
    return f"Latency per design in milliseconds, with intervals. {' '.join(sentences)}"


def _describe_design_latency(verdicts: Verdicts, design: str) -> str:
    if not verdicts.is_steady(design, "mean_s"):
        return f"{design}: unstable, not averaged."
    names = {"mean": "mean_s", "p50": "p50_s", "p95": "p95_s", "p99": "p99_s", "token checking": "checking_mean_s"}
    return f"{design}: {', '.join(f'{word} {_format_mean(verdicts, design, name)}' for word, name in names.items())}."


def describe_tradeoff(verdicts: Verdicts) -> str:
    """Description of the trade-off figure."""
    sentences = [
        f"{design}: {_format_mean(verdicts, design, 'as_requests_per_s')} requests per second, utilisation "
        f"{_format_mean(verdicts, design, 'as_utilisation')} %, {describe_exposure(verdicts, design)}."
        for design in verdicts.designs
    ]
    head = "Load on the authorization server against exposure after revocation, with intervals."
    return f"{head} {' '.join(sentences)}"


def describe_exposure(verdicts: Verdicts, design: str) -> str:
    """The exposure of a design, or the reason why it is missing."""
    if not verdicts.is_steady(design, "exposure_s"):
        return "unstable, exposure not shown"
    text = _format_mean(verdicts, design, "exposure_s")
    return "exposure undefined" if text == UNDEFINED else f"exposure {text} s"


def _format_mean(verdicts: Verdicts, design: str, name: str) -> str:
    return format_mean(METRICS[name], verdicts.intervals[design][name])

"""How figures look: colours that colour-blind readers tell apart, with markers, line styles and hatches beside them.

Figures as bytes: the same figure gives the same bytes, today and tomorrow.

Labels and descriptions of figures.
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
from simlib.report.cells import UNDEFINED, mean_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8A7E00")
"""Okabe and Ito's palette (2008), its yellow darkened so that it is seen on white."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_DASHES = ((1, 0), (4, 2), (6, 2, 1, 2), (1, 2), (8, 1), (3, 1, 1, 1), (1, 1), (5, 5))  # points on, points off
LINES: tuple[tuple[float, Sequence[float]], ...] = tuple((0, dashes) for dashes in _DASHES)
HATCHES = ("", "///", "xxx", "\\\\\\")

_SHEET = Path(__file__).with_name("simlib.mplstyle")


def house_style() -> AbstractContextManager[None]:
    """matplotlib's settings while a figure is drawn or written; they are as before afterwards."""
    import matplotlib

    return matplotlib.rc_context(fname=_SHEET)


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


_LINE = 30  # characters
_LINES = 2


def row_label(verdicts: Verdicts, design: str) -> str:
    """The name of a design and the beginning of its title, for an axis."""
    title = verdicts.scenario.designs[design].title
    if title == design:
        return design
    return "\n".join((design, *textwrap.wrap(title, _LINE, max_lines=_LINES, placeholder=" …")))


def latency_words(verdicts: Verdicts) -> str:
    """Description of the latency figure."""
    told = [_latency(verdicts, design) for design in verdicts.designs]
    return f"Latency per design in milliseconds, with intervals. {' '.join(told)}"


def _latency(verdicts: Verdicts, design: str) -> str:
    if not verdicts.steady(design, "mean_s"):
        return f"{design}: unstable, not averaged."
    names = {"mean": "mean_s", "p50": "p50_s", "p95": "p95_s", "p99": "p99_s", "token checking": "checking_mean_s"}
    return f"{design}: {', '.join(f'{word} {_mean(verdicts, design, name)}' for word, name in names.items())}."


def tradeoff_words(verdicts: Verdicts) -> str:
    """Description of the trade-off figure."""
    told = [
        f"{design}: {_mean(verdicts, design, 'as_requests_per_s')} requests per second, utilisation "
        f"{_mean(verdicts, design, 'as_utilisation')} %, {exposure_words(verdicts, design)}."
        for design in verdicts.designs
    ]
    head = "Load on the authorization server against exposure after revocation, with intervals."
    return f"{head} {' '.join(told)}"


def exposure_words(verdicts: Verdicts, design: str) -> str:
    """The exposure of a design, or why there is none."""
    if not verdicts.steady(design, "exposure_s"):
        return "unstable, exposure not shown"
    shown = _mean(verdicts, design, "exposure_s")
    return "exposure undefined" if shown == UNDEFINED else f"exposure {shown} s"


def _mean(verdicts: Verdicts, design: str, name: str) -> str:
    return mean_text(METRICS[name], verdicts.intervals[design][name])

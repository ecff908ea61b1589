"""How figures look: colours that colour-blind readers tell apart, with markers, line styles and hatches beside them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

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

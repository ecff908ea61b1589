"""The matrix of attacks as a figure: attacks down, designs or flows across, a mark where something was accepted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from simlib.attacks import ATTACKS
from simlib.experiment.attack_matrix import Cell
from simlib.report.figure_style import OKABE_ITO, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_REFUSED, _ACCEPTED, _NOTHING = "#D6E4F0", OKABE_ITO[1], "#FFFFFF"
_GAP = 0.7
"""Between groups of columns."""
_GROUPS = {
    "designs": "designs",
    "bound": "bound to a key",
    "catalogue": "others",
    "victims": "victims",
    "sound": "the same, sound",
    "flows": "sound flows",
    "careless": "a check is left out",
}


def attack_figure(cells: Sequence[Cell], against: Literal["token", "flow"]) -> "tuple[Figure, str]":
    """A matrix and its description; raises ValueError when no cell is about such attacks."""
    from matplotlib.figure import Figure

    shown = [cell for cell in cells if ATTACKS[cell.encounter.attack].against == against]
    shown = [cell for cell in shown if (cell.group in ("flows", "careless")) == (against == "flow")]
    if not shown:
        raise ValueError(f"no cell is about attacks on a {against}")
    rows = list(dict.fromkeys(cell.encounter.attack for cell in shown))
    columns = _columns(shown)
    with house_style():
        figure = Figure(figsize=(2.6 + 0.4 * len(columns), 2.7 + 0.27 * len(rows)), layout="constrained")
        axes = figure.subplots()
        _draw(axes, shown, rows, columns)
    return figure, _words(shown, against)


def _column(cell: Cell) -> tuple[str, str]:
    return cell.group, cell.setting if cell.group in ("flows", "careless") else cell.ground.design.name


def _columns(cells: Sequence[Cell]) -> dict[tuple[str, str], float]:
    """Group and name -> position, with a gap between groups."""
    found: dict[tuple[str, str], float] = {}
    here, last = -1.0, ""
    for group, name in dict.fromkeys(map(_column, cells)):
        here += 1.0 + (_GAP if last not in ("", group) else 0.0)
        last = group
        found[group, name] = here
    return found


def _draw(axes: "Axes", cells: Sequence[Cell], rows: Sequence[str], columns: dict[tuple[str, str], float]) -> None:
    from matplotlib.patches import Rectangle

    drawn: dict[tuple[str, tuple[str, str]], Cell] = {}
    for cell in cells:  # of several designs the one where most was accepted
        place = cell.encounter.attack, _column(cell)
        if place not in drawn or cell.encounter.seconds > drawn[place].encounter.seconds:
            drawn[place] = cell
    for (attack, column), cell in drawn.items():
        corner = columns[column] - 0.5, rows.index(attack) - 0.5
        outcome = cell.encounter.outcome
        colour = {"refused": _REFUSED, "accepted": _ACCEPTED}.get(outcome, _NOTHING)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white", linewidth=1.2))
        axes.text(columns[column], rows.index(attack), _mark(cell), ha="center", va="center", fontsize=6.5)
    _label(axes, rows, columns)


def _mark(cell: Cell) -> str:
    encounter = cell.encounter
    if encounter.outcome != "accepted":
        return "\u00b7" if encounter.outcome == "inapplicable" else ""
    return "end" if encounter.lasted else "once" if encounter.requests == 1 else f"{encounter.seconds:.0f}"


def _label(axes: "Axes", rows: Sequence[str], columns: dict[tuple[str, str], float]) -> None:
    from matplotlib.patches import Patch

    axes.set_xlim(-0.6, max(columns.values()) + 0.6)
    axes.set_ylim(len(rows) - 0.5, -1.3)
    axes.set_yticks(range(len(rows)), [name.replace("_", " ") for name in rows])
    axes.set_xticks(list(columns.values()), [name for _, name in columns], rotation=60, ha="right", fontsize=7.5)
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in axes.spines.values():
        side.set_visible(False)
    for group in dict.fromkeys(group for group, _ in columns):
        first = min(position for (own, _), position in columns.items() if own == group)
        axes.text(first - 0.5, -0.7, _GROUPS[group], fontsize=8, weight="bold", va="bottom")
    marks = {_REFUSED: "refused", _ACCEPTED: "accepted: seconds, once, or until the end of the run"}
    handles = [Patch(color=colour, label=label) for colour, label in marks.items()]
    handles.append(Patch(facecolor="white", edgecolor="#AAAAAA", label="\u00b7 nothing to attack"))
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=7.5)


def _words(cells: Sequence[Cell], against: str) -> str:
    accepted = dict.fromkeys(
        f"{cell.encounter.attack} by {_column(cell)[1]}" for cell in cells if cell.encounter.outcome == "accepted"
    )
    told = "; ".join(accepted) or "nothing"
    return (
        f"Matrix of attacks on {against}s by design or flow. Accepted: {told}. Everything else is refused or no target."
    )

"""Who talks to whom: one phase of a user's life under several designs, as sequence diagrams side by side."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from simlib.engine.phases import Life
from simlib.engine.tracing import Step
from simlib.report.style import OKABE_ITO, house_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ORDER = ("client", "bff", "gateway", "service")
"""From left to right; inner services, the authorization server and stores follow."""
_LAST = ("authorization_server", "shared_store", "store")
_SHORT = {"authorization_server": "AS", "service": "RS"}


def sequence_figure(lives: Sequence[Life], phase: str) -> "tuple[Figure, str]":
    """The messages of one phase, a panel per design: time runs downwards, replies are dashed; figure and words.

    What nobody waits for is dotted. Raises ValueError when no life has messages in the phase.
    """
    from matplotlib.figure import Figure

    told = [[step for step in life.of(phase) if step.kind in ("request", "reply")] for life in lives]
    if not any(told):
        raise ValueError(f"nobody says anything in the phase {phase!r}")
    parties = _parties(told)
    rows = max(len(steps) for steps in told)
    with house_style():
        figure = Figure(figsize=(9.6, 1.1 + 0.34 * rows), layout="constrained")
        panels = figure.subplots(1, len(lives), sharex=True, sharey=True, squeeze=False)[0]
        for panel, life, steps in zip(panels, lives, told, strict=True):
            _draw(panel, life.design, steps, parties, rows)
    return figure, _words(lives, told, phase)


def _parties(told: Sequence[Sequence[Step]]) -> list[str]:
    found = {party for steps in told for step in steps for party in (step.party, step.other)}
    inner = sorted(found - set(ORDER) - set(_LAST))
    return [party for party in (*ORDER, *inner, *_LAST) if party in found]


def _draw(axes: "Axes", title: str, steps: Sequence[Step], parties: list[str], rows: int) -> None:
    for place, party in enumerate(parties):
        axes.axvline(place, color="#BBBBBB", linewidth=1, zorder=0)
        axes.text(place, -0.9, _SHORT.get(party, party), ha="center", va="bottom", fontsize=8, weight="bold")
    for row, step in enumerate(steps):
        here, there = parties.index(step.party), parties.index(step.other)
        is_request = step.kind == "request"
        style = ":" if step.behind else "-" if is_request else "--"
        arrow = {"arrowstyle": "->", "linestyle": style, "color": OKABE_ITO[0 if is_request else 1], "linewidth": 1.3}
        axes.annotate("", (there, row), (here, row), arrowprops=arrow)
        words = step.what if is_request else str(step.status)
        axes.text((here + there) / 2, row - 0.08, words, ha="center", va="bottom", fontsize=7)
    axes.set_title(f"{title}: {len(steps)} messages", fontsize=9)
    axes.set_xlim(-0.5, len(parties) - 0.5)
    axes.set_ylim(rows - 0.3, -1.7)
    axes.axis("off")


def _words(lives: Sequence[Life], told: Sequence[Sequence[Step]], phase: str) -> str:
    parts = []
    for life, steps in zip(lives, told, strict=True):
        asked = ", ".join(f"{step.party} asks {step.other} for {step.what}" for step in steps if step.kind == "request")
        parts.append(f"{life.design}, {len(steps)} messages: {asked or 'none'}.")
    return f"Sequence diagrams of the phase {phase}. {' '.join(parts)}"

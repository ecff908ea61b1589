"""Bad days as text, as CSV and as JSON types."""

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from simlib.analysis.intervals import Interval
from simlib.decision.bad_days import DayCell, list_bad_days_notes
from simlib.experiment.bad_days import BadDays
from simlib.report.cells import UNDEFINED

NOTABLE = 2.0
"""Multiple of the latency or load without the fault from which on a mark is set."""
LITTLE_PER_S = 10.0
"""Requests per second at the authorization server below which a multiple is no cause for a mark."""

Cells = Mapping[tuple[str, str], DayCell]

COLUMNS = (
    "day",
    "design",
    "replications",
    "availability",
    "availability_low",
    "availability_high",
    "difference",
    "difference_low",
    "difference_high",
    "availability_of_run",
    "latency_s",
    "latency_s_without_fault",
    "word",
    "recovery_s",
    "refused_wrongly",
    "accepted_forged",
    "accepted_expired",
    "accepted_beyond_promise",
    "accepted_within_promise",
    "more_accepted_within_promise",
    "as_peak_requests_per_s",
    "as_peak_requests_per_s_without_fault",
    "as_peak_utilisation",
)


def format_share(interval: Interval, sign: str = "") -> str:
    """A share with its half width, in per cent; three digits near 0 and 100."""
    if not interval.n:
        return UNDEFINED
    mean, half = interval.mean * 100, interval.half_width * 100
    digits = 1 if sign or 1 < mean < 99 else 2
    text = f"{mean:{sign}.{digits}f}".replace("-", "\N{MINUS SIGN}")
    if not sign and math.isfinite(half) and half > min(mean, 100 - mean) + 0.5:  # no share is below none or above all
        return f"{text} % ({max(mean - half, 0):.0f} to {min(mean + half, 100):.0f})"
    return f"{text} %" if not math.isfinite(half) else f"{text} ± {half:.{digits}f} %"


def format_outcome(cell: DayCell) -> str:
    """Consequence of the fault, in words; empty where it is unknown."""
    if cell.word == "recovered":
        return f"recovered after {cell.recovery_s:.0f} s"
    return {"unknown": "", "collapse": "COLLAPSE", "back at once": "recovered at once"}.get(cell.word, cell.word)


def list_marks(cell: DayCell) -> tuple[str, ...]:
    """Noteworthy effects of a fault on a design, in few words each."""
    texts = [format_outcome(cell)] if cell.word in ("recovered", "not recovered", "collapse") else []
    if cell.latency_s >= NOTABLE * cell.usual_latency_s:
        texts.append(f"latency x {cell.latency_s / cell.usual_latency_s:,.0f}")
    if cell.as_peak_requests_per_s >= NOTABLE * max(cell.usual_as_peak_requests_per_s, LITTLE_PER_S):
        texts.append(f"AS up to {cell.as_peak_requests_per_s:,.0f}/s, not {cell.usual_as_peak_requests_per_s:,.0f}")
    if cell.refused_wrongly > 0.5:  # what is rounded to 0 is no mark
        texts.append(f"{cell.refused_wrongly:,.0f} wrongly refused")
    if cell.wrong_acceptances > 0:
        texts.append(f"{max(cell.wrong_acceptances, 1):,.0f} wrongly accepted")
    if cell.more_within > 0.5:
        texts.append(f"{cell.more_within:,.0f} more revoked tokens accepted")
    return tuple(texts)


def list_details(cell: DayCell) -> list[tuple[str, str]]:
    """All figures of one cell, as terms and texts."""
    within, more, usual = cell.within_promise, cell.more_within, cell.usual_as_peak_requests_per_s
    return [
        ("availability in the fault window", format_share(cell.availability)),
        ("difference to no fault", format_share(cell.difference, "+")),
        ("availability of the whole run", format_share(cell.run_availability)),
        (
            "mean latency of answers",
            f"{_format_ms(cell.latency_s)}, without the fault {_format_ms(cell.usual_latency_s)}",
        ),
        ("after the fault", format_outcome(cell) or UNDEFINED),
        ("valid tokens refused", f"{cell.refused_wrongly:,.1f}"),
        ("forged tokens accepted", f"{cell.forged:,.1f}"),
        ("expired tokens accepted", f"{cell.expired:,.1f}"),
        ("revoked tokens accepted beyond the guaranteed bound", f"{cell.beyond_promise:,.1f}"),
        (
            "revoked tokens accepted within the bound",
            f"{within:,.1f}, because of the fault {more:+,.1f}".replace("-", "\N{MINUS SIGN}"),
        ),
        ("busiest second of the AS", f"{cell.as_peak_requests_per_s:,.0f} requests, without the fault {usual:,.0f}"),
        ("its utilisation in that second", f"{cell.as_peak_utilisation * 100:.0f} %"),
    ]


def build_cell_row(cell: DayCell) -> dict[str, Any]:
    """One cell with the keys `COLUMNS`, in base units; None where a value is undefined."""
    availability, difference = cell.availability, cell.difference
    values = (
        cell.day,
        cell.design,
        availability.n,
        *(_drop_infinite(value) for value in (availability.mean, availability.low, availability.high)),
        *(_drop_infinite(value) for value in (difference.mean, difference.low, difference.high)),
        _drop_infinite(cell.run_availability.mean),
        *(_drop_infinite(value) for value in (cell.latency_s, cell.usual_latency_s)),
        cell.word,
        _drop_infinite(cell.recovery_s),
        *(_drop_infinite(value) for value in (cell.refused_wrongly, cell.forged, cell.expired, cell.beyond_promise)),
        *(_drop_infinite(value) for value in (cell.within_promise, cell.more_within)),
        *(_drop_infinite(value) for value in (cell.as_peak_requests_per_s, cell.usual_as_peak_requests_per_s)),
        _drop_infinite(cell.as_peak_utilisation),
    )
    return dict(zip(COLUMNS, values, strict=True))


def format_bad_days_csv(cells: Cells) -> str:
    """`build_cell_row` for all cells, with full precision; empty where a value is undefined."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(build_cell_row(cell) for cell in cells.values())
    return text.getvalue()


def build_bad_days_document(days: BadDays, cells: Cells) -> dict[str, Any]:
    """All cells as JSON types, with the plan of the runs."""
    plan, run = days.plan, days.plan.scenario.run
    return {
        "scenario": plan.scenario.name,
        "designs": list(plan.scenario.designs),
        "run": {
            "seed": run.seed,
            "length_s": plan.scenario.horizon_s,
            "warm_up_s": run.warm_up_s,
            "replications": run.replications,
            "caches": run.caches,
            "level": run.level,
        },
        "window_s": plan.window_s,
        "in_time_s": days.in_time_s,
        "days": [
            {
                "name": day.name,
                "title": day.title,
                "source": day.source,
                "faults": {
                    name: fault.model_dump(mode="json", exclude_none=True) for name, fault in day.faults.items()
                },
            }
            for day in plan.days
        ],
        "cells": [build_cell_row(cell) for cell in cells.values()],
        "notes": list(list_bad_days_notes(days, cells)),
    }


def _format_ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms" if math.isfinite(seconds) else UNDEFINED


def _drop_infinite(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""Bad days as text cells, as CSV and as JSON types."""

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

from simlib.analysis.intervals import Interval
from simlib.decision.bad_days import DayCell, bad_days_notes
from simlib.experiment.bad_days import BadDays
from simlib.report.cells import UNDEFINED

NOTABLE = 2.0
"""So many times the usual latency or load is worth a mark."""
LITTLE_PER_S = 10.0
"""Requests per second at the authorization server of which several times as many are still nothing to speak of."""

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


def per_cent(interval: Interval, sign: str = "") -> str:
    """A share with its half width, in per cent; three digits near the ends of the scale."""
    if not interval.n:
        return UNDEFINED
    mean, half = interval.mean * 100, interval.half_width * 100
    digits = 1 if sign or 1 < mean < 99 else 2
    shown = f"{mean:{sign}.{digits}f}".replace("-", "\N{MINUS SIGN}")
    if not sign and math.isfinite(half) and half > min(mean, 100 - mean) + 0.5:  # no share is below none or above all
        return f"{shown} % ({max(mean - half, 0):.0f} to {min(mean + half, 100):.0f})"
    return f"{shown} %" if not math.isfinite(half) else f"{shown} ± {half:.{digits}f} %"


def outcome(cell: DayCell) -> str:
    """What came after the fault."""
    if cell.word == "recovered":
        return f"back after {cell.recovery_s:.0f} s"
    return {"unknown": "", "collapse": "COLLAPSE"}.get(cell.word, cell.word)


def marks(cell: DayCell) -> tuple[str, ...]:
    """What else there is to know about a cell, in few words; nothing that did not happen."""
    told = [outcome(cell)] if cell.word in ("recovered", "not recovered", "collapse") else []
    if cell.latency_s >= NOTABLE * cell.usual_latency_s:
        told.append(f"latency x {cell.latency_s / cell.usual_latency_s:,.0f}")
    if cell.as_peak_requests_per_s >= NOTABLE * max(cell.usual_as_peak_requests_per_s, LITTLE_PER_S):
        told.append(f"AS up to {cell.as_peak_requests_per_s:,.0f}/s, not {cell.usual_as_peak_requests_per_s:,.0f}")
    if cell.refused_wrongly >= 0.5:
        told.append(f"{cell.refused_wrongly:,.0f} refused wrongly")
    if cell.accepted_wrongly > 0:
        told.append(f"{max(cell.accepted_wrongly, 1):,.0f} accepted wrongly")
    if cell.more_within >= 0.5:
        told.append(f"{cell.more_within:,.0f} more revoked accepted")
    return tuple(told)


def details(cell: DayCell) -> list[tuple[str, str]]:
    """Everything about one cell, as terms and texts."""
    within, more, usual = cell.within_promise, cell.more_within, cell.usual_as_peak_requests_per_s
    return [
        ("availability in the window", per_cent(cell.availability)),
        ("less than without the fault", per_cent(cell.difference, "+")),
        ("availability of the whole run", per_cent(cell.run_availability)),
        ("mean latency of what was served", f"{_ms(cell.latency_s)}, usually {_ms(cell.usual_latency_s)}"),
        ("after the fault", outcome(cell) or UNDEFINED),
        ("good tokens refused", f"{cell.refused_wrongly:,.1f}"),
        ("forged tokens accepted", f"{cell.forged:,.1f}"),
        ("expired tokens accepted", f"{cell.expired:,.1f}"),
        ("revoked tokens accepted beyond what the design promises", f"{cell.beyond_promise:,.1f}"),
        (
            "revoked tokens accepted within it",
            f"{within:,.1f}, by the fault {more:+,.1f}".replace("-", "\N{MINUS SIGN}"),
        ),
        ("busiest second of the AS", f"{cell.as_peak_requests_per_s:,.0f} requests, usually {usual:,.0f}"),
        ("utilisation then", f"{cell.as_peak_utilisation * 100:.0f} %"),
    ]


def cell_row(cell: DayCell) -> dict[str, Any]:
    """One cell with the keys `COLUMNS`, in base units; None where there is nothing to say."""
    own, difference = cell.availability, cell.difference
    values = (
        cell.day,
        cell.design,
        own.n,
        *(_finite(value) for value in (own.mean, own.low, own.high)),
        *(_finite(value) for value in (difference.mean, difference.low, difference.high)),
        _finite(cell.run_availability.mean),
        *(_finite(value) for value in (cell.latency_s, cell.usual_latency_s)),
        cell.word,
        _finite(cell.recovery_s),
        *(_finite(value) for value in (cell.refused_wrongly, cell.forged, cell.expired, cell.beyond_promise)),
        *(_finite(value) for value in (cell.within_promise, cell.more_within)),
        *(_finite(value) for value in (cell.as_peak_requests_per_s, cell.usual_as_peak_requests_per_s)),
        _finite(cell.as_peak_utilisation),
    )
    return dict(zip(COLUMNS, values, strict=True))


def bad_days_csv(cells: Cells) -> str:
    """`cell_row` for all cells, with full precision; empty where there is nothing to say."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(cell_row(cell) for cell in cells.values())
    return text.getvalue()


def bad_days_document(days: BadDays, cells: Cells) -> dict[str, Any]:
    """Everything as JSON types, with what was run."""
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
        "cells": [cell_row(cell) for cell in cells.values()],
        "notes": list(bad_days_notes(days, cells)),
    }


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms" if math.isfinite(seconds) else UNDEFINED


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None

"""Options of `simlib decide`: values that take the place of those in the file, and what a run.json made them be."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simlib.commands.overriding import Overrides, chosen_scenario
from simlib.report.run_record import is_record
from simlib.scenario.errors import InputError
from simlib.scenario.overriding import overridden
from simlib.scenario.refusal import unknown
from simlib.scenario.scenario import Scenario

DRAWS, FEWEST_DRAWS, MOST_DRAWS = 10_000, 100, 1_000_000
_OPTIONS = {"--horizon-years": "--horizon", "--developer-day": "--price-developer-day"}


@dataclass(frozen=True)
class TermsGiven:
    """Terms and prices that the user gave; None where nothing was given."""

    baseline: str | None = None
    present: str | None = None
    horizon: float | None = None
    discount_rate: float | None = None
    requests_per_year: float | None = None
    price_developer_day: float | None = None


@dataclass(frozen=True)
class Made:
    """How a decision is made: the user's own estimates, draws of the Monte-Carlo, and whether inputs are varied."""

    effort: Path | None
    draws: int
    sensitivity: bool


def decided_scenario(source: str, overrides: Overrides, given: TermsGiven) -> Scenario:
    """The scenario with what the options say; raises InputError naming file and key, or the option."""
    scenario = chosen_scenario(source, overrides)
    if scenario.run.timing == "live":
        raise InputError("run.timing: a decision must come out the same again, and live times do not; use profile")
    for option, name in (("--baseline", given.baseline), ("--present", given.present)):
        if name is not None and name not in scenario.designs:
            raise InputError(f"{option}: {unknown('design', name, scenario.designs)}")
    terms = {
        "baseline": given.baseline,
        "present": given.present,
        "horizon_years": given.horizon,
        "discount_rate": given.discount_rate,
        "requests_per_year": given.requests_per_year,
    }
    return replace(
        scenario,
        terms=_overridden(scenario.terms, terms),
        prices=_overridden(scenario.prices, {"developer_day": given.price_developer_day}),
    )


def _overridden(model: Any, values: dict[str, Any]) -> Any:
    given = {name: value for name, value in values.items() if value is not None}
    try:
        return overridden(model, given)
    except InputError as error:
        option, _, rest = str(error).partition(": ")
        raise InputError(f"{_OPTIONS.get(option, option)}: {rest}") from error


def made_how(source: str, effort: Path | None, draws: int | None, sensitivity: bool | None) -> Made:
    """What was asked for, else what a run.json was made with, else the defaults; raises InputError."""
    recorded = _recorded(Path(source))
    chosen = draws if draws is not None else recorded.get("draws", DRAWS)
    if not FEWEST_DRAWS <= chosen <= MOST_DRAWS:
        raise InputError(f"--draws: must be {FEWEST_DRAWS:,} to {MOST_DRAWS:,}, not {chosen:,}")
    return Made(
        effort=effort if effort is not None else _recorded_effort(Path(source), recorded),
        draws=chosen,
        sensitivity=sensitivity if sensitivity is not None else recorded.get("sensitivity", True),
    )


def made_document(made: Made, folder: Path) -> dict[str, Any]:
    """For run.json: all that `made_how` reads again; the file of estimates as seen from the folder of the record."""
    import os

    effort = made.effort
    file = None if effort is None else Path(os.path.relpath(effort.resolve(), folder)).as_posix()
    return {
        "draws": made.draws,
        "sensitivity": made.sensitivity,
        "effort": None if effort is None else {"file": file, "sha256": _sha256(effort)},
    }


def _recorded(path: Path) -> dict[str, Any]:
    """The part of a run.json that tells how a decision was made; empty for any other file."""
    if path.suffix != ".json" or not is_record(path):
        return {}
    found = json.loads(path.read_text(encoding="utf-8")).get("decision")
    return found if isinstance(found, dict) else {}


def _recorded_effort(source: Path, recorded: dict[str, Any]) -> Path | None:
    effort = recorded.get("effort")
    if not isinstance(effort, dict):
        return None
    path = source.parent / str(effort.get("file"))
    try:
        digest = _sha256(path)
    except OSError as error:
        raise InputError(f"{path}: estimates of this decision cannot be read ({error.strerror})") from error
    if digest != effort.get("sha256"):
        raise InputError(f"{path}: is not the file that this decision was made with (sha256 is {digest})")
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()

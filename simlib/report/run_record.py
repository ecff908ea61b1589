"""Run record (run.json): scenario, seeds, versions, machine and inputs, so that a run can be repeated exactly."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from simlib import __version__
from simlib.decision import Verdicts
from simlib.decision.notes import MEASURED_HERE
from simlib.report.summary import build_promises_document
from simlib.scenario.base import find_bundled
from simlib.scenario.scenario import Scenario
from simlib.scenario.texts import SCENARIO_BYTES, format_json, read_text
from simlib.scenario.writing import export_scenario_beside
from simlib.tokens.formats import list_library_versions

PACKAGES = ("simpy", "numpy", "pandas", "scipy", "matplotlib", "pydantic", "jinja2", "joblib", "typer", "rich")


@dataclass(frozen=True)
class Provenance:
    """Provenance of a run: options of the command, wall-clock seconds, and the settings of a decision, if any."""

    options: Mapping[str, Any] = field(default_factory=dict)
    duration_s: float | None = None
    decision: Mapping[str, Any] | None = None


def collect_versions() -> dict[str, str]:
    """Name -> version of Python, of this package and of its libraries, OpenSSL included."""
    return {
        "simlib": __version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **list_library_versions(),
        **{name: _find_version(name) for name in PACKAGES},
    }


def describe_machine() -> dict[str, Any]:
    """Processor, cores and system of the machine, without names and paths."""
    return {
        "processor": _find_processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def hash_profile(scenario: Scenario) -> str | None:
    """The sha256 of the cost profile's file; None for a scenario made without a file."""
    name = scenario.world.profile
    for path in (find_bundled("profiles") / f"{name}.csv", Path(name)):
        if path.is_file():
            return hashlib.sha256(path.read_bytes()).hexdigest()
    return None


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _find_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


RECORD = "run.json"
MARKER = "simlib-run-1"
"""Value of the key "format", by which the folder of a file is recognised as a report."""


def build_run_record(verdicts: Verdicts, provenance: Provenance, folder: Path, scenario: Scenario | None = None) -> str:
    """The record as JSON; files named in the scenario are relative to ``folder``, where the record will be.

    ``scenario`` is the requested one, where the comparison was made in shorter runs.
    """
    scenario = scenario or verdicts.scenario
    record = {
        "format": MARKER,
        **({"note": MEASURED_HERE} if scenario.run.timing == "live" else {}),
        "scenario": export_scenario_beside(scenario, folder),
        **({} if provenance.decision is None else {"decision": dict(provenance.decision)}),
        "seeds": {"seed": scenario.run.seed, "replications": list(range(scenario.run.replications))},
        "station_forms": {design: dict(forms) for design, forms in verdicts.comparison.forms.items()},
        "promises": build_promises_document(verdicts.promises),
        "profile": {"name": scenario.profile.name, "sha256": hash_profile(scenario)},
        "trace": _describe_trace(scenario),
        "versions": collect_versions(),
        "machine": describe_machine(),
        "duration_s": provenance.duration_s,
        "options": dict(provenance.options),
    }
    return format_json(record) + "\n"


def is_record(path: Path) -> bool:
    """Whether a file is the run.json of a report."""
    return bool(_read_record(path))


def read_record(path: Path) -> Mapping[str, Any]:
    """Content of a run.json; empty for any other file, and for one of another name."""
    return _read_record(path) if path.suffix == ".json" else {}


def _read_record(path: Path) -> Mapping[str, Any]:
    try:
        record = json.loads(read_text(path, SCENARIO_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) and record.get("format") == MARKER else {}


def _describe_trace(scenario: Scenario) -> dict[str, Any] | None:
    trace = scenario.trace
    if trace is None:
        return None
    return {
        "source": trace.source,
        "sha256": trace.sha256,
        "format": trace.format,
        "lines": trace.lines,
        "broken": trace.broken,
        "users": trace.users_count,
    }


def read_recorded_profile(path: Path) -> str | None:
    """The sha256 of the cost profile in a run.json; None for any other file."""
    profile = read_record(path).get("profile")
    digest = profile.get("sha256") if isinstance(profile, dict) else None
    return digest if isinstance(digest, str) else None


def is_same_profile(scenario: Scenario, recorded: str | None) -> bool:
    """Whether the scenario has the recorded cost profile; true where none was recorded."""
    return recorded is None or recorded == hash_profile(scenario)

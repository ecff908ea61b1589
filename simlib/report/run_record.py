"""run.json: everything a run depends on, so that it can be repeated exactly.

What a run rests on: versions, machine and inputs, so that it can be repeated and its numbers be explained.
"""

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from simlib.decision import Verdicts
from simlib.decision.notes import MEASURED_HERE
from simlib.report.summary import promises_document
from simlib.scenario.base import bundled
from simlib.scenario.scenario import Scenario
from simlib.scenario.writing import to_document
from simlib.tokens.library_versions import library_versions

PACKAGES = ("simpy", "numpy", "pandas", "scipy", "matplotlib", "pydantic", "jinja2", "joblib", "typer", "rich")


@dataclass(frozen=True)
class Provenance:
    """What only the caller knows: the command's ``options``, how many seconds it took by the wall clock, and how a
    ``decision`` was made, for a run that made one.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    duration_s: float | None = None
    decision: Mapping[str, Any] | None = None


def versions() -> dict[str, str]:
    """Name -> version of Python, this package and what it stands on, OpenSSL included."""
    return {
        "simlib": _version("simlib"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        **library_versions(),
        **{name: _version(name) for name in PACKAGES},
    }


def machine() -> dict[str, Any]:
    """Processor, cores and system; no names and no paths."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def profile_sha256(scenario: Scenario) -> str | None:
    """The sha256 of the cost profile's file; None when the scenario was made without a file."""
    name = scenario.world.profile
    for path in (bundled("profiles") / f"{name}.csv", Path(name)):
        if path.is_file():
            return hashlib.sha256(path.read_bytes()).hexdigest()
    return None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


RECORD = "run.json"
MARKER = "simlib-run-1"
"""Value of the key "format": the folder that holds such a file is a report."""


def run_record(verdicts: Verdicts, provenance: Provenance, folder: Path, scenario: Scenario | None = None) -> str:
    """The record as JSON; files that the scenario names are told relative to ``folder``, where the record will be.

    ``scenario`` is what was asked for, where the comparison was made in shorter runs than that.
    """
    scenario = scenario or verdicts.scenario
    record = {
        "format": MARKER,
        **({"note": MEASURED_HERE} if scenario.run.timing == "live" else {}),
        "scenario": _document(scenario, folder),
        **({} if provenance.decision is None else {"decision": dict(provenance.decision)}),
        "seeds": {"seed": scenario.run.seed, "replications": list(range(scenario.run.replications))},
        "station_forms": {design: dict(forms) for design, forms in verdicts.comparison.forms.items()},
        "promises": promises_document(scenario),
        "profile": {"name": scenario.profile.name, "sha256": profile_sha256(scenario)},
        "trace": _trace(scenario),
        "versions": versions(),
        "machine": machine(),
        "duration_s": provenance.duration_s,
        "options": dict(provenance.options),
    }
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def is_record(path: Path) -> bool:
    """Whether a file is the run.json of a report."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("format") == MARKER


def _document(scenario: Scenario, folder: Path) -> dict[str, Any]:
    document = to_document(scenario)
    world = document["world"]
    if "file" in world["load"]:
        world["load"]["file"] = _seen_from(folder, world["load"]["file"])
    if world["profile"].endswith(".csv"):
        world["profile"] = _seen_from(folder, world["profile"])
    return document


def _seen_from(folder: Path, name: str) -> str:
    """A path that ``load_scenario`` made absolute, relative to the folder of the report."""
    return Path(os.path.relpath(name, folder)).as_posix() if os.path.isabs(name) else name


def _trace(scenario: Scenario) -> dict[str, Any] | None:
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


def recorded_profile(path: Path) -> str | None:
    """The sha256 of the cost profile in a run.json; None for any other file."""
    if path.suffix != ".json" or not is_record(path):
        return None
    profile = json.loads(path.read_text(encoding="utf-8")).get("profile")
    digest = profile.get("sha256") if isinstance(profile, dict) else None
    return digest if isinstance(digest, str) else None


def same_profile(scenario: Scenario, recorded: str | None) -> bool:
    """Whether the scenario has the cost profile that was recorded; true where none was."""
    return recorded is None or recorded == profile_sha256(scenario)

"""What a run rests on: versions, machine and inputs, so that it can be repeated and its numbers be explained."""

import hashlib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from simlib.scenario.data import bundled
from simlib.scenario.scenario import Scenario
from simlib.tokens.versions import library_versions

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

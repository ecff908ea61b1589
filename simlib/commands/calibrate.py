"""Command `simlib calibrate`: CPU times of this machine for each operation, as a cost profile."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simlib.commands.console import open_console, print_status
from simlib.commands.options import Json
from simlib.commands.runner import print_answer, run_interruptibly

if TYPE_CHECKING:
    from simlib.calibration.campaign import CalibrationResult


def calibrate(
    out: Annotated[Path, typer.Option(metavar="CSV", help="Write the profile to this file.")],
    processes: Annotated[int, typer.Option(metavar="N", help="Fresh processes to measure in.")] = 5,
    seconds: Annotated[float, typer.Option(metavar="S", help="Measuring time of all processes together.")] = 170.0,
    postgresql: Annotated[
        str | None, typer.Option(metavar="URL", help="Measure this PostgreSQL too (a table is made and removed).")
    ] = None,
    redis: Annotated[
        str | None, typer.Option(metavar="URL", help="Measure this Redis too (keys are made and removed).")
    ] = None,
    json: Json = False,
) -> None:
    """Measure this machine: signing, verifying, hashing, JSON, stores and HTTP calls, in place in a real server.

    Needs the packages of simlib's extra 'calibrate', and those of 'stores' for PostgreSQL and Redis. Let the machine be
    idle meanwhile: the profile says when it was too busy for its numbers to be trusted.

    \b
    Examples:
      simlib calibrate --out my-machine.csv
      simlib compare web-shop --profile my-machine.csv
      simlib calibrate --out my-machine.csv --redis redis://127.0.0.1:6379/0

    Exit status: 0, 2 for bad input, 130 after Ctrl-C, 143 after SIGTERM. The file appears complete or not at all.
    """
    from simlib.calibration.campaign import make_profile

    servers = {"postgresql": postgresql, "redis": redis}
    addresses = {name: address for name, address in servers.items() if address is not None}
    with run_interruptibly(lambda: "nothing was written", out) as run:
        progress = run.watch(lambda done, total: print_status(f"calibrating: {done} of {total} processes"))
        profile = make_profile(out, processes, seconds, addresses, progress)
    print_answer(json, lambda: _build_document(profile), lambda: _print_profile(profile))


def _build_document(made: "CalibrationResult") -> dict[str, Any]:
    from simlib.scenario.profile import load_profile

    profile = load_profile(made.path)
    means = {name: profile.mean(name) for name in sorted(profile.quantiles)}
    return {
        "profile": str(made.path),
        "trusted": made.is_trusted,
        "about": dict(made.about),
        "mean_seconds": means,
    }


def _print_profile(profile: "CalibrationResult") -> None:
    screen = open_console()
    screen.print(f"{profile.path}: {profile.operations} operations on {profile.about['machine']}")
    for name, value in profile.about.items():
        if name.startswith("check") or name in ("samples", "foreign load"):
            screen.print(f"  {name}: {value}")
    if not profile.is_trusted:
        screen.print(f"warning: {profile.about['note']}", style="yellow")
    screen.print(f"Use it: simlib compare SCENARIO --profile {profile.path}", soft_wrap=True)

"""Command ``python -m simlib.calibration --out data/profiles/NAME.csv``, a short form of ``simlib calibrate``."""

import argparse
import sys
from pathlib import Path

from simlib.calibration.campaign import PROCESSES, SECONDS, make_profile
from simlib.scenario.errors import InputError

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0, 2 for unusable input and 130 when interrupted (nothing is written)."""
    options = _build_parser().parse_args(arguments)
    try:
        result = make_profile(options.out, options.processes, options.seconds, progress=_show_progress)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    print(
        f"{result.path}: {result.operations} operations; foreign load {result.about['foreign load']}", file=sys.stderr
    )
    if not result.is_trusted:
        print(f"note: {result.about['note']}", file=sys.stderr)
    return 0


def _show_progress(done: int, total: int) -> None:
    if done:
        print(f"calibrating: {done} of {total} processes", file=sys.stderr, flush=True)


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simlib.calibration", description="Write a cost profile.")
    parser.add_argument("--out", type=Path, required=True, help="the profile to write, such as data/profiles/NAME.csv")
    parser.add_argument("--processes", type=int, default=PROCESSES, help="fresh processes to measure in")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="measuring time of all together")
    return parser


if __name__ == "__main__":
    sys.exit(main())

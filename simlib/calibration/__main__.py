"""``python -m simlib.calibration --out data/profiles/NAME.csv``: measure this machine, write a cost profile."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from simlib.calibration.campaign import calibrate
from simlib.calibration.sessions import require_packages
from simlib.calibration.table import render, write_whole
from simlib.scenario.errors import InputError

INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code is 0, 2 for unusable input and 130 when interrupted (nothing is written)."""
    options = _parser().parse_args(arguments)
    try:
        _run(options.out, options.processes, options.seconds)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    return 0


def _run(out: Path, processes: int, seconds: float) -> None:
    if processes < 1 or seconds < 0:
        raise InputError(f"--processes {processes} --seconds {seconds:g}: at least 1 process and 0 seconds are needed")
    if out.suffix != ".csv" or not out.parent.is_dir():
        raise InputError(f"--out {out}: must be a .csv file in a folder that exists")
    require_packages()
    rounds = tqdm(range(processes), desc="calibrating", unit="process", file=sys.stderr)
    samples, about = calibrate(seconds / processes, rounds)
    try:
        write_whole(out, render(samples, about))
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error.strerror})") from error
    print(f"{out}: {len(samples)} operations; foreign load {about['foreign load']}", file=sys.stderr)
    if "note" in about:
        print(f"note: {about['note']}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simlib.calibration", description="Write a cost profile.")
    parser.add_argument("--out", type=Path, required=True, help="the profile to write, such as data/profiles/NAME.csv")
    parser.add_argument("--processes", type=int, default=5, help="fresh processes to measure in (default 5)")
    parser.add_argument("--seconds", type=float, default=80.0, help="measuring time of all together (default 80)")
    return parser


if __name__ == "__main__":
    sys.exit(main())

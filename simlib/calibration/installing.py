"""``python -m simlib.calibration.installing NEW.csv data/profiles``: put a new measurement in the place of the base.

NEW becomes the bundled profile python-2026 as it is, and the profiles of other stacks are derived from it anew. A
measurement that lacks an operation of the old one, or that says of itself that it is not to be trusted, is refused
before anything is written; ``--anyway`` takes one that is only not to be trusted, and its head goes on saying so.
"""

import argparse
import sys
from pathlib import Path

from simlib.calibration.derived import BASE, MAKERS
from simlib.calibration.table import write_whole
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile, load_profile


def install(new: Path, folder: Path, anyway: bool = False) -> list[Path]:
    """Write the base and every derived profile into the folder; their paths. Raises InputError or OSError."""
    measured, base = load_profile(new), folder / f"{BASE}.csv"
    _check(new, measured, load_profile(base), anyway)
    texts = {base: new.read_text(encoding="utf-8")}
    for make in MAKERS:
        derived = make(measured)
        texts[folder / f"{derived.name}.csv"] = derived.text()
    for path, text in texts.items():
        write_whole(path, text)
    return list(texts)


def _check(new: Path, measured: CostProfile, old: CostProfile, anyway: bool) -> None:
    missing = sorted(old.quantiles.keys() - measured.quantiles.keys())
    if missing:
        raise InputError(f"{new}: lacks {', '.join(missing)}, which {old.name} has: install what measures it")
    if "derived" in measured.about:
        raise InputError(f"{new}: is derived and not measured, so it cannot be the base of the others")
    if "note" in measured.about and not anyway:
        raise InputError(f"{new}: {measured.about['note']} (or take it with --anyway)")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 2 and one line when that cannot be done."""
    parser = argparse.ArgumentParser(prog="python -m simlib.calibration.installing", description="Replace the base.")
    parser.add_argument("new", type=Path, help="a profile that simlib calibrate has written")
    parser.add_argument("folder", type=Path, help="the folder of the bundled profiles: data/profiles")
    parser.add_argument("--anyway", action="store_true", help="take it although the machine was busy")
    options = parser.parse_args(arguments)
    try:
        written = install(options.new, options.folder, options.anyway)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(map(str, written)), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Replacement of the base profile by a new measurement, from which the profiles of other stacks are derived anew.

Run as ``python -m simlib.calibration.base_replacement NEW.csv data/profiles``. NEW becomes the bundled profile
python-2026 unchanged. A measurement that lacks an operation of the old one, or whose head says that it cannot be
trusted, is refused before anything is written; ``--anyway`` accepts the latter, and its head keeps the note.
"""

import argparse
import sys
from pathlib import Path

from simlib.calibration.derived_profiles import BASE, DERIVATIONS
from simlib.calibration.profile_writer import replace_file
from simlib.scenario.errors import InputError
from simlib.scenario.profile import CostProfile, load_profile


def replace_base(new: Path, folder: Path, anyway: bool = False) -> list[Path]:
    """Write the base and every derived profile into the folder; returns their paths. Raises InputError or OSError."""
    measured, base = load_profile(new), folder / f"{BASE}.csv"
    _check_measurement(new, measured, load_profile(base), anyway)
    texts = {base: new.read_text(encoding="utf-8")}
    for make in DERIVATIONS:
        derived = make(measured)
        texts[folder / f"{derived.name}.csv"] = derived.format_text()
    for path, text in texts.items():
        replace_file(path, text)
    return list(texts)


def _check_measurement(new: Path, measured: CostProfile, old: CostProfile, anyway: bool) -> None:
    missing = sorted(old.quantiles.keys() - measured.quantiles.keys())
    if missing:
        raise InputError(
            f"{new}: lacks {', '.join(missing)}, which {old.name} has: install the package that measures it"
        )
    if "derived" in measured.about:
        raise InputError(f"{new}: is derived and not measured, so it cannot be the base of the others")
    if "note" in measured.about and not anyway:
        raise InputError(f"{new}: {measured.about['note']} (or accept it with --anyway)")


def main(arguments: list[str] | None = None) -> int:
    """Run the command; exit code 2 and one line when it fails."""
    parser = argparse.ArgumentParser(
        prog="python -m simlib.calibration.base_replacement", description="Replace the base."
    )
    parser.add_argument("new", type=Path, help="a profile that simlib calibrate has written")
    parser.add_argument("folder", type=Path, help="the folder of the bundled profiles: data/profiles")
    parser.add_argument("--anyway", action="store_true", help="accept it although the machine was busy")
    options = parser.parse_args(arguments)
    try:
        written = replace_base(options.new, options.folder, options.anyway)
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print("\n".join(map(str, written)), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

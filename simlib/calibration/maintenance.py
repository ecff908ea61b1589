"""``python -m simlib.calibration.maintenance OLD.csv NEW.csv``: add the operations that OLD lacks, leave its rows alone.

What two calibrations measure differs by how busy the machine was, so the two are not put side by side as they are:
every added row is NEW's, times how long an operation of the same kind took in OLD over how long it took in NEW
(medians). That operation, its anchor, was measured in turn with the added one. The head of the file says so.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from simlib.calibration.derived import KIN
from simlib.calibration.table import DIGITS, QUANTILES, write_whole
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FEW_BYTES, MANY_BYTES, MANY_CLAIMS, CostProfile, load_profile

ANCHORS: Mapping[str, str] = {
    **{"RS256": "RS256", "PS256": "RS256"},
    **{"ES256": "ES256", "ES384": "ES256", "HS256": "ES256"},
    "EdDSA": "EdDSA",
}
"""Algorithm -> the algorithm whose operation is scaled to, with a key of the usual size and ten claims."""


OTHER_ANCHORS: Mapping[str, str] = {
    **KIN,
    "status_list.build": "json.decode",
    "status_list.parse": "json.decode",
    "store.dict.consume": "store.dict.revoke",
    "store.dict.list": "store.dict.get",
    "store.sqlite.consume": "store.sqlite.revoke",
    "store.sqlite.list": "store.sqlite.get",
    "token.seal": "json.encode",
    "token.unseal": "token.hash",
    "user.authenticate": "jwt.sign.RS256",
}
"""Further operation -> the operation it is scaled to: the one that does most of the same."""


def anchor_of(operation: str) -> str:
    """The operation that an added one is scaled by. Raises InputError for those that have none."""
    if operation in OTHER_ANCHORS:
        return OTHER_ANCHORS[operation]
    kind, _, rest = operation.rpartition("jwt.")[2].partition(".")
    algorithm = rest.partition(".")[0].partition("-")[0]
    if not operation.startswith("jwt.") or algorithm not in ANCHORS:
        raise InputError(f"{operation}: cannot be added to another profile: measure that one again as a whole")
    return f"jwt.{kind}.{ANCHORS[algorithm]}"


def factor(operation: str, old: CostProfile, new: CostProfile) -> float:
    """By how much an added row is scaled."""
    anchor = anchor_of(operation)
    before, now = (float(np.median(profile.quantiles[anchor])) for profile in (old, new))
    return before / now


def extended(text: str, old: CostProfile, new: CostProfile) -> str:
    """The text of OLD with NEW's further operations at its end, and what is to be known about them in its head."""
    added = sorted(set(new.quantiles) - set(old.quantiles))
    if not added:
        return text
    factors = {name: factor(name, old, new) for name in added}
    rows = [
        ",".join([name, *(f"{value * factors[name]:.{DIGITS}g}" for value in _quantiles(new, name))]) for name in added
    ]
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join([*lines[:head], *_about(new, factors), *lines[head:], *rows]) + "\n"


def _about(new: CostProfile, factors: Mapping[str, float]) -> list[str]:
    about = {
        "added": f"{len(factors)} operations at the end, measured on {new.about.get('date')} on the same machine; "
        f"{new.about.get('processes')} processes, {new.about.get('samples')}, "
        f"foreign load {new.about.get('foreign load')}",
        "added, scaled": "each added row is what was measured, times (median of its anchor in the rows above) / "
        "(median of the anchor in the measurement of the added rows); anchors: "
        + ", ".join(dict.fromkeys(f"{_short(name)} by {_short(anchor_of(name))}" for name in factors)),
        "added, claims": f"rows ending in {MANY_CLAIMS} are for forty claims ({MANY_BYTES} bytes as JSON), all other "
        f"rows of jwt for ten ({FEW_BYTES} bytes)",
        **{f"factor {name}": f"{value:.3f}" for name, value in factors.items()},
    }
    return [f"# {key}: {value}" for key, value in about.items()]


def _short(operation: str) -> str:
    """An operation of a JWT by its algorithm alone; every other one by its name."""
    return operation.split(".")[2].partition("-")[0] if operation.startswith("jwt.") else operation


def _quantiles(profile: CostProfile, name: str) -> list[float]:
    table = profile.quantiles[name]
    if len(table) != QUANTILES:
        raise InputError(f"{profile.name}: {name}: has {len(table)} quantiles, not {QUANTILES}")
    return [float(value) for value in table]


def main(arguments: list[str]) -> int:
    """Rewrite OLD; 2 and one line when that cannot be done."""
    if len(arguments) != 2:
        print("usage: python -m simlib.calibration.maintenance OLD.csv NEW.csv", file=sys.stderr)
        return 2
    old, new = map(Path, arguments)
    try:
        write_whole(old, extended(old.read_text(encoding="utf-8"), load_profile(old), load_profile(new)))
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

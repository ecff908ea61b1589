"""Extension of a profile by the operations that it lacks, from a new measurement; its own rows do not change.

Run as ``python -m simlib.calibration.profile_extension OLD.csv NEW.csv``. Two calibrations differ by the load of the
machine, so every added row is scaled: NEW's row, times the median of an operation of the same kind in OLD, over its
median in NEW. That operation, the anchor, was measured in turn with the added one. The head of the file says so.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from simlib.calibration.derived_profiles import PROXY_OPERATIONS
from simlib.calibration.profile_writer import DIGITS, QUANTILES, replace_file
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FEW_BYTES, MANY_BYTES, MANY_CLAIMS, CostProfile, load_profile

ANCHORS: Mapping[str, str] = {
    **{"RS256": "RS256", "PS256": "RS256"},
    **{"ES256": "ES256", "ES384": "ES256", "HS256": "ES256"},
    "EdDSA": "EdDSA",
}
"""Algorithm -> algorithm of the anchor, with a key of the usual size and ten claims."""

OTHER_ANCHORS: Mapping[str, str] = {
    **PROXY_OPERATIONS,
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
"""Further operation -> anchor: the operation with most of the same work."""


def find_anchor(operation: str) -> str:
    """Find the anchor that scales an added operation. Raises InputError for an operation without one."""
    if operation in OTHER_ANCHORS:
        return OTHER_ANCHORS[operation]
    kind, _, rest = operation.rpartition("jwt.")[2].partition(".")
    algorithm = rest.partition(".")[0].partition("-")[0]
    if not operation.startswith("jwt.") or algorithm not in ANCHORS:
        raise InputError(f"{operation}: cannot be added to another profile: measure that one again as a whole")
    return f"jwt.{kind}.{ANCHORS[algorithm]}"


def compute_factor(operation: str, old: CostProfile, new: CostProfile) -> float:
    """Compute the factor that scales an added row."""
    anchor = find_anchor(operation)
    before, now = (float(np.median(profile.quantiles[anchor])) for profile in (old, new))
    return before / now


def extend_profile(text: str, old: CostProfile, new: CostProfile) -> str:
    """Return the text of OLD with NEW's further operations at its end, and their description in its head."""
    added = sorted(set(new.quantiles) - set(old.quantiles))
    if not added:
        return text
    factors = {name: compute_factor(name, old, new) for name in added}
    rows = [
        ",".join([name, *(f"{value * factors[name]:.{DIGITS}g}" for value in _list_quantiles(new, name))])
        for name in added
    ]
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if not line.startswith("#"))
    return "\n".join([*lines[:head], *_describe_additions(new, factors), *lines[head:], *rows]) + "\n"


def _describe_additions(new: CostProfile, factors: Mapping[str, float]) -> list[str]:
    about = {
        "added": f"{len(factors)} operations at the end, measured on {new.about.get('date')} on the same machine; "
        f"{new.about.get('processes')} processes, {new.about.get('samples')}, "
        f"foreign load {new.about.get('foreign load')}",
        "added, scaled": "each added row is what was measured, times (median of its anchor in the rows above) / "
        "(median of the anchor in the measurement of the added rows); anchors: "
        + ", ".join(dict.fromkeys(f"{_shorten(name)} by {_shorten(find_anchor(name))}" for name in factors)),
        "added, claims": f"rows ending in {MANY_CLAIMS} are for forty claims ({MANY_BYTES} bytes as JSON), all other "
        f"rows of jwt for ten ({FEW_BYTES} bytes)",
        **{f"factor {name}": f"{value:.3f}" for name, value in factors.items()},
    }
    return [f"# {key}: {value}" for key, value in about.items()]


def _shorten(operation: str) -> str:
    """Shorten an operation on a JWT to its algorithm; other operations keep their names."""
    return operation.split(".")[2].partition("-")[0] if operation.startswith("jwt.") else operation


def _list_quantiles(profile: CostProfile, name: str) -> list[float]:
    table = profile.quantiles[name]
    if len(table) != QUANTILES:
        raise InputError(f"{profile.origin}: {name}: has {len(table)} quantiles, not {QUANTILES}")
    return [float(value) for value in table]


def main(arguments: list[str]) -> int:
    """Rewrite OLD; exit code 2 and one line when that fails."""
    if len(arguments) != 2:
        print("usage: python -m simlib.calibration.profile_extension OLD.csv NEW.csv", file=sys.stderr)
        return 2
    old, new = map(Path, arguments)
    try:
        replace_file(old, extend_profile(old.read_text(encoding="utf-8"), load_profile(old), load_profile(new)))
    except (InputError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Which definitions of simlib are the code of which part: read from the catalogue and from what they import."""

import sys
from hashlib import sha256
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from definition_units import Package, Table, Unit  # this folder is no package

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("strategies", "services", "flows", "tokens")
UNITS: Table = {}
"""File -> unit -> its definitions, for every file that holds several units; any other file is one unit.

A measured file must list each of its definitions in exactly one unit. Of a file that is left out, or that is in another
folder, only the units need listing that are measured or imported apart; the rest is the file's own. A unit is named as
a file would be that held nothing else: ``"strategies/name.py": {"name": ("Name", "_helper"), "other": ("Other",)}``.
"""
VOCABULARY = {
    f"{folder}/{name}.py" for folder in FOLDERS for name in ("__init__", "base", "protocols", "settings_checks")
}
"""What says how all parts are made, and is nobody's own; grants/__init__.py and services/operations.py are like it."""
LEFT_OUT = VOCABULARY | {"services/grants/__init__.py", "services/operations.py", "tokens/library_versions.py"}

_OPAQUE = "authorization_server:reference_token;authorization_server:signing_reference_token"
_ASKED = f"{_OPAQUE};authorization_server:regional_reference_token;user_information:introspection"
_SIGNING = ";".join(
    f"authorization_server:{name}"
    for name in (
        *("jwt_access_token", "encrypted_jwt", "signing_reference_token", "lightweight_jwt"),
        *("stored_jwt", "split_token", "paseto"),
    )
)
_CODE = "flows:authorization_code;flows:backend_for_frontend"
SERVICES = {
    "services/gateway.py": "gateway:*",
    "services/introspect.py": f"{_ASKED};wrappers:sensitive_introspection",
    "services/jwks.py": _SIGNING,
    "services/revocations.py": "wrappers:denylist_polled;wrappers:denylist_pushed;wrappers:denylist_shared",
    "services/status_list.py": "wrappers:status_list",
    "services/userinfo.py": "user_information:userinfo",
    "services/authorize.py": _CODE,
    "services/grants/authorization_code.py": _CODE,
    "services/grants/client_credentials.py": "flows:client_credentials",
    "services/grants/device_code.py": "flows:device_authorization",
    "services/device_authorization.py": "flows:device_authorization",
    "services/device_verification.py": "flows:device_authorization",
    "services/grants/refresh_token.py": "flows:refresh_token",
    "services/token_families.py": "flows:refresh_token",
    "services/grants/token_exchange.py": "downstream:token_exchange",
}
"""Endpoints and grants are found by address and not by import, so who needs them is said here; the rest all need.

Keys are units: a file, or ``file:unit`` where `UNITS` divides it.
"""
BACKENDS = {"flows/backend.py": "flows:backend_for_frontend"}
"""As `SERVICES`, for the host that an app in a browser has."""
PACKAGE = Package(ROOT / "simlib", UNITS)


def is_measured(file: str) -> bool:
    """If all of a file is measured, and not only units of it that the table names."""
    return file.startswith(tuple(f"{folder}/" for folder in FOLDERS)) and file not in LEFT_OUT


def list_units(package: Package = PACKAGE) -> list[Unit]:
    """All units that are measured."""
    root = package.root
    files = {file.relative_to(root).as_posix() for folder in FOLDERS for file in (root / folder).rglob("*.py")}
    named = {Unit(file, name) for file in files for name in package.table.get(file, ())}
    whole = {Unit(file) for file in files - LEFT_OUT - set(package.table)}
    return sorted(unit for unit in named | whole if str(unit) not in LEFT_OUT)


def list_faults(package: Package = PACKAGE) -> list[str]:
    """Mistakes in `UNITS`, and keys of the tables below it that are no measured units."""
    measured = {str(unit) for unit in list_units(package)}
    unknown = [f"{key}: no such unit" for key in (SERVICES | BACKENDS) if key not in measured]
    return package.list_faults(file for file in package.table if is_measured(file)) + unknown


def digest_unit(unit: Unit) -> str:
    """A digest of the source that was measured."""
    return sha256(PACKAGE.write_out(unit).encode()).hexdigest()[:12]


def find_parts(unit: Unit) -> str:
    """The parts whose own code this is; empty for what parts only use, ``*`` for what every server has."""
    if str(unit) in (SERVICES | BACKENDS):
        return (SERVICES | BACKENDS)[str(unit)]
    return "*" if unit.file.startswith("services/") else ";".join(_find_owners().get(unit, ()))


def find_uses(unit: Unit) -> list[str]:
    """The measured units of which a unit calls or extends something; services are left to `SERVICES`."""
    measured = {other for other in list_units() if not other.file.startswith("services/")}
    return sorted(str(other) for other in PACKAGE.list_uses(unit) & measured)


def _find_owners() -> dict[Unit, list[str]]:
    """Unit -> ``place:part`` of the parts that it defines."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from simlib.flows import FLOWS
    from simlib.strategies import CATALOGUE

    found: dict[Unit, list[str]] = {}
    places = {place: parts for place, parts in CATALOGUE.items() if place != "inner_service"}
    for place, parts in {**places, "flows": FLOWS}.items():
        for name, kind in parts.items():
            file = kind.__module__.removeprefix("simlib.").replace(".", "/") + ".py"
            found.setdefault(PACKAGE.find_unit(file, kind.__name__), []).append(f"{place}:{name}")
    return found

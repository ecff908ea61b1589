"""Which files of simlib are the code of which part: read from the catalogue and from what the files import."""

import ast
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("strategies", "services", "flows", "tokens")
VOCABULARY = {f"{folder}/{name}.py" for folder in FOLDERS for name in ("__init__", "base", "roles", "checks")}
"""What says how all parts are made, and is nobody's own; grants/__init__.py and services/operations.py are like it."""
LEFT_OUT = VOCABULARY | {"services/grants/__init__.py", "services/operations.py", "tokens/versions.py"}

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
    "services/families.py": "flows:refresh_token",
    "services/grants/token_exchange.py": "downstream:token_exchange",
}
"""Endpoints and grants are found by address and not by import, so who needs them is said here; the rest all need."""
BACKENDS = {"flows/backend.py": "flows:backend_for_frontend"}
"""As `SERVICES`, for the host that an app in a browser has."""


def measured_files() -> list[str]:
    """All files that are measured, relative to the package."""
    package = ROOT / "simlib"
    found = [file.relative_to(package).as_posix() for folder in FOLDERS for file in (package / folder).rglob("*.py")]
    return sorted(set(found) - LEFT_OUT)


def digest(file: str) -> str:
    """Which text of a file was measured."""
    return sha256((ROOT / "simlib" / file).read_bytes()).hexdigest()[:12]


def parts_of(file: str) -> str:
    """The parts whose own file this is; empty for what parts only use, ``*`` for what every server has."""
    if file in (SERVICES | BACKENDS):
        return (SERVICES | BACKENDS)[file]
    return "*" if file.startswith("services/") else ";".join(_owners().get(file, ()))


def uses_of(file: str) -> list[str]:
    """The measured files of which a file calls or extends something; services are left to `SERVICES`.

    A name that stands in annotations only, or is a constant, takes no code of the file that it comes from.
    """
    found = {name for name in _imported(ROOT / "simlib" / file) if not name.startswith("services/")}
    return sorted(found - LEFT_OUT - {file})


def _owners() -> dict[str, list[str]]:
    """File -> ``place:part`` of the parts that it defines."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from simlib.flows import FLOWS
    from simlib.strategies import CATALOGUE

    found: dict[str, list[str]] = {}
    places = {place: parts for place, parts in CATALOGUE.items() if place != "inner_service"}
    for place, parts in {**places, "flows": FLOWS}.items():
        for name, kind in parts.items():
            file = kind.__module__.removeprefix("simlib.").replace(".", "/") + ".py"
            found.setdefault(file, []).append(f"{place}:{name}")
    return found


def _imported(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        for annotation in ("annotation", "returns"):
            if getattr(node, annotation, None) is not None:
                setattr(node, annotation, None)
    called = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and not node.id.isupper()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("simlib."):
            yield from _defining(node.module.split(".")[1:], [a.name for a in node.names if a.name in called])


def _defining(module: list[str], names: list[str]) -> Iterator[str]:
    """The files that names come from, through the folder's own list of names where they are imported from a folder."""
    file = ROOT / "simlib" / Path(*module)
    if module[0] not in FOLDERS or not names:
        return
    if not file.is_dir():
        yield "/".join(module) + ".py"
        return
    gathered = ast.parse((file / "__init__.py").read_text(encoding="utf-8")).body
    for node in gathered:
        if isinstance(node, ast.ImportFrom) and node.module and {alias.name for alias in node.names} & set(names):
            yield node.module.removeprefix("simlib.").replace(".", "/") + ".py"
    for name in names:
        if (file / f"{name}.py").is_file():
            yield "/".join((*module, f"{name}.py"))

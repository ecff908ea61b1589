"""Code version of results: the version of simlib, and a digest of the code that a replication's figures depend on."""

import hashlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import simlib
from simlib.analysis.metrics import Metric, find_computation
from simlib.scenario.errors import InputError
from simlib.scenario.registry import list_added_kinds, load_all_plugins

FOLDERS = (
    *("scenario", "tokens", "stores", "services", "strategies", "flows", "engine", "deployment", "analysis"),
    "experiment/replicate.py",
)
"""Of the package: all that takes part in a replication and its figures."""
_DIGITS = 16


@cache
def compute_code_version() -> str:
    """The version of simlib with a digest of its code, such as ``0.2.0+1f3a...``; equal for equal code."""
    return f"{simlib.__version__}+{digest_package(Path(simlib.__file__).parent)}"


def digest_package(root: Path) -> str:
    """Digest of the code in `FOLDERS` of a package's folder."""
    digest = hashlib.sha256()
    for path in sorted(path for name in FOLDERS for path in _list_sources(root / name)):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).digest())
    return digest.hexdigest()[:_DIGITS]


def _list_sources(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
    for pattern in ("*.py", "*.pyx"):
        yield from place.rglob(pattern)


def describe_plugin_code() -> list[list[str]] | None:
    """What, name and digest of the code of every kind that plug-ins and calls have added, in the order of their names.

    None when the code of one cannot be found, as of a class that was typed into an interpreter.
    """
    with suppress(InputError):  # of a plug-in that cannot be used, which then adds nothing
        load_all_plugins()
    found = [[what, name, _digest_kind(name, kind)] for what, name, kind in list_added_kinds()]
    return None if any(not digest for _, _, digest in found) else sorted(found)


def digest_function(function: Any) -> str:
    """Name and digest of the code of a module's function; empty where its code cannot be found."""
    name, digest = getattr(function, "__qualname__", ""), _digest_module(function)
    return f"{function.__module__}.{name}+{digest}" if name and digest else ""


def _digest_kind(name: str, kind: Any) -> str:
    """Digest of the module of a kind, and of the function of a metric."""
    objects: list[Any] = [kind if isinstance(kind, type) or inspect.isfunction(kind) else type(kind)]
    objects += [find_computation(name)] if isinstance(kind, Metric) else []
    digests = [_digest_module(each) for each in objects]
    return "-".join(dict.fromkeys(digests)) if all(digests) else ""


def _digest_module(item: Any) -> str:
    """Digest of the text of the module in which something is defined; of its own text in a notebook."""
    module = sys.modules.get(getattr(item, "__module__", None) or "")
    for source in (module, item):
        with suppress(OSError, TypeError):
            return hashlib.sha256(inspect.getsource(source).encode()).hexdigest()[:_DIGITS]  # type: ignore[arg-type]
    return ""

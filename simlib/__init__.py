"""JWT or opaque access tokens: how much faster, how much harder to build and run, and is it worth it?

Values in, values out: `load_scenario` -> `simulate` -> records -> `summarise` -> `replicate`, `compare`. Heavy
libraries are imported when a function that needs them is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simlib.api import load_scenario
    from simlib.engine.simulate import simulate

_WHERE = {"load_scenario": "simlib.api", "simulate": "simlib.engine.simulate"}

__all__ = ["load_scenario", "simulate"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'simlib' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)

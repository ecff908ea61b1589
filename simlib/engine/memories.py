"""What hosts have in their own memory: the client's session, and the state of every replica that checks tokens."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from simlib.engine.deployed import Deployed
from simlib.scenario.places import CLIENT

_PLAIN = (str, bytes, int, float, bool, type(None))


def memories(deployed: Deployed) -> Mapping[str, str]:
    """Host and replica -> a digest of what it has in memory; equal digests mean that nothing was learned or forgotten.

    Of hosts these are the client and the replicas of gateways and services.
    """
    found = {CLIENT: _digest(deployed.population.client(0))}
    for (host, replica), state in deployed.handlers.states.items():
        found[f"{host}#{replica}"] = _digest(state)
    return found


def _digest(state: Any) -> str:
    told = "\n".join(sorted(_leaves(state, "", frozenset())))
    return blake2b(told.encode(), digest_size=16).hexdigest()


def _leaves(value: Any, path: str, above: frozenset[int]) -> Iterator[str]:
    """Every plain value that can be reached, with the way to it; what is only code, such as a function, is left out."""
    if isinstance(value, _PLAIN):
        yield f"{path}={value!r}"
        return
    if id(value) in above:
        return
    above |= {id(value)}
    for name, inner in _members(value):
        yield from _leaves(inner, f"{path}.{name}", above)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((repr(key), inner) for key, inner in value.items())
    elif isinstance(value, set | frozenset):
        yield from ((repr(inner), True) for inner in value)
    elif isinstance(value, list | tuple) or type(value).__name__ == "deque":
        yield from ((str(number), inner) for number, inner in enumerate(value))
    elif type(value).__module__.startswith("simlib.") and not callable(value):
        names = {name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())}
        names |= set(getattr(value, "__dict__", ()))
        yield from ((name, getattr(value, name)) for name in sorted(names) if hasattr(value, name))

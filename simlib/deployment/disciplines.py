"""Queueing disciplines of the hosts of a scenario: each must be one that some station serves."""

from collections.abc import Iterator
from pathlib import Path

from simlib.engine.stations import list_disciplines
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import World


def check_disciplines(scenario: Scenario, source: str | Path) -> None:
    """Refuse a scenario with a discipline that no station serves; InputError names file, key and what is allowed."""
    allowed = list_disciplines()
    for key, discipline in _list_disciplines(scenario.world):
        if discipline not in allowed:
            names = ", ".join(repr(name) for name in allowed)
            raise InputError(f"{source}: world.{key}.discipline: unknown discipline {discipline!r}; allowed: {names}")


def _list_disciplines(world: World) -> Iterator[tuple[str, str]]:
    yield "service", world.service.discipline
    yield "authorization_server", world.authorization_server.discipline
    if world.gateway is not None:
        yield "gateway", world.gateway.discipline
    if world.backend is not None:
        yield "backend", world.backend.discipline
    yield from ((f"inner_services.{name}", inner.discipline) for name, inner in world.inner_services.items())

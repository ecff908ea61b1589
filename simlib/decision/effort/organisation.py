"""How many stacks, services and clients there are to build for: what was said, else what the world has."""

from simlib.decision.effort.counting import Counts
from simlib.scenario.scenario import Scenario


def organisation_counts(
    scenario: Scenario | None, *, stacks: int | None = None, services: int | None = None, clients: int | None = None
) -> Counts:
    """The numbers given; for those that are not, the scenario's ``[organisation]``, else its world: one stack, its
    services, its kinds of clients. Without a scenario one of each.
    """
    said = None if scenario is None else scenario.organisation
    world = None if scenario is None else scenario.world
    usual = {
        "stacks": 1,
        "services": 1 if world is None else 1 + len(world.inner_services),
        "clients": 1 if world is None else max(1, len({client.kind for client in world.clients})),
    }
    given = {"stacks": stacks, "services": services, "clients": clients}
    chosen = {name: _first(given[name], getattr(said, name, None), usual[name]) for name in usual}
    return Counts(**chosen)


def _first(*numbers: int | None) -> int:
    return next(number for number in numbers if number is not None)

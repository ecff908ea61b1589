"""Against what designs are held: the baseline, and always the design with a cache."""

from simlib.decision.comparing import cached_opponent
from simlib.decision.effort import Counts
from simlib.decision.judges import caches_answers
from simlib.scenario.design import Design
from simlib.scenario.scenario import Scenario


def baseline_of(scenario: Scenario) -> str:
    """The design that others are held against; raises InputError when the scenario has none of that name."""
    name = scenario.terms.baseline
    return next(iter(scenario.designs)) if name is None else scenario.design(name).name


def present_of(scenario: Scenario) -> Design | None:
    """The design that runs today, None when nothing does; raises InputError for an unknown name."""
    name = scenario.terms.present
    return None if name is None else scenario.design(name)


def opponent_of(scenario: Scenario, baseline: str) -> str | None:
    """The first design that caches answers about opaque tokens, when it is not the baseline anyway."""
    first = next(iter(scenario.designs))
    found = cached_opponent(scenario) or (first if caches_answers(scenario.designs[first]) else None)
    return None if found == baseline else found


def counts_of(scenario: Scenario) -> Counts:
    """What work items scale with: as the scenario says, else counted in its world."""
    world, own = scenario.world, scenario.organisation
    return Counts(
        stacks=own.stacks or 1,
        services=own.services or 1 + len(world.inner_services),
        clients=own.clients or max(len(world.clients), 1),
    )

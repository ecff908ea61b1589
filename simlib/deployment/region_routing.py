"""Region routing: a user's calls go to the authorization server of the user's home region."""

from collections.abc import Callable
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Flow, Once
from simlib.scenario.hosts import (
    name_in_region,
)


def route_to_region(flow: Flow[Any], targets: frozenset[str], region: str) -> Flow[Any]:
    """The generator with its calls of some targets made in a region, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Call) and effect.target in targets:
            effect = effect._replace(target=name_in_region(effect.target, region))
        elif isinstance(effect, Once):
            effect = effect._replace(work=partial(_route_shared, effect.work, targets, region))
        answer = yield effect


def _route_shared(work: Callable[[], Flow[Any]], targets: frozenset[str], region: str) -> Flow[Any]:
    return route_to_region(work(), targets, region)

"""Sends a user's calls to the authorization server of the user's home region."""

from collections.abc import Callable
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Flow, Once
from simlib.scenario.places import at


def routed(flow: Flow[Any], targets: frozenset[str], region: str) -> Flow[Any]:
    """The generator with its calls of some targets made in a region, those in shared work included."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Call) and effect.target in targets:
            effect = effect._replace(target=at(effect.target, region))
        elif isinstance(effect, Once):
            effect = effect._replace(work=partial(_again, effect.work, targets, region))
        answer = yield effect


def _again(work: Callable[[], Flow[Any]], targets: frozenset[str], region: str) -> Flow[Any]:
    return routed(work(), targets, region)

"""Generators whose calls go elsewhere, or are answered by somebody else."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Answer, Call, Flow, Once

AnswerTo = Callable[[Call], Flow[Answer]]


def answered(flow: Flow[Any], target: str, answer_to: AnswerTo) -> Flow[Any]:
    """The generator with its calls of one target answered by another generator."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Call) and effect.target == target:
            answer = yield from answer_to(effect)
        elif isinstance(effect, Once):
            answer = yield effect._replace(work=partial(_again, effect.work, target, answer_to))
        else:
            answer = yield effect


def _again(work: Callable[[], Flow[Any]], target: str, answer_to: AnswerTo) -> Flow[Any]:
    return answered(work(), target, answer_to)


def renamed(flow: Flow[Any], names: Mapping[str, str]) -> Flow[Any]:
    """The generator with other targets in its calls."""
    for old, new in names.items():
        flow = answered(flow, old, partial(_elsewhere, new))
    return flow


def _elsewhere(target: str, call: Call) -> Flow[Answer]:
    answer: Answer = yield call._replace(target=target)
    return answer

"""Runs a part's generator outside simulated time: for what happened before the run began."""

from collections.abc import Callable, Mapping
from typing import Any

from simlib.scenario.effects import Call, Compute, Flow, Once
from simlib.scenario.messages import StoreReply
from simlib.scenario.variates import Variates

Resource = Callable[[Any], Any]
"""Answers a request at once, or with a generator that is run outside time as well."""


class OfflineContext:
    """A host as it was at an instant before the run (seconds, negative)."""

    def __init__(self, instant: float, variates: Variates, subject: int) -> None:
        self._instant = instant
        self._variates = variates
        self._subject = subject

    def now(self) -> float:
        """That instant."""
        return self._instant

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes derived from the seed and the subject; worthless as secrets outside a simulation."""
        return self._variates.random_bytes(f"before.{purpose}", self._subject, length)


class OfflineReplica:
    """A replica of a server before the run, where something was pushed to."""

    def __init__(self, replica: int) -> None:
        self.replica = replica

    def now(self) -> float:
        """The instant at which the run begins."""
        return 0.0

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Nothing that receives needs any."""
        raise NotImplementedError(purpose)


def run_offline(flow: Flow[Any], resources: Mapping[str, Resource]) -> Any:
    """Do the work of a generator and its requests to ``resources`` (target -> what answers), charge nothing.

    Returns what the generator returns. Raises TypeError for an effect that takes time.
    """
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Compute):
            answer = None if effect.work is None else effect.work()
        elif isinstance(effect, Call) and effect.target in resources:
            answer = resources[effect.target](effect.request)
            if hasattr(answer, "send"):
                answer = run_offline(answer, resources)
            answer = answer.answer if isinstance(answer, StoreReply) else answer
        elif isinstance(effect, Once):
            done = run_offline(effect.work(), resources)
            answer = done if effect.wait else None
        else:
            raise TypeError(f"{effect!r} takes time, so it cannot have happened before the run")

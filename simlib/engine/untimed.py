"""Runs a part's generator outside simulated time: for what happened before the run began."""

from typing import Any

from simlib.scenario.effects import Call, Compute, Flow
from simlib.scenario.variates import Variates
from simlib.stores import TokenStore


class PastContext:
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


def run_untimed(flow: Flow[Any], store: TokenStore) -> Any:
    """Do the work and the store requests of a generator, charge nothing, return its result."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Compute):
            answer = None if effect.work is None else effect.work()
        elif isinstance(effect, Call) and effect.target == "store":
            answer = store.execute(effect.request)
        else:
            raise TypeError(f"{effect!r} takes time, so it cannot have happened before the run")

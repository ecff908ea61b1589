"""Offline runs of parts: their generators are run outside simulated time, for what happened before the run began."""

from collections.abc import Callable, Mapping
from typing import Any

from simlib.engine.request_log import Mark
from simlib.engine.verification_cache import VerificationCache
from simlib.scenario.effects import Call, Compute, Draw, Flow, Once, Sleep, refuse_effect
from simlib.scenario.messages import StoreReply
from simlib.scenario.variates import Variates
from simlib.tokens import Verification

Resource = Callable[[Any], Any]
"""Answers a request at once, or with a generator that is run outside time as well."""

Note = Callable[[str], None]
"""Receives the name of each operation and of the target of each call."""
CALL = "call "
"""Prefix of the target of a call, which distinguishes it from an operation."""


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


class PastClock:
    """Clock and entropy of all hosts before the run: set to the instant and the user of each event in turn."""

    def __init__(self, variates: Variates, instant: float = 0.0) -> None:
        self.instant = instant
        self.subject = 0
        self._variates = variates
        self.verify = VerificationCache(remember=True)
        self._used: dict[tuple[str, int], int] = {}

    def draw(self, purpose: str) -> float:
        """A uniform in [0, 1) of the subject; each use of a purpose is another one."""
        return self._variates.draw_one(f"warm.draw.{purpose}", self.subject, self._count(purpose))

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes of the subject; each use of a purpose gives other ones."""
        ordinal = self._count(purpose)
        return self._variates.random_bytes(f"warm.bytes.{self.subject}.{purpose}", ordinal, length)

    def _count(self, purpose: str) -> int:
        key = (purpose, self.subject)
        ordinal = self._used.get(key, 0)
        self._used[key] = ordinal + 1
        return ordinal


class PastContext:
    """One replica before the run."""

    def __init__(self, clock: PastClock, replica: int = 0) -> None:
        self.clock = clock
        self.replica = replica

    def now(self) -> float:
        """The instant of the event that is run."""
        return self.clock.instant

    def random_bytes(self, purpose: str, length: int) -> bytes:
        """Bytes derived from the seed; worthless as secrets outside a simulation."""
        return self.clock.random_bytes(purpose, length)


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


def run_offline(
    flow: Flow[Any], resources: Mapping[str, Resource], note: Note | None = None, clock: PastClock | None = None
) -> Any:
    """Do the work of a generator and its requests to ``resources`` (target -> what answers), charge nothing.

    Returns what the generator returns; ``note`` receives its own operations and calls, not those of the callees. Raises
    TypeError for an effect that takes time, unless there is a ``clock``, of which a wait takes none.
    """
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if isinstance(effect, Sleep) and clock is not None:
            answer = None
        else:
            answer = _perform(flow, effect, resources, note, clock)


def run_until_sleep(
    flow: Flow[Any], resources: Mapping[str, Resource], note: Note | None, clock: PastClock
) -> float | None:
    """Run a generator until it waits; returns for how long (seconds), None when it has ended."""
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration:
            return None
        if isinstance(effect, Sleep):
            return effect.seconds
        answer = _perform(flow, effect, resources, note, clock)


def _perform(
    flow: Flow[Any], effect: Any, resources: Mapping[str, Resource], note: Note | None, clock: PastClock | None
) -> Any:
    if not isinstance(effect, Compute | Call | Sleep | Once | Draw | Mark):
        refuse_effect(flow.send, effect)
    return perform_offline(effect, resources, note, clock)


def perform_offline(
    effect: Any, resources: Mapping[str, Resource], note: Note | None = None, clock: PastClock | None = None
) -> Any:
    """Perform one effect outside time and return its answer."""
    if isinstance(effect, Compute):
        if note is not None:
            note(effect.operation)
        if isinstance(effect.work, Verification) and clock is not None:
            return clock.verify(effect.work, "")
        return None if effect.work is None else effect.work()
    if isinstance(effect, Call) and effect.target in resources:
        if note is not None:
            note(f"{CALL}{effect.target}")
        answer = resources[effect.target](effect.request)
        if hasattr(answer, "send"):
            answer = run_offline(answer, resources, None, clock)
        return answer.answer if isinstance(answer, StoreReply) else answer
    if isinstance(effect, Once):
        done = run_offline(effect.work(), resources, note, clock)
        return done if effect.wait else None
    if isinstance(effect, Draw) and clock is not None:
        return clock.draw(effect.name)
    if isinstance(effect, Mark):
        return None
    raise TypeError(f"{effect!r} takes time, so it cannot have happened before the run")

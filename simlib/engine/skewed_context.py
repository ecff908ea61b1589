"""A host whose clock is off for a while."""

from simlib.engine.faults import Skew
from simlib.engine.hosts import HostContext
from simlib.engine.kernel import Kernel
from simlib.scenario.variates import Variates


class SkewedContext(HostContext):
    """What a part may ask of a host with clock faults; its own clock is all that it can read."""

    __slots__ = ("_skews",)

    def __init__(self, kernel: Kernel, variates: Variates, name: str, replica: int, skews: list[Skew]) -> None:
        super().__init__(kernel, variates, name, replica)
        self._skews = skews

    def now(self) -> float:
        """The host's clock, seconds since the start of the run."""
        now = self._kernel._now
        return now + sum(skew.seconds for skew in self._skews if skew.begin <= now < skew.end)

"""Calls in a network where things go wrong and where hosts turn requests away when they have too many."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from simlib.engine.admission import LimitedAdmission
from simlib.engine.exchange_faulty import FaultyExchange
from simlib.engine.hosts import Replica
from simlib.engine.kernel import Kernel
from simlib.scenario.design import Admission
from simlib.scenario.sinks import Row

if TYPE_CHECKING:
    from simlib.engine.driver import Driver


class FaultyLimitedExchange(LimitedAdmission, FaultyExchange):
    """Both: the limits stand at the doors, the faults on the way to them and back."""

    def emptied(self, replica: Replica) -> None:
        """Nobody is behind its door any more."""
        door = self._door(replica)
        if door is not None:
            door.present = 0


def faulty_exchange(
    kernel: Kernel, driver: "Driver", call_row: Callable[[Row], None] | None, limits: Mapping[str, Admission]
) -> FaultyExchange:
    """The exchange of a network with faults; ``limits``: host -> its limit on admission."""
    if limits:
        return FaultyLimitedExchange(kernel, driver, call_row, limits)
    return FaultyExchange(kernel, driver, call_row)

"""Costs of a host on which faults slow some operations down for a while."""

from typing import cast

from simlib.engine.costs import USED, CostTable, HostCosts, Measured, MeasuredCost, OperationCost
from simlib.engine.faults import Slowdown
from simlib.engine.kernel import Kernel
from simlib.engine.request_window import RequestWindow
from simlib.scenario.variates import Variates


class _UsedColumn:
    """Column whose first uses are all gone, so that the driver takes a further one."""

    def __getitem__(self, place: int) -> float:
        return USED


class SlowedCost:
    """Cost of one operation, times the factors of the slowdowns that are present when it begins."""

    __slots__ = ("_cost", "_further", "_kernel", "_slowdowns")
    values = _UsedColumn()

    def __init__(self, cost: OperationCost | MeasuredCost, slowdowns: list[Slowdown], kernel: Kernel) -> None:
        self._cost = cost
        self._slowdowns = slowdowns
        self._kernel = kernel
        self._further = 0.0

    def take(self, place: int) -> float:
        """Seconds for the next use by the request at this place."""
        return self.take_further(place)

    def take_further(self, place: int) -> float:
        """Seconds of the next use: the same variate as without the fault."""
        cost, now = self._cost, self._kernel._now
        seconds = cost.take(place) if isinstance(cost, OperationCost) else cost.take_further(place)
        slowed = seconds
        for slow in self._slowdowns:
            if slow.begin <= now < slow.end:
                slowed *= slow.factor
        self._further += slowed - seconds
        return slowed

    def count_used(self) -> tuple[int, float]:
        """Count of the values that were used, and their sum."""
        assert isinstance(self._cost, OperationCost)
        count, seconds = self._cost.count_used()
        return count, seconds + self._further


class SlowedCosts(HostCosts):
    """Costs of the operations of one host, of which some are slowed down at times."""

    def __init__(
        self,
        host: str,
        table: CostTable,
        variates: Variates,
        window: RequestWindow,
        slowdowns: list[Slowdown],
        kernel: Kernel,
    ) -> None:
        super().__init__(host, table, variates, window)
        self._slowdowns = slowdowns
        self._kernel = kernel

    def __missing__(self, operation: str) -> OperationCost | MeasuredCost:
        cost = super().__missing__(operation)
        name = operation.operation if isinstance(operation, Measured) else operation
        slowdowns = [slow for slow in self._slowdowns if name.startswith(slow.operations)]
        if not slowdowns:
            return cost
        slowed = cast(OperationCost, SlowedCost(cost, slowdowns, self._kernel))
        if not isinstance(operation, Measured):
            self[operation] = slowed
        return slowed

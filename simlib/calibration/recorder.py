"""Takes the samples inside a server: what lies between two requests, and the operation within one."""

from collections import defaultdict
from collections.abc import Iterable

from simlib.calibration.clock import NANOSECOND, Operation, cpu_nanoseconds, reading_cost, sample
from simlib.calibration.names import SETTLING


class Recorder:
    """Cuts the CPU time of a server with one request in flight into disjoint parts.

    ``between[name]`` holds the seconds from the end of the operation in one request to its start in the next:
    answering, waiting in the event loop, receiving. ``within[name]`` holds the seconds of the operation itself.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self._operations = {operation.name: operation for operation in operations}
        self._overhead = reading_cost()
        self._name = ""
        self._equal = 0
        self._left = 0
        self.between: defaultdict[str, list[float]] = defaultdict(list)
        self.within: defaultdict[str, list[float]] = defaultdict(list)

    def serve(self, name: str) -> None:
        """Do the operation of that name, if there is one, and note both parts."""
        gap = cpu_nanoseconds() - self._left - self._overhead
        self._equal = self._equal + 1 if name == self._name else 0
        self._name = name
        settled = self._equal >= SETTLING
        if settled:
            self.between[name].append(gap * NANOSECOND)
        operation = self._operations.get(name)
        if operation is not None:
            seconds = sample(operation, self._overhead)
            if settled:
                self.within[name].append(seconds)
        self._left = cpu_nanoseconds()

    @property
    def names(self) -> dict[str, bool]:
        """The operations it can do, and whether they are done in one row only."""
        return {name: operation.rare for name, operation in self._operations.items()}

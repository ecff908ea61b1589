"""Window of requests: those whose variates are in memory, so that a long run needs no more of it than a short one.

The variates of a run are columns with a place for each request. In a long run request i takes place i modulo the size
of a window, which moves on by half of its size, and grows when a request of long ago is still under way.
"""

from collections.abc import Iterable
from typing import Protocol

LARGEST = 1 << 18
"""Requests of a run that has a place for each, and of the window of a longer one; a power of two."""


class PlacedTask(Protocol):
    """Task of a run: the number of its request, and the place of the request's variates."""

    subject: int
    place: int


class WindowColumn(Protocol):
    """Column of variates with a value at each place of a window."""

    def replace_block(self, begin: int, count: int) -> None:
        """Put the variates of requests ``begin`` to ``begin + count - 1`` into the places of finished ones."""

    def lay_out(self, earlier: int) -> None:
        """Move the values to the places that they have in a window that has grown from an ``earlier`` size."""


class RequestWindow:
    """Places of requests in the columns of a run of so many requests; ``moves``: they come in ascending order."""

    __slots__ = ("_columns", "first", "mask", "size")

    def __init__(self, requests: int, moves: bool = False) -> None:
        self._columns: list[WindowColumn] = []
        self.first = 0
        self.size = LARGEST if moves and requests > LARGEST else requests
        self.mask = self.size - 1 if self.size < requests else -1

    @property
    def moves(self) -> bool:
        """Whether there are more requests than places."""
        return self.mask >= 0

    def add(self, column: WindowColumn) -> None:
        """Keep a column in step with the window."""
        self._columns.append(column)

    def find_place(self, request: int) -> int:
        """The place of a request; -1 stands for work behind the requests, and has the place after the last one."""
        return request & self.mask if request >= 0 else -1

    def find_request(self, place: int) -> int:
        """The number of the request at a place."""
        return place if place < 0 or self.mask < 0 else self.first + ((place - self.first) & self.mask)

    def make_room(self, request: int, tasks: Iterable[PlacedTask]) -> None:
        """Move on until a request has a place, past those that are done; ``tasks`` are all tasks of the run.

        No later request has been under way, so half a window of places is enough.
        """
        if not self.moves or request < self.first + self.size:
            return
        oldest = min((task.subject for task in tasks if task.subject >= 0), default=request)
        while request >= self.first + self.size:
            half = self.size // 2
            if oldest >= self.first + half:
                self.first += half
            else:
                half = self.size
                self._grow(tasks)
            for column in self._columns:
                column.replace_block(self.first + self.size - half, half)

    def _grow(self, tasks: Iterable[PlacedTask]) -> None:
        earlier, self.size = self.size, 2 * self.size
        self.mask = self.size - 1
        for column in self._columns:
            column.lay_out(earlier)
        for task in tasks:
            task.place = self.find_place(task.subject)

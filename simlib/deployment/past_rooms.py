"""Bounded caches before the run: those of a point in which an entry can be evicted while it could still be used."""

from collections.abc import Callable, Mapping
from math import inf
from typing import NamedTuple

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.memory import Memory
from simlib.deployment.past_evictions import find_characteristic_s
from simlib.scenario.messages import HttpRequest

PLAIN, INFORMED = HttpRequest(), HttpRequest(needs_user_information=True)


class Room(NamedTuple):
    """A cache without room for all tokens: an entry that is not used for ``longest_s`` is evicted.

    ``how``: a kind of request that uses it, ``share`` of them among all requests.
    """

    longest_s: float
    how: HttpRequest
    share: float


class _Bound(NamedTuple):
    """Number of tokens for which a cache of a replica has room, for how long it keeps them, and what uses it."""

    capacity: int
    kept_s: float
    how: HttpRequest
    share: float


class PastRooms:
    """Bounded caches of all points of a deployment. ``find_share``: share of all requests that a point serves."""

    def __init__(
        self,
        deployment: Deployment,
        memories: Mapping[str, Memory],
        find_share: Callable[[EnforcementPoint], float],
    ) -> None:
        self._deployment, self._memories, self._find_share = deployment, memories, find_share
        self._rooms: dict[str, tuple[Room, ...]] = {}

    def list_rooms(self, point: EnforcementPoint) -> tuple[Room, ...]:
        """The caches of a replica that are too small, of which other replicas know nothing."""
        if point.host not in self._rooms:
            found = (self._measure(point, bound) for bound in self._list_bounds(point))
            self._rooms[point.host] = tuple(room for room in found if room.longest_s < inf)
        return self._rooms[point.host]

    def holds_pushes(self, point: EnforcementPoint) -> bool:
        """Whether a point keeps, in a bounded cache, what is pushed of single tokens, and fetches none of it."""
        return point.receives and not self._memories[point.host].token and bool(getattr(point.validator, "capacity", 0))

    def list_times_s(self, point: EnforcementPoint) -> tuple[float, ...]:
        """After how long without a use the small caches evict an entry; inf for what is kept beside them for longer.

        None where pushes are received again, in the order of use: see `simlib.deployment.past_receivers`.
        """
        if self.holds_pushes(point) and self._deployment.world.backend is None:
            return ()
        rooms, memory = self.list_rooms(point), self._memories[point.host]
        is_kept_beside = len(rooms) < len(memory.token) + len(memory.informed) + len(memory.sensitive)
        return tuple(sorted({room.longest_s for room in rooms} | ({inf} if rooms and is_kept_beside else set())))

    def _measure(self, point: EnforcementPoint, bound: _Bound) -> Room:
        rates, share = self._deployment.demand.rates, self._find_share(point) / point.replicas * bound.share
        life_s = self._deployment.parts.presenter.useful_life_s
        longest_s = find_characteristic_s(rates, bound.capacity, bound.kept_s, life_s, share)
        return Room(longest_s, bound.how, bound.share)

    def _list_bounds(self, point: EnforcementPoint) -> list[_Bound]:
        memory = self._memories[point.host]
        if memory.shared:
            return []
        bounds = []
        capacity: int | None = getattr(point.validator, "capacity", None)
        if capacity is not None and memory.informed and not memory.token:
            bounds.append(_Bound(capacity, max(memory.informed), INFORMED, self._find_informed_share()))
        elif capacity is not None and (memory.token or self.holds_pushes(point)):
            bounds.append(_Bound(capacity, max(memory.token, default=inf), PLAIN, 1.0))
        exchanged: int | None = getattr(self._deployment.parts.propagator, "capacity", None)
        if exchanged is not None and memory.token and point.calls:  # an entry for each service that is called
            bounds.append(_Bound(max(exchanged // len(point.calls), 1), max(memory.token), PLAIN, 1.0))
        return bounds

    def _find_informed_share(self) -> float:
        return self._deployment.world.service.user_information_share

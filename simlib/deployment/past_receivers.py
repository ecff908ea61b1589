"""Receivers of pushes with little room: they receive again, before a run, what they still hold, in the order of use."""

from collections.abc import Callable, Mapping
from functools import partial

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.past import Messages, Past
from simlib.deployment.past_pushes import Key, Touch, Way, draw_touches
from simlib.deployment.past_rooms import PastRooms
from simlib.strategies import UserClient

Entries = Callable[[int], list[tuple[EnforcementPoint, float]]]
"""User -> the first enforcement points that its requests come to, and their shares."""


class PastReceivers:
    """Deliveries to the first enforcement points; none where they have room, and where backends have the tokens."""

    def __init__(self, deployment: Deployment, past: Past, rooms: PastRooms, list_entries: Entries) -> None:
        self._deployment, self._past, self._list_entries = deployment, past, list_entries
        self._points = [p for p in deployment.enforcement_points if p.first and rooms.holds_pushes(p)]
        self._longest_s = max((r.longest_s for p in self._points for r in rooms.list_rooms(p)), default=0.0)
        self.have_room = not self._longest_s or deployment.world.backend is not None
        self._replicas = [(point, number) for point in self._points for number in range(point.replicas)]
        self._held: dict[int, Messages] = {}
        self._ended: dict[Key, Messages] = {}

    def find_client(self, user: int) -> UserClient:
        """The client of a user; what is pushed of its token is noted."""
        if self.have_room:
            return self._deployment.population.find_client(user)
        sent = self._deployment.initial_pushes = []
        client = self._deployment.population.find_client(user)
        self._deployment.initial_pushes = None
        if client.access_token is not None:
            self._held.setdefault(user, sent)
        return client

    def begin(self, at: Callable[[float, Callable[[], None]], None]) -> None:
        """Schedule the deliveries, after `find_client` for all who come in the run."""
        for touch in () if self.have_room else self._draw_touches():
            at(touch.instant, partial(self._deliver, touch))

    def _draw_touches(self) -> list[Touch]:
        demand, population = self._deployment.demand, self._deployment.population
        users = range(len(demand.rates))
        capacities = [int(point.validator.capacity) for point, _ in self._replicas]  # type: ignore[union-attr]
        return draw_touches(
            (demand.rates, self._find_ways()),
            [population.draw_token_age(user) for user in users],
            (capacities, self._longest_s),
            self._deployment.parts.presenter.useful_life_s,
            self._deployment.variates.draw_column,
        )

    def _find_ways(self) -> list[Way]:
        ways: dict[str, Way] = {}
        homes = [self._deployment.find_home(user) for user in range(len(self._deployment.demand.rates))]
        for user, home in enumerate(homes):
            if home not in ways:
                ways[home] = self._build_way(dict(self._list_shares(user)))
        return [ways[home] for home in homes]

    def _list_shares(self, user: int) -> list[tuple[str, float]]:
        return [(point.host, share) for point, share in self._list_entries(user)]

    def _build_way(self, shares: Mapping[str, float]) -> Way:
        numbers, upto = [], [0.0]
        for number, (point, _) in enumerate(self._replicas):
            if point.host in shares:
                numbers.append(number)
                upto.append(upto[-1] + shares[point.host] / point.replicas)
        return Way(numbers, upto[1:])

    def deliver_again(self, user: int, point: EnforcementPoint, replica: int) -> None:
        """Deliver what a user's token needs at a replica that serves a request with it at the instant of the past."""
        if user in self._held:
            self._repeat(self._held[user], user, point, replica)

    def _deliver(self, touch: Touch) -> None:
        point, number = self._replicas[touch.replica]
        home = self._deployment.find_home(touch.user)
        sent = self._held[touch.user] if touch.is_held and touch.user in self._held else self._issue(touch, home)
        self._past.set_clock(touch.instant, touch.user)
        self._repeat(sent, touch.user, point, number)

    def _repeat(self, sent: Messages, user: int, point: EnforcementPoint, replica: int) -> None:
        target = f"{point.receive_target}#{replica}"
        self._past.repeat([message for message in sent if message[0] == target], self._deployment.find_home(user))

    def _issue(self, touch: Touch, home: str) -> Messages:
        """Pushes of a token that does not come in the run, and takes room."""
        key = (touch.user, touch.issued_at)
        if key not in self._ended:
            self._past.set_clock(touch.issued_at, touch.user)
            messages = self._ended[key] = []
            self._past.issue(touch.user, home, messages)
        return self._ended[key]

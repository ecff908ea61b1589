"""Warm start: everything that servers remember is in its stationary state when a run begins, with ages drawn.

The requests of the past that the states depend on are drawn (`simlib.deployment.past_fetches`) and really made, outside
simulated time, in the order of their instants: at every enforcement point in each of its replicas. How long a point
remembers what is measured (`simlib.deployment.memory`), so no part says anything about it. Background work, such as
pollers, begins before the run and goes on in it. Only users who come in this run have a past.
"""

from functools import partial
from itertools import product
from math import inf

from simlib.deployment.deployment import Deployment
from simlib.deployment.enforcement_points import EnforcementPoint
from simlib.deployment.memory_trials import PRECISION
from simlib.deployment.past import Messages, Visit
from simlib.deployment.past_background import begin_background
from simlib.deployment.past_fetches import Fetch, Kind, draw_exponential, draw_fetches
from simlib.deployment.past_receivers import PastReceivers
from simlib.deployment.past_revocations import PastRevocations
from simlib.deployment.past_streams import LEAST_RATE, PastStreams, Stream
from simlib.scenario.hosts import BACKEND, name_in_region
from simlib.scenario.messages import HttpRequest
from simlib.strategies import ClientToken, CommonFetcher, StationaryStarter, UserClient
from simlib.strategies.wrappers import PresenterWrapper

NOT_HERE = -1
LIVES = 10
"""Lives of a token that is renewed by use, before the run, at least: spread over as many as the longest session has."""


def warm_up(deployment: Deployment) -> None:
    """Bring a deployment into the state that it would have in the middle of a long run."""
    _WarmStart(deployment).run()


class _WarmStart(PastStreams):
    """The past of users, and of what serves all tokens."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__(deployment)
        self._receivers = PastReceivers(deployment, self._past, self._rooms, self._list_entries)

    def run(self) -> None:
        """Draw the past and let it happen."""
        for point in self._deployment.enforcement_points:
            for replica in range(point.replicas):
                memory = self._memories.get(point.host)
                if memory is not None and memory.period_s > 0:
                    begin_background(self._past, self._at, point, replica, memory.period_s)
                self._begin_common(point, replica)
        self._begin_application()
        users = self._deployment.demand.active_users.tolist()
        for user in users:
            self._begin_user(user)
        self._begin_occupants(users)
        self._receivers.begin(self._at)
        PastRevocations(self._past, self._at, self._begin_token, frozenset(users)).begin()
        self._run_events()
        self._begin_crowded()

    def _begin_crowded(self) -> None:
        """States that hold something of very many requests, which are not made one by one."""
        for point in self._deployment.enforcement_points:
            if isinstance(point.validator, StationaryStarter):
                for replica in range(point.replicas):
                    state = self._deployment.handlers.find_state(point, replica)
                    rate, draw = (
                        self._find_rate(point) / point.replicas,
                        partial(self._draw, f"{point.host}.kept", replica),
                    )
                    point.validator.begin_stationary(state, rate, draw)

    # --- users ---------------------------------------------------------------------------------------------------

    def _begin_user(self, user: int) -> None:
        client = self._receivers.find_client(user)
        if client.target == BACKEND:
            self._begin_browser(client)
        elif self._memories[self._list_entries(user)[0][0].host].renews_s < inf:
            self._begin_sliding(client)
        elif client.access_token is not None:
            self._begin_token(client, client.access_token)

    def _begin_sliding(self, client: UserClient) -> None:
        """A session whose token is renewed by use: it ends when it has not been used for long enough, or by itself."""
        life = self._deployment.parts.config.token_lifetime_s
        begun = -life * LIVES * (1 + self._draw("sliding.begin", client.user))
        self._past.set_clock(begun, client.user)
        client.access_token = self._past.issue(client.user, self._deployment.find_home(client.user))
        self._slide(client, begun)

    def _slide(self, client: UserClient, since: float) -> None:
        """Schedule the next request that brings another token, the first one after the age of renewal."""
        point = self._list_entries(client.user)[0][0]
        age = self._memories[point.host].renews_s
        draw = partial(self._draw, "sliding", client.user)
        instant = since + age + draw_exponential(self._find_user_rate(client.user), draw())
        if instant < 0:
            self._at(instant, partial(self._slide_on, client, point, int(draw() * point.replicas), instant))

    def _slide_on(self, client: UserClient, point: EnforcementPoint, replica: int, instant: float) -> None:
        before = client.access_token
        self._renew(client, point, replica, instant)
        # Near the end of the longest session nothing is renewed any more: then the next request is looked at.
        age = self._memories[point.host].renews_s
        self._slide(client, instant if client.access_token is not before else instant - age)

    def _begin_token(self, client: UserClient, held: ClientToken, name: str = "") -> None:
        """Requests with the token that a client holds, since its issue."""
        since = held.expires_at - self._deployment.parts.config.token_lifetime_s
        for number, (point, share) in enumerate(self._list_entries(client.user)):
            send = partial(self._send_as_client, client, held, point)
            rate = self._find_user_rate(client.user) * share
            first = None if number == 0 else NOT_HERE  # a token is obtained for a request in one region
            self._begin_stream(Stream(client.user, point, since, rate, name, send, first))

    def _begin_occupants(self, users: list[int]) -> None:
        """Tokens that do not come in this run, where their entries take the room of others."""
        firsts = [point for point in self._deployment.enforcement_points if point.first]
        longest_s = max((room.longest_s for point in firsts for room in self._rooms.list_rooms(point)), default=0.0)
        if longest_s == 0 or not self._receivers.have_room:
            return
        present = set(users)
        for user in range(len(self._deployment.demand.rates)):
            age = self._deployment.population.draw_token_age(user)
            if age is not None and user not in present:
                self._past.set_clock(-age, user)
                held = self._past.issue(user, self._deployment.find_home(user))
                self._begin_token(UserClient(user, "", held), held)
            self._begin_ended(user, 0.0 if age is None else -age, longest_s)

    def _begin_ended(self, user: int, since: float, longest_s: float) -> None:
        """Tokens that a user had before the one that was issued at an instant, as far as their entries are there."""
        rate, draw = self._find_user_rate(user), partial(self._draw, "ended", user)
        life_s = self._deployment.parts.presenter.useful_life_s
        early_s = self._deployment.parts.config.token_lifetime_s - life_s  # clients may renew before a token ends
        while life_s > 0 and (end := since - draw_exponential(rate, draw())) > -longest_s:
            since = end - life_s
            self._past.set_clock(since, user)
            held = self._past.issue(user, self._deployment.find_home(user))
            for point, share in self._list_entries(user):
                send = partial(self._send_as_client, UserClient(user, "", held), held, point)
                stream = Stream(user, point, since, rate * share, ".ended", send)
                last_s = min(end, held.expires_at - early_s)
                for replica, room in product(range(point.replicas), self._rooms.list_rooms(point)):
                    last = last_s - draw_exponential(rate * share * room.share / point.replicas, draw())
                    if last > max(since, -room.longest_s):
                        self._at(last, partial(self._visit, stream, replica, last, room.how))

    def _find_user_rate(self, user: int) -> float:
        return max(float(self._deployment.demand.rates[user]), LEAST_RATE)

    def _begin_browser(self, client: UserClient) -> None:
        """A browser whose backend has the session: it signed in, and the backend renewed the token at times."""
        length, position = self._deployment.population.draw_initial_session(client.user)
        life = self._deployment.parts.presenter.useful_life_s
        if not position < length:
            return
        home = self._deployment.find_home(client.user)
        point = next(p for p in self._deployment.enforcement_points if p.first and p.region == home)
        replica = int(self._draw(f"{point.host}.first", client.user) * point.replicas)
        self._at(-position, partial(self._sign_in, client, point, replica, -position, length - position))
        rate = self._find_user_rate(client.user)
        if not life > 0:
            return
        renewal = Kind(life * (1 + PRECISION), rate)
        (last,) = draw_fetches([renewal], -position, partial(self._draw, "browser", client.user))
        if last.instant > -position:
            self._at(last.instant, partial(self._renew, client, point, replica, last.instant))
        send = partial(self._send_as_client, client, None, point)
        self._begin_stream(Stream(client.user, point, last.instant, rate, "", send, replica))

    def _sign_in(
        self, client: UserClient, point: EnforcementPoint, replica: int, instant: float, session_until: float
    ) -> None:
        self._renew(client, point, replica, instant)
        client.session_until = session_until

    def _renew(self, client: UserClient, point: EnforcementPoint, replica: int, instant: float) -> None:
        self._past.set_clock(instant, client.user)
        self._past.request(client, point, replica)

    def _list_entries(self, user: int) -> list[tuple[EnforcementPoint, float]]:
        """The first points that a user's requests come to, and their shares."""
        firsts = [point for point in self._deployment.enforcement_points if point.first]
        regions = self._deployment.world.regions
        if regions is None or len(firsts) == 1:
            return [(firsts[0], 1.0)]
        home, away = self._deployment.find_home(user), regions.roaming_share
        if self._memories[firsts[0].host].shared:
            return [(point, 1.0) for point in firsts if point.region == home]
        shares = {p.host: 1 - away if p.region == home else away / (len(firsts) - 1) for p in firsts}
        own = sorted(firsts, key=lambda point: point.region != home)
        return [(point, shares[point.host]) for point in own if shares[point.host] > 0]

    def _send_as_client(
        self, client: UserClient, held: ClientToken | None, point: EnforcementPoint, replica: int, how: HttpRequest
    ) -> Visit | None:
        """A request with a token, unless the client has got another one in the meantime."""
        if held is not None and client.access_token is not held:
            return None
        self._receivers.deliver_again(client.user, point, replica)
        visits = self._past.request(client, point, replica, how).visits
        return visits[-1] if visits else None

    def _begin_application(self) -> None:
        """Fetches of the client application for all of its users, when they got tokens."""
        presenter, rates = self._deployment.parts.presenter, self._deployment.demand.rates
        life_s = presenter.useful_life_s
        while isinstance(presenter, PresenterWrapper):
            presenter = presenter.inner
        if not isinstance(presenter, CommonFetcher):
            return
        obtained = float((1 / (life_s + 1 / rates[rates > 0])).sum())
        draw = partial(self._draw, "application", 0)
        for fetch in draw_fetches([Kind(presenter.common_life_s, obtained)], -inf, draw) if obtained > 0 else ():
            self._at(fetch.instant, partial(self._fetch_common, presenter, fetch.instant))

    def _fetch_common(self, presenter: CommonFetcher, instant: float) -> None:
        self._past.set_clock(instant, self._deployment.world.population.users + 1)
        self._past.fetch_as_client(presenter)

    # --- what serves all tokens ----------------------------------------------------------------------------------

    def _begin_common(self, point: EnforcementPoint, replica: int) -> None:
        """Fetches of key sets and lists, by requests of visitors."""
        memory = self._memories.get(point.host)
        rate = self._find_rate(point) / point.replicas
        if memory is None or not memory.common or not rate > 0:
            return
        draw = partial(self._draw, f"{point.host}.{replica}.common", 0)
        kinds = [Kind(kept, rate) for kept in memory.common]
        fetches = draw_fetches(kinds, -inf, draw)
        if not fetches:  # fetched once and for all
            fetches = (Fetch(-self._deployment.parts.config.token_lifetime_s * draw(), (0,)),)
        for fetch in fetches:
            self._at(fetch.instant, partial(self._visit_common, point, replica, fetch.instant))

    def _visit_common(self, point: EnforcementPoint, replica: int, instant: float) -> None:
        visitor = self._deployment.world.population.users + 1
        self._past.set_clock(instant, visitor)
        messages: Messages = []
        client = UserClient(visitor, "", self._past.issue(visitor, point.region, messages))
        first = next(p for p in self._deployment.enforcement_points if p.first and p.region == point.region)
        how = HttpRequest(needs_user_information=self._service.user_information_share > 0)
        if point is first:
            self._past.request(client, point, replica, how)
            return
        self._beside.repeat(messages, point.region)
        request = self._find_way(first, point, client, how)
        if request is not None:
            self._past.visit(point, replica, request)

    def _find_way(
        self, first: EnforcementPoint, point: EnforcementPoint, client: UserClient, how: HttpRequest
    ) -> HttpRequest | None:
        """Request that reaches a point behind when a client makes one."""
        waiting = list(self._beside.request(client, first, 0, how).visits[-1].onward)
        while waiting:
            target, request = waiting.pop(0)
            behind = self._points[name_in_region(target, first.region)]
            if behind is point:
                return request
            waiting += self._beside.visit(behind, 0, request).onward
        return None

"""Clients in step: refreshes that fall together, tokens that are never used again, retries that multiply
(mozilla/fxa-oauth-server 370; openfga/java-sdk 388; ginlix-ai/LangAlpha 387).
"""

import json
from collections import Counter
from typing import Any

import pytest

from simlib.scenario.effects import Compute, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies import Bearer, ClientRetry, ClientToken, UserClient
from support.stage import deployment
from support.stepping import Host, Route, Stepper

USERS = 100


class Fleet:
    """Many clients whose tokens were all issued at instant 0; each makes a request every second."""

    def __init__(self, lifetime_s: float, retries: Any = None, **chosen: Any) -> None:
        told = deployment(lifetime_s)
        self.stepper = Stepper()
        self.server = Host(self.stepper)
        self.host = Host(self.stepper)
        self.host.routes = {"token": Route(self.server, self._token), "api": Route(self.server, self._api)}
        self.presenter: Any = Bearer(Bearer.Settings(**chosen), told)
        if retries is not None:
            self.presenter = ClientRetry(retries, told).wrap_presenter(self.presenter)
        self.lifetime_s = lifetime_s
        self.refreshes: Counter[int] = Counter()
        self.limit: int | None = None
        self.users = [UserClient(number, "refresh", None) for number in range(USERS)]
        for user in self.users:
            self.request(user)

    def request(self, user: UserClient) -> None:
        self.stepper.start(self.presenter.request(self.host, user, HttpRequest()), self.host)

    def run(self, seconds: int) -> None:
        """One request per client and second, from 1 on."""
        self.stepper.run(0.0)
        self.refreshes.clear()
        for second in range(1, seconds + 1):
            self.stepper.run(float(second))
            for user in self.users:
                self.request(user)
        self.stepper.run()

    def _token(self, request: HttpRequest) -> Flow[Any]:
        second = int(self.stepper.now)
        self.refreshes[second] += 1
        yield Compute("token")
        if self.limit is not None and self.refreshes[second] > self.limit:
            return Reply(429, retry_after=1.0)
        body = {"access_token": "t", "token_type": "Bearer", "expires_in": self.lifetime_s}
        return Reply(200, json.dumps(body).encode())

    def _api(self, request: HttpRequest) -> Flow[Any]:
        yield Compute("api")
        return Reply(200)


def test_tokens_that_were_issued_together_are_renewed_together_unless_there_is_jitter() -> None:
    in_step, spread = Fleet(60.0, refresh_before_s=10.0), Fleet(60.0, refresh_before_s=10.0, refresh_jitter_s=30.0)
    for fleet in (in_step, spread):
        fleet.run(50)
    assert in_step.refreshes == {50: USERS}
    assert min(spread.refreshes) >= 20
    # Evenly over 30 s there would be 3.3 in each; no second comes near the herd.
    assert max(spread.refreshes.values()) < USERS / 8
    assert sum(spread.refreshes.values()) >= USERS


def test_a_buffer_as_long_as_the_life_uses_no_token_twice() -> None:
    fleet = Fleet(300.0, refresh_before_s=300.0)
    assert fleet.presenter.useful_life_s == 0.0
    fleet.run(10)
    assert fleet.refreshes == dict.fromkeys(range(1, 11), USERS)


@pytest.mark.parametrize(("budget", "burst"), [(0.0, 0), (0.0, 1), (0.2, 1), (10.0, 4)])
def test_refreshes_that_meet_a_limit_are_multiplied_by_no_more_than_the_budget(budget: float, burst: int) -> None:
    settings = ClientRetry.Settings(attempts=5, jitter=0.0, budget=budget, burst=burst, total_s=1000.0)
    fleet = Fleet(60.0, retries=settings, retry_limited=0)
    fleet.run(1)
    for user in fleet.users:
        user.access_token = None
    fleet.limit = 0
    for user in fleet.users:
        fleet.request(user)
    fleet.stepper.run()
    asked = sum(fleet.refreshes.values())
    # Of each client these are the first attempts so far: two refreshes, and three API requests.
    assert asked <= USERS * (1 + burst + budget * 5)
    assert asked == (USERS * 5 if budget == 10.0 else USERS * (1 + burst) if budget == 0.0 else asked)


def test_who_holds_a_good_token_is_not_concerned() -> None:
    fleet = Fleet(60.0)
    fleet.stepper.run(0.0)
    fleet.limit = 0
    fleet.run(5)
    assert not fleet.refreshes
    assert all(user.access_token == ClientToken("t", 60.0) for user in fleet.users)

"""The client: when it asks for a token, what it presents, and what it does when it is refused."""

import json
from base64 import b64decode
from typing import Any
from urllib.parse import parse_qs

import pytest

from simlib.scenario.effects import Compute, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies import Bearer, ClientToken, UserClient
from support.stage import SCOPE, deployment
from support.stepping import Delay, Host, Route, Started, Stepper


class Clients:
    """Clients of one host, an authorization server that numbers its tokens and an API that answers as told."""

    def __init__(self, lifetime_s: float = 300.0, **chosen: Any) -> None:
        self.stepper = Stepper()
        elsewhere = Host(self.stepper)
        self.host = Host(self.stepper)
        self.host.routes = {"token": Route(elsewhere, self._token), "api": Route(elsewhere, self._api)}
        self.bearer = Bearer(Bearer.Settings(**chosen), deployment(lifetime_s))
        self.lifetime_s = lifetime_s
        self.asked: list[HttpRequest] = []
        self.presented: list[HttpRequest] = []
        self.refused: set[str] = set()
        self.token_answer: Any = None
        self.api_answer: Any = Reply(200, b"ok")
        self.user = UserClient(7, "refresh/7", None)

    def begin(self, needs: bool = False) -> Started:
        return self.stepper.start(
            self.bearer.request(self.host, self.user, HttpRequest(needs_user_information=needs)), self.host
        )

    def request(self, at: float, needs: bool = False) -> Any:
        self.stepper.run(at)
        return self.stepper.finish(
            self.bearer.request(self.host, self.user, HttpRequest(needs_user_information=needs)), self.host
        )

    def tokens(self) -> list[str]:
        return [request.authorization for request in self.presented]

    def _token(self, request: HttpRequest) -> Flow[Any]:
        self.asked.append(request)
        yield Compute("token")
        body = {"access_token": f"t{len(self.asked)}", "token_type": "Bearer", "expires_in": self.lifetime_s}
        return self.token_answer or Reply(200, json.dumps(body).encode())

    def _api(self, request: HttpRequest) -> Flow[Any]:
        self.presented.append(request)
        yield Compute("api")
        return Reply(401) if request.authorization in self.refused else self.api_answer


def test_a_token_is_obtained_once_and_presented_until_it_is_spent() -> None:
    clients = Clients()
    for instant in (0.0, 100.0, 299.999, 300.0, 400.0):
        assert clients.request(instant).status == 200
    assert clients.tokens() == ["Bearer t1"] * 3 + ["Bearer t2"] * 2


def test_a_token_close_to_its_end_is_renewed_before_it_is_used() -> None:
    clients = Clients(refresh_before_s=10.0)
    for instant in (0.0, 289.999, 290.0):
        clients.request(instant)
    assert clients.tokens() == ["Bearer t1", "Bearer t1", "Bearer t2"]
    assert clients.bearer.useful_life_s == 290.0
    assert Clients(5.0, refresh_before_s=10.0).bearer.useful_life_s == 0.0


def test_the_life_of_a_token_counts_from_the_question() -> None:
    clients = Clients()
    clients.stepper.delay = lambda target: Delay(1.0, 4.0) if target == "token" else Delay()
    clients.request(0.0)
    assert clients.user.access_token == ClientToken("t1", 300.0)


def test_the_question_is_the_form_of_rfc_6749_from_an_authenticated_client() -> None:
    clients = Clients()
    clients.request(0.0)
    form = {"grant_type": ["refresh_token"], "refresh_token": ["refresh/7"], "scope": [SCOPE]}
    assert parse_qs(clients.asked[0].body.decode(), strict_parsing=True) == form
    assert b64decode(clients.asked[0].authorization.removeprefix("Basic ")) == b"shop:client%20secret%3A1"


@pytest.mark.parametrize("needs", [True, False])
def test_the_request_says_whether_it_needs_user_information(needs: bool) -> None:
    clients = Clients()
    clients.request(0.0, needs)
    assert clients.presented == [HttpRequest("Bearer t1", b"", needs)]


def test_a_refused_token_is_replaced_and_the_request_made_once_more() -> None:
    clients = Clients()
    clients.request(0.0)
    clients.refused = {"Bearer t1"}
    assert clients.request(1.0).status == 200
    assert clients.tokens() == ["Bearer t1", "Bearer t1", "Bearer t2"]


def test_who_is_refused_twice_gives_up_and_keeps_the_newest_token() -> None:
    clients = Clients()
    clients.refused = {"Bearer t1", "Bearer t2"}
    assert clients.request(0.0).status == 401
    assert clients.tokens() == ["Bearer t1", "Bearer t2"]
    clients.refused = {"Bearer t1"}
    assert clients.request(1.0).status == 200
    assert clients.tokens()[2:] == ["Bearer t2"]


def test_a_client_that_does_not_retry_keeps_a_refused_token_until_it_is_spent() -> None:
    clients = Clients(retry_refused=False)
    clients.refused = {"Bearer t1"}
    assert [clients.request(at).status for at in (0.0, 299.0)] == [401, 401]
    assert clients.request(300.0).status == 200
    assert clients.tokens() == ["Bearer t1", "Bearer t1", "Bearer t2"]


@pytest.mark.parametrize("answer", [Failed("timed_out"), Reply(503), Failed("status", 429)], ids=str)
def test_a_refused_token_is_kept_while_no_other_can_be_obtained(answer: Any) -> None:
    clients = Clients()
    clients.request(0.0)
    clients.refused, clients.token_answer = {"Bearer t1"}, answer
    assert clients.request(1.0) == answer
    clients.refused = set()
    assert clients.request(2.0).status == 200
    assert clients.tokens() == ["Bearer t1"] * 3


def test_nothing_is_kept_when_the_server_answers_that_there_is_nothing_to_renew() -> None:
    clients = Clients()
    clients.request(0.0)
    clients.refused, clients.token_answer = {"Bearer t1"}, Reply(400, b'{"error":"invalid_grant"}')
    assert clients.request(1.0).status == 400
    assert clients.user.access_token is None


def test_a_request_refused_with_an_old_token_is_repeated_with_the_newer_one_at_hand() -> None:
    clients = Clients()
    clients.request(0.0)
    clients.refused = {"Bearer t1"}
    clients.stepper.delay = lambda target: Delay(0.0, 5.0) if target == "api" else Delay()
    begun = clients.begin()
    clients.user.access_token = ClientToken("t9", 1e9)
    clients.stepper.run()
    assert begun.value.status == 200
    assert (clients.tokens(), len(clients.asked)) == (["Bearer t1", "Bearer t1", "Bearer t9"], 1)


@pytest.mark.parametrize("answer", [Reply(403), Reply(503), Failed("timed_out"), Failed("unreachable")], ids=str)
def test_other_failures_of_the_api_keep_the_token(answer: Any) -> None:
    clients = Clients()
    clients.api_answer = answer
    assert clients.request(0.0) == answer
    assert clients.tokens() == ["Bearer t1"]
    assert clients.user.access_token is not None


@pytest.mark.parametrize("answer", [Reply(400, b'{"error":"invalid_grant"}'), Reply(503), Failed("refused")], ids=str)
def test_who_gets_no_token_presents_none(answer: Any) -> None:
    clients = Clients()
    clients.token_answer = answer
    assert clients.request(0.0) == answer
    assert clients.presented == []
    assert clients.user.access_token is None


def test_calls_end_at_their_timeout() -> None:
    clients = Clients(timeout_s=2.0)
    clients.stepper.delay = lambda target: Delay(0.0, 3.0) if target == "api" else Delay()
    assert clients.request(0.0) == Failed("timed_out")
    assert clients.stepper.now == 2.0


def test_concurrent_requests_of_one_user_obtain_one_token_together() -> None:
    clients = Clients()
    clients.stepper.delay = lambda target: Delay(0.5, 0.5)
    begun = [clients.begin() for _ in range(6)]
    clients.stepper.run()
    assert {one.value.status for one in begun} == {200}
    assert (len(clients.asked), clients.tokens()) == (1, ["Bearer t1"] * 6)


def test_users_do_not_wait_for_each_other() -> None:
    clients = Clients()
    clients.stepper.delay = lambda target: Delay(0.5, 0.5)
    clients.begin()
    clients.user = UserClient(8, "refresh/8", None)
    clients.begin()
    clients.stepper.run()
    assert sorted(clients.tokens()) == ["Bearer t1", "Bearer t2"]


def test_a_late_refusal_of_an_old_token_does_not_cost_the_new_one() -> None:
    clients = Clients(retry_refused=False)
    clients.request(0.0)
    clients.refused = {"Bearer t1"}
    clients.stepper.delay = lambda target: Delay(0.0, 5.0)
    clients.begin()
    fresh = clients.user.access_token = ClientToken("t9", 1e9)
    clients.stepper.run()
    assert clients.user.access_token is fresh

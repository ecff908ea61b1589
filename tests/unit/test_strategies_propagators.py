"""With which token a service calls the next one: the same, or one that was made out to that service."""

import json
import math
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from simlib.scenario.effects import Answer, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import ENDPOINTS
from simlib.strategies import PROPAGATORS, Credentials, JwtAccessToken, PassThrough, ReferenceToken, TokenExchange
from simlib.strategies.base import DeploymentConfig
from simlib.tokens import EPOCH
from simlib.tokens.forging import read_claims
from support.signing_in import INNER, MACHINE, USER, SignInStage
from support.stage import AUDIENCE, ELSEWHERE, deployment
from support.stepping import Delay, Host, Route

SERVICE = Credentials(MACHINE.client_id, MACHINE.secret)


def told() -> DeploymentConfig:
    """What the parts of a service are told, whose credentials the authorization server knows."""
    return replace(deployment(), resource_server=SERVICE)


class Calling:
    """A service that calls others, at a real authorization server; ``alter`` bends what the token endpoint gives."""

    def __init__(self, issuer: type[Any] = JwtAccessToken, lifetime_s: float = 300.0, **chosen: Any) -> None:
        settings = {"algorithm": "ES256"} if issuer is JwtAccessToken else {}
        self.stage = SignInStage(issuer=issuer(issuer.Settings(**settings), deployment(lifetime_s)))
        self.stepper = self.stage.stepper
        self.host = Host(self.stepper)
        self.host.routes["token"] = Route(self.stage.server_host, self._token)
        self.part = TokenExchange(TokenExchange.Settings(**chosen), told())
        self.state = self.part.create_state()
        self.bend: Any = lambda reply: reply

    @property
    def exchanges(self) -> int:
        return self.stepper.calls["token"]

    def token(self, subject: str = USER) -> str:
        """An access token with which a user calls."""
        grant = self.stage.server.make_grant(subject, "shop", "read")
        issued = self.stepper.finish(self.stage.issuer.issue(self.stage.server_host, grant), self.stage.server_host)
        made: str = issued.token
        return made

    def ask(self, token: str, audience: str = INNER) -> Flow[str]:
        return self.part.obtain_credential(self.host, self.state, token, audience)

    def exchanged(self, token: str, audience: str = INNER) -> str:
        found: str = self.stepper.finish(self.ask(token, audience), self.host)
        return found

    def _token(self, request: HttpRequest) -> Flow[Answer]:
        reply = yield from ENDPOINTS["token"](self.stage.server_host, request, self.stage.server)
        answer: Answer = self.bend(reply)
        return answer


def test_the_same_token_goes_on_for_nothing() -> None:
    calling = Calling()
    part = PassThrough(PassThrough.Settings(), deployment())
    flow = part.obtain_credential(calling.host, None, "any token", INNER)
    assert calling.stepper.finish(flow, calling.host) == "any token"
    assert not calling.stepper.operations
    assert not calling.stepper.calls
    assert (PassThrough.own_audiences, TokenExchange.own_audiences) == (False, True)
    assert next(iter(PROPAGATORS)) == "pass_through"


def test_an_exchanged_token_is_made_out_to_the_next_service_and_names_who_calls() -> None:
    calling = Calling()
    token = calling.token()
    claims = read_claims(calling.exchanged(token))
    assert (claims["aud"], claims["sub"], claims["scope"]) == (INNER, USER, "read")
    assert claims["act"] == {"sub": SERVICE.client_id}
    assert read_claims(token)["aud"] == AUDIENCE


def test_references_are_exchanged_as_well() -> None:
    calling = Calling(ReferenceToken)
    token = calling.token()
    row = calling.stepper.finish(
        calling.stage.issuer.inspect(calling.stage.server_host, calling.exchanged(token)), calling.stage.server_host
    )
    assert (row.audience, row.subject) == (INNER, USER)


def test_it_is_used_again_until_its_ttl_for_the_same_token_and_the_same_audience_only() -> None:
    calling = Calling(ttl_s=60.0)
    one, other = calling.token(), calling.token("user-2")
    first = calling.exchanged(one)
    calling.stepper.run(59.999)
    assert calling.exchanged(one) == first
    assert calling.exchanges == 1
    assert read_claims(calling.exchanged(one, AUDIENCE))["aud"] == AUDIENCE
    assert read_claims(calling.exchanged(other))["sub"] == "user-2"
    assert calling.exchanges == 3
    calling.stepper.run(60.0)
    assert calling.exchanged(one) != first
    assert calling.exchanges == 4


def test_it_is_never_used_beyond_its_own_end() -> None:
    calling = Calling(lifetime_s=20.0, ttl_s=60.0)
    calling.stepper.run(5.0)
    token = calling.token()
    calling.stepper.run(15.0)
    first = calling.exchanged(token)
    calling.stepper.run(24.999)
    assert calling.exchanged(token) == first
    assert read_claims(first)["exp"] == EPOCH + 35
    calling.stepper.run(35.0)
    assert calling.exchanged(token) == ""  # the one that came in has ended too
    assert calling.exchanges == 2


def test_without_a_ttl_every_call_has_an_exchange_of_its_own() -> None:
    calling = Calling(ttl_s=0.0)
    token = calling.token()
    assert len({calling.exchanged(token) for _ in range(3)}) == 3
    assert calling.exchanges == 3


@pytest.mark.parametrize("ttl", [0.0, 60.0])
def test_those_who_need_the_same_at_the_same_time_share_one_exchange(ttl: float) -> None:
    calling = Calling(ttl_s=ttl)
    calling.stepper.delay = lambda target: Delay(0.1, 0.1)
    token = calling.token()
    begun = [calling.stepper.start(calling.ask(token), calling.host) for _ in range(35)]
    others = [calling.stepper.start(calling.ask(token, AUDIENCE), calling.host) for _ in range(5)]
    calling.stepper.run()
    assert calling.exchanges == 2
    assert len({one.value for one in begun}) == 1
    assert {one.value for one in begun}.isdisjoint({one.value for one in others})


def test_the_least_recently_used_one_goes_first() -> None:
    calling = Calling(capacity=2)
    tokens = [calling.token(f"user-{number}") for number in range(3)]
    for number in (0, 1, 0, 2, 0):
        calling.exchanged(tokens[number])
    assert calling.exchanges == 3
    calling.exchanged(tokens[1])
    assert calling.exchanges == 4


def test_a_dump_of_what_is_kept_shows_no_token_that_came_in() -> None:
    calling = Calling()
    token = calling.token()
    calling.exchanged(token)
    assert token not in repr(calling.state._entries)


def _answer(**changes: Any) -> Reply:
    good = {
        "access_token": "x",
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 60,
    }
    return Reply(200, json.dumps({**good, **changes}).encode())


@pytest.mark.parametrize(
    "answer",
    [
        Failed("timed_out"),
        Failed("status", 503, 1.0),
        Reply(400, b'{"error":"invalid_target"}'),
        Reply(200, b""),
        Reply(200, b"[]"),
        _answer(access_token=""),
        _answer(access_token=7),
        _answer(token_type="N_A"),
        _answer(issued_token_type="urn:ietf:params:oauth:token-type:saml2"),
        _answer(expires_in=None),
        _answer(expires_in=math.inf),
        _answer(expires_in=True),
    ],
    ids=str,
)
def test_without_a_usable_answer_there_is_no_credential_and_the_next_call_asks_again(answer: Answer) -> None:
    calling = Calling()
    token = calling.token()
    calling.bend = lambda reply: answer
    assert isinstance(calling.exchanged(token), Failed)
    calling.bend = lambda reply: _answer()
    assert calling.exchanged(token) == "x"
    assert calling.exchanges == 2


def test_nobody_gets_a_token_for_an_unknown_audience_or_for_a_token_that_is_none() -> None:
    calling = Calling()
    assert isinstance(calling.exchanged(calling.token(), ELSEWHERE), Failed)
    assert calling.exchanged("no token") == ""


def test_an_exchange_ends_at_its_timeout() -> None:
    calling = Calling(timeout_s=2.0)
    calling.stepper.delay = lambda target: Delay(0.0, 3.0)
    token = calling.token()
    assert calling.exchanged(token) == Failed("timed_out")
    assert calling.stepper.now == 2.0


def test_time_passes_while_it_is_exchanged_and_is_not_given_away() -> None:
    calling = Calling(ttl_s=1.0)
    calling.stepper.delay = lambda target: Delay(0.0, 3.0)
    token = calling.token()
    calling.exchanged(token)
    calling.exchanged(token)
    assert calling.exchanges == 2  # kept from the question on, so it was over when it came


@pytest.mark.parametrize("wrong", [{"ttl_s": -1.0}, {"capacity": 0}, {"timeout_s": 0.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        partial(TokenExchange.Settings, **wrong)()

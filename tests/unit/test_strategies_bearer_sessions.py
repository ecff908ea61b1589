"""The client's sessions: signing in, rotated refresh tokens, jitter, and a server that wants to be left alone."""

import json
from dataclasses import replace
from functools import partial
from math import inf
from typing import Any
from urllib.parse import parse_qs

import pytest

from simlib.flows import AuthorizationCode, Client, ClientCredentials, RefreshToken
from simlib.scenario.effects import Call, Compute, Context, Draw, Failed, Flow, Reply, Sleep
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.strategies import Bearer, ClientToken, UserClient
from simlib.tokens.forging import read_claims
from support.signing_in import MACHINE, USER, WEB, SignInStage
from support.stage import deployment
from support.stepping import Host, Route, Stepper

INVALID_GRANT = Reply(400, b'{"error":"invalid_grant"}')


class Session:
    """One client, a token endpoint that answers as told, and a sign-in that gives numbered tokens."""

    def __init__(self, lifetime_s: float = 300.0, sign_in: bool = True, **chosen: Any) -> None:
        self.stepper = Stepper()
        elsewhere = Host(self.stepper)
        self.host = Host(self.stepper)
        self.host.routes = {
            "token": Route(elsewhere, self._token),
            "api": Route(elsewhere, self._api),
            "bff": Route(elsewhere, self._api),
        }
        self.bearer = Bearer(Bearer.Settings(**chosen), deployment(lifetime_s))
        self.lifetime_s = lifetime_s
        self.session_s = inf
        self.token_answers: list[Any] = []
        self.sign_in_answers: list[Any] = []
        self.redeemed: list[str] = []
        self.requested_at: list[float] = []
        self.presented: list[str] = []
        self.signed_in = 0
        self.user = UserClient(7, "" if sign_in else "r0", None, self._sign_in if sign_in else None)

    def request(self, at: float) -> Any:
        self.stepper.run(max(at, self.stepper.now))
        return self.stepper.finish(self.bearer.request(self.host, self.user, HttpRequest()), self.host)

    def _sign_in(self, ctx: Context) -> Flow[Any]:
        self.signed_in += 1
        yield Compute("user.authenticate")
        if self.sign_in_answers:
            return self.sign_in_answers.pop(0)
        self.user.session_until = ctx.now() + self.session_s
        return TokenResponse(f"s{self.signed_in}", self.lifetime_s, ctx.now(), f"r{self.signed_in}")

    def _token(self, request: HttpRequest) -> Flow[Any]:
        self.redeemed += parse_qs(request.body.decode())["refresh_token"]
        self.requested_at.append(self.stepper.now)
        yield Compute("token")
        if self.token_answers:
            answer = self.token_answers.pop(0)
            if answer is not None:
                return answer
        body = {"access_token": f"t{len(self.redeemed)}", "token_type": "Bearer", "expires_in": self.lifetime_s}
        return Reply(200, json.dumps(body).encode())

    def _api(self, request: HttpRequest) -> Flow[Any]:
        self.presented.append(request.authorization)
        yield Compute("api")
        return Reply(200, b"ok")


# --- signing in ------------------------------------------------------------------------------------------------------


def test_who_has_no_session_signs_in_first_and_then_refreshes() -> None:
    session = Session()
    for instant in (0.0, 299.0, 300.0, 600.0):
        assert session.request(instant).status == 200
    assert session.presented == ["Bearer s1", "Bearer s1", "Bearer t1", "Bearer t2"]
    assert (session.signed_in, session.redeemed) == (1, ["r1", "r1"])


def test_a_session_that_is_over_begins_again_even_when_the_token_would_still_do() -> None:
    session = Session()
    session.session_s = 100.0
    for instant in (0.0, 99.999, 100.0, 150.0, 200.0):
        assert session.request(instant).status == 200
    assert session.presented == ["Bearer s1", "Bearer s1", "Bearer s2", "Bearer s2", "Bearer s3"]
    assert session.redeemed == []


def test_a_session_that_the_server_has_ended_begins_again() -> None:
    session = Session()
    session.request(0.0)
    session.token_answers = [INVALID_GRANT]
    assert session.request(300.0).status == 200
    assert (session.presented[-1], session.redeemed, session.user.refresh_token) == ("Bearer s2", ["r1"], "r2")


@pytest.mark.parametrize(
    "answer",
    [
        Reply(400, b'{"error":"invalid_scope"}'),
        Reply(400, b"{"),
        Reply(401, b'{"error":"invalid_grant"}'),
        Failed("timed_out"),
        Failed("status", 503, 1.0),
    ],
    ids=str,
)
def test_any_other_refusal_leaves_the_session_as_it_was(answer: Any) -> None:
    session = Session(retry_refused=False)
    session.request(0.0)
    session.token_answers = [answer]
    assert session.request(300.0) == answer
    assert (session.signed_in, session.user.refresh_token) == (1, "r1")
    assert session.request(301.0).status == 200
    assert (session.signed_in, session.redeemed) == (1, ["r1", "r1"])


def test_a_client_that_cannot_sign_in_gives_up_when_its_session_is_over() -> None:
    session = Session(sign_in=False)
    session.token_answers = [INVALID_GRANT]
    assert session.request(0.0) == INVALID_GRANT
    assert session.presented == []


def test_a_user_who_does_not_get_in_has_nothing_of_the_old_session() -> None:
    session = Session()
    session.session_s = 100.0
    session.request(0.0)
    session.sign_in_answers = [Reply(400, b'{"error":"access_denied"}')]
    assert session.request(100.0).status == 400
    assert (session.user.refresh_token, session.user.access_token) == ("", None)
    assert session.request(101.0).status == 200
    assert session.presented == ["Bearer s1", "Bearer s3"]


def test_a_browser_with_a_backend_shows_its_cookie_to_the_backend() -> None:
    session = Session()
    session.user = UserClient(7, "", None, session._sign_in, target="bff")
    session.request(0.0)
    assert session.presented == ["Cookie s1"]
    assert session.stepper.calls == {"bff": 1}


# --- rotation --------------------------------------------------------------------------------------------------------


def test_a_rotated_refresh_token_takes_the_place_of_the_old_one() -> None:
    session = Session(sign_in=False)
    body = {"access_token": "t", "token_type": "Bearer", "expires_in": 300}
    session.token_answers = [Reply(200, json.dumps({**body, "refresh_token": f"r{n}"}).encode()) for n in (1, 2)]
    for instant in (0.0, 300.0, 600.0, 900.0):
        session.request(instant)
    assert session.redeemed == ["r0", "r1", "r2", "r2"]  # the last answers bring none: the one that is there stays


@pytest.mark.parametrize("rotation", [False, True])
def test_a_real_session_goes_on_for_hours_by_the_flows(rotation: bool) -> None:
    stage = SignInStage(rotation)
    bearer = Bearer(Bearer.Settings(), deployment())
    seen: list[HttpRequest] = []

    def api(request: HttpRequest) -> Flow[Reply]:
        seen.append(request)
        yield Compute("api")
        return Reply(200)

    stage.client_host.routes["api"] = Route(stage.server_host, api)
    user = UserClient(1, "", None, _signing_in(AuthorizationCode, WEB), refresh=_refreshing(WEB))
    for hour in range(4):
        stage.stepper.run(3600.0 * hour)
        assert stage.stepper.finish(bearer.request(stage.client_host, user, HttpRequest()), stage.client_host) == Reply(
            200
        )
    assert stage.messages() == ["authorize", "token", "token", "token", "token"]
    tokens = [request.authorization.removeprefix("Bearer ") for request in seen]
    assert len(set(tokens)) == 4
    assert {read_claims(token)["sub"] for token in tokens} == {USER}
    assert {read_claims(token)["client_id"] for token in tokens} == {WEB.client_id}


def test_a_machine_has_nothing_to_refresh_and_asks_anew() -> None:
    stage = SignInStage()
    bearer = Bearer(Bearer.Settings(), deployment())
    stage.client_host.routes["api"] = Route(stage.server_host, lambda request: _ok())
    user = UserClient(1, "", None, _signing_in(ClientCredentials, MACHINE))
    for instant in (0.0, 200.0, 400.0):
        stage.stepper.run(instant)
        stage.stepper.finish(bearer.request(stage.client_host, user, HttpRequest()), stage.client_host)
    assert [form["grant_type"] for form in stage.sent("token")] == ["client_credentials"] * 2


def _ok() -> Flow[Reply]:
    yield Compute("api")
    return Reply(200)


def _signing_in(kind: type[Any], client: Client) -> Any:
    return lambda ctx: kind(kind.Settings(), client).obtain(ctx)


def _refreshing(client: Client) -> Any:
    def refresh(ctx: Context, token: str) -> Flow[Any]:
        return RefreshToken(RefreshToken.Settings(), replace(client, refresh_token=token)).obtain(ctx)

    return refresh


# --- when to renew ---------------------------------------------------------------------------------------------------


def test_a_buffer_as_long_as_the_life_of_tokens_means_that_none_is_ever_used_twice() -> None:
    session = Session(300.0, sign_in=False, refresh_before_s=300.0)
    for instant in (0.0, 0.001, 10.0, 299.0, 300.0):
        session.request(instant)
    assert len(set(session.presented)) == len(session.presented) == len(session.redeemed) == 5
    assert session.bearer.useful_life_s == 0.0
    sparing = Session(300.0, sign_in=False, refresh_before_s=299.0)
    for instant in (0.0, 0.001, 0.999, 1.0):
        sparing.request(instant)
    assert sparing.presented == ["Bearer t1"] * 3 + ["Bearer t2"]


def test_jitter_moves_each_renewal_earlier_by_its_own_part() -> None:
    session = Session(300.0, sign_in=False, refresh_before_s=100.0, refresh_jitter_s=50.0)
    session.request(0.0)
    held = session.user.access_token
    assert held is not None
    assert 0.0 < held.early_s < 50.0
    due = held.expires_at - 100.0 - held.early_s
    session.request(due - 1e-9)
    assert session.presented == ["Bearer t1"] * 2
    session.request(due)
    assert session.presented[-1] == "Bearer t2"
    assert session.user.access_token is not None
    assert session.user.access_token.early_s != held.early_s


@pytest.mark.parametrize(("jitter", "mean"), [(0.0, 200.0), (100.0, 150.0), (200.0, 100.0), (400.0, 50.0)])
def test_the_mean_use_of_a_token_is_shorter_by_the_mean_of_the_jitter(jitter: float, mean: float) -> None:
    bearer = Bearer(Bearer.Settings(refresh_before_s=100.0, refresh_jitter_s=jitter), deployment(300.0))
    assert bearer.useful_life_s == mean
    count = 100_000
    uses = [max(0.0, 200.0 - jitter * (number + 0.5) / count) for number in range(count)]
    assert sum(uses) / count == pytest.approx(mean, rel=1e-6)


def effects(flow: Flow[Any]) -> list[str]:
    """What a presenter asks for, one word per effect, in front of servers that give it everything."""
    asked: list[str] = []
    body = {"access_token": "t", "token_type": "Bearer", "expires_in": 300}
    pending = [flow]
    answer: Any = None
    while pending:
        try:
            effect = pending[-1].send(answer)
        except StopIteration as stop:
            pending.pop()
            answer = stop.value
            continue
        asked.append(type(effect).__name__)
        answer = None
        if isinstance(effect, Call):
            answer = Reply(200, json.dumps(body).encode())
        elif isinstance(effect, Compute) and effect.work is not None:
            answer = effect.work()
        elif isinstance(effect, Draw):
            answer = 0.5
        elif not isinstance(effect, Compute | Sleep):
            pending.append(effect.work())
    return asked


def test_without_jitter_nothing_is_drawn_and_a_renewal_is_what_it_always_was() -> None:
    host = Host(Stepper())
    for jitter, drawn in ((0.0, []), (1.0, ["Draw"])):
        bearer = Bearer(Bearer.Settings(refresh_jitter_s=jitter), deployment())
        flow = bearer.request(host, UserClient(7, "r", None), HttpRequest())
        assert effects(flow) == ["Once", "Compute", "Call", "Compute", *drawn, "Call"]


# --- too many requests -----------------------------------------------------------------------------------------------

LATER = Failed("status", 429, 7.0)


@pytest.mark.parametrize("sign_in", [False, True])
@pytest.mark.parametrize("tries", [0, 1, 3])
def test_a_client_that_asked_too_often_comes_back_when_it_may_and_not_for_ever(tries: int, sign_in: bool) -> None:
    session = Session(sign_in=sign_in, retry_limited=tries)
    session.token_answers, session.sign_in_answers = [LATER] * 10, [LATER] * 10
    assert session.request(0.0) == LATER
    assert session.stepper.now == 7.0 * tries
    assert len(session.redeemed) + session.signed_in == tries + 1


def test_by_default_it_comes_back_once() -> None:
    session = Session(sign_in=False)
    session.token_answers = [LATER]
    assert session.request(0.0).status == 200
    assert session.requested_at == [0.0, 7.0]
    assert session.user.access_token == ClientToken("t2", 307.0)


@pytest.mark.parametrize("answer", [Failed("status", 429), Failed("status", 503, 7.0), Failed("timed_out")], ids=str)
def test_it_waits_for_nothing_else(answer: Failed) -> None:
    session = Session(sign_in=False)
    session.token_answers = [answer]
    assert session.request(0.0) == answer
    assert session.stepper.now == 0.0


def test_others_of_the_same_user_wait_with_it() -> None:
    session = Session(sign_in=False)
    session.token_answers = [LATER]
    ask = partial(session.bearer.request, session.host, session.user, HttpRequest())
    begun = [session.stepper.start(ask(), session.host) for _ in range(5)]
    session.stepper.run()
    assert {one.value.status for one in begun} == {200}
    assert len(session.redeemed) == 2


@pytest.mark.parametrize("wrong", [{"refresh_jitter_s": -1.0}, {"retry_limited": -1}, {"refresh_jitter_s": inf}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Bearer.Settings(**wrong)

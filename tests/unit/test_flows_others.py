"""The flows without a browser of their own: machines, devices, refreshing, exchanging; and the backend's half."""

import json
import math
from dataclasses import replace
from typing import Any, get_args

import pytest

from simlib.flows import (
    FLOWS,
    AuthorizationCode,
    Backend,
    BackendForFrontend,
    Client,
    ClientCredentials,
    DeviceAuthorization,
    GrantResult,
    RefreshToken,
    TokenExchange,
)
from simlib.scenario.effects import Answer, Call, Context, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.world import ClientKind
from simlib.tokens.forging import read_claims
from support.signing_in import DEVICE, INNER, MACHINE, SPA, USER, WEB, SignInStage
from support.stage import AUDIENCE
from support.stepping import Host, Route

KINDS = ("web", "spa", "spa_bff", "mobile", "machine", "device")


def error_of(obtained: Any) -> str:
    assert isinstance(obtained, Reply)
    error: str = json.loads(obtained.body)["error"]
    return error


def test_every_kind_of_client_has_a_flow() -> None:
    assert get_args(ClientKind) == KINDS
    for kind in KINDS:
        assert [name for name, flow in FLOWS.items() if kind in flow.client_kinds]


# --- client credentials ----------------------------------------------------------------------------------------------


def test_a_machine_gets_a_token_for_itself_with_one_message_and_nothing_to_refresh() -> None:
    stage = SignInStage()
    obtained = stage.obtain(ClientCredentials, MACHINE)
    assert stage.messages() == ["token"]
    assert read_claims(obtained.access_token)["sub"] == "machine"
    assert (obtained.refresh_token, obtained.id_token, obtained.scope) == ("", "", "read")


def test_who_has_no_secret_is_no_machine() -> None:
    stage = SignInStage()
    obtained = stage.obtain(ClientCredentials, replace(SPA, scope="read"))
    assert error_of(obtained) == "unauthorized_client"


# --- refresh ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rotation", [False, True])
def test_a_session_goes_on_with_the_refresh_token_of_the_last_answer(rotation: bool) -> None:
    stage = SignInStage(rotation)
    first = stage.obtain(AuthorizationCode, replace(WEB, scope="read"))
    second = stage.obtain(RefreshToken, replace(WEB, scope="read", refresh_token=first.refresh_token))
    third = stage.obtain(RefreshToken, replace(WEB, scope="", refresh_token=second.refresh_token))
    assert isinstance(third, TokenResponse)
    assert len({first.access_token, second.access_token, third.access_token}) == 3
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == (3 if rotation else 1)
    assert "scope" not in stage.sent("token")[-1]


def test_a_used_refresh_token_ends_the_session_under_rotation() -> None:
    stage = SignInStage(rotation=True)
    first = stage.obtain(AuthorizationCode, WEB)
    used = replace(WEB, refresh_token=first.refresh_token)
    second = stage.obtain(RefreshToken, used)
    assert error_of(stage.obtain(RefreshToken, used)) == "invalid_grant"
    assert error_of(stage.obtain(RefreshToken, replace(WEB, refresh_token=second.refresh_token))) == "invalid_grant"


# --- token exchange --------------------------------------------------------------------------------------------------


def test_a_service_gets_a_token_for_the_next_one_with_itself_as_actor() -> None:
    stage = SignInStage()
    token = stage.obtain(AuthorizationCode, WEB).access_token
    obtained = stage.obtain(TokenExchange, replace(MACHINE, subject_token=token, audience=INNER))
    claims = read_claims(obtained.access_token)
    assert (claims["sub"], claims["aud"], claims["act"]) == (USER, INNER, {"sub": "machine"})
    assert read_claims(token)["aud"] == AUDIENCE


def test_a_token_of_nobody_and_an_unknown_audience_are_refused() -> None:
    stage = SignInStage()
    token = stage.obtain(AuthorizationCode, WEB).access_token
    wrong = replace(MACHINE, subject_token="x", audience=INNER)
    assert error_of(stage.obtain(TokenExchange, wrong)) == "invalid_request"
    wrong = replace(MACHINE, subject_token=token, audience="https://unknown.example")
    assert error_of(stage.obtain(TokenExchange, wrong)) == "invalid_target"


# --- devices ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("approval", "polls", "at"), [(0.0, 1, 5.0), (4.9, 1, 5.0), (12.0, 3, 15.0), (44.0, 9, 45.0)])
def test_a_device_polls_every_interval_until_its_user_has_approved(approval: float, polls: int, at: float) -> None:
    stage = SignInStage()
    obtained = stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=approval))
    assert read_claims(obtained.access_token)["sub"] == USER
    assert stage.messages().count("token") == polls
    assert stage.stepper.now == at
    assert stage.messages().count("device_verification") == 1
    assert obtained.refresh_token


def test_a_device_whose_user_never_comes_gives_up_when_its_code_is_over() -> None:
    stage = SignInStage()
    assert error_of(stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=1e6))) == "authorization_pending"
    assert stage.stepper.now == 1795.0  # the last poll before the code ends at 1800


def test_slow_down_makes_all_later_polls_slower() -> None:
    stage = SignInStage()
    instants: list[float] = []

    def alter(target: str, reply: Reply) -> Answer:
        if target != "token":
            return reply
        instants.append(stage.stepper.now)
        slow = len(instants) in (2, 3)
        return Reply(400, b'{"error":"slow_down"}') if slow else reply

    stage.alter = alter
    obtained = stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=50.0))
    assert isinstance(obtained, TokenResponse)
    assert instants == [5.0, 10.0, 20.0, 35.0, 50.0]


def test_the_server_really_says_slow_down_to_a_device_that_is_too_quick() -> None:
    stage = SignInStage()
    said: list[str] = []

    def alter(target: str, reply: Reply) -> Answer:
        if target == "device_authorization":
            return reply._replace(body=reply.body.replace(b'"interval":5', b'"interval":3'))
        if target == "token" and reply.status == 400:
            said.append(error_of(reply))
        return reply

    stage.alter = alter
    stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=30.0))
    assert said[:2] == ["authorization_pending", "slow_down"]


def test_a_device_backs_off_from_a_server_that_does_not_answer() -> None:
    stage = SignInStage()
    instants: list[float] = []

    def alter(target: str, reply: Reply) -> Answer:
        if target != "token":
            return reply
        instants.append(stage.stepper.now)
        return (Failed("timed_out"), Failed("status", 429, 60.0), reply)[min(len(instants) - 1, 2)]

    stage.alter = alter
    stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=0.0))
    assert instants == [5.0, 15.0, 75.0]


@pytest.mark.parametrize("error", ["access_denied", "expired_token", "invalid_grant"])
def test_any_other_error_ends_the_polling(error: str) -> None:
    stage = SignInStage()
    refusal = Reply(400, json.dumps({"error": error}).encode())
    stage.alter = lambda target, reply: refusal if target == "token" else reply
    assert stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=1.0)) == refusal
    assert stage.messages().count("token") == 1


@pytest.mark.parametrize("status", [401, 500, 503])
def test_only_an_answer_with_status_400_keeps_a_device_polling(status: int) -> None:
    stage = SignInStage()
    strange = Reply(status, b'{"error":"authorization_pending"}')
    stage.alter = lambda target, reply: strange if target == "token" else reply
    assert stage.obtain(DeviceAuthorization, replace(DEVICE, approval_s=1.0)) == strange
    assert stage.messages().count("token") == 1


CODES = {"device_code": "d", "user_code": "u", "expires_in": 60, "interval": 5}


@pytest.mark.parametrize(
    "codes",
    [
        {},
        [],
        *({**CODES, name: value} for name in ("device_code", "user_code") for value in (7, "", None)),
        *({**CODES, name: value} for name in ("expires_in", "interval") for value in (0, -1, True, "60", math.nan)),
        {name: value for name, value in CODES.items() if name != "expires_in"},
    ],
    ids=str,
)
def test_codes_that_a_device_cannot_use_are_none(codes: Any) -> None:
    stage = SignInStage()
    stage.alter = lambda target, reply: Reply(200, json.dumps(codes).encode())
    assert stage.obtain(DeviceAuthorization, DEVICE) == Failed("status", 200)
    assert stage.messages() == ["device_authorization"]


# --- the backend for a frontend --------------------------------------------------------------------------------------


class Forwarding:
    """What the backend does with a browser's request once it knows the session: notes it, and answers."""

    def __init__(self) -> None:
        self.sessions: list[TokenResponse] = []
        self.forwarded: list[tuple[TokenResponse, HttpRequest]] = []
        self.answer: Answer = Reply(200, b"ok")

    def begin(self, ctx: Context, redeeming: Flow[GrantResult]) -> Flow[tuple[GrantResult, GrantResult]]:
        obtained = yield from redeeming
        if isinstance(obtained, TokenResponse):
            self.sessions.append(obtained)
        return obtained, obtained

    def forward(self, ctx: Context, session: Any, request: HttpRequest) -> Flow[Answer]:
        self.forwarded.append((session, request))
        yield from ()
        return self.answer


@pytest.fixture
def stage() -> SignInStage:
    return SignInStage()


@pytest.fixture
def forwarding() -> Forwarding:
    return Forwarding()


@pytest.fixture
def backend_host(stage: SignInStage, forwarding: Forwarding) -> Host:
    """A backend that browsers reach, and that reaches the token endpoint."""
    host = Host(stage.stepper, routes={"token": stage.client_host.routes["token"]})
    client = replace(WEB, subject="", password="")
    backend = Backend(client, 600.0, forwarding.begin, forwarding.forward)

    def handle(request: HttpRequest) -> Flow[Answer]:
        answer = yield from backend(host, request)
        stage.said.append(("bff", {}, answer))
        return answer

    stage.client_host.routes["bff"] = Route(host, handle)
    del stage.client_host.routes["token"]  # no browser ever goes there
    return host


BROWSER = Client("", "", "", "", "", WEB.subject, WEB.password)


def call_api(stage: SignInStage, cookie: str) -> Any:
    def asking() -> Flow[Answer]:
        answer: Answer = yield Call("bff", HttpRequest(f"Cookie {cookie}", b"", True))
        return answer

    return stage.stepper.finish(asking(), stage.client_host)


@pytest.mark.usefixtures("backend_host")
def test_the_browser_gets_a_cookie_and_the_backend_the_tokens(stage: SignInStage, forwarding: Forwarding) -> None:
    obtained = stage.obtain(BackendForFrontend, BROWSER)
    assert stage.messages() == ["bff", "authorize", "token", "bff"]
    assert obtained.expires_in == 600.0
    [tokens] = forwarding.sessions
    assert read_claims(tokens.access_token)["sub"] == USER
    secrets = (tokens.access_token, tokens.refresh_token, stage.sent("token")[0]["code_verifier"])
    seen = str([(form, answer) for target, form, answer in stage.said if target in ("bff", "authorize")])
    assert all(secret not in seen for secret in secrets)


@pytest.mark.usefixtures("backend_host")
def test_a_cookie_opens_the_api_until_the_session_ends(stage: SignInStage, forwarding: Forwarding) -> None:
    cookie = stage.obtain(BackendForFrontend, BROWSER).access_token
    assert call_api(stage, cookie) == Reply(200, b"ok")
    [(session, request)] = forwarding.forwarded
    assert session is forwarding.sessions[0]
    assert request == HttpRequest("", b"", True)
    assert call_api(stage, "another") == Reply(401)
    stage.stepper.run(600.0)
    assert call_api(stage, cookie) == Reply(401)
    assert len(forwarding.forwarded) == 1


@pytest.mark.usefixtures("backend_host")
def test_the_cookie_of_before_the_sign_in_is_worth_nothing_after_it(stage: SignInStage) -> None:
    stage.obtain(BackendForFrontend, BROWSER)
    first = next(answer for target, _, answer in stage.said if target == "bff")
    assert isinstance(first, Reply)
    before = json.loads(first.body)["session"]
    assert call_api(stage, before) == Reply(401)


@pytest.mark.usefixtures("backend_host")
def test_a_redirect_without_the_cookie_that_left_is_refused(stage: SignInStage, forwarding: Forwarding) -> None:
    handler = stage.client_host.routes["bff"].handler

    def forget(request: HttpRequest) -> Flow[Any]:
        planted = "Cookie planted" if request.authorization else ""
        forgotten: Flow[Any] = handler(request._replace(authorization=planted))
        return forgotten

    stage.client_host.routes["bff"] = stage.client_host.routes["bff"]._replace(handler=forget)
    assert stage.obtain(BackendForFrontend, BROWSER) == Reply(401)
    assert forwarding.sessions == []
    assert "token" not in stage.messages()


@pytest.mark.usefixtures("backend_host")
def test_a_redirect_that_is_not_the_answer_to_the_request_signs_nobody_in(
    stage: SignInStage, forwarding: Forwarding
) -> None:
    stage.alter = lambda target, reply: (
        reply._replace(body=reply.body.replace(b"state=", b"state=x")) if target == "authorize" else reply
    )
    assert error_of(stage.obtain(BackendForFrontend, BROWSER)) == "mistrusted"
    assert forwarding.sessions == []


@pytest.mark.usefixtures("backend_host")
def test_failures_behind_the_backend_are_a_bad_gateway(stage: SignInStage, forwarding: Forwarding) -> None:
    cookie = stage.obtain(BackendForFrontend, BROWSER).access_token
    forwarding.answer = Failed("timed_out")
    assert call_api(stage, cookie) == Reply(502)
    stage.alter = lambda target, reply: Failed("unreachable") if target == "token" else reply
    assert stage.obtain(BackendForFrontend, BROWSER) == Reply(502)

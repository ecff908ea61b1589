"""A service's API and the gateway in front of it: what they let in, ask for, pass on, and answer."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.services import Gateway, ResourceServer, limit_rate, parse_authorization, serve_api, serve_gateway
from support.stepping import Host, Route, Stepper

ACCEPTED = Verdict(True, claims={"sub": "user-1", "name": "N"})
PRESENTING, GOOD_ANSWER = HttpRequest("Bearer t"), Reply(200, b"body")
WORK, GATEWAY_WORK = "service.work", "gateway.work"
INNER = (("api.stock", "https://stock"), ("api.price", "https://price"))


class Asked:
    """An API or a gateway whose validator gives a fixed verdict, and what became of one request."""

    def __init__(
        self, request: HttpRequest, verdict: Verdict, answers: Mapping[str, Any], serve: Any, make: Callable[..., Any]
    ) -> None:
        self.validated: list[HttpRequest] = []
        self.called: list[tuple[str, HttpRequest]] = []
        self.stepper = Stepper()
        self._verdict = verdict
        routes = {target: Route(Host(self.stepper), self._answering(target, answers[target])) for target in answers}
        host = Host(self.stepper, routes=routes)
        self.reply: Reply = self.stepper.finish(serve(host, request, make(self._validate)), host)
        self.worked = self.stepper.operations[WORK] + self.stepper.operations[GATEWAY_WORK]

    @property
    def bearers(self) -> list[tuple[str, str]]:
        """What was called with which header."""
        return [(target, request.authorization) for target, request in self.called]

    def _validate(self, request: HttpRequest) -> Flow[Verdict]:
        self.validated.append(request)
        yield Compute("validate")
        return self._verdict

    def _answering(self, target: str, answer: Any) -> Callable[[HttpRequest], Flow[Any]]:
        def serve(request: HttpRequest) -> Flow[Any]:
            self.called.append((target, request))
            yield Compute("answer")
            return answer

        return serve


def asked(
    authorization: str = "Bearer t",
    verdict: Verdict = ACCEPTED,
    needs: bool = False,
    userinfo: Any = None,
    answers: Mapping[str, Any] | None = None,
    **settings: Any,
) -> Asked:
    """One request to an API."""
    others = {**(answers or {}), **({} if userinfo is None else {"userinfo": userinfo})}
    return Asked(
        HttpRequest(authorization, b"", needs),
        verdict,
        others,
        serve_api,
        lambda validate: ResourceServer(validate, userinfo is not None, "name", b"body", **settings),
    )


# --- the API -------------------------------------------------------------------------------------------------------


def test_the_api_works_for_who_is_accepted_and_shows_its_validator_the_request_as_it_came() -> None:
    done = asked("DPoP t0ken")
    assert (done.validated, done.reply, done.worked) == ([HttpRequest("DPoP t0ken")], Reply(200, b"body"), 1)


@pytest.mark.parametrize(
    ("authorization", "presented"),
    [
        ("", ("bearer", "")),
        ("Bearer", ("bearer", "")),
        ("Bearer ", ("bearer", "")),
        ("Basic abc", ("bearer", "")),
        ("bearer abc", ("bearer", "abc")),
        ("BEARER a b", ("bearer", "a b")),
        ("DPoP abc", ("dpop", "abc")),
        ("dpop", ("dpop", "")),
        ("DPoPx abc", ("bearer", "")),
    ],
)
def test_only_bearer_and_dpop_present_a_token(authorization: str, presented: tuple[str, str]) -> None:
    assert parse_authorization(authorization) == presented


@pytest.mark.parametrize("status", [401, 403, 503])
def test_the_api_does_no_work_for_who_is_refused_and_tells_what_the_verdict_tells(status: int) -> None:
    done = asked(verdict=Verdict(False, status, "why", challenge="DPoP x", nonce="n-1"), needs=True)
    assert (done.reply, done.worked) == (Reply(status, b"", "DPoP x", "n-1"), 0)


def test_user_information_comes_from_the_verdict_or_from_a_userinfo_call_with_the_same_token() -> None:
    from_verdict = asked(needs=True)
    assert (from_verdict.reply.status, from_verdict.called) == (200, [])
    done = asked(verdict=Verdict(True), needs=True, userinfo=Reply(200, b'{"name":"N"}'))
    assert (done.reply.status, done.worked, done.bearers) == (200, 1, [("userinfo", "Bearer t")])


def test_userinfo_is_not_asked_when_nobody_needs_it() -> None:
    done = asked(verdict=Verdict(True), userinfo=Reply(200, b'{"name":"N"}'))
    assert (done.reply.status, done.called) == (200, [])


@pytest.mark.parametrize(
    "answer",
    [Failed("timed_out"), Reply(500), Reply(200, b"{}"), Reply(200, b""), Reply(200, b"[]"), Reply(200, b"\xff")],
    ids=str,
)
def test_without_the_information_that_it_needs_the_api_fails_and_does_no_work(answer: Any) -> None:
    done = asked(needs=True, userinfo=answer)
    assert (done.reply.status, done.worked) == (502, 0)


def test_a_token_that_userinfo_refuses_is_refused_by_the_api_so_that_the_client_renews_it() -> None:
    done = asked(needs=True, userinfo=Reply(401, b'{"name":"N"}'))
    assert (done.reply, done.worked) == (Reply(401, b"", 'Bearer error="invalid_token"'), 0)


def test_calls_to_others_have_a_timeout() -> None:
    resource = ResourceServer(lambda _: accept(), True, "name", b"", 2.5, INNER)
    userinfo = serve_api(Host(Stepper()), HttpRequest("Bearer t", b"", True), resource).send(None)
    inner = serve_api(Host(Stepper()), HttpRequest("Bearer t"), resource).send(None)
    passed = serve_gateway(Host(Stepper()), HttpRequest("Bearer t"), Gateway(lambda _: accept(), 2.5))
    passed.send(None)
    for call, target in ((userinfo, "userinfo"), (inner, "api.stock"), (passed.send(None), "api")):
        assert isinstance(call, Call)
        assert (call.target, call.timeout) == (target, 2.5)


def accept() -> Flow[Verdict]:
    """A verdict at once."""
    yield from ()
    return ACCEPTED


# --- calls to inner services ---------------------------------------------------------------------------------------


def exchanged(token: str, audience: str) -> Flow[str]:
    """Another token for every audience."""
    yield Compute("exchange")
    return f"{token} for {audience}"


def no_credential(token: str, audience: str) -> Flow[str]:
    """None to be had."""
    yield Compute("exchange")
    return ""


GOOD = {"api.stock": Reply(200), "api.price": Reply(200)}


def test_every_inner_service_is_called_in_turn_with_the_token_that_came() -> None:
    done = asked(answers=GOOD, calls=INNER)
    assert done.bearers == [("api.stock", "Bearer t"), ("api.price", "Bearer t")]
    assert (done.reply, done.worked) == (Reply(200, b"body"), 1)


def test_every_inner_service_is_called_with_a_token_for_it() -> None:
    done = asked(answers=GOOD, calls=INNER, credential=exchanged)
    assert done.bearers == [
        ("api.stock", "Bearer t for https://stock"),
        ("api.price", "Bearer t for https://price"),
    ]


def test_a_proof_of_possession_stays_with_the_service_that_it_was_made_for() -> None:
    request = HttpRequest("DPoP t", b"body", True, True, "proof", "text/html", "thumbprint")
    done = Asked(
        request, ACCEPTED, GOOD, serve_api, lambda validate: ResourceServer(validate, False, "name", b"", calls=INNER)
    )
    assert [sent for _, sent in done.called] == [HttpRequest("Bearer t", sensitive=True)] * 2


def test_nobody_else_is_called_for_who_is_refused() -> None:
    assert asked(verdict=Verdict(False, 401), answers=GOOD, calls=INNER).called == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Failed("timed_out"), 504),
        (Failed("unreachable"), 502),
        (Failed("refused"), 502),
        (Failed("status", 503), 503),
        (Reply(401), 502),
        (Reply(403), 502),
        (Reply(404), 502),
        (Reply(431), 502),
        (Reply(204), 502),
    ],
    ids=str,
)
def test_an_inner_call_that_fails_ends_the_request(answer: Any, status: int) -> None:
    for failing, called in (("api.stock", 1), ("api.price", 2)):
        done = asked(answers={**GOOD, failing: answer}, calls=INNER, credential=exchanged)
        assert (done.reply, len(done.called), done.worked) == (Reply(status), called, 0)


def test_the_clients_own_token_refused_by_an_inner_service_is_the_clients_matter() -> None:
    done = asked(answers={**GOOD, "api.price": Reply(401)}, calls=INNER)
    assert (done.reply, done.worked) == (Reply(401, b"", 'Bearer error="invalid_token"'), 0)


def test_without_a_credential_there_is_no_call() -> None:
    done = asked(answers=GOOD, calls=INNER, credential=no_credential)
    spent = Reply(401, b"", 'Bearer error="invalid_token"')
    assert (done.reply, done.called, done.worked) == (spent, [], 0)


@pytest.mark.parametrize(("failed", "status"), [(Failed("timed_out"), 504), (Failed("unreachable"), 502)], ids=str)
def test_a_credential_that_cannot_be_had_ends_the_request(failed: Failed, status: int) -> None:
    def failing(token: str, audience: str) -> Flow[Failed]:
        yield Compute("exchange")
        return failed

    done = asked(answers=GOOD, calls=INNER, credential=failing)
    assert (done.reply, done.called, done.worked) == (Reply(status), [], 0)


# --- header limits (RFC 6585 section 5) ----------------------------------------------------------------------------


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50), st.integers(0, 200))
def test_headers_beyond_the_limit_are_refused_before_anything_is_looked_at(
    token: int, proof: int, head: int, limit: int
) -> None:
    request = HttpRequest("t" * token, b"a long body is no header" * 10, dpop="p" * proof)
    fits = head + token + proof <= limit
    for serve, make in ((serve_api, plain_api), (serve_gateway, Gateway)):
        done = Asked(
            request,
            ACCEPTED,
            {"api": Reply(200)},
            serve,
            lambda validate, make=make: make(validate, header_limit_bytes=limit, head_bytes=head),
        )
        assert (done.reply.status, len(done.validated), done.worked) == ((200, 1, 1) if fits else (431, 0, 0))


def plain_api(validate: Any, **settings: Any) -> ResourceServer:
    """An API that asks nobody."""
    return ResourceServer(validate, False, "name", b"", **settings)


# --- the gateway ---------------------------------------------------------------------------------------------------


def through(request: HttpRequest = PRESENTING, verdict: Verdict = ACCEPTED, answer: Any = GOOD_ANSWER) -> Asked:
    """One request to a gateway."""
    return Asked(request, verdict, {"api": answer}, serve_gateway, Gateway)


def test_a_gateway_passes_the_request_on_and_the_answer_back() -> None:
    done = through(HttpRequest("Bearer t", b"question", True, True, accept="text/html"))
    assert done.called == [("api", HttpRequest("Bearer t", b"question", True, True, accept="text/html"))]
    assert (done.reply, done.worked) == (Reply(200, b"body"), 1)


def test_a_gateway_passes_on_what_the_verdict_says_instead_of_the_token() -> None:
    assert through(verdict=ACCEPTED._replace(forward="a.b.c")).bearers == [("api", "Bearer a.b.c")]


def test_proofs_end_at_the_gateway() -> None:
    done = through(HttpRequest("DPoP t", dpop="proof", certificate="thumbprint"))
    assert [request for _, request in done.called] == [HttpRequest("Bearer t")]


@pytest.mark.parametrize("status", [401, 403, 503])
def test_a_gateway_passes_nothing_on_for_who_is_refused(status: int) -> None:
    done = through(verdict=Verdict(False, status, "why", challenge="DPoP x", nonce="n"))
    assert (done.reply, done.called, done.worked) == (Reply(status, b"", "DPoP x", "n"), [], 0)


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (Reply(403, b"", "Bearer x"), Reply(403, b"", "Bearer x")),
        (Failed("timed_out"), Reply(504)),
        (Failed("refused"), Reply(502)),
        (Failed("unreachable"), Reply(502)),
        (Failed("status", 500), Reply(500)),
        (Failed("status", 429, 3.0), Reply(429, retry_after=3.0)),
    ],
    ids=str,
)
def test_a_gateway_says_what_became_of_the_service_behind_it(answer: Any, reply: Reply) -> None:
    assert through(answer=answer).reply == reply


# --- rate limits (RFC 6585 section 4) ------------------------------------------------------------------------------


def answered(ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
    """An endpoint that always answers."""
    yield Compute("endpoint")
    return Reply(200)


def ask(host: Host, endpoint: Any, stepper: Stepper, at: float, caller: str = "Basic a") -> Reply:
    """One request at an instant."""
    stepper.run(at)
    reply: Reply = stepper.finish(endpoint(host, HttpRequest(caller), None), host)
    return reply


def test_after_a_burst_a_caller_is_let_through_at_the_rate_and_told_when_to_come_back() -> None:
    stepper = Stepper()
    host, endpoint = Host(stepper), limit_rate(answered, rate=0.4, burst=3)
    assert [ask(host, endpoint, stepper, 0.0).status for _ in range(5)] == [200, 200, 200, 429, 429]
    assert ask(host, endpoint, stepper, 0.0) == Reply(429, retry_after=3.0)  # 2.5 s, in whole seconds
    assert ask(host, endpoint, stepper, 2.4) == Reply(429, retry_after=1.0)
    assert ask(host, endpoint, stepper, 2.6).status == 200
    assert ask(host, endpoint, stepper, 2.6).status == 429
    assert stepper.operations["endpoint"] == 4
    assert [ask(host, endpoint, stepper, 1000.0).status for _ in range(4)] == [200, 200, 200, 429]


def test_callers_and_replicas_have_limits_of_their_own() -> None:
    stepper = Stepper()
    host = Host(stepper)
    one, other = limit_rate(answered, 1.0, 1), limit_rate(answered, 1.0, 1)
    assert [ask(host, one, stepper, 0.0, caller).status for caller in ("a", "b", "a", "b")] == [200, 200, 429, 429]
    assert ask(host, other, stepper, 0.0, "a").status == 200


@given(st.floats(0.1, 20.0), st.integers(1, 10), st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60))
def test_no_caller_gets_more_than_burst_and_rate_allow_and_waiting_as_told_is_enough(
    rate: float, burst: int, gaps: list[float]
) -> None:
    stepper = Stepper()
    host, endpoint = Host(stepper), limit_rate(answered, rate, burst)
    times: list[float] = []
    for gap in gaps:
        reply = ask(host, endpoint, stepper, stepper.now + gap)
        if reply.status == 200:
            times.append(stepper.now)
        else:
            assert reply.retry_after is not None
    for first in range(len(times)):
        for last in range(first, len(times)):
            assert last - first + 1 <= burst + rate * (times[last] - times[first]) + 1e-6
    refused = next(r for r in (ask(host, endpoint, stepper, stepper.now) for _ in range(burst + 1)) if r.status != 200)
    assert ask(host, endpoint, stepper, stepper.now + (refused.retry_after or 0.0) + 1e-9).status == 200


@pytest.mark.parametrize(("rate", "burst"), [(0.0, 1), (-1.0, 1), (1.0, 0.5), (float("nan"), 1), (1.0, float("nan"))])
def test_a_limit_that_nobody_could_pass_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="a rate above 0 and a burst of at least 1"):
        limit_rate(answered, rate, burst)

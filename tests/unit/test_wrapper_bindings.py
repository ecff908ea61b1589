"""Tokens bound to a certificate or a key of their client, and introspection on sensitive routes."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simlib.scenario.effects import Compute, Failed, Flow, Reply
from simlib.scenario.messages import HttpRequest
from simlib.services import Registration
from simlib.strategies import Dpop, JwtAccessToken, JwtLocal, Mtls, PresentedToken, SensitiveIntrospection
from simlib.strategies.dpop_proofs import ReplayCache
from simlib.tokens import (
    compute_certificate_thumbprint,
    generate_proof_key,
    make_client_certificate,
    read_payload,
    sign_proof,
    to_numeric_date,
)
from support.presenting import client_with
from support.stage import CLIENT, ISSUER, SCOPE, URI, Stage, basic
from support.stepping import Route

KEY = generate_proof_key()
JKT = KEY.verification_key.thumbprint
TOKEN_URI = f"{ISSUER}/token"


def staged(make_stage: Callable[..., Stage], wrapper: type[Any], **chosen: Any) -> Stage:
    stage = make_stage(JwtLocal, JwtAccessToken, (wrapper,), wrapper_settings=(wrapper.Settings(**chosen),))
    registered = Registration(frozenset({"refresh_token"}), frozenset(), SCOPE)
    stage.server = replace(stage.server, registrations={CLIENT.client_id: registered})
    return stage


def bound_token(stage: Stage, **confirmation: str) -> str:
    """A token with this ``cnf``, whoever's client it is."""
    grant = stage.grant()._replace(
        confirmation={name.replace("x5t", "x5t#S256"): v for name, v in confirmation.items()}
    )
    issued = stage.stepper.finish(stage.issuer.issue(stage.server_host, grant), stage.server_host)
    token: str = issued.token
    return token


def shown(stage: Stage, token: str, **more: Any) -> Any:
    """The verdict on a request with these parts."""
    presented = PresentedToken(token, SCOPE, uri=URI)._replace(**more)
    return stage.stepper.finish(stage.validator.validate(stage.rs, stage.state, presented), stage.rs)


def proof(stage: Stage, token: str, /, **changes: Any) -> str:
    """A good proof for the API at this instant, but for the changes."""
    given = {"method": "GET", "uri": URI, "issued_at": to_numeric_date(stage.now), "jti": "jti-1", "token": token}
    return sign_proof(**{"key": KEY, **given, **changes})


def proved(stage: Stage, token: str, /, **changes: Any) -> Any:
    return shown(stage, token, scheme="dpop", proof=proof(stage, token, **changes))


def refresh(stage: Stage, **more: Any) -> Reply:
    """A refresh at the token endpoint, with a proof or a certificate."""
    body = f"grant_type=refresh_token&refresh_token={stage.refresh_token()}&scope={SCOPE}".encode()
    return stage.ask("token", HttpRequest(basic(CLIENT), body, **more))


def confirmation_in(reply: Reply) -> Any:
    assert reply.status == 200, reply.body
    return (read_payload(json.loads(reply.body)["access_token"]) or {}).get("cnf")


# --- certificates ------------------------------------------------------------------------------------------------


def test_certificates_are_real_and_have_a_thumbprint_of_43_characters() -> None:
    one, two = make_client_certificate("user-1"), make_client_certificate("user-1")
    assert one[0] == 0x30  # a DER sequence
    assert len(compute_certificate_thumbprint(one)) == 43
    assert compute_certificate_thumbprint(one) != compute_certificate_thumbprint(two)


def test_only_the_certificate_of_the_token_opens_the_door(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Mtls)
    thumbprint = compute_certificate_thumbprint(make_client_certificate("somebody"))
    token = bound_token(stage, x5t=thumbprint)
    assert shown(stage, token, certificate=thumbprint).accepted
    for other in ("", "x", "ü\udcff", compute_certificate_thumbprint(make_client_certificate("somebody"))):
        verdict = shown(stage, token, certificate=other)
        assert (verdict.status, verdict.reason) == (401, "certificate")


def test_the_token_endpoint_binds_to_the_certificate_that_was_shown(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Mtls)
    assert confirmation_in(refresh(stage, certificate="thumb")) == {"x5t#S256": "thumb"}
    assert confirmation_in(refresh(stage)) is None


@pytest.mark.parametrize("wrapper", [Mtls, Dpop])
@pytest.mark.parametrize("require", [True, False])
def test_an_unbound_token_is_refused_unless_the_setting_allows_it(
    wrapper: type[Any], require: bool, make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, wrapper, require_bound=require)
    assert shown(stage, bound_token(stage)).accepted != require


# --- proofs ------------------------------------------------------------------------------------------------------


def test_a_good_proof_opens_the_door_once(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop)
    token = bound_token(stage, jkt=JKT)
    assert proved(stage, token).accepted
    verdict = proved(stage, token)
    assert (verdict.status, verdict.reason) == (401, "proof_replayed")
    assert 'error="invalid_dpop_proof"' in verdict.challenge
    assert proved(stage, token, jti="jti-2").accepted
    assert proved(stage.at(65.0), token).accepted  # a new proof, and the old one would be too old by now
    assert len(stage.state.own) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"method": "POST"}, "proof_htm"),
        ({"uri": "https://evil.example/"}, "proof_htu"),
        ({"token": "another.token.here"}, "proof_ath"),
        ({"token": ""}, "proof_ath"),
        ({"issued_at": to_numeric_date(1000.0 - 61.0)}, "proof_iat"),
        ({"issued_at": to_numeric_date(1000.0 + 6.0)}, "proof_iat"),
        ({"key": generate_proof_key()}, "key"),
    ],
    ids=["htm", "htu", "ath", "no ath", "too old", "too new", "key"],
)
def test_a_proof_that_does_not_fit_is_refused(
    changes: dict[str, Any], reason: str, make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage, Dpop).at(1000.0)
    verdict = proved(stage, bound_token(stage, jkt=JKT), **changes)
    assert (verdict.accepted, verdict.status, verdict.reason) == (False, 401, reason)


@pytest.mark.parametrize("age", [-5.0, 0.0, 60.0])
def test_a_proof_is_good_from_the_leeway_to_the_greatest_age(age: float, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop).at(1000.0)
    issued_at = to_numeric_date(1000.0 - age)
    assert proved(stage, bound_token(stage, jkt=JKT), issued_at=issued_at).accepted


def test_a_bound_token_is_no_bearer_token_and_an_unbound_one_needs_no_proof(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop, require_bound=False)
    bound, unbound = bound_token(stage, jkt=JKT), bound_token(stage)
    assert shown(stage, bound).reason == "scheme"
    assert shown(stage, bound, proof=proof(stage, bound)).reason == "scheme"
    assert proved(stage, unbound).reason == "unbound"
    assert shown(stage, bound, scheme="dpop").reason == "proof_malformed"


def test_with_nonces_a_proof_needs_the_one_of_this_period_or_the_one_before(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop, nonce_s=100.0).at(1050.0)
    token = bound_token(stage, jkt=JKT)
    verdict = proved(stage, token)
    assert (verdict.status, verdict.reason) == (401, "proof_nonce")
    assert 'error="use_dpop_nonce"' in verdict.challenge
    nonce = verdict.nonce
    assert nonce
    assert proved(stage, token, nonce="made-up", jti="a").reason == "proof_nonce"
    assert proved(stage, token, nonce=nonce, jti="b").accepted
    assert proved(stage.at(1199.0), token, nonce=nonce, jti="c").accepted
    assert proved(stage.at(1200.0), token, nonce=nonce, jti="d").reason == "proof_nonce"


def test_the_client_tries_once_more_with_the_nonce_and_keeps_it(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop, nonce_s=100.0)
    token = stage.issue(user=3).token
    assert stage.present(token, user=3).accepted
    assert stage.stepper.operations["dpop.sign"] == 2
    assert stage.present(token, user=3).accepted
    assert stage.stepper.operations["dpop.sign"] == 3


@pytest.mark.parametrize(
    ("answer", "proofs"),
    [
        (Reply(401, challenge='DPoP error="use_dpop_nonce"', nonce="n"), 2),
        (Reply(401, challenge='DPoP error="invalid_token"', nonce="n"), 1),
        (Reply(400, b'{"error":"use_dpop_nonce"}', nonce="n"), 2),
        (Reply(400, b'{"error":"invalid_grant"}', nonce="n"), 1),
        (Reply(400, b'["use_dpop_nonce"]', nonce="n"), 1),
        (Reply(400, b"{", nonce="n"), 1),
        (Reply(503, b'{"error":"use_dpop_nonce"}', nonce="n"), 1),
    ],
    ids=str,
)
def test_a_nonce_that_comes_with_another_answer_is_no_reason_to_try_again(
    answer: Reply, proofs: int, make_stage: Callable[..., Stage]
) -> None:
    def answering(_: Any) -> Flow[Reply]:
        yield Compute("nothing")
        return answer

    stage = staged(make_stage, Dpop)
    stage.client.routes["api"] = Route(stage.rs, answering)
    stage.stepper.finish(stage.presenter.request(stage.client, client_with("x", 0), HttpRequest()), stage.client)
    assert stage.stepper.operations["dpop.sign"] == proofs


def test_a_memory_that_is_full_lets_nobody_in(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop, capacity=1000)
    token = bound_token(stage, jkt=JKT)
    for number in range(1000):
        stage.state.own.record(JKT, f"old-{number}", 65.0)
    verdict = proved(stage, token)
    assert (verdict.status, verdict.reason) == (503, "proof_memory")
    assert proved(stage.at(65.0), token).accepted


def test_the_token_endpoint_binds_to_the_key_of_the_proof(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop)
    assert confirmation_in(refresh(stage)) is None
    good = sign_proof(KEY, "POST", TOKEN_URI, to_numeric_date(0.0), "t-1")
    reply = refresh(stage, dpop=good)
    assert confirmation_in(reply) == {"jkt": JKT}
    assert json.loads(reply.body)["token_type"] == "DPoP"
    wrong = [
        good,  # once more
        sign_proof(KEY, "GET", TOKEN_URI, to_numeric_date(0.0), "t-2"),
        sign_proof(KEY, "POST", URI, to_numeric_date(0.0), "t-3"),
        sign_proof(KEY, "POST", TOKEN_URI, to_numeric_date(-61.0), "t-4"),
        "garbage",
    ]
    for text in wrong:
        reply = refresh(stage, dpop=text)
        assert (reply.status, json.loads(reply.body)) == (400, {"error": "invalid_dpop_proof"})


def test_a_memory_that_is_full_gives_nobody_a_token(
    make_stage: Callable[..., Stage], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = staged(make_stage, Dpop)
    monkeypatch.setattr(ReplayCache, "is_full", lambda *_: True)
    good = sign_proof(KEY, "POST", TOKEN_URI, to_numeric_date(0.0), "t-1")
    assert refresh(stage, dpop=good).status == 503


def test_the_token_endpoint_asks_for_its_own_nonce(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, Dpop, nonce_s=100.0)
    reply = refresh(stage, dpop=sign_proof(KEY, "POST", TOKEN_URI, to_numeric_date(0.0), "t-1"))
    assert (reply.status, json.loads(reply.body)) == (400, {"error": "use_dpop_nonce"})
    api_nonce = proved(stage, bound_token(stage, jkt=JKT)).nonce
    assert reply.nonce != api_nonce
    for nonce, status in ((api_nonce, 400), (reply.nonce, 200)):
        text = sign_proof(KEY, "POST", TOKEN_URI, to_numeric_date(0.0), f"t-{nonce}", "", nonce)
        assert refresh(stage, dpop=text).status == status


# --- sensitive routes --------------------------------------------------------------------------------------------


def test_only_sensitive_routes_ask_and_there_a_revocation_holds_at_once(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, SensitiveIntrospection)
    token = stage.issue().token
    assert stage.present(token).accepted
    assert stage.calls["introspect"] == 0
    assert stage.present(token, sensitive=True).accepted
    assert stage.calls["introspect"] == 1
    stage.revoke(token)
    assert stage.present(token, sensitive=True).reason == "inactive"
    assert stage.present(token).accepted
    assert not stage.present("a.b.c", sensitive=True).accepted
    assert stage.calls["introspect"] == 2  # what is worth nothing asks nobody


def test_without_an_answer_a_sensitive_request_is_refused(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, SensitiveIntrospection)
    token = stage.issue().token
    stage.answer("introspect", Failed("timed_out"))
    assert stage.present(token, sensitive=True).status == 503
    assert stage.present(token).accepted


def test_a_sensitive_verdict_rests_on_the_answer(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, SensitiveIntrospection)
    token = stage.issue().token
    assert stage.at(50.5).present(token, sensitive=True).based_on == 50.5
    assert stage.present(token).based_on == 0.0

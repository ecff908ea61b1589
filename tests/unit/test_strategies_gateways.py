"""Gateways: they take an opaque token and pass a JWT inwards (phantom token, split token)."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from simlib.scenario.effects import Answer, Failed, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies import (
    JwtAccessToken,
    OpaqueIntrospection,
    PhantomToken,
    ReferenceToken,
    SigningReferenceToken,
    SplitTokenGateway,
    SplitTokenIssuer,
)
from simlib.strategies.split_token import read_half
from simlib.tokens import EPOCH, make_store_key, read_payload
from simlib.tokens.forging import encode
from support.stage import ELSEWHERE, PUSHED, RESOURCE_SERVER, SCOPE, Stage, basic
from support.stepping import Delay

DOWN = Failed("unreachable")


def phantom(make_stage: Callable[..., Stage], **chosen: Any) -> Stage:
    return make_stage(PhantomToken, SigningReferenceToken, settings=PhantomToken.Settings(**chosen))


def split(make_stage: Callable[..., Stage], shared: bool = False, wait: bool = True, **chosen: Any) -> Stage:
    settings = SplitTokenGateway.Settings(shared=shared, **chosen)
    issuer = SplitTokenIssuer.Settings(shared=shared, wait_for_push=wait)
    return make_stage(SplitTokenGateway, SplitTokenIssuer, settings=settings, issuer_settings=issuer)


def forged(**claims: Any) -> bytes:
    """A JWT that nobody has signed, as a body."""
    usual = {"iss": "https://as.example", "aud": "https://api.example", "sub": "u", "scope": SCOPE, "exp": EPOCH + 100}
    return f"{encode({'alg': 'RS256'})}.{encode({**usual, **claims})}.c2ln".encode()


# --- phantom token ------------------------------------------------------------------------------------------------


def test_a_phantom_token_becomes_a_jwt_that_a_service_accepts(make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage)
    token = stage.issue("user-7").token
    verdict = stage.present(token)
    assert verdict.forward != token
    inner = stage.present_inward(verdict.forward)
    assert (inner.accepted, inner.claims["sub"], inner.claims["exp"]) == (True, "user-7", EPOCH + 300)


def test_the_swap_is_made_once_per_ttl_and_never_outlives_the_token(make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage, ttl_s=200.0)
    token = stage.issue().token
    first = stage.present(token).forward
    assert stage.at(199.0).present(token).forward == first
    assert stage.calls["introspect"] == 1
    assert stage.at(200.0).present(token).accepted
    assert stage.at(299.999).present(token).accepted
    assert stage.calls["introspect"] == 2
    assert stage.at(300.0).present(token).reason == "inactive"


def test_the_shared_store_can_hold_the_swap(make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage, shared=True)
    token = stage.issue().token
    first = stage.present(token).forward
    stage.state = stage.validator.create_state()
    assert (stage.present(token).forward, stage.calls["introspect"]) == (first, 1)


@pytest.mark.parametrize("answer", [Reply(204), Reply(200, b'{"active":false}')], ids=str)
def test_no_content_and_inactive_are_one_answer(answer: Answer, make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage, negative_ttl_s=10.0)
    stage.answer("introspect", answer)
    for _ in range(2):
        verdict = stage.present("never-issued")
        assert (verdict.status, verdict.reason, verdict.forward) == (401, "inactive", "")
    assert stage.calls["introspect"] == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"a.b",
        b"a.b.c.d",
        b"..",
        b'{"active":true,"sub":"u"}',
        b'{"active":"false"}',
        b"\xff.\xff.\xff",
        b"a..c",
    ],
)
def test_an_answer_without_a_jwt_is_no_answer(body: bytes, make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage)
    stage.answer("introspect", Reply(200, body))
    assert stage.present(stage.issue().token).status == 503


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"iss": ELSEWHERE}, "issuer"),
        ({"aud": ELSEWHERE}, "audience"),
        ({"exp": EPOCH}, "expired"),
        ({"exp": None}, "no_expiry"),
        ({"nbf": EPOCH + 10}, "not_yet_valid"),
        ({"scope": "other"}, "scope"),
        ({"active": False, "exp": EPOCH}, "expired"),
    ],
    ids=str,
)
def test_the_gateway_judges_what_the_jwt_says(
    claims: Mapping[str, Any], reason: str, make_stage: Callable[..., Stage]
) -> None:
    stage = phantom(make_stage)
    stage.answer("introspect", Reply(200, forged(**claims)))
    verdict = stage.present_bare("opaque")
    assert (verdict.accepted, verdict.reason, verdict.forward) == (False, reason, "")


def test_the_gateway_leaves_the_signature_to_the_services(make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage)
    stage.answer("introspect", Reply(200, forged()))
    verdict = stage.present_bare("opaque")
    assert (verdict.accepted, verdict.forward) == (True, forged().decode())
    assert not stage.present_inward(verdict.forward).accepted


@pytest.mark.parametrize("status", [201, 202, 302, 400, 401, 406])
def test_a_jwt_that_comes_with_another_status_is_no_answer(status: int, make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage)
    stage.answer("introspect", Reply(status, forged()))
    assert stage.present_bare("opaque").status == 503


def test_an_authorization_server_that_cannot_sign_cannot_swap(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(PhantomToken, ReferenceToken)
    assert stage.present_bare(stage.issue().token).status == 503
    assert PhantomToken.list_requirements(PhantomToken.Settings()) == {"signing"}
    assert PhantomToken.list_requirements(PhantomToken.Settings(shared=True)) == {"signing", "shared_store"}


def test_a_service_may_ask_userinfo_with_the_jwt(make_stage: Callable[..., Stage]) -> None:
    stage = phantom(make_stage)
    jwt = stage.present(stage.issue("user-7").token).forward
    assert stage.ask("userinfo", HttpRequest(f"Bearer {jwt}")).status == 200
    assert stage.ask("userinfo", HttpRequest(f"Bearer {jwt[:-4]}AAAA")).status == 401
    assert stage.at(300.0).ask("userinfo", HttpRequest(f"Bearer {jwt}")).status == 401


# --- split token --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared", [False, True])
def test_the_halves_make_a_jwt_and_nobody_is_asked(shared: bool, make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, shared)
    token = stage.issue("user-7").token
    assert read_payload(token) is None
    assert "." not in token
    verdict = stage.present_bare(token)
    assert (verdict.accepted, verdict.claims["sub"]) == (True, "user-7")
    assert verdict.forward.endswith("." + token)
    assert stage.present_inward(verdict.forward).accepted
    assert stage.calls["introspect"] == 0
    assert stage.calls["shared"] == (2 if shared else 0)


@pytest.mark.parametrize("shared", [False, True])
def test_a_revocation_that_arrives_ends_the_token(shared: bool, make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, shared)
    token, other = stage.issue().token, stage.issue().token
    stage.revoke(token)
    assert stage.present_bare(token).reason == "inactive"
    assert stage.present_bare(other).accepted


@pytest.mark.parametrize("shared", [False, True])
def test_a_revocation_that_is_lost_leaves_the_token_its_life(shared: bool, make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, shared)
    token = stage.issue().token
    stage.cut()
    stage.revoke(token)
    assert stage.at(299.999).present_bare(token).accepted
    assert stage.at(300.0).present_bare(token).status == 401
    assert stage.validator.compute_bound() == (0.0, 300.0)


def test_a_late_half_is_an_unknown_token_unless_the_server_may_be_asked(make_stage: Callable[..., Stage]) -> None:
    for ask in (False, True):
        stage = split(make_stage, ask=ask)
        stage.cut()
        token = stage.issue("user-7").token
        stage.restore()
        verdict = stage.present_bare(token)
        assert verdict.accepted == ask
        assert stage.calls["introspect"] == int(ask)
        if ask:
            assert stage.present_inward(verdict.forward).claims["sub"] == "user-7"
            assert stage.present_bare(token).accepted
            assert stage.calls["introspect"] == 1
            assert stage.present_bare("never-issued").reason == "inactive"
        else:
            assert (verdict.status, verdict.reason) == (401, "unknown_token")


def test_who_waits_for_the_push_gives_the_token_out_after_it(make_stage: Callable[..., Stage]) -> None:
    for wait, issued_at in ((True, 3.0), (False, 0.0)):
        stage = split(make_stage, wait=wait)
        stage.stepper.delay = lambda target: Delay(2.0, 1.0) if target == PUSHED else Delay()
        token = stage.issue().token
        assert stage.now == issued_at
        assert stage.present_bare(token).accepted == wait
        assert stage.at(3.0).present_bare(token).accepted


def test_what_is_revoked_stays_so_when_its_half_comes_late(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, wait=False)
    stage.stepper.delay = lambda target: Delay(5.0, 0.0) if target == PUSHED else Delay()
    token = stage.issue().token
    stage.stepper.delay = lambda target: Delay()
    stage.revoke(token)
    assert stage.at(6.0).present_bare(token).reason == "inactive"


def push(stage: Stage, body: bytes, authorization: str = basic(RESOURCE_SERVER)) -> int:
    flow = stage.validator.receive(stage.rs, stage.state, HttpRequest(authorization, body))  # type: ignore[attr-defined]
    return int(stage.stepper.finish(flow, stage.rs).status)


def test_only_the_authorization_server_may_push(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage)
    head = forged().decode().rpartition(".")[0]
    body = b'{"key":"%s","head":"%s","until":100}' % (make_store_key("c2ln").encode(), head.encode())
    assert push(stage, body, "") == 401
    assert push(stage, body, "Basic x") == 401
    assert not stage.present_bare("c2ln").accepted
    assert push(stage, body) == 204
    assert stage.present_bare("c2ln").accepted
    assert not stage.present_inward(stage.present_bare("c2ln").forward).accepted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"key":"short","head":"","until":100}',
        b'{"key":"%s","head":"x.y","until":100}' % (b"a" * 64),
        b'{"key":"%s","head":"","until":"soon"}' % (b"a" * 64),
        b'{"key":"%s","head":"","until":true}' % (b"a" * 64),
        b'{"key":"%s","head":5,"until":100}' % (b"a" * 64),
    ],
)
def test_a_push_that_says_nothing_is_refused(body: bytes, make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage)
    assert push(stage, body) == 400
    assert len(stage.state) == 0


def test_a_full_gateway_forgets_what_was_used_longest_ago(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, capacity=2)
    tokens = [stage.issue().token for _ in range(3)]
    assert [stage.present_bare(token).accepted for token in tokens] == [False, True, True]


@pytest.mark.parametrize(("shared", "room"), [(True, None), (False, 2)])
def test_a_shared_store_has_room_for_every_half(
    shared: bool, room: int | None, make_stage: Callable[..., Stage]
) -> None:
    assert split(make_stage, shared, capacity=2).validator.capacity == room


def test_without_the_shared_store_the_gateway_cannot_tell(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, True)
    token = stage.issue().token
    stage.answer("shared", DOWN)
    assert stage.present_bare(token).status == 503


def test_the_server_knows_both_the_signature_and_the_whole_jwt(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage)
    token = stage.issue("user-7").token
    jwt = stage.present_bare(token).forward
    for bearer, status in (
        (token, 200),
        (jwt, 200),
        ("." + token, 401),
        (f"x.y.{token}", 401),
        (jwt[:-4] + "AAAA", 401),
    ):
        assert stage.ask("userinfo", HttpRequest(f"Bearer {bearer}")).status == status
    stage.revoke(token)
    assert stage.ask("userinfo", HttpRequest(f"Bearer {jwt}")).status == 401


def test_a_forged_head_before_a_real_signature_half_means_nothing(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage)
    token = stage.issue().token
    header, payload, _ = stage.present_bare(token).forward.split(".")
    claims = read_payload(f"{header}.{payload}.AAAA")
    assert claims is not None
    more = encode({**claims, "scope": f"{SCOPE} admin"})
    for bearer, status in ((f"{header}.{payload}.{token}", 200), (f"{header}.{more}.{token}", 401)):
        assert stage.ask("userinfo", HttpRequest(f"Bearer {bearer}")).status == status


def test_a_half_that_the_shared_store_does_not_hold_is_an_unknown_token(make_stage: Callable[..., Stage]) -> None:
    stage = split(make_stage, shared=True)
    verdict = stage.present_bare("A" * 342)
    assert (verdict.accepted, verdict.status) == (False, 401)
    assert stage.calls["shared"] == 1


@pytest.mark.parametrize("exp", ["never", None, True, ...], ids=["text", "null", "truth", "missing"])
def test_a_half_without_an_end_is_no_half(exp: Any) -> None:
    claims = {"iss": "i", "iat": EPOCH, **({} if exp is ... else {"exp": exp})}
    head = f"{encode({'alg': 'RS256'})}.{encode(claims)}"
    assert read_half(head, 0.0) is None
    good = f"{encode({'alg': 'RS256'})}.{encode({**claims, 'exp': EPOCH + 10})}"
    assert read_half(good, 0.0) is not None


def test_both_halves_need_each_other_in_a_design() -> None:
    assert SplitTokenIssuer.list_requirements(SplitTokenIssuer.Settings()) == {"gateway:split_token"}
    assert SplitTokenGateway.list_requirements(SplitTokenGateway.Settings(shared=True)) == {
        "issuer:split_token",
        "shared_store",
    }


# --- signing ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [SigningReferenceToken, SplitTokenIssuer, JwtAccessToken])
def test_a_signing_server_signs_anything_under_its_name(kind: type[Any], make_stage: Callable[..., Stage]) -> None:
    for algorithm in ("RS256", "ES256", "EdDSA"):
        stage = make_stage(OpaqueIntrospection, kind, issuer_settings=kind.Settings(algorithm=algorithm))
        served = stage.issuer.list_keys()
        flow = stage.issuer.sign(stage.server_host, {"nonce": "n"}, "JWT")  # type: ignore[attr-defined]
        assert read_payload(stage.stepper.finish(flow, stage.server_host)) == {"nonce": "n"}
        assert {one.algorithm for one in served} == {algorithm}
        assert stage.stepper.operations[f"jwt.sign.{algorithm}"] == 1


def test_what_the_server_signs_besides_is_no_access_token(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, SigningReferenceToken)
    claims = {"iss": "https://as.example", "aud": "shop", "sub": "u", "client_id": "shop", "iat": EPOCH, "jti": "j"}
    flow = stage.issuer.sign(stage.server_host, {**claims, "exp": EPOCH + 100}, "JWT")  # type: ignore[attr-defined]
    identity = stage.stepper.finish(flow, stage.server_host)
    assert stage.ask("userinfo", HttpRequest(f"Bearer {identity}")).status == 401


def test_a_jwt_of_another_issuer_under_the_same_key_stands_for_nobody(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage(OpaqueIntrospection, SigningReferenceToken)
    usual = {"aud": "shop", "sub": "u", "client_id": "shop", "iat": EPOCH, "jti": "j", "exp": EPOCH + 100}
    for issuer, status in (("https://as.example", 200), (ELSEWHERE, 401)):
        flow = stage.issuer.sign(stage.server_host, {**usual, "iss": issuer}, "at+jwt")  # type: ignore[attr-defined]
        signed = stage.stepper.finish(flow, stage.server_host)
        assert stage.ask("userinfo", HttpRequest(f"Bearer {signed}")).status == status

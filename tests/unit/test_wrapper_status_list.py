"""Token Status Lists: the server's lists, and how a resource server reads and keeps them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from simlib.scenario.effects import Failed, Reply
from simlib.scenario.messages import HttpRequest
from simlib.strategies import JwtAccessToken, JwtLocal, StatusListWrapper
from simlib.tokens import EPOCH, StatusList, read_payload
from simlib.tokens.forging import forge_unsigned, sign_claims, sign_with_hmac
from support.keys import impostor, key
from support.stage import ELSEWHERE, ISSUER, Stage


def staged(make_stage: Callable[..., Stage], leeway_s: float = 0.0, **chosen: Any) -> Stage:
    """A JWT validator with a status list around it."""
    settings = StatusListWrapper.Settings(**{"entries": 1000, **chosen})
    validator = JwtLocal.Settings(leeway_s=leeway_s)
    return make_stage(JwtLocal, JwtAccessToken, (StatusListWrapper,), settings=validator, wrapper_settings=(settings,))


def reference_of(token: str) -> dict[str, Any]:
    claims = read_payload(token)
    assert claims is not None
    reference: dict[str, Any] = claims["status"]["status_list"]
    return reference


def list_of(stage: Stage, uri: str) -> str:
    """The Status List Token that the server answers with."""
    reply = stage.ask("status_list", HttpRequest(body=uri.encode()))
    assert reply.status == 200
    text: str = reply.body.decode()
    return text


def test_a_revocation_is_a_bit_and_holds_when_the_list_is_fetched_again(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    tokens = [stage.issue(f"user-{number}").token for number in range(3)]
    assert all(stage.present(token).accepted for token in tokens)
    stage.revoke(tokens[1])
    assert stage.at(59.999).present(tokens[1]).accepted
    verdict = stage.at(60.0).present(tokens[1])
    assert (verdict.accepted, verdict.status, verdict.reason) == (False, 401, "status")
    assert stage.present(tokens[0]).accepted
    assert stage.present(tokens[2]).accepted
    assert stage.calls["status_list"] == 2


def test_no_two_tokens_have_one_place_and_a_full_list_is_followed_by_another(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, entries=3)
    references = [reference_of(stage.issue().token) for _ in range(7)]
    assert [reference["idx"] for reference in references] == [0, 1, 2, 0, 1, 2, 0]
    assert len({reference["uri"] for reference in references}) == 3


def test_the_bits_come_from_the_store_whichever_server_serves_them(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    tokens = [stage.issue().token for _ in range(5)]
    for number in (1, 3):
        stage.revoke(tokens[number])
    settings = StatusListWrapper.Settings(entries=1000)
    stage.wrappers = [StatusListWrapper(settings, stage.deployment)]  # another process, which has issued nothing
    claims = read_payload(list_of(stage, reference_of(tokens[0])["uri"]))
    assert claims is not None
    statuses = StatusList.from_claim(claims["status_list"], 1000)
    assert [statuses.get(index) for index in range(5)] == [0, 1, 0, 1, 0]


def test_the_list_says_who_made_it_when_and_for_how_long(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, ttl_s=30.0, lifetime_s=90.0)
    uri = reference_of(stage.issue().token)["uri"]
    claims = read_payload(list_of(stage.at(10.7), uri))
    assert claims is not None
    said = {name: claims[name] for name in ("iss", "sub", "iat", "exp", "ttl")}
    assert said == {"iss": ISSUER, "sub": uri, "iat": EPOCH + 10, "exp": EPOCH + 100, "ttl": 30}


@pytest.mark.parametrize("uri", ["", f"{ELSEWHERE}/statuslists/1", "\udcff"])
def test_a_list_of_another_server_is_not_found(uri: str, make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    assert stage.ask("status_list", HttpRequest(body=uri.encode(errors="surrogateescape"))).status == 404


def test_a_server_that_cannot_sign_serves_no_list(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    uri = reference_of(stage.issue().token)["uri"]
    stage.server = replace(stage.server, sign=None)
    assert stage.ask("status_list", HttpRequest(body=uri.encode())) == Reply(501)


def test_an_old_list_is_used_to_its_end_and_not_beyond(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, ttl_s=30.0, lifetime_s=90.0, retry_s=5.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.revoke(token)
    stage.answer("status_list", Failed("unreachable"))
    for instant, fetches in ((29.9, 1), (30.0, 2), (34.9, 2), (35.0, 3)):
        assert stage.at(instant).present(token).accepted
        assert stage.calls["status_list"] == fetches, instant
    assert stage.at(89.999).present(token).accepted
    verdict = stage.at(90.0).present(token)
    assert (verdict.status, verdict.reason) == (503, "no_status_list")
    stage.restore()
    assert stage.at(95.0).present(token).reason == "status"


def test_a_list_is_not_believed_on_keys_whose_life_has_ended(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, ttl_s=10.0, lifetime_s=10.0, jwks_lifetime_s=50.0)
    token = stage.issue().token
    assert stage.present(token).accepted
    stage.answer("jwks", Failed("unreachable"))
    assert stage.at(20.0).present(token).accepted  # a new list, and keys that still hold
    assert not stage.at(60.0).present(token).accepted
    stage.restore()
    assert stage.at(80.0).present(token).accepted


def test_concurrent_requests_share_one_fetch(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    begun = [stage.begin(stage.issue(f"user-{number}").token) for number in range(20)]
    stage.stepper.run()
    assert all(one.value.accepted for one in begun)
    assert stage.calls["status_list"] == 1


def test_a_token_without_a_place_or_beyond_the_list_is_refused(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    uri = reference_of(stage.issue().token)["uri"]
    for status in (
        ...,
        None,
        {},
        {"status_list": {"idx": "0", "uri": uri}},
        {"status_list": {"idx": True, "uri": uri}},
    ):
        assert stage.present(stage.misissue(status=status)).reason == "no_status"
    beyond = stage.misissue(status={"status_list": {"idx": 1000, "uri": uri}})
    assert stage.present(beyond).reason == "status"


def forged(stage: Stage, uri: str, header: dict[str, Any] | None = None, **changes: Any) -> str:
    """The server's list with some claims or header members changed, signed with its key all the same."""
    claims = {**(read_payload(list_of(stage, uri)) or {}), **changes}
    kept = {name: value for name, value in claims.items() if value is not ...}
    return sign_claims(kept, stage.issuer.list_keys()[0], **{"typ": "statuslist+jwt", **(header or {})})


BOMB = StatusList(1, bytes(10_000_000)).to_claim()


@pytest.mark.parametrize(
    ("header", "changes"),
    [
        ({}, {"iss": ELSEWHERE}),
        ({}, {"sub": f"{ISSUER}/statuslists/other"}),
        ({}, {"exp": EPOCH}),
        ({}, {"exp": ...}),
        ({}, {"iat": EPOCH + 1000}),
        ({}, {"status_list": ...}),
        ({}, {"status_list": {"bits": 1, "lst": "AA"}}),
        ({}, {"status_list": BOMB}),
        ({"typ": "at+jwt"}, {}),
        ({"typ": ...}, {}),
        ({"kid": "unknown"}, {}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_list_that_does_not_hold_is_no_list(
    header: dict[str, Any], changes: dict[str, Any], make_stage: Callable[..., Stage]
) -> None:
    stage = staged(make_stage)
    token = stage.issue().token
    uri = reference_of(token)["uri"]
    stage.answer("status_list", Reply(200, forged(stage, uri).encode()))
    assert stage.present(token).accepted  # the forger's own work is good as long as nothing is changed
    stage.state = stage.validator.create_state()
    stage.answer("status_list", Reply(200, forged(stage, uri, header, **changes).encode()))
    assert stage.present(token).reason == "no_status_list"


def test_a_list_that_nobody_or_somebody_else_has_signed_is_no_list(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    token = stage.issue().token
    claims = dict(read_payload(list_of(stage, reference_of(token)["uri"])) or {})
    own = key("RS256")
    texts = [
        forge_unsigned(claims, own.kid),
        sign_claims(claims, impostor(own), typ="statuslist+jwt"),
        json.dumps(claims),
    ]
    for text in texts:
        stage.state = stage.validator.create_state()
        stage.answer("status_list", Reply(200, text.encode()))
        assert stage.present(token).reason == "no_status_list"


def test_a_list_that_names_its_key_by_no_text_is_refused_and_no_key_set_fetched(
    make_stage: Callable[..., Stage],
) -> None:
    stage = staged(make_stage)
    token = stage.issue().token
    uri = reference_of(token)["uri"]
    assert stage.present(token).accepted
    fetches = stage.calls["jwks"]
    for kid in (None, 7, ["current"], {}, ...):
        stage.state.own.lists.clear()
        stage.state.own.pause_until.clear()
        stage.answer("status_list", Reply(200, forged(stage, uri, {"kid": kid}).encode()))
        assert stage.present(token).reason == "no_status_list"
    assert stage.calls["jwks"] == fetches


def test_a_list_with_an_hmac_must_name_the_secret_that_is_shared(make_stage: Callable[..., Stage]) -> None:
    settings = JwtLocal.Settings(algorithms=("HS256",))
    issuing = JwtAccessToken.Settings(algorithm="HS256")
    stage = make_stage(JwtLocal, JwtAccessToken, (StatusListWrapper,), settings=settings, issuer_settings=issuing)
    token = stage.issue().token
    assert stage.present(token).accepted
    claims = dict(read_payload(list_of(stage, reference_of(token)["uri"])) or {})
    shared = stage.deployment.shared_secret()
    for kid, accepted in ((shared.kid, True), ("another", False)):
        stage.state = stage.validator.create_state()
        signed = sign_with_hmac(claims, kid, shared.secret, "statuslist+jwt")
        stage.answer("status_list", Reply(200, signed.encode()))
        assert stage.present(token).accepted == accepted


def test_a_new_signing_key_is_found(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage)
    assert stage.present(stage.issue().token).accepted
    stage.at(100.0).rotate("next", keep=False)
    assert stage.present(stage.issue().token).accepted


def test_bits_stay_for_validators_with_leeway_and_too_much_of_it_is_told(make_stage: Callable[..., Stage]) -> None:
    stage = staged(make_stage, leeway_s=7.0)
    token = stage.issue().token
    stage.revoke(token)
    assert stage.at(305.0).present(token).reason == "status"
    assert staged(make_stage, leeway_s=61.0).validator.compute_bound() == (61.0, 361.0)


@pytest.mark.parametrize("wrong", [{"ttl_s": 61.0}, {"entries": 0}, {"limit_bytes": 1}, {"ttl_s": 0.5}])
def test_settings_that_contradict_each_other_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        StatusListWrapper.Settings(**wrong)

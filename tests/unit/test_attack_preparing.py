"""Preparation of attacks: one that has nothing to apply to says so and sends nothing; a refused one ends there."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from simlib.attacks import (
    ATTACKS,
    AttackerAssets,
    Candidate,
    NotApplicable,
    Preparation,
    PreparationFailure,
)
from simlib.attacks.forged_claims import is_key_pair_algorithm
from simlib.scenario.effects import Answer, Call, Failed, Flow, Reply, Sleep
from simlib.scenario.messages import HttpRequest
from simlib.tokens import ALGORITHMS, KeySet, make_opaque_token
from simlib.tokens.forging import encode, sign_claims
from support.keys import key

GOOD = Reply(200, b'{"access_token":"t"}')
CLAIMS = {"iss": "https://as.example", "aud": "https://api.example", "sub": "attacker", "exp": 1_900_000_000}
SIGNED = sign_claims(CLAIMS, key("RS256"))
OPAQUE = make_opaque_token(bytes(32))
PASETO = f"v4.public.{encode(bytes(96))}.{encode({'kid': 'current'})}"
JWKS = Reply(200, KeySet((key("RS256").verification_key,)).to_jwks())
CALLBACK = "https://shop.example/callback"
CODES = Reply(200, json.dumps({"device_code": "d", "user_code": "u", "interval": 5}).encode())
TOKEN_REQUEST = HttpRequest("", b"grant_type=client_credentials")


class Attacker:
    """An attacker's host: its calls get these answers by target, a good one where none is given; time stands still."""

    def __init__(self, answers: Mapping[str, Answer], assets: Mapping[str, Any]) -> None:
        self.sent: list[str] = []
        self._answers = answers
        nothing = ("issuer", "audience", "scope", "client_id", "redirect_uri", "victim", "login", "password")
        self.assets = AttackerAssets(
            **{
                **dict.fromkeys((*nothing, "own_token"), ""),
                "confirmation": {},
                "as_client": lambda token: self._call("api", token),
                "as_client_at_open_route": lambda token: self._call("api/open", token),
                "by_own_key": lambda flow: flow,
                **assets,
            }
        )

    def now(self) -> float:
        return 0.0

    def random_bytes(self, purpose: str, length: int) -> bytes:
        return bytes(range(length))

    def _call(self, target: str, token: str) -> Flow[Answer]:
        answer: Answer = yield Call(target, HttpRequest(f"Bearer {token}"))
        return answer

    def prepare(self, attack: str) -> Preparation:
        """Drive the preparation to its end."""
        flow = ATTACKS[attack](self.assets).prepare(self)
        answer: Any = None
        while True:
            try:
                effect = flow.send(answer)
            except StopIteration as stop:
                prepared: Preparation = stop.value
                return prepared
            answer = None
            if isinstance(effect, Call):
                self.sent.append(effect.target)
                answer = self._answers.get(effect.target, GOOD)
            else:
                assert isinstance(effect, Sleep)


def prepare(attack: str, answers: Mapping[str, Answer] | None = None, **assets: Any) -> tuple[Preparation, list[str]]:
    """The result of a preparation, and the targets of its calls."""
    attacker = Attacker(answers or {}, assets)
    return attacker.prepare(attack), attacker.sent


@pytest.mark.parametrize(
    ("attack", "assets", "reason"),
    [
        ("browser_storage", {}, "no page stores anything in this flow"),
        ("code_interception", {}, "no browser is redirected in this flow"),
        ("code_replay", {"token_requests": (TOKEN_REQUEST,)}, "no code is redeemed in this flow"),
        ("decompression_bomb", {}, "no tokens are decrypted here"),
        ("device_phishing", {}, "no device signs in by this flow"),
        (
            "guessed_reference",
            {"own_token": SIGNED},
            "the token is no reference: a guess would have to hit a signature",
        ),
        (
            "guessed_reference",
            {"own_token": PASETO},
            "the token is no reference: a guess would have to hit a signature",
        ),
        ("id_token_as_access_token", {}, "the server issues no ID tokens"),
        ("lax_redirect_uri", {}, "this client has no redirect URI"),
        ("login_csrf", {}, "this client expects no redirect"),
        ("password_work", {}, "no tokens are decrypted here"),
        ("scope_from_cache", {}, "the server issues no token of a narrower scope"),
        ("stolen_refresh_token", {}, "this flow issues no refresh token"),
        ("token_in_log", {}, "no redirect carries anything in this flow"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # keys differ from process to process
)
def test_an_attack_without_anything_to_apply_to_sends_nothing(attack: str, assets: dict[str, Any], reason: str) -> None:
    assert prepare(attack, **assets) == (NotApplicable(reason), [])


@pytest.mark.parametrize(
    ("attack", "assets", "reason"),
    [
        ("browser_storage", {"browser_storage": {"cookie": ""}}, "no script can read a cookie that is HttpOnly"),
        ("password_at_client", {"token_requests": (TOKEN_REQUEST,)}, "no password passes through the client"),
        ("stolen_refresh_token", {"refresh_tokens_exist": True}, "refresh tokens never leave the backend"),
    ],
    ids=str,
)
def test_an_attack_without_its_asset_is_refused_and_sends_nothing(
    attack: str, assets: dict[str, Any], reason: str
) -> None:
    assert prepare(attack, **assets) == (PreparationFailure(reason), [])


# --- phishing by device codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Reply(400), Reply(200, b"[]"), Failed("timed_out")], ids=str)
def test_without_codes_no_victim_is_sent_any(answer: Answer) -> None:
    assert prepare("device_phishing", {"device_authorization": answer}, device_grant=True) == (
        PreparationFailure(),
        ["device_authorization"],
    )


@pytest.mark.parametrize("answer", [Reply(404), Reply(403), Failed("timed_out")], ids=str)
def test_a_device_that_the_victim_did_not_approve_does_not_poll(answer: Answer) -> None:
    answers = {"device_authorization": CODES, "browser": answer}
    assert prepare("device_phishing", answers, device_grant=True) == (
        PreparationFailure(),
        ["device_authorization", "browser"],
    )


def test_an_approved_device_gets_its_token() -> None:
    candidates, sent = prepare("device_phishing", {"device_authorization": CODES}, device_grant=True)
    assert candidates == (Candidate("the token of the attacker's device", "t"),)
    assert sent == ["device_authorization", "browser", "token"]


# --- codes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Reply(200, b"https://x"), Reply(200), Reply(400), Failed("timed_out")], ids=str)
def test_no_code_of_the_lookalike_is_redeemed_where_none_arrived(answer: Answer) -> None:
    prepared = prepare("lax_redirect_uri", {"browser": answer}, redirect_uri=CALLBACK)
    assert prepared == (PreparationFailure(), ["browser"])


@pytest.mark.parametrize("answer", [Reply(302, b"https://x?error=e"), Reply(400), Failed("timed_out")], ids=str)
def test_no_link_signs_anybody_in_without_a_code(answer: Answer) -> None:
    prepared, sent = prepare("login_csrf", {"authorize": answer}, fresh_redirect=CALLBACK, redirect_uri=CALLBACK)
    assert prepared == NotApplicable("this client receives no codes")
    assert sent == ["authorize", "authorize"]


@pytest.mark.parametrize(
    ("answer", "prepared"),
    [
        (Reply(404), NotApplicable("no browser is redirected in this flow")),
        (Reply(200), NotApplicable("no code is redeemed in this flow")),
        (Reply(400), PreparationFailure()),
        (Failed("timed_out"), PreparationFailure()),
    ],
    ids=str,
)
def test_a_mixed_up_client_that_sent_no_code_leaves_nothing_to_redeem(answer: Answer, prepared: Preparation) -> None:
    assert prepare("issuer_mixup", {"browser": answer}) == (prepared, ["browser"])


# --- forged claims ---------------------------------------------------------------------------------------------------

FORGING = ("unsigned_token", "key_confusion", "foreign_key", "header_injection")


@pytest.mark.parametrize("attack", FORGING)
@pytest.mark.parametrize(
    ("token", "reason"),
    [
        (PASETO, "a PASETO has no header in which anything could be chosen"),
        (OPAQUE, "a reference has no claims that could be rewritten"),
        (f"{OPAQUE}.{OPAQUE}.{OPAQUE}", "a reference has no claims that could be rewritten"),
        (SIGNED.rpartition(".")[0], "a reference has no claims that could be rewritten"),
    ],
    ids=["paseto", "opaque", "three segments without header", "two segments with header"],
)
def test_claims_are_forged_from_jwts_only(token: str, reason: str, attack: str) -> None:
    assert prepare(attack, {"jwks": JWKS}, own_token=token) == (NotApplicable(reason), ["jwks"])


@pytest.mark.parametrize("answer", [Reply(200, b'{"keys":[]}'), Reply(404), Failed("timed_out")], ids=str)
def test_no_key_is_confused_with_a_secret_where_none_is_public(answer: Answer) -> None:
    assert prepare("key_confusion", {"jwks": answer}, own_token=SIGNED) == (
        NotApplicable("the key set has no public key"),
        ["jwks"],
    )


def test_only_key_pairs_can_be_replaced_by_one_of_the_attacker() -> None:
    assert all(map(is_key_pair_algorithm, ALGORITHMS))
    assert not any(map(is_key_pair_algorithm, ("HS256", "none", "")))

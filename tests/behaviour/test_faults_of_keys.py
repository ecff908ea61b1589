"""Key rotation at the authorization server: which key signs, which are published, and what a withdrawn one ends."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from simlib.deployment.key_rotation import KeyChange, RotatingIssuer, rotate_keys, withdraws_keys
from simlib.strategies import JwtAccessToken, JwtLocal, ReferenceToken, SigningReferenceToken, StatusListWrapper
from simlib.tokens import generate_signing_key, read_key_id
from support.stage import Stage, deployment

CHANGES = (KeyChange(signs_at=20.0, published_at=10.0, withdraws_at=30.0),)


def make_issuer(kind: type[Any], number: int) -> Any:
    """The issuer with a key of that number."""

    def make_key(algorithm: str) -> Any:
        return generate_signing_key(algorithm, f"key-{number}")

    return kind(kind.Settings(), replace(deployment(), make_key=make_key))


def rotating(kind: type[Any], changes: tuple[KeyChange, ...] = CHANGES) -> Any:
    return rotate_keys(partial(make_issuer, kind), changes)


@pytest.fixture
def stage(make_stage: Callable[..., Stage]) -> Stage:
    """A server whose key changes at 20 s."""
    made = make_stage(JwtLocal, JwtAccessToken)
    made.issuer = rotating(JwtAccessToken)
    return made


def inspect(stage: Stage, token: str) -> Any:
    return stage.stepper.finish(stage.issuer.inspect(stage.server_host, token), stage.server_host)


def revoke(stage: Stage, token: str) -> Any:
    return stage.stepper.finish(stage.issuer.revoke(stage.server_host, token), stage.server_host)


def test_the_present_key_signs_and_the_key_set_has_the_newest_first(stage: Stage) -> None:
    rows = []
    for instant in (0.0, 10.0, 20.0, 30.0):
        kid = read_key_id(stage.at(instant).issue().token)
        rows.append((kid, [key.kid for key in stage.issuer.find_key_set(instant).keys]))  # type: ignore[attr-defined]
    assert rows == [
        ("key-0", ["key-0"]),
        ("key-0", ["key-1", "key-0"]),
        ("key-1", ["key-1", "key-0"]),
        ("key-1", ["key-1"]),
    ]


def test_a_token_of_a_withdrawn_key_stands_for_nothing_and_cannot_be_revoked(stage: Stage) -> None:
    token, other = (stage.issue(subject).token for subject in ("user-1", "user-2"))
    assert inspect(stage.at(29.9), token) is not None
    assert revoke(stage, other)
    assert inspect(stage.at(30.0), token) is None
    calls = stage.calls["store"]
    assert not revoke(stage, token)
    assert stage.calls["store"] == calls


def test_a_token_of_no_key_is_judged_by_the_present_one(stage: Stage) -> None:
    stranger = make_issuer(JwtAccessToken, 7)
    flow = stranger.issue(stage.server_host, stage.grant())
    token = stage.stepper.finish(flow, stage.server_host).token
    assert inspect(stage, token) is None
    assert not revoke(stage, token)


@pytest.mark.parametrize(("kind", "changes"), [(JwtAccessToken, ()), (ReferenceToken, CHANGES)], ids=str)
def test_a_server_without_a_key_or_a_change_of_it_does_not_rotate(kind: Any, changes: tuple[KeyChange, ...]) -> None:
    issuer = rotating(kind, changes)
    assert isinstance(issuer, kind)
    assert not withdraws_keys(issuer)


def test_tokens_end_with_their_key_only_where_it_has_signed_them() -> None:
    issuer = rotating(JwtAccessToken)
    wrapped = StatusListWrapper(StatusListWrapper.Settings(), deployment()).wrap_issuer(issuer)
    assert withdraws_keys(issuer)
    assert withdraws_keys(wrapped)
    references = rotating(SigningReferenceToken)  # whose key signs answers, and no token
    assert isinstance(references, RotatingIssuer)
    assert not withdraws_keys(references)
    references.token_format = None
    assert not withdraws_keys(references)

"""Issuing contract of issuers: tokens live, end and are revoked, and no other text is a token of the issuer."""

import math
from typing import Any

from simlib.contracts.configuration import AUDIENCE, ELSEWHERE
from simlib.contracts.requirements import require, require_accepted
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.scenario.messages import TokenRow
from simlib.tokens.forging import alter


def inspect_token(stepped: SteppedDeployment, token: str) -> TokenRow | None:
    """Inspect a token at its issuer; None when it is not active."""
    row: TokenRow | None = stepped.stepper.finish(
        stepped.issuer.inspect(stepped.server_host, token), stepped.server_host
    )
    return row


def revoke_token(stepped: SteppedDeployment, token: str) -> bool:
    """Revoke a token at its issuer; returns whether there was such a token."""
    existed: bool = stepped.stepper.finish(stepped.issuer.revoke(stepped.server_host, token), stepped.server_host)
    return existed


def check_issued_token(stepped: SteppedDeployment) -> None:
    """An issued token stands for its grant, from the instant of its issue (in whole seconds) for its lifetime."""
    now = math.floor(stepped.now)
    issued = stepped.issue("user-3", "a b")
    end = now + stepped.deployment.token_lifetime_s
    require(
        (issued.subject, issued.issued_at, issued.expires_at) == ("user-3", now, end),
        f"a token issued to user-3 at {now} s must expire at {end} s, but it is {issued!r}",
    )
    expected = TokenRow("access", "user-3", "shop", "a b", AUDIENCE, now, end)
    row = inspect_token(stepped, issued.token)
    require(row == expected, f"the inspection of a new token must find {expected!r}, not {row!r}")


def check_end_of_life(stepped: SteppedDeployment) -> None:
    """A token is active up to its expiry and not at it."""
    issued = stepped.issue()
    stepped.at(math.nextafter(issued.expires_at, 0.0))
    require(inspect_token(stepped, issued.token) is not None, "a token is inactive just before its expiry")
    stepped.at(issued.expires_at)
    require(inspect_token(stepped, issued.token) is None, "a token is active at its expiry")


def check_revocation(stepped: SteppedDeployment) -> None:
    """A revoked token is inactive from then on, and no other one is."""
    first, second = stepped.issue(), stepped.issue()
    require(revoke_token(stepped, first.token) is True, "the revocation of an active token must return True")
    require(inspect_token(stepped, first.token) is None, "a revoked token is active")
    require(inspect_token(stepped, second.token) is not None, "a token is inactive after another one was revoked")
    revoke_token(stepped, first.token)
    require(inspect_token(stepped, first.token) is None, "a token that was revoked twice is active")


def check_distinct_tokens(stepped: SteppedDeployment) -> None:
    """Tokens differ, are equally long, and are ASCII without white space."""
    tokens = [stepped.issue(f"user-{number:04d}").token for number in range(40)]
    tokens += [stepped.issue("user-0000").token for _ in range(10)]
    require(len(set(tokens)) == len(tokens), "two issued tokens are equal")
    require(len({len(token) for token in tokens}) == 1, "tokens for equally long claims differ in length")
    for token in tokens:
        require(
            token.isascii() and not any(c.isspace() for c in token), f"a token must be ASCII without space: {token!r}"
        )


def check_store_has_no_token(stepped: SteppedDeployment) -> None:
    """The store receives hashes, and never a token."""
    requests: list[Any] = []

    def execute(request: Any) -> Any:
        requests.append(request)
        return stepped.store.execute(request)

    stepped.server_host.local["store"] = execute
    token = stepped.issue().token
    inspect_token(stepped, token)
    revoke_token(stepped, token)
    require(bool(requests), "an issuer must use the store for issue, inspection or revocation")
    for request in requests:
        require(token not in repr(request), "the store receives a token in plain text")


def check_foreign_tokens(stepped: SteppedDeployment) -> None:
    """Tokens of another issuer, refresh tokens and altered tokens are inactive."""
    other = SteppedDeployment(stepped.validator_kind, type(stepped.issuer)).at(stepped.now)
    other.rotate("foreign")
    foreign = [other.issue().token for _ in range(5)][-1]  # the first ones have the same random bytes as here
    for token in (foreign, stepped.refresh_token(), alter(stepped.issue().token, 5)):
        require(inspect_token(stepped, token) is None, "a token of another issuer, or of another kind, is active")


def check_revocation_of_unknown_tokens(stepped: SteppedDeployment) -> None:
    """The revocation of a token that was not issued returns False."""
    for token in ("never-issued", "a.b.c"):
        require(revoke_token(stepped, token) is False, f"the revocation of {token!r} must return False")


def _is_read_by_issuer(stepped: SteppedDeployment) -> bool:
    """Whether the issuer takes the claims from the token, and not from its store."""
    return bool(stepped.token_format.is_self_contained and stepped.token_format.is_readable)


def check_revocation_after_expiry(stepped: SteppedDeployment) -> None:
    """An expired self-contained token is not revoked any more; a store may still know others."""
    issued = stepped.issue()
    if _is_read_by_issuer(stepped):
        existed = revoke_token(stepped.at(issued.expires_at), issued.token)
        require(existed is False, "the revocation of an expired self-contained token must return False")


def check_issuer_name(stepped: SteppedDeployment) -> None:
    """A token with the issuer's signature and another issuer's name is inactive."""
    if _is_read_by_issuer(stepped) and inspect_token(stepped, stepped.misissue()) is not None:
        require(inspect_token(stepped, stepped.misissue(iss=ELSEWHERE)) is None, "a token of another iss is active")


def check_any_text(stepped: SteppedDeployment, text: str) -> None:
    """Any text can be inspected and revoked without an exception."""
    require(inspect_token(stepped, text) is None, f"the text {text!r} is an active token")
    require(revoke_token(stepped, text) is False, f"the revocation of the text {text!r} must return False")


def check_whole_seconds(stepped: SteppedDeployment) -> None:
    """Instants of a token are whole seconds, rounded down, for a lifetime of 10.9 s at 5.9 s."""
    issued = stepped.issue()
    require(
        (issued.issued_at, issued.expires_at) == (5.0, 15.0),
        f"a token issued at 5.9 s for 10.9 s must live from 5 s to 15 s, but it is {issued!r}",
    )


def check_served_keys(stepped: SteppedDeployment) -> None:
    """The served keys are those that tokens are signed with."""
    require_accepted(stepped.present(stepped.issue().token), "a token of an issuer that serves its keys")


CHECKS = (
    check_issued_token,
    check_end_of_life,
    check_revocation,
    check_distinct_tokens,
    check_store_has_no_token,
    check_foreign_tokens,
    check_revocation_of_unknown_tokens,
    check_revocation_after_expiry,
    check_issuer_name,
    check_served_keys,
)

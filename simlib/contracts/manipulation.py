"""Manipulation contract of validators: altered, cut, extended and invented tokens are refused and raise nothing."""

from simlib.contracts.requirements import require_accepted, require_refused
from simlib.contracts.stepped_deployment import SteppedDeployment
from simlib.tokens.forging import alter, count_alterations

GARBAGE = ("garbage", ".", "..", "a.b.c", "a.b.c.d.e", "e30.e30.", "\x00", "ü.ü.ü", "\ud800", "v4.public.AA", "-_=" * 9)
LONG = ("A" * 1_000_000, ".".join("A" * 1000), "." * 100_000)


def check_altered_token(stepped: SteppedDeployment, at: int) -> None:
    """A token with one altered place is refused, and the genuine one is accepted before and after."""
    token = stepped.issue().token
    require_accepted(stepped.present(token), "a valid token")
    require_refused(stepped.present(alter(token, at)), f"a token that is altered at place {at}")
    require_accepted(stepped.present(token), "a valid token of which an altered copy was refused")


def check_every_alteration(stepped: SteppedDeployment) -> None:
    """Every byte of a token's payload counts."""
    token = stepped.issue().token
    for at in range(count_alterations(token)):
        require_refused(stepped.present(alter(token, at)), f"a token that is altered at place {at}")


def check_cut_and_extended_tokens(stepped: SteppedDeployment) -> None:
    """A token that is cut or extended is refused."""
    token = stepped.issue().token
    for end in range(1, len(token), 7):
        require_refused(stepped.present(token[:end]), f"a token that is cut after {end} characters")
    for more in ("A", ".", "=", " ", "\n", "\x00"):
        require_refused(stepped.present(token + more), f"a token with {more!r} behind it")
        require_refused(stepped.present(more + token), f"a token with {more!r} before it")


def check_garbage(stepped: SteppedDeployment, token: str) -> None:
    """A text that is no token is refused, twice."""
    for _ in range(2):
        require_refused(stepped.present(token), f"the text {token!r}")


def check_long_tokens(stepped: SteppedDeployment) -> None:
    """A very long text is refused like any other."""
    for token in LONG:
        require_refused(stepped.present(token), f"a text of {len(token)} characters")


def check_refresh_token(stepped: SteppedDeployment) -> None:
    """A refresh token is no access token."""
    require_refused(stepped.present(stepped.refresh_token()), "a refresh token")


CHECKS = (check_cut_and_extended_tokens, check_long_tokens, check_refresh_token)

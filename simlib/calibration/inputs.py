"""Inputs of the measured operations: of real size, and enough of them that no cache sees one input only."""

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Any

from simlib.tokens import build_access_token_claims

ISSUER = "https://as.example.org"
AUDIENCE = "https://orders.example.org"
SCOPE = "orders:read orders:write profile"
LIFETIME = 300.0
DIFFERENT = 64  # distinct inputs per operation, so that no cache along the way sees one input only


def make_claims(number: int) -> dict[str, Any]:
    """Make ten claims: the seven of RFC 9068, scope, and two about the authentication."""
    extra = {"auth_time": 1_767_225_000, "acr": "urn:example:loa:2"}
    jti = f"{number:032x}"
    return build_access_token_claims(
        ISSUER, AUDIENCE, f"user-{number:06d}", "web-shop", SCOPE, float(number), LIFETIME, jti, extra
    )


def make_many_claims(number: int) -> dict[str, Any]:
    """Make forty claims: the ten, and thirty about the user with values of 16 characters."""
    return {**{f"claim_{at:03d}": f"{number:08d}{at:08d}" for at in range(30)}, **make_claims(number)}


def cycle_inputs(function: Callable[[Any], object], inputs: Iterable[Any]) -> Callable[[], object]:
    """Return a function that calls ``function`` with the next input at each call, and starts again after the last."""
    supply: Iterator[Any] = cycle(inputs)
    return lambda: function(next(supply))

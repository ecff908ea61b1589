"""What the measured operations work on: inputs of real size, enough of them to keep caches from seeing one only."""

from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from typing import Any

from simlib.tokens import access_token_claims

ISSUER = "https://as.example.org"
AUDIENCE = "https://orders.example.org"
SCOPE = "orders:read orders:write profile"
LIFETIME = 300.0
DIFFERENT = 64  # distinct inputs per operation, so that no cache along the way sees one input only


def claims_of(number: int) -> dict[str, Any]:
    """Ten claims: the seven of RFC 9068, scope, and two about the authentication."""
    extra = {"auth_time": 1_767_225_000, "acr": "urn:example:loa:2"}
    jti = f"{number:032x}"
    return access_token_claims(
        ISSUER, AUDIENCE, f"user-{number:06d}", "web-shop", SCOPE, float(number), LIFETIME, jti, extra
    )


def many_claims_of(number: int) -> dict[str, Any]:
    """Forty claims: the ten, and thirty about the user with values of 16 characters."""
    return {**{f"claim_{at:03d}": f"{number:08d}{at:08d}" for at in range(30)}, **claims_of(number)}


def each(function: Callable[[Any], object], inputs: Iterable[Any]) -> Callable[[], object]:
    """Does the function with the next input at each call, again from the first after the last."""
    supply: Iterator[Any] = cycle(inputs)
    return lambda: function(next(supply))

"""What a resource server decides about a token that was presented to it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from simlib.scenario.effects import Cookie


class Verdict(NamedTuple):
    """The outcome of validating one presented token.

    ``status`` is the HTTP status of a refusal (200 when accepted), ``reason`` the word that names the check which
    refused (such as "expired"), ``challenge`` the WWW-Authenticate value of RFC 6750 section 3, with ``nonce`` when it
    asks for one (RFC 9449 section 9). ``forward`` is the credential that a gateway passes inwards, empty for the
    presented one.
    ``based_on`` is the instant (seconds) of the last word of the authorization server that the verdict rests on:
    exposure after a revocation is computed from it. ``cookie`` is what the client shows from now on.
    """

    accepted: bool
    status: int = 200
    reason: str = ""
    claims: Mapping[str, Any] = {}
    forward: str = ""
    challenge: str = ""
    based_on: float = 0.0
    nonce: str = ""
    cookie: Cookie | None = None

"""Claim checks: genuine tokens that a claim (time, audience, issuer, type, scope) makes invalid at the API."""

from typing import ClassVar

from simlib.attacks.base import Candidate, NotApplicable, Preparation, TokenAttack
from simlib.scenario.effects import Context, Flow


class ExpiredToken(TokenAttack):
    """The attacker's own token, presented after its ``exp``."""

    name: ClassVar[str] = "expired_token"
    summary: ClassVar[str] = "own token, presented after its expiry"
    source: ClassVar[str] = "RFC 7519 section 4.1.4, RFC 7662 section 4"
    needs: ClassVar[tuple[str, ...]] = ("expired_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("an old token", self.assets.expired_token),)


class EarlyToken(TokenAttack):
    """Token that is not valid yet: its ``nbf`` is in the future. An ``iat`` ahead need not be refused (RFC 7519)."""

    name: ClassVar[str] = "early_token"
    summary: ClassVar[str] = "own token, presented before the time from which it is valid"
    source: ClassVar[str] = "RFC 7519 section 4.1.5, RFC 7662 section 4"
    needs: ClassVar[tuple[str, ...]] = ("early_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("nbf to come", self.assets.early_token),)


class WrongAudience(TokenAttack):
    """Valid token for another API, whose operator receives such tokens from all of its users."""

    name: ClassVar[str] = "wrong_audience"
    summary: ClassVar[str] = "a token of the same server for another API"
    source: ClassVar[str] = "RFC 8725 section 3.9, RFC 9068 section 4, RFC 9700 section 4.10.2; CVE-2024-5798"
    needs: ClassVar[tuple[str, ...]] = ("token_for_another_api",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("issued for another API", self.assets.token_for_another_api),)


class WrongIssuer(TokenAttack):
    """Valid token of another tenant, which signs with the same keys; any attacker can register and administrate one."""

    name: ClassVar[str] = "wrong_issuer"
    summary: ClassVar[str] = "a token of another tenant of the same server, with the same keys"
    source: ClassVar[str] = "RFC 8725 section 3.8, RFC 9068 section 4; CVE-2024-5037"
    needs: ClassVar[tuple[str, ...]] = ("token_of_another_tenant",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take it from the assets."""
        yield from ()
        return (Candidate("issued by another tenant", self.assets.token_of_another_tenant),)


class IdTokenAsAccessToken(TokenAttack):
    """ID token for the client, and one for an application whose client_id is the API's audience."""

    name: ClassVar[str] = "id_token_as_access_token"
    summary: ClassVar[str] = "an ID token, presented to the API"
    source: ClassVar[str] = "RFC 8725 sections 2.8 and 3.11, RFC 9068 section 4; CVE-2026-41164"
    needs: ClassVar[tuple[str, ...]] = ("id_token", "id_token_for_the_api")

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Take both from the assets, where the server issues any."""
        yield from ()
        tokens = (
            ("for the client", self.assets.id_token),
            ("for the API's own name", self.assets.id_token_for_the_api),
        )
        candidates = tuple(Candidate(label, token) for label, token in tokens if token)
        return candidates or NotApplicable("the server issues no ID tokens")


class ScopeFromCache(TokenAttack):
    """Token of narrow scope, accepted by a cache entry that was made for another scope.

    Fills caches both ways: the wide token is accepted first, and the narrow one where any scope is.
    """

    name: ClassVar[str] = "scope_from_cache"
    summary: ClassVar[str] = "a token of narrower scope, after it was accepted at a route that requires none"
    source: ClassVar[str] = "RFC 9068 section 5; CVE-2021-32701"
    needs: ClassVar[tuple[str, ...]] = ("narrow_token",)

    def prepare(self, ctx: Context) -> Flow[Preparation]:
        """Fill the caches with both tokens."""
        if not self.assets.narrow_token:
            return NotApplicable("the server issues no token of a narrower scope")
        yield from self.assets.as_client(self.assets.own_token)
        yield from self.assets.as_client_at_open_route(self.assets.narrow_token)
        return (Candidate("after both were accepted", self.assets.narrow_token),)

"""Token families: all tokens issued from one sign-in, so that all can be revoked (RFC 6749 section 4.1.2, RFC 9700
section 4.14.2).

A family begins with its head: a code, an approved device, or a refresh token. The row of each refresh token names the
next one and holds the access token issued with it, encrypted under a secret that only the family's tokens reveal.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.encodings import encode_json
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.http import parse_json_object
from simlib.tokens import seal, unseal

NONCE_BYTES = 12


class Family(NamedTuple):
    """Tokens of one sign-in: ``head`` is the key of the family's first row, ``secret`` decrypts its access tokens."""

    head: str
    secret: str


def read_details(row: TokenRow) -> Flow[Mapping[str, Any]]:
    """Decode the details of a row; costs nothing when there are none."""
    if not row.details:
        return {}
    details: Mapping[str, Any] = yield Compute("json.decode", partial(parse_json_object, row.details.encode()))
    return details


def find_family(token: str, key: str, details: Mapping[str, Any]) -> Flow[Family]:
    """Return the family of a token whose row is at ``key``; a token that names none is the head of its own."""
    if "root" not in details:
        return Family(key, token)
    secret = yield Compute("token.unseal", partial(unseal, token, details["root"]))
    return Family(details["family"], secret or "")


def seal_details(ctx: Context, family: Family, token: str, issued: Any, further: Mapping[str, Any]) -> Flow[str]:
    """Return the details for the row of a refresh token that joins a family together with an access token."""
    nonces = ctx.random_bytes("seal", NONCE_BYTES), ctx.random_bytes("seal", NONCE_BYTES)

    def write() -> str:
        root, access = seal(token, family.secret, nonces[0]), seal(family.secret, issued.token, nonces[1])
        return encode_json(
            {**further, "family": family.head, "root": root, "access": access, "ends": issued.expires_at}
        )

    details: str = yield Compute("token.seal", write)
    return details


def link_successor(key: str, row: TokenRow, details: Mapping[str, Any], successor_key: str) -> Flow[None]:
    """Write the key of the next refresh token into the row of the redeemed one, as its only redeemer."""
    text = yield Compute("json.encode", lambda: encode_json({**details, "next": successor_key}))
    yield Call("store", StorePut(key, row._replace(details=text)))


def record_access_token(
    ctx: Context, key: str, row: TokenRow, details: Mapping[str, Any], family: Family, issued: Any
) -> Flow[None]:
    """Store the access token in the head itself, because no refresh token was issued with it."""
    nonce = ctx.random_bytes("seal", NONCE_BYTES)

    def write() -> str:
        access = seal(family.secret, issued.token, nonce)
        return encode_json({**details, "access": access, "ends": issued.expires_at})

    text = yield Compute("token.seal", write)
    yield Call("store", StorePut(key, row._replace(details=text)))


def is_revoked(family: Family) -> Flow[bool]:
    """Whether the family was revoked.

    To be checked after the new rows are written: a concurrent revocation then either is seen here or revokes them.
    """
    revocation = yield Call("store", StoreGet(_make_revocation_key(family)))
    return revocation is not None


def revoke_family(ctx: Context, server: AuthorizationServer, family: Family) -> Flow[None]:
    """Revoke every refresh token of a family and every access token that has not expired."""
    now = ctx.now()
    revoked = TokenRow("family", "", "", "", "", now, now + server.refresh.lifetime_s, now)
    yield Call("store", StorePut(_make_revocation_key(family), revoked))
    key = family.head
    while key:
        row = yield Call("store", StoreGet(key))
        if row is None:
            return
        details = yield from read_details(row)
        yield Call("store", StoreRevoke(key, ctx.now()))
        if details.get("ends", now) > now:
            access = yield Compute("token.unseal", partial(unseal, family.secret, details["access"]))
            if access is not None:
                yield from server.tokens.revoke(ctx, access)
        key = details.get("next", "")


def _make_revocation_key(family: Family) -> str:
    return f"family:{family.head}"

"""Everything that was issued from one sign-in, so that all of it can be revoked (RFC 6749 section 4.1.2, RFC 9700
section 4.14.2).

A family begins with its head: a code, an approved device, or a refresh token. Each refresh token has a row that names
the next one, and the access token that was issued with it, sealed: only who presents a token of the family can open it.
"""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from simlib.scenario.effects import Call, Compute, Context, Flow
from simlib.scenario.messages import StoreGet, StorePut, StoreRevoke, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.http import parse_json_object
from simlib.tokens import seal, unseal

NONCE_BYTES = 12
_ENCODER = json.JSONEncoder(separators=(",", ":"))


class TokenFamily(NamedTuple):
    """``head`` is the key of the row it began with, ``secret`` what opens its sealed access tokens."""

    head: str
    secret: str


def read_details(row: TokenRow) -> Flow[Mapping[str, Any]]:
    """What a row says beside its columns; costs nothing when that is nothing."""
    if not row.details:
        return {}
    details: Mapping[str, Any] = yield Compute("json.decode", partial(parse_json_object, row.details.encode()))
    return details


def find_family(token: str, key: str, details: Mapping[str, Any]) -> Flow[TokenFamily]:
    """The family of a token whose row is at ``key``; a token that names none is the head of its own."""
    if "root" not in details:
        return TokenFamily(key, token)
    secret = yield Compute("token.unseal", partial(unseal, token, details["root"]))
    return TokenFamily(details["family"], secret or "")


def seal_membership(
    ctx: Context, family: TokenFamily, token: str, issued: Any, further: Mapping[str, Any]
) -> Flow[str]:
    """The details of the row of a refresh token that joins a family together with an access token."""
    nonces = ctx.random_bytes("seal", NONCE_BYTES), ctx.random_bytes("seal", NONCE_BYTES)

    def write() -> str:
        root, access = seal(token, family.secret, nonces[0]), seal(family.secret, issued.token, nonces[1])
        return _ENCODER.encode(
            {**further, "family": family.head, "root": root, "access": access, "ends": issued.expires_at}
        )

    details: str = yield Compute("token.seal", write)
    return details


def link_successor(key: str, row: TokenRow, details: Mapping[str, Any], successor_key: str) -> Flow[None]:
    """Let the used row name the one that came after it. Only whoever has used it up may do so."""
    text = yield Compute("json.encode", lambda: _ENCODER.encode({**details, "next": successor_key}))
    yield Call("store", StorePut(key, row._replace(details=text)))


def record_access_token(
    ctx: Context, key: str, row: TokenRow, details: Mapping[str, Any], family: TokenFamily, issued: Any
) -> Flow[None]:
    """Let the head itself remember the access token, because no refresh token came with it."""
    nonce = ctx.random_bytes("seal", NONCE_BYTES)

    def write() -> str:
        access = seal(family.secret, issued.token, nonce)
        return _ENCODER.encode({**details, "access": access, "ends": issued.expires_at})

    text = yield Compute("token.seal", write)
    yield Call("store", StorePut(key, row._replace(details=text)))


def is_revoked(family: TokenFamily) -> Flow[bool]:
    """Whether the family was ended.

    Asked after everything new has been written: then either this sees the end, or the end finds what is new.
    """
    mark = yield Call("store", StoreGet(_make_revocation_key(family)))
    return mark is not None


def revoke_family(ctx: Context, server: AuthorizationServer, family: TokenFamily) -> Flow[None]:
    """Revoke every refresh token of a family and every access token that is still in time."""
    now = ctx.now()
    ended = TokenRow("family", "", "", "", "", now, now + server.refresh.lifetime_s, now)
    yield Call("store", StorePut(_make_revocation_key(family), ended))
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


def _make_revocation_key(family: TokenFamily) -> str:
    return f"family:{family.head}"

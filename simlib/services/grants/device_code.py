"""A device code for tokens (RFC 8628 section 3.4): the device asks again and again until the user has decided."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.grants.issuance import RedeemedGrant, issue_sign_in_tokens
from simlib.services.http import reply_error
from simlib.services.token_families import TokenFamily, read_details, revoke_family
from simlib.tokens import make_store_key

SLOW_DOWN_S = 5.0
"""What "slow_down" adds to the interval, for this and all later polls (RFC 8628 section 3.5)."""


def make_device_key(device_code: str) -> str:
    """The key of a device code's row, which remembers how the device polls."""
    return f"device:{make_store_key(device_code)}"


def make_decision_key(device: str) -> str:
    """The key of what the user decided, from the key of the device code."""
    return f"decision:{device}"


def redeem_device_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """One poll. Polls only ever write the row of the device, the decision is used up once and for all."""
    code = caller.parameters.get("device_code", "")
    if not code:
        return (yield from reply_error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(make_device_key, code))
    found = yield Call("store", StoreGet(key))
    if found is None or found.client_id != caller.client_id:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*found)
    if row.expires_at <= ctx.now():
        return (yield from reply_error(400, "expired_token"))
    if (yield from _record_poll(ctx, key, row)):
        return (yield from reply_error(400, "slow_down"))
    return (yield from _redeem_decision(ctx, caller, server, code, make_decision_key(key)))


def _record_poll(ctx: Context, key: str, row: TokenRow) -> Flow[bool]:
    """Whether the device asks sooner than it may; the row remembers when it asked, and the longer interval."""
    details, now = (yield from read_details(row)), ctx.now()
    too_soon = "polled_at" in details and now < details["polled_at"] + details["interval"]
    interval = details["interval"] + (SLOW_DOWN_S if too_soon else 0.0)
    polled = {**details, "polled_at": now, "interval": interval}
    text = yield Compute("json.encode", partial(json.dumps, polled, separators=(",", ":")))
    yield Call("store", StorePut(key, row._replace(details=text)))
    return too_soon


def _redeem_decision(ctx: Context, caller: Caller, server: AuthorizationServer, code: str, key: str) -> Flow[Reply]:
    at = ctx.now()
    found = yield Call("store", StoreConsume(key, at))
    if found is None:
        return (yield from reply_error(400, "authorization_pending"))
    row = TokenRow(*found)
    if row.revoked_at is not None:
        yield from revoke_family(ctx, server, TokenFamily(key, code))
        return (yield from reply_error(400, "invalid_grant"))
    details: Mapping[str, Any] = yield from read_details(row)
    if not details["approved"]:
        return (yield from reply_error(400, "access_denied"))
    return (
        yield from issue_sign_in_tokens(
            ctx, server, caller, RedeemedGrant(code, key, row._replace(revoked_at=at), details)
        )
    )

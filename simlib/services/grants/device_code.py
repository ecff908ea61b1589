"""Device code grant (RFC 8628 section 3.4): the device polls until the user has decided."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.grants.issuance import Entry, issue_tokens
from simlib.services.http import reply_error
from simlib.services.token_families import Family, read_details, revoke_family
from simlib.tokens import make_store_key

SLOW_DOWN_S = 5.0
"""What "slow_down" adds to the interval, for this and all later polls (RFC 8628 section 3.5)."""


def make_device_key(device_code: str) -> str:
    """Return the key of a device code's row, which records the polls of the device."""
    return f"device:{make_store_key(device_code)}"


def make_decision_key(device: str) -> str:
    """Return the key of the user's decision from the key of the device code."""
    return f"decision:{device}"


def redeem_device_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """Answer one poll; polls write only the row of the device, and the decision is consumed once."""
    code = caller.parameters.get("device_code", "")
    if not code:
        return (yield from reply_error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(make_device_key, code))
    stored = yield Call("store", StoreGet(key))
    if stored is None or stored.client_id != caller.client_id:
        return (yield from reply_error(400, "invalid_grant"))
    row = TokenRow(*stored)
    if row.expires_at <= ctx.now():
        return (yield from reply_error(400, "expired_token"))
    if (yield from _record_poll(ctx, key, row)):
        return (yield from reply_error(400, "slow_down"))
    return (yield from _redeem_decision(ctx, caller, server, code, make_decision_key(key)))


def _record_poll(ctx: Context, key: str, row: TokenRow) -> Flow[bool]:
    """Record the instant of a poll and the interval until the next; True when this poll came too soon."""
    details, now = (yield from read_details(row)), ctx.now()
    too_soon = "polled_at" in details and now < details["polled_at"] + details["interval"]
    interval = details["interval"] + (SLOW_DOWN_S if too_soon else 0.0)
    polled = {**details, "polled_at": now, "interval": interval}
    text = yield Compute("json.encode", partial(json.dumps, polled, separators=(",", ":")))
    yield Call("store", StorePut(key, row._replace(details=text)))
    return too_soon


def _redeem_decision(ctx: Context, caller: Caller, server: AuthorizationServer, code: str, key: str) -> Flow[Reply]:
    now = ctx.now()
    stored = yield Call("store", StoreConsume(key, now))
    if stored is None:
        return (yield from reply_error(400, "authorization_pending"))
    row = TokenRow(*stored)
    if row.revoked_at is not None:
        yield from revoke_family(ctx, server, Family(key, code))
        return (yield from reply_error(400, "invalid_grant"))
    details: Mapping[str, Any] = yield from read_details(row)
    if not details["approved"]:
        return (yield from reply_error(400, "access_denied"))
    return (yield from issue_tokens(ctx, server, caller, Entry(code, key, row._replace(revoked_at=now), details)))

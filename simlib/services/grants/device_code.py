"""A device code for tokens (RFC 8628 section 3.4): the device asks again and again until the user has decided."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, TokenRow
from simlib.services.authorization_server import AuthorizationServer
from simlib.services.client_authentication import Caller
from simlib.services.families import Family, end_family, read_details
from simlib.services.grants.issuing import Used, sign_in_answer
from simlib.services.http import error
from simlib.tokens import store_key

SLOWER_S = 5.0
"""What "slow_down" adds to the interval, for this and all later polls (RFC 8628 section 3.5)."""


def device_key(device_code: str) -> str:
    """The key of a device code's row, which remembers how the device polls."""
    return f"device:{store_key(device_code)}"


def decision_key(device: str) -> str:
    """The key of what the user decided, from the key of the device code."""
    return f"decision:{device}"


def device_code(ctx: Context, caller: Caller, server: AuthorizationServer) -> Flow[Reply]:
    """One poll. Polls only ever write the row of the device, the decision is used up once and for all."""
    code = caller.parameters.get("device_code", "")
    if not code:
        return (yield from error(400, "invalid_request"))
    key = yield Compute("token.hash", partial(device_key, code))
    found = yield Call("store", StoreGet(key))
    if found is None or found.client_id != caller.client_id:
        return (yield from error(400, "invalid_grant"))
    row = TokenRow(*found)
    if row.expires_at <= ctx.now():
        return (yield from error(400, "expired_token"))
    if (yield from _is_too_soon(ctx, key, row)):
        return (yield from error(400, "slow_down"))
    return (yield from _redeem(ctx, caller, server, code, decision_key(key)))


def _is_too_soon(ctx: Context, key: str, row: TokenRow) -> Flow[bool]:
    """Whether the device asks sooner than it may; the row remembers when it asked, and the longer interval."""
    details, now = (yield from read_details(row)), ctx.now()
    too_soon = "polled_at" in details and now < details["polled_at"] + details["interval"]
    interval = details["interval"] + (SLOWER_S if too_soon else 0.0)
    polled = {**details, "polled_at": now, "interval": interval}
    text = yield Compute("json.encode", partial(json.dumps, polled, separators=(",", ":")))
    yield Call("store", StorePut(key, row._replace(details=text)))
    return too_soon


def _redeem(ctx: Context, caller: Caller, server: AuthorizationServer, code: str, key: str) -> Flow[Reply]:
    at = ctx.now()
    found = yield Call("store", StoreConsume(key, at))
    if found is None:
        return (yield from error(400, "authorization_pending"))
    row = TokenRow(*found)
    if row.revoked_at is not None:
        yield from end_family(ctx, server, Family(key, code))
        return (yield from error(400, "invalid_grant"))
    details: Mapping[str, Any] = yield from read_details(row)
    if not details["approved"]:
        return (yield from error(400, "access_denied"))
    return (yield from sign_in_answer(ctx, server, caller, Used(code, key, row._replace(revoked_at=at), details)))

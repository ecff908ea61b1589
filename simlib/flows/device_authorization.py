"""Device authorization flow (RFC 8628): a device without keyboard shows a code, polls, and is approved elsewhere."""

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, NamedTuple

from simlib.flows.base import Client, FlowSettings, GrantResult, encode_form, parse_json, post_form, request_token
from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Once, Reply, Sleep
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.scenario.world import ClientKind
from simlib.tokens import is_finite_number

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
INTERVAL_S = 5.0
"""The default when the server sends none (section 3.2)."""
SLOW_DOWN_S = 5.0
"""Seconds that "slow_down" adds, for this and all later polls (section 3.5)."""


class DeviceCodes(NamedTuple):
    """Response of the server: the code to poll with, the code for the user, and the end of both (seconds)."""

    device_code: str
    user_code: str
    expires_at: float
    interval: float


class DeviceAuthorization:
    """The device polls while its user signs in on another device and enters the code."""

    name: ClassVar[str] = "device_authorization"
    summary: ClassVar[str] = "device code: the user approves on another device while this one polls"
    client_kinds: ClassVar[tuple[ClientKind, ...]] = ("device",)
    token_kinds: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token", "id_token"})
    refused: ClassVar[str] = ""
    Settings: ClassVar[type[FlowSettings]] = FlowSettings

    def __init__(self, settings: FlowSettings, client: Client) -> None:
        self._settings = settings
        self._client = client

    def obtain(self, ctx: Context) -> Flow[GrantResult]:
        """Request the codes, show one, poll with the other."""
        requested_at = ctx.now()
        form = {"scope": self._client.scope}
        answer = yield from post_form(self._client, "device_authorization", form, self._settings.timeout_s)
        if isinstance(answer, Failed) or answer.status != 200:
            return answer
        codes = _parse_codes((yield Compute("json.decode", partial(parse_json, answer.body))), requested_at)
        if codes is None:
            return Failed("status", answer.status)
        yield Once(("device", codes.device_code), partial(self._approve, codes.user_code), wait=False)
        return (yield from self._poll(ctx, codes))

    def _approve(self, user_code: str) -> Flow[Answer]:
        """Approve the device as the user, in a browser of another device (section 3.3)."""
        yield Sleep(self._client.approval_s)
        signed_in = {"login": self._client.subject, "password": self._client.password}
        body = yield from encode_form({**signed_in, "user_code": user_code, "decision": "approve"})
        answer: Answer = yield Call("device_verification", HttpRequest(body=body), self._settings.timeout_s)
        return answer

    def _poll(self, ctx: Context, codes: DeviceCodes) -> Flow[GrantResult]:
        """Poll every interval until the grant succeeds, fails or expires (sections 3.4 and 3.5)."""
        form = {"grant_type": GRANT_TYPE, "device_code": codes.device_code}
        interval = pause = codes.interval
        obtained: GrantResult = Reply(400, b'{"error":"expired_token"}')
        while ctx.now() + pause < codes.expires_at:
            yield Sleep(pause)
            obtained = yield from request_token(ctx, self._client, form, self._settings.timeout_s)
            if isinstance(obtained, TokenResponse):
                return obtained
            if isinstance(obtained, Failed):
                interval *= 2  # exponential back-off (section 3.5)
                pause = max(interval, obtained.retry_after or 0.0)
                continue
            error = yield Compute("json.decode", partial(_read_error, obtained))
            if error not in ("authorization_pending", "slow_down"):
                return obtained
            interval += SLOW_DOWN_S if error == "slow_down" else 0.0
            pause = interval
        return obtained


def _parse_codes(response: Mapping[str, Any], requested_at: float) -> DeviceCodes | None:
    device, user = response.get("device_code"), response.get("user_code")
    life, interval = _read_seconds(response.get("expires_in")), _read_seconds(response.get("interval", INTERVAL_S))
    if not (isinstance(device, str) and device and isinstance(user, str) and user) or life is None or interval is None:
        return None
    return DeviceCodes(device, user, requested_at + life, interval)


def _read_seconds(value: Any) -> float | None:
    return value if is_finite_number(value) and value > 0 else None


def _read_error(reply: Reply) -> str:
    error = parse_json(reply.body).get("error") if reply.status == 400 else None
    return error if isinstance(error, str) else ""

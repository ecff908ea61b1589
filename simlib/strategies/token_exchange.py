"""Token exchange: a service swaps the token that it received for one that the next service accepts (RFC 8693; S17 of
data/evidence/strategies.csv)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Failed, Flow, Once
from simlib.scenario.encodings import encode_form
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import DeploymentConfig, check_numbers
from simlib.strategies.caches import AnswerCache
from simlib.strategies.introspection_client import Introspection, format_basic_authorization, parse_json_object
from simlib.tokens import TokenFormat, is_finite_number, make_store_key

REFUSED = ("invalid_request", "invalid_grant")
"""Error codes for a subject token that is no longer valid (RFC 8693 section 2.2.2)."""
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"


@dataclass(frozen=True)
class TokenExchangeSettings:
    """``ttl_s``: how long at most an exchanged token is used, 0 for one call; never beyond its own end. ``capacity``:
    how many of them a replica keeps. ``timeout_s`` bounds one exchange. ``ttl_s`` is an assumption.
    """

    ttl_s: float = 60.0
    capacity: int = 10_000
    timeout_s: float = 5.0

    def __post_init__(self) -> None:
        check_numbers(self, positive=("capacity", "timeout_s"), ttl_s=0)


class TokenExchange:
    """Each inner service accepts only tokens issued for it, and sees the calling service in ``act``.

    A cached exchange is used only for a token that the validator of this service has just accepted.
    """

    name: ClassVar[str] = "token_exchange"
    summary: ClassVar[str] = "services swap the token that they get for one issued for the service that they call"
    token_format: ClassVar[TokenFormat | None] = None
    own_audiences: ClassVar[bool] = True
    Settings: ClassVar[type[TokenExchangeSettings]] = TokenExchangeSettings

    @staticmethod
    def list_operations(settings: TokenExchangeSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"token.hash", "cache.lookup", "form.encode", "json.decode"})

    def __init__(self, settings: TokenExchangeSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._authorization = format_basic_authorization(deployment.resource_server)

    @property
    def capacity(self) -> int:
        """Number of exchanged tokens for which a replica has room."""
        return self._settings.capacity

    def create_state(self) -> AnswerCache:
        """Create an empty cache of exchanged tokens."""
        return AnswerCache(self._settings.capacity)

    def obtain_credential(self, ctx: Context, state: AnswerCache, token: str, audience: str) -> Flow[str | Failed]:
        """Obtain a cached token, or a new one; requests that need the same at the same time share one exchange."""
        key = f"{(yield Compute('token.hash', partial(make_store_key, token)))} {audience}"
        cached: Introspection | None = yield Compute("cache.lookup", lambda: state.get(key, ctx.now()))
        if cached is not None:
            return cached.text
        exchange = partial(self._exchange, ctx, state, key, token, audience)
        exchanged: str | Failed = yield Once(("exchange", key), exchange)
        return exchanged

    def _exchange(self, ctx: Context, state: AnswerCache, key: str, token: str, audience: str) -> Flow[str | Failed]:
        """Request the exchange (section 2.1) and read the answer (section 2.2.1)."""
        form = {
            "grant_type": GRANT_TYPE,
            "subject_token": token,
            "subject_token_type": ACCESS_TOKEN,
            "audience": audience,
        }
        body = yield Compute("form.encode", lambda: encode_form(form, errors="surrogatepass").encode())
        requested_at = ctx.now()
        reply: Answer = yield Call("token", HttpRequest(self._authorization, body), self._settings.timeout_s)
        if isinstance(reply, Failed):
            return reply
        answer = yield Compute("json.decode", partial(parse_json_object, reply.body))
        if reply.status != 200:
            is_refused = answer is not None and answer.get("error") in REFUSED
            return "" if is_refused else Failed("status", reply.status)
        if answer is None or not _is_usable(answer):
            return Failed("status", reply.status)
        exchanged = Introspection(answer, requested_at, answer["access_token"])
        until = requested_at + min(self._settings.ttl_s, answer["expires_in"])
        if until > ctx.now():
            state.put(key, exchanged, until)
        return exchanged.text


def _is_usable(answer: Mapping[str, Any]) -> bool:
    life, token = answer.get("expires_in"), answer.get("access_token")
    kind = answer.get("token_type")
    bearer = isinstance(kind, str) and kind.lower() == "bearer"
    usable = isinstance(token, str) and bool(token) and is_finite_number(life)
    return usable and bearer and answer.get("issued_token_type") == ACCESS_TOKEN

"""Bearer tokens at the client: obtained, renewed with a refresh token, and presented (RFC 6749, RFC 6750)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, ClassVar, NamedTuple

from simlib.scenario.effects import Answer, Call, Compute, Context, Draw, Failed, Flow, Once, Reply, Sleep, new_tuple
from simlib.scenario.encodings import decode_json, encode_form
from simlib.scenario.messages import HttpRequest, TokenResponse
from simlib.strategies.base import DeploymentConfig, check_numbers
from simlib.strategies.call_interception import find_failure
from simlib.strategies.introspection_client import format_basic_authorization, parse_json_object
from simlib.tokens import TokenFormat

TOO_MANY = 429

TokenOutcome = TokenResponse | Answer
SignIn = Callable[[Context], Flow[TokenOutcome]]
Refresh = Callable[[Context, str], Flow[TokenOutcome]]


@dataclass(frozen=True)
class BearerSettings:
    """``refresh_before_s``: a token this close to its end is renewed before it is used; ``refresh_jitter_s``: a drawn
    part of this is added to it, for every token anew, so that clients do not renew in step. ``retry_refused``: after a
    401 the client gets a new token and tries once more; without it the answer is passed on. In both cases it keeps the
    newest token that it has, refused or not, until that is spent. ``retry_limited``: how often it requests a token
    again after 429, each time as much later as the server says. ``timeout_s`` bounds each of its calls.
    """

    refresh_before_s: float = 0.0
    retry_refused: bool = True
    timeout_s: float = 30.0
    refresh_jitter_s: float = 0.0
    retry_limited: int = 1

    def __post_init__(self) -> None:
        check_numbers(self, positive=("timeout_s",), refresh_before_s=0, refresh_jitter_s=0, retry_limited=0)


class ClientToken(NamedTuple):
    """An access token that a client holds, and when it ends by the client's clock (seconds).

    ``early_s``: seconds by which it is renewed before others.
    """

    token: str
    expires_at: float
    early_s: float = 0.0


class UserClient:
    """One user's client: a session with its refresh token, if it has one, and the access token it has, if any.

    ``session_until`` (seconds) is when the user must sign in again. ``sign_in`` does so and sets ``session_until`` to
    the end of the new session; None where sessions never begin. ``refresh`` redeems a refresh token as this kind of
    client does it; None when it is the deployment's usual one. ``target`` is where its API requests go: "bff" for a
    browser that has a backend, to which it sends its token as a cookie. ``client_id`` is empty for that of the
    deployment. ``presenter_state`` belongs to the presenter.
    """

    __slots__ = (
        "access_token",
        "client_id",
        "presenter_state",
        "refresh",
        "refresh_token",
        "session_until",
        "sign_in",
        "target",
        "user",
    )

    def __init__(
        self,
        user: int,
        refresh_token: str,
        held: ClientToken | None,
        sign_in: SignIn | None = None,
        session_until: float = inf,
        refresh: Refresh | None = None,
        target: str = "api",
        client_id: str = "",
    ) -> None:
        self.user = user
        self.refresh_token = refresh_token
        self.access_token = held
        self.sign_in = sign_in
        self.session_until = session_until
        self.refresh = refresh
        self.target = target
        self.client_id = client_id
        self.presenter_state: Any = None


class Bearer:
    """Holds one token per user, renews it when it is spent, and presents it."""

    name: ClassVar[str] = "bearer"
    summary: ClassVar[str] = "bearer token, renewed with a refresh token when it is spent"
    token_format: ClassVar[TokenFormat | None] = None
    Settings: ClassVar[type[Any]] = BearerSettings

    @staticmethod
    def list_operations(settings: Any, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile."""
        return frozenset({"form.encode", "json.decode"})

    def __init__(self, settings: Any, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment
        self.authorization = format_basic_authorization(deployment.client)

    @property
    def useful_life_s(self) -> float:
        """Seconds from issue for which the client uses a token on average, 0 when it renews for every request."""
        jitter: float = self._settings.refresh_jitter_s
        longest: float = max(0.0, self._deployment.token_lifetime_s - self._settings.refresh_before_s)
        return longest - jitter / 2 if jitter <= longest else longest * longest / (2 * jitter)

    def request(self, ctx: Context, state: UserClient, request: HttpRequest) -> Flow[Answer]:
        """Make one API request: a token if needed, the call, and one more try after a refusal."""
        answer, presented = yield from self._attempt(ctx, state, request)
        if self._settings.retry_refused and presented is not None and _is_refusal(answer):
            answer, _ = yield from self._attempt(ctx, state, request, presented)
        return answer

    def wrap_flow(self, ctx: Context, state: UserClient, flow: Flow[Any]) -> Flow[Any]:
        """Return the flow unchanged: a bearer's calls need nothing more."""
        return flow

    def _attempt(
        self, ctx: Context, state: UserClient, request: HttpRequest, refused: ClientToken | None = None
    ) -> Flow[tuple[Answer, ClientToken | None]]:
        """Call with the token that the client has, or with a new one; returns the answer and what was presented.

        A token is renewed when it is spent or is the one that was ``refused``; then none is presented if that fails.
        """
        held = state.access_token
        if held is None or held is refused or self._is_spent(held, state, ctx.now()):
            held = yield Once(("token", state.user), partial(self._obtain, ctx, state))
            if not isinstance(held, ClientToken):
                failure: Answer = held
                if find_failure(failure) is None:  # the server answers that there is nothing left to renew
                    state.access_token = None
                return failure, None
        scheme = "Bearer " if state.target == "api" else "Cookie "
        authorized = new_tuple(HttpRequest, (scheme + held.token, *request[1:]))
        requested_at = ctx.now()
        answer: Answer = yield new_tuple(Call, (state.target, authorized, self._settings.timeout_s))
        if state.access_token is held and state.target != "api" and _is_refusal(answer):
            state.access_token = None  # a cookie that its own backend refuses is of no use any more
        elif isinstance(answer, Reply) and answer.cookie is not None and state.access_token is held:
            state.access_token = ClientToken(answer.cookie.value, requested_at + answer.cookie.max_age_s)
        return answer, held

    def _is_spent(self, held: ClientToken, state: UserClient, now: float) -> bool:
        return now >= held.expires_at - self._settings.refresh_before_s - held.early_s or now >= state.session_until

    def _obtain(self, ctx: Context, state: UserClient) -> Flow[ClientToken | Answer]:
        """Continue the session, or begin one when there is none, also by the server's answer."""
        sign_in = state.sign_in
        if sign_in is not None and (not state.refresh_token or ctx.now() >= state.session_until):
            obtained = yield from self._request_with_retries(partial(self._begin_session, ctx, state, sign_in))
        else:
            obtained = yield from self._request_with_retries(partial(self._refresh, ctx, state))
            if sign_in is not None and (yield from _is_invalid_grant(obtained)):
                obtained = yield from self._request_with_retries(partial(self._begin_session, ctx, state, sign_in))
        if not isinstance(obtained, TokenResponse):
            return obtained
        return (yield from self._store_tokens(ctx, state, obtained))

    def _begin_session(self, ctx: Context, state: UserClient, sign_in: SignIn) -> Flow[TokenOutcome]:
        """Begin a new session; nothing of the old one is used again, even when the sign-in fails."""
        state.refresh_token, state.access_token, state.session_until = "", None, inf
        return (yield from sign_in(ctx))

    def _refresh(self, ctx: Context, state: UserClient) -> Flow[TokenOutcome]:
        """Redeem the refresh token (RFC 6749 section 6)."""
        if state.refresh is not None:
            return (yield from state.refresh(ctx, state.refresh_token))
        form = {"grant_type": "refresh_token", "refresh_token": state.refresh_token, "scope": self._deployment.scope}
        body = yield Compute("form.encode", lambda: encode_form(form).encode())
        requested_at = ctx.now()
        answer: Answer = yield Call("token", HttpRequest(self.authorization, body), self._settings.timeout_s)
        if isinstance(answer, Failed) or answer.status != 200:
            return answer
        body = yield Compute("json.decode", partial(decode_json, answer.body))
        return _parse_token_response(body, requested_at)

    def _request_with_retries(self, request: Callable[[], Flow[TokenOutcome]]) -> Flow[TokenOutcome]:
        """Request tokens; after 429 wait as long as the server says and request again (RFC 6585 section 4)."""
        obtained = yield from request()
        for _ in range(self._settings.retry_limited):
            if not isinstance(obtained, Failed) or obtained.status != TOO_MANY or obtained.retry_after is None:
                break
            yield Sleep(obtained.retry_after)
            obtained = yield from request()
        return obtained

    def _store_tokens(self, ctx: Context, state: UserClient, tokens: TokenResponse) -> Flow[ClientToken | Answer]:
        """Store the tokens; under rotation also the next refresh token."""
        early_s = 0.0
        if self._settings.refresh_jitter_s:
            early_s = (yield Draw("refresh_jitter")) * self._settings.refresh_jitter_s
        state.refresh_token = tokens.refresh_token or state.refresh_token
        # Counted from the request: the client must not use a token for longer than the server accepts it.
        state.access_token = ClientToken(tokens.access_token, tokens.requested_at + tokens.expires_in, early_s)
        return state.access_token


def _is_refusal(answer: Answer) -> bool:
    return isinstance(answer, Reply) and answer.status == 401


def _parse_token_response(body: Mapping[str, Any], requested_at: float) -> TokenResponse:
    further = {name: body.get(name, "") for name in ("refresh_token", "id_token", "scope")}
    return TokenResponse(body["access_token"], body["expires_in"], requested_at, **further)


def _is_invalid_grant(obtained: TokenOutcome) -> Flow[bool]:
    """Whether the server knows the refresh token no more (RFC 6749 section 5.2)."""
    if not isinstance(obtained, Reply) or obtained.status != 400:
        return False
    answer = yield Compute("json.decode", partial(parse_json_object, obtained.body))
    return answer is not None and answer.get("error") == "invalid_grant"

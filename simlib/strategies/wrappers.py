"""Wrapper base classes: each passes everything on to the part inside, and a subclass overrides what it changes."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, TypeVar

from simlib.scenario.effects import Answer, Call, Compute, Context, Flow, Reply, Verdict
from simlib.scenario.messages import HttpRequest, TokenRow
from simlib.strategies.base import (
    CALLED_FOR_NEW_TOKENS,
    Bound,
    Grant,
    Issued,
    PresentedToken,
    RequestDemand,
    ServerDependencies,
)
from simlib.strategies.call_interception import intercept_calls, is_authorization_server
from simlib.strategies.protocols import (
    BackgroundWorker,
    Issuer,
    Presenter,
    PushReceiver,
    StationaryStarter,
    Validator,
    list_server_dependencies,
)
from simlib.tokens import SigningKey, read_payload

T = TypeVar("T")

ReplicaCallSender = Callable[[Context, Any, Call], Flow[Answer]]
"""Makes one call, with the state of the replica."""


def passes_other_credential(validator: object) -> bool:
    """Whether a validator, or the one that it is around, passes on another credential than the one presented."""
    inner = getattr(validator, "inner", None)
    return getattr(validator, "forwards", None) is not None or (inner is not None and passes_other_credential(inner))


class WrapperState(NamedTuple):
    """State of one replica: the wrapper's own and that of the validator inside."""

    own: Any
    inner: Any


class ValidatorWrapper:
    """Passes everything on to the validator inside; a wrapper overrides what it changes.

    ``binds``: it refuses clients that cannot prove a key. ``fails_open``: it accepts when no verdict can be reached,
    marked by the reason of the verdict.
    """

    def __init__(self, inner: Validator) -> None:
        self.inner = inner
        self.user_information_sources = inner.user_information_sources
        self.caches_answers = inner.caches_answers
        self.asks_authorization_server = inner.asks_authorization_server
        self.binds: bool = getattr(inner, "binds", False)
        self.fails_open: bool = getattr(inner, "fails_open", False)

    @property
    def capacity(self) -> int | None:
        """Number of tokens for which a replica has room, by the validator inside; None without a bound."""
        room: int | None = getattr(self.inner, "capacity", None)
        return room

    def compute_bound(self) -> Bound:
        """Return the bound of the validator inside."""
        return self.inner.compute_bound()

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List what the validator inside needs of the authorization server; a wrapper adds what it needs itself."""
        inner = list_server_dependencies(self.inner, demand)
        introspects = self.asks_authorization_server and not self.inner.asks_authorization_server
        return (*inner, CALLED_FOR_NEW_TOKENS) if introspects else inner

    def create_wrapper_state(self) -> Any:
        """Create the wrapper's own state in one replica, as it starts."""

    def create_state(self) -> WrapperState:
        """Create both states."""
        return WrapperState(self.create_wrapper_state(), self.inner.create_state())

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """The verdict of the validator inside."""
        return (yield from self.inner.validate(ctx, state.inner, presented))

    def list_background_tasks(self, ctx: Context, state: WrapperState) -> tuple[Flow[None], ...]:
        """List the background tasks of the validator inside; a wrapper adds its own."""
        return self.inner.list_background_tasks(ctx, state.inner) if isinstance(self.inner, BackgroundWorker) else ()

    def begin_stationary(self, state: WrapperState, requests_per_s: float, draw: Callable[[], float]) -> None:
        """Begin the validator inside; a wrapper that keeps something of very many requests begins its own state."""
        if isinstance(self.inner, StationaryStarter):
            self.inner.begin_stationary(state.inner, requests_per_s, draw)

    def receive(self, ctx: Context, state: WrapperState, request: HttpRequest) -> Flow[Reply]:
        """Hand a push that is not the wrapper's to the validator inside; 404 when that receives none."""
        if isinstance(self.inner, PushReceiver):
            return (yield from self.inner.receive(ctx, state.inner, request))
        return Reply(404)


class IssuerWrapper:
    """Passes everything on to the part inside; a wrapper overrides what it changes."""

    def __init__(self, inner: Issuer) -> None:
        self.inner = inner
        self.token_format = getattr(inner, "token_format", None)
        if hasattr(inner, "sign"):  # only a server with a key has it, and callers test for it
            self.sign = inner.sign

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Issue an access token."""
        return self.inner.issue(ctx, grant)

    def inspect(self, ctx: Context, token: str) -> Flow[TokenRow | None]:
        """Find the row that an access token stands for now; None when it is not active."""
        return self.inner.inspect(ctx, token)

    def revoke(self, ctx: Context, token: str) -> Flow[bool]:
        """Revoke an access token; returns whether there was such a token."""
        return self.inner.revoke(ctx, token)

    def list_keys(self) -> tuple[SigningKey, ...]:
        """List the keys whose public halves the JWKS endpoint serves."""
        return self.inner.list_keys()


class JwtIssuerWrapper(IssuerWrapper):
    """Wraps a part that issues signed tokens, which the server itself can read."""

    def revoke_claims(self, ctx: Context, token: str) -> Flow[Mapping[str, Any] | None]:
        """Revoke a token; its claims, verified by the part inside, or None when there is no such token."""
        if not (yield from self.inner.revoke(ctx, token)):
            return None
        claims: Mapping[str, Any] = yield Compute("json.decode", partial(read_payload, token))
        return claims


class PresenterWrapper:
    """Passes everything on to the part inside; a wrapper overrides ``send_call``, which calls ``targets``."""

    targets: frozenset[str] = frozenset({"api", "token"})

    def __init__(self, inner: Presenter) -> None:
        self.inner = inner
        self.authorization = inner.authorization

    @property
    def useful_life_s(self) -> float:
        """Seconds for which the part inside uses a token."""
        return self.inner.useful_life_s

    def send_call(self, ctx: Context, state: Any, call: Call) -> Flow[Answer]:
        """Make one call."""
        answer: Answer = yield call
        return answer

    def request(self, ctx: Context, state: Any, request: HttpRequest) -> Flow[Any]:
        """Make one API request of the part inside."""
        return self._intercept(ctx, state, self.inner.request(ctx, state, request))

    def wrap_flow(self, ctx: Context, state: Any, flow: Flow[T]) -> Flow[T]:
        """Wrap another flow of the same client, so that its calls are made as here."""
        return self._intercept(ctx, state, self.inner.wrap_flow(ctx, state, flow))

    def _intercept(self, ctx: Context, state: Any, flow: Flow[T]) -> Flow[T]:
        return intercept_calls(flow, self.targets.__contains__, partial(self.send_call, ctx, state))


class CallWrapper(ValidatorWrapper):
    """The validator inside with its calls to the authorization server, those of its background work too, made by
    ``send_call``; ``new_state`` makes the state of it in each replica.
    """

    def __init__(self, inner: Validator, new_state: Callable[[], Any], send_call: ReplicaCallSender) -> None:
        super().__init__(inner)
        self._new_state = new_state
        self._send_call = send_call

    def create_wrapper_state(self) -> Any:
        """Create the state that the calls of one replica share."""
        return self._new_state()

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        """The verdict of the validator inside."""
        return self._intercept(ctx, state, super().validate(ctx, state, presented))

    def list_background_tasks(self, ctx: Context, state: WrapperState) -> tuple[Flow[None], ...]:
        """List the background tasks of the validator inside."""
        return tuple(self._intercept(ctx, state, flow) for flow in super().list_background_tasks(ctx, state))

    def _intercept(self, ctx: Context, state: WrapperState, flow: Flow[Any]) -> Flow[Any]:
        return intercept_calls(flow, is_authorization_server, partial(self._send_call, ctx, state.own))

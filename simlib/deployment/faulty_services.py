"""Faulty services: endpoints of an authorization server with other key sets, and token stores that fail or are full."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from simlib.deployment.database import build_database_handler
from simlib.deployment.fault_schedule import FaultSchedule
from simlib.deployment.handlers import EndpointFault
from simlib.deployment.key_rotation import RotatingIssuer
from simlib.engine.hosts import Handler, HostContext
from simlib.engine.network import Bind
from simlib.scenario.effects import Call, Compute, Context, Failed, Flow, Reply
from simlib.scenario.hosts import STORE
from simlib.scenario.messages import HttpRequest, StoreConsume, StorePut, StoreRequest, StoreRevoke
from simlib.stores import TokenStore
from simlib.strategies import Endpoint, Issuer
from simlib.tokens import KeySet

if TYPE_CHECKING:
    pass

WRITES = (StorePut, StoreRevoke, StoreConsume)
FULL = Failed("status", 500)

IsFull = Callable[[float], bool]
"""Whether the store takes no writes at an instant (seconds)."""


def fail_with_store(
    flow: Flow[Any], ctx: Context, is_full: IsFull, operation_of: Callable[[StoreRequest], str] | None
) -> Flow[Any]:
    """The work of a server that ends with 500 when its store fails, as after an uncaught exception (RFC 9110 section
    15.6.1). What it wrote before that stays written.

    ``operation_of``: cost of a request to a store in the server's own process; None when a host of its own answers.
    """
    answer: Any = None
    while True:
        try:
            effect = flow.send(answer)
        except StopIteration as stop:
            return stop.value
        if not isinstance(effect, Call) or effect.target != STORE:
            answer = yield effect
            continue
        if operation_of is not None and isinstance(effect.request, WRITES) and is_full(ctx.now()):
            yield Compute(operation_of(effect.request))
            answer = FULL
        else:
            answer = yield effect
        if answer.__class__ is Failed:
            flow.close()
            return Reply(500)


class FullStore:
    """A store on a host of its own that refuses writes while it is full."""

    def __init__(self, execute: Callable[[StoreRequest], Any], is_full: IsFull, now: Callable[[], float]) -> None:
        self._execute = execute
        self._is_full = is_full
        self._now = now

    def execute(self, request: StoreRequest) -> Any:
        """The answer of the store, or that it failed."""
        return FULL if isinstance(request, WRITES) and self._is_full(self._now()) else self._execute(request)


OperationOf = Callable[[StoreRequest], str] | None


# --- code of servers and clients ---------------------------------------------------------------------------------


def build_endpoint_fault(schedule: FaultSchedule, issuer: Issuer, operation_of: OperationOf) -> EndpointFault:
    """Faults inside an authorization server: other key sets, a store that fails."""

    def wrap_endpoint(name: str, endpoint: Endpoint) -> Endpoint:
        if name == "jwks" and schedule.changes_key_sets:
            endpoint = partial(_serve_faulty_jwks, endpoint, schedule, issuer)
        if schedule.affects_store:
            endpoint = partial(_serve_failing, endpoint, schedule, operation_of)
        return endpoint

    return wrap_endpoint


def _serve_faulty_jwks(
    endpoint: Endpoint, schedule: FaultSchedule, issuer: Issuer, ctx: Context, request: HttpRequest, server: Any
) -> Flow[Reply]:
    keys = KeySet() if schedule.is_jwks_empty(ctx.now()) else _find_key_set(issuer, ctx.now())
    return (yield from endpoint(ctx, request, replace(server, jwks=keys.to_jwks)))


def _find_key_set(issuer: Any, now: float) -> KeySet:
    """The public keys at an instant (seconds)."""
    inner = issuer
    while not isinstance(inner, RotatingIssuer):
        if not hasattr(inner, "inner"):
            only = issuer.list_keys()
            return KeySet(tuple(key.verification_key for key in only))
        inner = inner.inner
    return inner.find_key_set(now)


def _serve_failing(
    endpoint: Endpoint,
    schedule: FaultSchedule,
    operation_of: OperationOf,
    ctx: Context,
    request: HttpRequest,
    server: Any,
) -> Flow[Reply]:
    return fail_with_store(endpoint(ctx, request, server), ctx, schedule.is_store_full, operation_of)


def bind_faulty_database(schedule: FaultSchedule, store: TokenStore) -> Bind:
    """The handler of a token store on a host of its own, which may be full."""

    def bind(ctx: HostContext) -> Handler:
        if not schedule.affects_store:
            return build_database_handler(store)
        failing: Any = FullStore(store.execute, schedule.is_store_full, ctx.now)
        return build_database_handler(failing)

    return bind


# --- the network ---------------------------------------------------------------------------------------------------

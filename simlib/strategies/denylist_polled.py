"""Denylist in each replica, polled from the authorization server, for signed tokens (S9 of
data/evidence/strategies.csv)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Literal, get_args
from urllib.parse import urlencode

from simlib.scenario.effects import Call, Compute, Context, Draw, Failed, Flow, Once, Sleep, Verdict
from simlib.scenario.messages import HttpRequest
from simlib.strategies.base import (
    Bound,
    DeploymentConfig,
    RequestDemand,
    ServerDependencies,
    ServerDependency,
    check_numbers,
    check_one_of,
)
from simlib.strategies.call_interception import find_request_time
from simlib.strategies.denylist import (
    Denylist,
    DenylistSettings,
    DenylistValidator,
    DenylistWrapper,
    read_denylist_entry,
    refuse_denied,
)
from simlib.strategies.introspection_client import format_basic_authorization
from simlib.strategies.protocols import Validator
from simlib.strategies.verdicts import confirm_verdict, refuse_unavailable
from simlib.strategies.wrappers import WrapperState
from simlib.tokens import is_finite_number

WhenOld = Literal["refuse", "accept"]


@dataclass(frozen=True)
class DenylistPolledSettings(DenylistSettings):
    """``poll_s``: from one poll to the next, each of at most ``timeout_s``. ``overlap_s``: how far a poll reaches back
    behind the newest entry, because a revocation is stamped a little before it can be read.

    ``fail_open_s``: so much longer than a poll takes at most the list is used when the AS cannot be reached;
    ``when_old``: after that tokens are refused with 503, or accepted all the same.
    """

    poll_s: float = 30.0
    overlap_s: float = 5.0
    fail_open_s: float = 60.0
    when_old: WhenOld = "refuse"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_numbers(self, positive=("poll_s",), overlap_s=0, fail_open_s=0)
        check_one_of("when_old", self.when_old, get_args(WhenOld))

    @property
    def useful_s(self) -> float:
        """Seconds from a poll for which its list is used."""
        return self.poll_s + self.timeout_s + self.fail_open_s


class DenylistPolled(DenylistWrapper):
    """Revocations hold after the next poll; no request waits for the AS, except for the first list of a replica."""

    name: ClassVar[str] = "denylist_polled"
    summary: ClassVar[str] = "revoked tokens listed by the AS, fetched by each replica at intervals"
    learns_from_lists: ClassVar[bool] = True
    Settings: ClassVar[type[DenylistPolledSettings]] = DenylistPolledSettings

    @staticmethod
    def list_operations(settings: DenylistPolledSettings, deployment: DeploymentConfig) -> frozenset[str]:
        """List its operations in a cost profile, at the feed of the AS too."""
        feed = {"client.authenticate", "form.decode", "store.list", "json.encode"}
        return frozenset({"form.encode", "json.decode", "cache.lookup", *feed})

    def wrap_validator(self, validator: Validator) -> Validator:
        """Wrap the validator: it polls in the background, and refuses listed tokens."""
        return _PollingValidator(validator, self._settings, self._deployment)


EVER = -1e12
"""Begin of the first poll (NumericDate): before any revocation, whatever the clock counts from."""


class PolledDenylist:
    """Denylist of one replica, and what the next poll requests.

    ``since``: begin of the next poll by the clock of the AS (NumericDate); ``answered_at``: when the list in use was
    requested (seconds).
    """

    __slots__ = ("answered_at", "denylist", "since")

    def __init__(self) -> None:
        self.denylist = Denylist()
        self.since = EVER
        self.answered_at = float("-inf")


class _PollingValidator(DenylistValidator):
    def __init__(self, inner: Validator, settings: DenylistPolledSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._settings = settings
        self._deployment = deployment
        self._authorization = format_basic_authorization(deployment.resource_server)

    def compute_bound(self) -> Bound:
        """Compute the bound: a list is used until it is too old; without limit when old lists are accepted."""
        inner, settings = self.inner.compute_bound(), self._settings
        if settings.when_old == "accept":
            return inner
        return inner._replace(after_revocation_s=min(settings.useful_s, inner.after_revocation_s))

    def list_server_dependencies(self, demand: RequestDemand) -> ServerDependencies:
        """List the denylist, unless old ones are accepted: as an outage begins, a poll may be due or under way."""
        inner = super().list_server_dependencies(demand)
        return inner if self._settings.when_old == "accept" else (*inner, ServerDependency(self._settings.fail_open_s))

    def create_wrapper_state(self) -> PolledDenylist:
        """Create an empty list that was never polled."""
        return PolledDenylist()

    def list_background_tasks(self, ctx: Context, state: WrapperState) -> tuple[Flow[None], ...]:
        """List one poller, beside the tasks of the validator inside."""
        return (*super().list_background_tasks(ctx, state), self._poll(ctx, state.own))

    def _look_up(self, ctx: Context, own: PolledDenylist, verdict: Verdict, identity: tuple[str, str]) -> Flow[Verdict]:
        """Look into the list; the first request of a replica waits for it."""
        if own.answered_at == float("-inf"):
            yield Once("denylist", partial(self._fetch, ctx, own))
        yield Compute("cache.lookup")
        if own.denylist.is_denied(*identity):
            return refuse_denied(verdict, own.answered_at)
        if self._settings.when_old == "refuse" and ctx.now() >= own.answered_at + self._settings.useful_s:
            return refuse_unavailable("denylist_old")
        return confirm_verdict(verdict, ctx.now(), self._leeway_s, own.answered_at)

    def _poll(self, ctx: Context, polled: PolledDenylist) -> Flow[None]:
        phase = yield Draw("denylist.phase")
        yield Sleep(phase * self._settings.poll_s)
        while True:
            begun = ctx.now()
            yield Once("denylist", partial(self._fetch, ctx, polled))
            yield Sleep(max(0.0, begun + self._settings.poll_s - ctx.now()))

    def _fetch(self, ctx: Context, polled: PolledDenylist) -> Flow[None]:
        """Fetch new entries and add them; an answer that cannot be read adds none."""
        requested_at = ctx.now()
        form = {"since": repr(polled.since), "leeway": repr(self._leeway_s)}
        body = yield Compute("form.encode", lambda: urlencode(form).encode())
        request = HttpRequest(self._authorization, body)
        reply = yield Call("revocations", request, self._settings.timeout_s)
        if isinstance(reply, Failed) or reply.status != 200:
            return
        requested_at = find_request_time(reply, requested_at)
        entries = yield Compute("json.decode", partial(_parse_entries, reply.body))
        if entries is None:
            return
        for entry in entries:
            listed = read_denylist_entry(entry)
            if listed is not None and listed.issuer == self._deployment.issuer:
                polled.denylist.add(listed, self._leeway_s, ctx.now())
            revoked_at = entry.get("revoked_at")
            if is_finite_number(revoked_at):
                polled.since = max(polled.since, revoked_at - self._settings.overlap_s)
        polled.answered_at = requested_at


def _parse_entries(body: bytes) -> list[Mapping[str, Any]] | None:
    try:
        entries = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return None
    return entries

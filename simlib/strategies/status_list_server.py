"""Token Status List at the authorization server: tokens get an index, and the list of their statuses is served.

A list is built from the token store at each fetch, so every replica serves every list, and a restart loses none."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from simlib.scenario.effects import Call, Compute, Context, Flow, Reply
from simlib.scenario.messages import HttpRequest, StoreRevokedSince, TokenRow
from simlib.strategies.base import DeploymentConfig, Grant, Issued, check_numbers
from simlib.strategies.denylist import KEPT_AFTER_EXPIRY_S
from simlib.strategies.protocols import Issuer
from simlib.strategies.wrappers import IssuerWrapper
from simlib.tokens import STATUS_LIST_TYPE, StatusList, to_numeric_date


@dataclass(frozen=True)
class StatusListSettings:
    """``entries``: how many tokens one list has room for, one bit each.

    ``ttl_s``: after this long a resource server fetches the list again; ``lifetime_s``: so long it uses the old one
    when it cannot. Both are at least 1, because they are sent in whole seconds. ``timeout_s`` bounds each fetch,
    ``retry_s`` is the pause after one that failed, ``jwks_lifetime_s`` how long the keys are used by which lists are
    verified. ``limit_bytes``: a list that unpacks to more is refused. ``leeway_s``: how long an entry stays after the
    ``exp`` of its token, which must be no less than the leeway of the validators.
    """

    entries: int = 100_000
    ttl_s: float = 60.0
    lifetime_s: float = 60.0
    timeout_s: float = 5.0
    retry_s: float = 1.0
    jwks_lifetime_s: float = 300.0
    limit_bytes: int = 1_000_000
    leeway_s: float = KEPT_AFTER_EXPIRY_S

    def __post_init__(self) -> None:
        positive = ("timeout_s", "retry_s", "jwks_lifetime_s")
        check_numbers(self, positive, entries=1, ttl_s=1, lifetime_s=1, leeway_s=0, limit_bytes=1)
        if self.lifetime_s < self.ttl_s:
            raise ValueError("lifetime_s must be at least ttl_s")
        if self.limit_bytes * 8 < self.entries:
            raise ValueError("limit_bytes must be enough for entries bits")


PATH = "/statuslists/"


def read_status_reference(claims: Mapping[str, Any]) -> tuple[str, int] | None:
    """Read URI and index from the claim "status" (section 6.1); None when they are missing."""
    match claims.get("status"):
        case {"status_list": {"idx": int(index), "uri": str(uri)}} if not isinstance(index, bool) and index >= 0:
            return uri, index
    return None


class StatusIndexIssuer(IssuerWrapper):
    """Gives each token the next index of a list, and begins a new list of a random name when one is full.

    So no two processes assign the same index, without coordination. The simulated replicas of a server share one
    sequence, where real ones would each begin lists of their own.
    """

    def __init__(self, inner: Issuer, settings: StatusListSettings, deployment: DeploymentConfig) -> None:
        super().__init__(inner)
        self._entries = settings.entries
        self._base = deployment.issuer + PATH
        self._uri = ""
        self._next = settings.entries

    def issue(self, ctx: Context, grant: Grant) -> Flow[Issued]:
        """Issue a token with an index in a list."""
        if self._next == self._entries:
            self._uri, self._next = self._base + ctx.random_bytes("status_list", 8).hex(), 0
        status = {"status_list": {"idx": self._next, "uri": self._uri}}
        self._next += 1
        return (yield from self.inner.issue(ctx, grant._replace(claims={**grant.claims, "status": status})))


class StatusListEndpoint:
    """Answers with the signed list of the URI that the request's body stands for (section 8)."""

    def __init__(self, settings: StatusListSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings
        self._deployment = deployment

    def __call__(self, ctx: Context, request: HttpRequest, server: Any) -> Flow[Reply]:
        """Answer with the list as it is now; 404 for a list of another server, 501 when this one cannot sign."""
        settings = self._settings
        uri = request.body.decode(errors="replace")
        if not uri.startswith(self._deployment.issuer + PATH):
            return Reply(404)
        if server.sign is None:
            return Reply(501)
        made_at = ctx.now()
        # An entry stays for as long as validators with leeway may accept its token after exp.
        valid_until = made_at - settings.leeway_s
        since = valid_until - self._deployment.token_lifetime_s - 1.0
        rows = yield Call("store", StoreRevokedSince(since, valid_until))
        claim = yield Compute("status_list.build", partial(_build_claim, rows, uri, settings.entries))
        claims = {
            "iss": self._deployment.issuer,
            "sub": uri,
            "iat": to_numeric_date(made_at),
            "exp": to_numeric_date(made_at) + math.floor(settings.lifetime_s),
            "ttl": math.floor(settings.ttl_s),
            "status_list": claim,
        }
        token = yield from server.sign(ctx, claims, STATUS_LIST_TYPE)
        return Reply(200, token.encode(), date=ctx.now())


def _build_claim(rows: Iterable[tuple[str, TokenRow]], uri: str, entries: int) -> dict[str, Any]:
    return StatusList.create(entries, _iterate_indexes(rows, uri, entries)).to_claim()


def _iterate_indexes(rows: Iterable[tuple[str, TokenRow]], uri: str, entries: int) -> Iterator[int]:
    """Iterate over the indexes of revoked tokens in one list; rows of other lists are skipped."""
    for _, row in rows:
        if uri in row.details:
            reference = read_status_reference(json.loads(row.details).get("claims", {}))
            if reference is not None and reference[0] == uri and reference[1] < entries:
                yield reference[1]

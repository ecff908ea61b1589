"""No token is faked and no message skipped: what is really done in a run equals what its records say was needed.

The real functions are wrapped and counted while the run is on: signatures and verifications of PyJWT, requests to the
token store, parsed JSON documents, encoded and decoded forms. What is expected follows from the calls in the records
and from how each strategy works, so it holds whatever the engine does to be quick.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import jwt
import numpy as np
import pytest

import simlib
from simlib.engine.kernel import Kernel
from simlib.scenario.messages import StoreGet, StorePut
from simlib.scenario.records import Records
from simlib.services import http
from simlib.stores import MemoryStore, SqliteStore
from simlib.strategies import bearer, introspection_client
from support.worlds import scenario

STORES = {"dict": MemoryStore, "sqlite": SqliteStore}


class Counts(Counter[str]):
    """Calls by name, while ``on``."""

    on = False

    def wrap(self, patch: pytest.MonkeyPatch, owner: Any, name: str, label: Callable[..., str]) -> None:
        real = getattr(owner, name)

        def counting(*arguments: Any, **named: Any) -> Any:
            self[label(*arguments)] += self.on
            return real(*arguments, **named)

        patch.setattr(owner, name, counting)


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> Counts:
    counts, run = Counts(), Kernel.run

    def run_counted(kernel: Kernel, until: Any = None) -> None:
        counts.on = True
        run(kernel, until)
        counts.on = False

    monkeypatch.setattr(Kernel, "run", run_counted)
    counts.wrap(monkeypatch, jwt.PyJWS, "encode", lambda *_: "signatures")
    counts.wrap(monkeypatch, jwt.PyJWS, "decode_complete", lambda *_: "verifications")
    for store in STORES.values():
        counts.wrap(monkeypatch, store, "execute", lambda _, request: type(request).__name__)
    for module in (http, bearer, introspection_client):
        counts.wrap(monkeypatch, module, "decode_json", lambda *_: "json")
    for module in (bearer, introspection_client):
        counts.wrap(monkeypatch, module, "encode_form", lambda *_: "encoded forms")
    counts.wrap(monkeypatch, http, "decode_form", lambda *_: "decoded forms")
    counts.wrap(monkeypatch, http, "encode_json", lambda *_: "encoded json")
    return counts


def answered(records: Records) -> Counter[str]:
    """Calls by target; every one of them has been answered."""
    calls = records["calls"]
    assert (calls["status"] == 200).all()
    return Counter(records.names[target] for target in calls["target"].tolist())


def executed(records: Records) -> dict[str, int]:
    """Charged operations by name, over all hosts."""
    operations = records["operations"]
    names, found = operations["operation"].tolist(), Counter[str]()
    for name, count in zip(names, operations["count"].tolist(), strict=True):
        found[records.names[name]] += count
    return dict(found)


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("design", ["opaque", "cached", "jwt"])
def test_all_work_that_the_records_charge_is_really_done(design: str, store: str, counts: Counts) -> None:
    records = simlib.simulate(scenario(length_s=20.0, world={"store": {"kind": store}}), design)
    calls, charged = answered(records), executed(records)
    requests, introspected, renewed = calls["api"], calls["introspect"], calls["token"]
    assert requests == len(records["requests"]["request"]) > 300
    assert renewed > 5
    # One introspection per request, one per miss of the cache, or none.
    assert (introspected == requests) == (design == "opaque")
    assert (introspected == 0) == (design == "jwt")
    signed = design == "jwt"
    distinct = np.unique(records["requests"]["token"])
    assert counts == Counter(
        {
            "json": introspected + renewed,  # each answer, read by who called
            "encoded json": introspected + renewed,
            "encoded forms": introspected + renewed,
            "decoded forms": introspected + renewed,
            StoreGet.__name__: introspected + renewed,  # the row of the access token, or of the refresh token
            StorePut.__name__: 0 if signed else renewed,
            "signatures": renewed if signed else 0,
            "verifications": len(distinct) if signed else 0,  # of each token once, and charged for each request
        }
    )
    assert charged["claims.check"] == requests
    assert charged.get("jwt.verify.ES256", 0) == (requests if signed else 0)
    assert charged[f"store.{store}.get"] == introspected + renewed


@pytest.mark.parametrize("design", ["opaque", "cached", "jwt"])
def test_every_token_is_verified_for_every_request_where_nothing_is_remembered(design: str, counts: Counts) -> None:
    records = simlib.simulate(scenario(length_s=10.0, remember_verified=False), design)
    assert counts["verifications"] == (answered(records)["api"] if design == "jwt" else 0)

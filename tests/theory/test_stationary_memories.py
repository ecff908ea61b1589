"""Memories of many requests and those of plug-ins: they begin as they are after a long time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from simlib import simulate
from simlib.analysis import summarise
from simlib.deployment.deployment import Deployment
from simlib.deployment.warm_start import warm_up
from simlib.plugins import (
    TOKEN_FORMATS,
    Call,
    Compute,
    Context,
    DeploymentConfig,
    Flow,
    HttpRequest,
    PresentedToken,
    TokenFormat,
    Validator,
    ValidatorWrapper,
    Verdict,
    Wrapper,
    WrapperState,
    isolate_registrations,
    register_strategy,
)
from simlib.scenario.sinks import MemorySink
from simlib.scenario.variates import Variates
from simlib.stores import STORES
from simlib.strategies.dpop_proofs import ReplayCache
from support.networks import assert_covered
from support.starts import NO_TIME
from support.worlds import DESIGNS, NO_DELAY, constant, costing, scenario


@dataclass(frozen=True)
class DigestSettings:
    kept_s: float = 600.0


class KeptDigests(Wrapper):
    """Fetches the key set again for every token of which it has not kept a digest; it says nothing about that."""

    name: ClassVar[str] = "kept_digests"
    summary: ClassVar[str] = "digests of tokens in a memory of its own"
    formats: ClassVar[frozenset[TokenFormat]] = TOKEN_FORMATS
    at_edge: ClassVar[bool] = False
    Settings: ClassVar[type[DigestSettings]] = DigestSettings

    @staticmethod
    def list_operations(settings: DigestSettings, deployment: DeploymentConfig) -> frozenset[str]:
        return frozenset({"token.hash", "jwks.serve"})

    def __init__(self, settings: DigestSettings, deployment: DeploymentConfig) -> None:
        self._settings = settings

    def wrap_validator(self, validator: Validator) -> Validator:
        return _DigestKeeper(validator, self._settings.kept_s)


class _DigestKeeper(ValidatorWrapper):
    def __init__(self, inner: Validator, kept_s: float) -> None:
        super().__init__(inner)
        self._kept_s = kept_s

    def create_wrapper_state(self) -> dict[str, float]:
        return {}

    def validate(self, ctx: Context, state: WrapperState, presented: PresentedToken) -> Flow[Verdict]:
        yield Compute("token.hash")
        if state.own.get(presented.token, -np.inf) <= ctx.now():
            yield Call("jwks", HttpRequest(), 5.0)
            state.own[presented.token] = ctx.now() + self._kept_s
        return (yield from super().validate(ctx, state, presented))


def build(design: dict[str, Any], users: int, rate: float, length: float) -> Any:
    return costing(
        scenario(
            users=users,
            arrival_rate=users * rate,
            designs={"one": design},
            links=NO_DELAY,
            service={"work": constant(0.0), "user_information_share": 0.0},
            length_s=length,
        )
    )


@pytest.mark.parametrize("kept", [20.0, 600.0])
def test_a_plug_in_with_a_memory_of_its_own_begins_in_the_middle_of_a_long_run(kept: float) -> None:
    users, rate, length = 300, 0.1, 30.0
    with isolate_registrations():
        register_strategy(KeptDigests)
        wrapper = {"part": "kept_digests", "kept_s": kept}
        service = {"part": "jwt_local", "jwks_lifetime_s": 1e5}
        made = build(
            {**DESIGNS["jwt"], "token_lifetime_s": 1e6, "service": service, "wrappers": [wrapper]}, users, rate, length
        )
        runs = [simulate(made, "one", number) for number in range(8)]
    fetched = [float((r["calls"]["target"] == r.names.index("jwks")).sum()) / length for r in runs]
    assert_covered(fetched, users / (kept + 1 / rate), narrow=0.5)  # a cold start has 20 times as many


@pytest.mark.parametrize("shared", [False, True])
def test_service_behind_a_gateway_that_receives_halves_of_tokens_begins_with_its_keys(shared: bool) -> None:
    """Halves are sent when tokens are issued, so the gateway knows the tokens of the past and passes them on."""
    halves = {"part": "split_token", "shared": shared}
    design = {
        **DESIGNS["jwt"],
        "gateway": halves,
        "service": {"part": "jwt_local", "jwks_lifetime_s": 1e6},
        "authorization_server": {**halves, "algorithm": "ES256"},
    }
    made = scenario(
        users=20,
        arrival_rate=10.0,
        designs={"one": design},
        links=NO_DELAY,
        length_s=30.0,
        world={"gateway": {"work": constant(0.0)}, "shared_store": NO_TIME},
    )
    records = simulate(costing(made), "one", 0)
    assert "jwks" not in records.names or not (records["calls"]["target"] == records.names.index("jwks")).any()
    assert summarise(records, 0.0)["failed_share"] == 0.0


def test_replay_memory_without_room_for_all_proofs_refuses_at_once_what_it_does_in_a_long_run() -> None:
    """Proofs that are kept are the busy servers of a loss system, whatever the length for which they are kept."""
    users, rate, kept = 50, 0.5, 65.0
    design = {**DESIGNS["jwt"], "token_lifetime_s": 1e5, "wrappers": [{"part": "dpop", "capacity": 1000}]}
    failed = [summarise(simulate(build(design, users, rate, 8.0), "one", n), 0.0)["failed_share"] for n in range(8)]
    assert_covered(failed, erlang_b(users * rate * kept, 1000), narrow=0.5)


def erlang_b(load: float, servers: int) -> float:
    """Share of the calls that a loss system refuses, by the recursion over its servers."""
    refused = 1.0
    for count in range(1, servers + 1):
        refused = load * refused / (count + load * refused)
    return refused


def draws(seed: int) -> Callable[[], float]:
    return np.random.default_rng(seed).random


@pytest.mark.parametrize("load", [800.0, 1000.0, 1600.0])
def test_the_number_of_kept_proofs_is_that_of_busy_servers(load: float) -> None:
    counts = []
    for seed in range(300):
        cache = ReplayCache(1000)
        cache.begin_stationary(10.0, load / 10.0, draws(seed))
        counts.append(len(cache))
    if load == 800.0:  # room for all: nothing is refused whatever is kept
        assert max(counts) == 0
        return
    assert np.mean(counts) == pytest.approx(load * (1 - erlang_b(load, 1000)), rel=0.004)
    assert np.mean(np.array(counts) == 1000) == pytest.approx(erlang_b(load, 1000), abs=0.11)


@pytest.mark.parametrize("caches", ["stationary", "empty"])
def test_the_window_of_a_circuit_breaker_is_full_of_calls_that_succeeded(caches: str) -> None:
    """After a long time without a failure half a window of failures opens it; after a cold start it takes more."""
    wrapper = {"part": "circuit_breaker", "window_calls": 10, "minimum_calls": 10, "failure_share": 0.5}
    made = scenario(designs={"one": {**DESIGNS["opaque"], "wrappers": [wrapper]}}, caches=caches)
    deployment = Deployment(made, made.designs["one"], Variates(1, 0), STORES["dict"], MemorySink())
    try:
        if caches == "stationary":
            warm_up(deployment)
        breaker = deployment.handlers.find_state(deployment.enforcement_points[0], 0).own
    finally:
        deployment.close()
    for _ in range(5):
        assert breaker.admit_call(0.0)
        breaker.record_outcome(breaker.epoch, True, 0.0)
    assert breaker.admit_call(0.0) == (caches == "empty")

"""Same scenario and seed, same bytes; and what one design does is nothing to another's random numbers."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from simlib import load_scenario, simulate
from simlib.deployment import parts
from simlib.scenario.effects import Call
from simlib.scenario.messages import HttpRequest
from simlib.scenario.records import FINISHED, SCHEMA, Records
from simlib.scenario.scenario import Scenario
from simlib.scenario.variates import Variates
from simlib.scenario.writing import export_scenario
from simlib.strategies import CATALOGUE, OpaqueIntrospection
from support.worlds import DESIGNS, constant, costing, exponential, link, scenario

HERE = Path(__file__).resolve().parent


def small(**overrides: Any) -> Scenario:
    return scenario(world={"revocations": {"rate": 0.2}}, length_s=20.0, detail="visits", **overrides)


def digest(records: Records) -> str:
    """Of every byte of every table, the names and the forms."""
    state = sha256(repr((records.names, records.horizon, dict(records.workers), dict(records.forms))).encode())
    for table, columns in SCHEMA.items():
        for name in columns:
            state.update(records[table][name].tobytes())
    return state.hexdigest()


def digests() -> list[str]:
    made = small()
    return [digest(simulate(made, design, replication)) for design in made.designs for replication in (0, 1)]


def test_a_run_can_be_repeated_to_the_last_byte_here_and_elsewhere() -> None:
    here = digests()
    assert len(set(here)) == len(here)  # designs and replications do differ
    assert digests() == here
    code = "import sys; sys.path[:0] = sys.argv[1:]; import test_engine_reproducible as t; print(*t.digests())"
    done = subprocess.run(
        [sys.executable, "-c", code, str(HERE), str(HERE.parent)],
        env={**os.environ, "PYTHONHASHSEED": "77" if os.environ.get("PYTHONHASHSEED") != "77" else "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == here


def test_another_seed_is_another_run() -> None:
    made = small()
    other = made.with_run(made.run.model_copy(update={"seed": 2}))
    assert not simulate(made, "opaque").equals(simulate(other, "opaque"))


@pytest.mark.parametrize("design", list(DESIGNS))
def test_remembering_verified_tokens_changes_no_record(design: str) -> None:
    made = small()
    anew = made.with_run(made.run.model_copy(update={"remember_verified": False}))
    ours, theirs = simulate(made, design), simulate(anew, design)
    assert ours.equals(theirs)
    assert digest(ours) == digest(theirs)


def test_whatever_signature_algorithm_the_records_are_the_same_each_time() -> None:
    # ECDSA signatures are random and of one size; EdDSA and RSA ones are not random. Keys are made anew in each run.
    for algorithm in ("RS256", "EdDSA"):
        part = {"part": "jwt_access_token", "algorithm": algorithm}
        made = small(designs={"jwt": {**DESIGNS["jwt"], "authorization_server": part}})
        assert simulate(made, "jwt").equals(simulate(made, "jwt"))


@pytest.mark.parametrize("name", ["own", "web-shop"])
def test_a_run_leaves_the_callers_scenario_as_it_was(name: str) -> None:
    made = small() if name == "own" else load_scenario(name)
    made = made.with_run(made.run.model_copy(update={"length_s": 5.0, "warm_up_s": 1.0}))
    before, profile = export_scenario(made), {k: v.tobytes() for k, v in made.profile.quantiles.items()}
    for design in made.designs:
        simulate(made, design)
    assert export_scenario(made) == before
    assert {k: v.tobytes() for k, v in made.profile.quantiles.items()} == profile
    with pytest.raises((AttributeError, TypeError)):
        made.designs["more"] = made.designs["opaque"]  # type: ignore[index]
    with pytest.raises((AttributeError, TypeError, ValueError)):
        made.world.service.workers = 7  # type: ignore[misc]


def test_records_hold_numbers_only_so_no_token_can_be_in_them() -> None:
    made = small()
    for design in made.designs:
        records = simulate(made, design)
        for table, columns in SCHEMA.items():
            for name, kind in columns.items():
                column = records[table][name]
                assert column.dtype == np.dtype(kind)
                assert column.dtype.kind in "if"
        # The only words are names of hosts, targets and operations.
        assert all(len(name) < 40 and name.replace(".", "").replace("_", "").isalnum() for name in records.names)


# --- common random numbers ---


def test_all_designs_meet_the_same_arrivals_and_users() -> None:
    made = small()
    first, *others = [simulate(made, design)["requests"] for design in made.designs]
    order = np.argsort(first["request"])
    for other in others:
        mine = np.argsort(other["request"])
        for column in ("request", "arrival", "user", "user_information"):
            assert first[column][order].tobytes() == other[column][mine].tobytes(), column


class Chatty(OpaqueIntrospection):
    """Asks the AS three more times about everything."""

    name = "chatty"

    def validate(self, ctx: Any, state: Any, presented: Any) -> Iterator[Any]:
        for _ in range(3):
            yield Call("userinfo", HttpRequest("Bearer " + presented.token))
        return (yield from super().validate(ctx, state, presented))


@pytest.fixture
def chatty(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A catalogue with a part that makes extra calls."""
    services = {**CATALOGUE["service"], "opaque_introspection": Chatty}
    return lambda: monkeypatch.setattr(parts, "CATALOGUE", MappingProxyType({**CATALOGUE, "service": services}))


def test_more_calls_to_the_as_in_one_design_leave_the_others_alone_to_the_last_byte(chatty: Any) -> None:
    made = small()
    before = {design: simulate(made, design) for design in made.designs}
    chatty()
    after = {design: simulate(made, design) for design in made.designs}
    assert len(after["opaque"]["calls"]["request"]) > 2 * len(before["opaque"]["calls"]["request"])
    assert before["cached"].equals(after["cached"])
    assert before["jwt"].equals(after["jwt"])


def by_request(records: Records, *columns: str) -> list[np.ndarray]:
    rows = records["requests"]
    order = np.argsort(rows["request"])
    return [rows[column][order] for column in columns]


def test_more_calls_to_the_as_change_no_variate_of_the_same_request(chatty: Any) -> None:
    # Nothing costs time but the API's own work, and nobody queues: the latency of a request is its work.
    links = {
        way: link(0.0)
        for way in ("client_to_service", "client_to_authorization_server", "service_to_authorization_server")
    }
    many = {"workers": 200, "work": exponential(0.010)}
    designs = {**DESIGNS, "userinfo": {**DESIGNS["opaque"], "user_information": "userinfo"}}
    made = costing(scenario(links=links, service=many, designs=designs, length_s=20.0))
    runs = [simulate(made, design) for design in made.designs]
    chatty()
    runs.append(simulate(made, "opaque"))
    counts = {len(records["calls"]["request"]) for records in runs}
    assert len(counts) == len(runs)  # they do ask differently often
    arrival, expected = by_request(runs[0], "arrival", "end")
    for records in runs:
        end, outcome = by_request(records, "end", "outcome")
        both = (outcome == FINISHED) & ~np.isnan(expected)
        assert both.mean() > 0.99
        np.testing.assert_allclose((end - arrival)[both], (expected - arrival)[both], rtol=0, atol=1e-9)
    assert (expected - arrival)[~np.isnan(expected)].mean() == pytest.approx(0.010, rel=0.2)


def test_first_uses_of_a_round_trip_are_the_same_in_every_design() -> None:
    # One replica, no other cost: a request that finds its token in hand takes its own first round trip and no more.
    links = {
        "client_to_service": link(0.0) | {"round_trip": exponential(0.050)},
        "client_to_authorization_server": link(0.0),
        "service_to_authorization_server": link(0.0),
    }
    made = costing(scenario(links=links, service={"work": constant(0.0)}, length_s=20.0))
    uniforms = Variates(made.run.seed, 0).draw_column("link.client.service", 2000)
    column = made.world.network.client_to_service.round_trip.invert(uniforms)
    for design in made.designs:
        arrival, end = by_request(simulate(made, design), "arrival", "end")
        done = ~np.isnan(end)
        np.testing.assert_allclose((end - arrival)[done], column[: len(end)][done], rtol=0, atol=1e-9)


def test_a_scenario_with_fewer_designs_runs_the_rest_as_before() -> None:
    made = small()
    alone = replace(made, designs=MappingProxyType({"jwt": made.designs["jwt"]}))
    assert simulate(made, "jwt").equals(simulate(alone, "jwt"))

"""Types of clients and their sessions: who signs in how, how often, and what travels where."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from simlib import simulate
from simlib.scenario.records import FINISHED, Records
from simlib.scenario.scenario import Scenario
from support.topologies import JWT, OPAQUE, free_world
from support.worlds import constant, exponential

KINDS = {
    "web": {},
    "spa": {},
    "spa_bff": {},
    "mobile": {},
    "machine": {},
    "device": {"approval": constant(7.0)},
}


def clients(kind: str, session: Any = None) -> dict[str, Any]:
    """A world in which all clients are of one kind."""
    client = {"kind": kind, "share": 1.0, "session": session or constant(40.0), **KINDS[kind]}
    return {"clients": [client], **({"backend": {"work": constant(0.001)}} if kind == "spa_bff" else {})}


def made(world: dict[str, Any], chosen: Any = JWT, **overrides: Any) -> Scenario:
    return free_world({"it": chosen}, world=world, **overrides)


def calls(records: Records) -> Counter[tuple[str, str]]:
    """(caller, target) of every call."""
    rows, names = records["calls"], records.names
    return Counter((names[a], names[b]) for a, b in zip(rows["caller"], rows["target"], strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chosen", [JWT, OPAQUE], ids=["jwt", "opaque"])
def test_every_kind_of_client_gets_in_and_is_served(kind: str, chosen: Any) -> None:
    records = simulate(made(clients(kind), chosen, length_s=70.0), "it")
    rows = records["requests"]
    assert (rows["outcome"] == FINISHED).mean() > 0.95
    assert set(rows["status"][rows["outcome"] == FINISHED]) == {200}


@pytest.mark.parametrize("kind", ["web", "spa", "mobile"])
def test_sessions_begin_as_often_as_renewal_theory_says(kind: str) -> None:
    users, rate, session, length = 400, 12.0, 60.0, 400.0  # few requests, many sign-ins
    world = clients(kind, exponential(session))
    records = simulate(made(world, users=users, arrival_rate=rate, length_s=length), "it")
    began = records["requests"]["signing_in"] > 0
    # A user who asks at rate r signs in at the first request after the end of a session: every S + 1/r seconds.
    expected = users * length / (session + users / rate)
    assert began.sum() == pytest.approx(expected, rel=0.08)
    late = records["requests"]["arrival"] > length / 2
    assert began[late].sum() == pytest.approx(expected / 2, rel=0.1)  # and as often early as late


def test_sessions_behind_a_backend_are_as_long_as_the_world_says() -> None:
    users, rate, session, length = 200, 6.0, 60.0, 600.0
    records = simulate(
        made(clients("spa_bff", exponential(session)), users=users, arrival_rate=rate, length_s=length), "it"
    )
    rows = records["requests"]
    late = (rows["arrival"] > length / 3) & (rows["signing_in"] > 0)
    # Not cut off at their mean, which would make them two thirds as long.
    assert late.sum() == pytest.approx(users * length * (2 / 3) / (session + users / rate), rel=0.08)


@pytest.mark.parametrize("wrapper", ["dpop", "mtls"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_first_tokens_of_a_session_are_bound_to_the_client_too(kind: str, wrapper: str) -> None:
    chosen = {**JWT, "wrappers": [{"part": wrapper}]}
    records = simulate(made(clients(kind, constant(1000.0)), chosen, users=10, arrival_rate=5.0, length_s=60.0), "it")
    assert records["requests"]["accepted"].sum() > 50
    assert not (records["requests"]["refusals"] > 0).any()


def test_a_machine_does_not_sign_in_and_has_no_refresh_token() -> None:
    records = simulate(made(clients("machine"), {**JWT, "token_lifetime_s": 10}, length_s=60.0), "it")
    assert not (records["requests"]["signing_in"] > 0).any()
    assert calls(records)["client", "token"] > 50
    assert not [key for key in calls(records) if key[1] in ("authorize", "bff", "device_authorization")]


def test_a_device_waits_for_its_user_and_polls_meanwhile() -> None:
    records = simulate(made(clients("device", constant(1000.0)), users=10, length_s=200.0), "it")
    rows, found = records["requests"], calls(records)
    waited = rows["signing_in"][rows["signing_in"] > 0]
    assert waited == pytest.approx(10.0, abs=0.1)  # approved after 7 s, noticed at the second poll, every 5 s
    polls = records["calls"]["status"][_to(records, "token")]
    assert (polls == 400).sum() == found["client", "device_authorization"] == found["client", "device_verification"]


def test_no_token_reaches_a_browser_that_has_a_backend() -> None:
    records = simulate(made(clients("spa_bff"), length_s=80.0), "it")
    found = calls(records)
    assert found["client", "bff"] > 0
    assert found["bff", "token"] > 0
    assert found["bff", "api"] > 0
    assert found["client", "token"] == found["client", "api"] == 0
    sizes = records["calls"]["request_bytes"][_to(records, "bff")]
    assert sizes[records["calls"]["reply_bytes"][_to(records, "bff")] > 1000].max() < 300 + len("Cookie ") + 43 + 1


def test_a_session_that_ends_takes_its_tokens_along() -> None:
    rotating = {**JWT, "refresh": {"rotation": True}, "token_lifetime_s": 600}
    records = simulate(made(clients("web", constant(30.0)), rotating, users=5, length_s=100.0), "it")
    rows = records["requests"]
    for user in set(rows["user"]):
        own = np.sort(rows["arrival"][(rows["user"] == user) & (rows["signing_in"] > 0)])
        assert (np.diff(own) >= 30.0).all()


def test_refresh_tokens_that_rotate_are_written_anew_each_time() -> None:
    world = clients("web", constant(1000.0))
    plain = {**JWT, "token_lifetime_s": 10}
    both = {"plain": plain, "rotating": {**plain, "refresh": {"rotation": True}}}
    found = free_world(both, world=world, length_s=60.0)
    counts = {name: _operations(simulate(found, name)) for name in both}
    assert counts["rotating"]["store.dict.consume"] > 100
    assert counts["plain"].get("store.dict.consume", 0) < counts["rotating"]["store.dict.consume"] / 2
    assert counts["rotating"]["store.dict.put"] > counts["plain"]["store.dict.put"] + 100


def _operations(records: Records) -> dict[str, int]:
    rows = records["operations"]
    names = [records.names[number] for number in rows["operation"]]
    return {name: int(count) for name, count in zip(names, rows["count"], strict=True)}


def _to(records: Records, target: str) -> Any:
    return records["calls"]["target"] == records.names.index(target)

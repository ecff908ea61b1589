"""Counts of the process of one user, compared with what the standards prescribe."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from simlib.analysis.process import COUNTS, Counts, count_phase, count_phases, find_failing_calls
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.scenario.world import ClientKind
from simlib.tracing.single_user import choose_flow, isolate_user, list_client_kinds
from simlib.tracing.steps import Step
from simlib.tracing.user_lifecycle import (
    FIRST,
    HOP,
    INFORMATION,
    NEXT,
    PHASES,
    REFRESH,
    REFRESHED,
    REVOCATION,
    REVOKED,
    SIGN_IN,
    UserTrace,
    trace_user,
)
from support.worlds import DESIGNS, PHANTOM, constant, scenario

JWT = DESIGNS["jwt"]
DESIGNS_HERE: Mapping[str, Any] = {
    **DESIGNS,
    "userinfo": {**JWT, "user_information": "userinfo"},
    "pushed": {**JWT, "wrappers": [{"part": "denylist_pushed"}], "replicas": {"service": 3, "authorization_server": 1}},
    "polled": {**JWT, "wrappers": [{"part": "denylist_polled", "poll_s": 7.0}]},
    "dpop": {**JWT, "wrappers": [{"part": "dpop"}]},
    "phantom": PHANTOM,
}


@cache
def world() -> Scenario:
    return scenario(users=20, designs=DESIGNS_HERE, world={"gateway": {"work": constant(0.0)}})


@cache
def trace(design: str, kind: ClientKind = "web") -> UserTrace:
    return trace_user(world(), design, kind)


def count(design: str, phase: str, kind: ClientKind = "web") -> Counts:
    return count_phase(trace(design, kind), phase)


def list_messages(design: str, phase: str, kind: ClientKind = "web") -> list[tuple[str, str, str]]:
    return [
        (step.party, step.what, step.other)
        for step in trace(design, kind).list_steps(phase)
        if step.kind in ("request", "reply")
    ]


# --- flows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["web", "spa", "mobile"])
def test_the_code_flow_is_the_four_legs_of_rfc_6749_figure_3_between_client_and_server(kind: ClientKind) -> None:
    """Steps A to C: there with the challenge and back with the code; D and E: code and verifier for tokens."""
    client, server = "client", "authorization_server"
    assert list_messages("opaque", SIGN_IN, kind) == [
        (client, "authorize", server),
        (server, "authorize", client),
        (client, "token", server),
        (server, "token", client),
    ]
    # RFC 7636 section 4.6: the server hashes the verifier; the client has hashed it for the challenge before.
    by_client = [
        step.what for step in trace("opaque", kind).list_steps(SIGN_IN) if step.party == client and step.kind == "work"
    ]
    assert by_client.count("token.hash") == 1


@pytest.mark.parametrize(
    ("kind", "round_trips", "to_the_server"),
    [
        ("machine", 1, 1),  # RFC 6749 section 4.4
        ("web", 2, 2),  # section 4.1
        ("spa_bff", 4, 2),  # the browser asks its backend twice and the server once, the backend asks the server once
    ],
)
def test_flows_take_the_round_trips_of_their_figures(kind: ClientKind, round_trips: int, to_the_server: int) -> None:
    found = count("opaque", SIGN_IN, kind)
    assert (found.round_trips, found.messages) == (round_trips, 2 * round_trips)
    assert found.as_round_trips == to_the_server


def test_a_device_polls_until_its_user_has_approved() -> None:
    """12 s until approval and an interval of 5 s: requests for codes once, polled at 5, 10 and 15 s (RFC 8628)."""
    found = count("opaque", SIGN_IN, "device")
    assert [what for party, what, other in list_messages("opaque", SIGN_IN, "device") if party == "client"] == [
        "device_authorization",
        "token",
        "token",
        "device_verification",
        "token",
    ]
    assert found.round_trips == 4
    assert found.messages == 10


def test_a_refresh_is_one_round_trip_whatever_the_token() -> None:
    for design in DESIGNS:
        assert count(design, REFRESH).round_trips == count(design, REFRESH).as_round_trips == 1


# --- requests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("design", "first", "following", "information"),
    [
        ("opaque", 1, 1, 1),  # asks about every request (RFC 7662)
        ("cached", 1, 0, 0),
        ("jwt", 1, 0, 0),  # the key set, once
        ("userinfo", 1, 0, 1),
        ("phantom", 2, 0, 0),  # the gateway asks about the token, the service for keys
        ("dpop", 1, 0, 0),
    ],
)
def test_how_often_a_request_needs_the_authorization_server(
    design: str, first: int, following: int, information: int
) -> None:
    found = tuple(count(design, phase).as_round_trips for phase in (FIRST, NEXT, INFORMATION))
    assert found == (first, following, information)


def test_the_request_itself_is_one_round_trip_and_a_gateway_adds_one() -> None:
    assert count("jwt", NEXT).round_trips == 1
    assert count("jwt", NEXT).parties == 2
    assert count("phantom", NEXT).round_trips == 2
    assert count("phantom", NEXT).parties == 3


def test_a_new_token_is_introspected_anew_and_keys_are_not_fetched_anew() -> None:
    assert count("cached", REFRESHED).as_round_trips == 1
    assert count("cached", REFRESHED).memories == 1


def test_a_signature_is_verified_at_every_request_and_a_reference_never() -> None:
    assert (count("jwt", NEXT).public_key, count("jwt", SIGN_IN).public_key) == (1, 1)
    assert count("dpop", NEXT).public_key == 3  # the proof is signed by the client and verified by the service
    assert all(
        count(design, phase).public_key == 0 for design in ("opaque", "cached") for phase in trace(design).phases
    )


def test_rows_and_memories_are_the_state_that_is_kept() -> None:
    reference, jwt = count("opaque", SIGN_IN), count("jwt", SIGN_IN)
    assert reference.rows_written == jwt.rows_written + 1  # the row of the access token
    assert trace("jwt").changed_memories[SIGN_IN] == {"client"}
    assert trace("jwt").changed_memories[FIRST] == trace("cached").changed_memories[FIRST] == {"service#0"}
    assert trace("opaque").changed_memories[FIRST] == frozenset()
    assert jwt.state_transitions == jwt.rows_written + 1


# --- revocation ------------------------------------------------------------------------------------------------------


def test_hosts_that_introspect_or_receive_pushes_refuse_a_revoked_token_and_others_accept_it() -> None:
    refused = {design: trace(design).revoked_token_refused for design in DESIGNS_HERE}
    noticing = {design for design, was in refused.items() if was}
    assert noticing == {
        "opaque",
        "pushed",
        "polled",
    }  # the others introspect nothing anew, as long as their cache or token lives
    assert count("jwt", REVOKED).messages == 2
    assert count("opaque", REVOKED).round_trips == 5  # requests, refused, a new token, requests again, served


def test_a_revocation_is_pushed_to_every_replica_or_polled_by_it() -> None:
    requests = [step.what for step in trace("pushed").list_steps(REVOCATION) if step.kind == "request"]
    assert sorted(requests) == ["receive/service#0", "receive/service#1", "receive/service#2", "revoke"]
    polled = [step for step in trace("polled").list_steps(REVOCATION) if step.kind == "request"]
    assert [(step.what, step.by_itself) for step in polled] == [("revoke", False), ("revocations", True)]


def test_a_browser_with_a_backend_has_nothing_to_revoke_and_refreshes_without_knowing() -> None:
    assert not {REVOCATION, REVOKED, REFRESHED} & set(trace("opaque", "spa_bff").phases)
    assert ("bff", "token", "authorization_server") in list_messages("opaque", REFRESH, "spa_bff")


# --- points of failure -----------------------------------------------------------------------------------------------


def test_points_of_failure_of_a_request_are_found_by_breaking_calls() -> None:
    def broken(design: str, phase: str) -> list[str]:
        return [step.what for step in find_failing_calls(world(), trace(design), phase)]

    assert broken("opaque", NEXT) == ["api", "introspect"]
    assert broken("jwt", NEXT) == broken("cached", NEXT) == ["api"]
    assert broken("jwt", FIRST) == ["api", "jwks"]
    assert broken("opaque", SIGN_IN) == ["authorize", "token"]
    assert broken("pushed", REVOCATION) == ["revoke"]  # a push that is lost is not noticed by who revokes


def test_a_device_survives_a_lost_poll_and_not_a_lost_question_for_codes() -> None:
    found = find_failing_calls(world(), trace("opaque", "device"), SIGN_IN)
    assert [step.what for step in found] == ["device_authorization", "device_verification"]


def test_all_phases_are_counted_and_all_counts_are_defined() -> None:
    found = count_phases(world(), trace("jwt"))
    assert tuple(found) == tuple(phase for phase in PHASES if phase != HOP)
    assert set(COUNTS) == {*Counts._fields, "state_transitions"}
    assert found[NEXT].failure_points == 1
    assert found[NEXT] == count("jwt", NEXT)._replace(failure_points=1)
    assert tuple(count_phases(world(), trace("jwt"), [NEXT])) == (NEXT,)


def test_equal_users_are_traced_equal() -> None:
    again = trace_user(world(), "cached", "web")
    assert again == trace("cached")
    assert isinstance(again.steps[0], Step)


# --- clients and flows -----------------------------------------------------------------------------------------------


def test_a_world_without_clients_gets_the_first_kind_that_a_flow_is_for() -> None:
    assert list_client_kinds(world()) == list_client_kinds(world(), "authorization_code") == ("web",)
    assert list_client_kinds(world(), "client_credentials") == ("machine",)
    assert choose_flow("device", world().design("jwt")) == "device_authorization"


@pytest.mark.parametrize("name", ["password", "refresh_token", "nonsense"])
def test_a_flow_that_is_no_sign_in_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="allowed: authorization_code"):
        list_client_kinds(world(), name)


def test_the_world_of_one_user_has_a_client_of_the_kind_and_a_revocation() -> None:
    own, design = isolate_user(world(), world().design("jwt"), "spa_bff")
    assert own.world.population.users == 1
    assert [client.kind for client in own.world.clients] == ["spa_bff"]
    assert own.world.backend is not None
    assert dict(design.flows) == {"spa_bff": "backend_for_frontend"}
    assert own.world.revocations.rate > 0

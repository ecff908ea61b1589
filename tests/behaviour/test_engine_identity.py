"""Identity tokens and sessions without OAuth2 in whole runs: every kind of client that has a user gets in."""

from typing import Any

import pytest

from simlib import simulate
from simlib.scenario.errors import InputError
from simlib.scenario.records import FINISHED
from support.topologies import free_world
from support.worlds import constant

OPENID: dict[str, Any] = {
    "token_lifetime_s": 20,
    "user_information": "introspection",
    "client": {"part": "openid_connect"},
    "service": {"part": "opaque_introspection"},
    "authorization_server": {"part": "signing_reference_token", "algorithm": "ES256"},
}
SESSION: dict[str, Any] = {
    "token_lifetime_s": 20,
    "user_information": "token",
    "service": {"part": "session_jwt"},
    "authorization_server": {"part": "session_jwt"},
}


@pytest.mark.parametrize("kind", ["web", "spa", "spa_bff", "mobile"])
def test_every_client_with_a_user_verifies_its_identity_token_and_is_served(kind: str) -> None:
    world: dict[str, Any] = {"clients": [{"kind": kind, "share": 1.0, "session": constant(40.0)}]}
    if kind == "spa_bff":
        world["backend"] = {"work": constant(0.001)}
    records = simulate(free_world({"it": OPENID}, world=world, length_s=100.0, caches="empty"), "it")
    rows = records["requests"]
    finished = rows["outcome"] == FINISHED
    assert finished.mean() > 0.95
    assert set(rows["status"][finished]) == {200}
    targets = {records.names[target] for target in records["calls"]["target"]}
    assert "jwks" in targets


def test_a_machine_has_no_user_to_identify() -> None:
    world: dict[str, Any] = {"clients": [{"kind": "machine", "share": 1.0, "session": constant(40.0)}]}
    with pytest.raises(InputError, match="identity token"):
        free_world({"it": OPENID}, world=world)


def test_users_who_keep_coming_log_in_once_and_the_service_renews_their_sessions() -> None:
    renewing = simulate(free_world({"it": SESSION}, users=10, arrival_rate=20.0, length_s=100.0), "it")
    fixed = {**SESSION, "service": {"part": "session_jwt", "sliding": False}}
    ending = simulate(free_world({"it": fixed}, users=10, arrival_rate=20.0, length_s=100.0), "it")

    def logins(records: Any) -> int:
        return sum(records.names[target] == "token" for target in records["calls"]["target"])

    assert {*renewing["requests"]["status"], *ending["requests"]["status"]} <= {200, 0}
    assert logins(renewing) <= 10
    assert logins(ending) >= 30

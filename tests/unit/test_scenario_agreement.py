"""Designs whose parts contradict each other or their world are refused when they are loaded, with key and reason."""

from pathlib import Path
from typing import Any

import pytest

from simlib.deployment.loading import load_scenario_document
from simlib.deployment.parts import PARTS
from simlib.flows import VULNERABLE_FLOWS
from simlib.scenario.errors import InputError
from simlib.scenario.loading import build_scenario
from support.topologies import JWT, OPAQUE, design
from support.worlds import constant, document, link

GATEWAY = {"gateway": {"work": constant(0.0)}}
SHARED = {"shared_store": {"link": link(), "call": constant(0.0), "work": constant(0.0)}}
INNER = {"scope": "inner", "work": constant(0.0), "reply_bytes": 1, "audience": "https://inner.example"}
WEB = {"clients": [{"kind": "web", "share": 1.0, "session": constant(60.0)}]}
MACHINES = {"clients": [{"kind": "machine", "share": 1.0, "session": constant(60.0)}]}
PHANTOM = design("jwt_local", "signing_reference_token", gateway={"part": "phantom_token"})
PAIR = {
    "client": {"part": "openid_connect"},
    "service": {"part": "opaque_introspection"},
    "user_information": "introspection",
}


def refusal(chosen: dict[str, Any], world: dict[str, Any] | None = None) -> str:
    """Why a document with this design and these tables of the world is refused."""
    service = {"calls": list((world or {}).get("inner_services", {}))}
    with pytest.raises(InputError) as refused:
        load_scenario_document(document(designs={"it": chosen}, world=world, service=service), Path("file.toml"))
    told = str(refused.value)
    assert "\n" not in told
    assert told.startswith("file.toml: ")
    return told.removeprefix("file.toml: ")


def accepted(chosen: dict[str, Any], world: dict[str, Any] | None = None) -> None:
    service = {"calls": list((world or {}).get("inner_services", {}))}
    found = build_scenario(document(designs={"it": chosen}, world=world, service=service), PARTS, Path("file.toml"))
    assert list(found.designs) == ["it"]


@pytest.mark.parametrize(
    ("chosen", "world", "key", "words"),
    [
        (PHANTOM, {}, "designs.it.gateway", ["[world.gateway]"]),
        (
            {**PHANTOM, "authorization_server": {"part": "reference_token"}},
            GATEWAY,
            "designs.it.gateway",
            ["signs", "signing_reference_token"],
        ),
        (design("jwt_local", "reference_token"), {}, "designs.it.service.part", ["opaque", "jwt"]),
        (
            design(
                "opaque_introspection", "signing_reference_token", "introspection", gateway={"part": "phantom_token"}
            ),
            GATEWAY,
            "designs.it.service.part",
            ["phantom_token passes on jwt"],
        ),
        ({**PHANTOM, "user_information": "userinfo"}, GATEWAY, "designs.it.user_information", ["userinfo", "token"]),
        (
            {**JWT, "user_information": "userinfo", "wrappers": [{"part": "dpop"}]},
            {},
            "designs.it.user_information",
            ["userinfo"],
        ),
        (
            {**OPAQUE, "service": {"part": "opaque_cached", "shared": True}},
            {},
            "designs.it.service",
            ["[world.shared_store]"],
        ),
        ({**JWT, "wrappers": [{"part": "denylist_shared"}]}, {}, "designs.it.wrappers[0]", ["[world.shared_store]"]),
        ({**OPAQUE, "wrappers": [{"part": "denylist_polled"}]}, {}, "designs.it.wrappers[0]", ["jwt", "opaque"]),
        ({**JWT, "wrappers": [{"part": "dppo"}]}, {}, "designs.it.wrappers[0].part", ["dpop"]),
        ({**JWT, "wrappers": [{"part": "dpop", "nonce": 1}]}, {}, "designs.it.wrappers[0].nonce", ["nonce_s"]),
        (
            design("jwt_local", "jwt_access_token", gateway={"part": "split_token"}),
            GATEWAY,
            "designs.it.gateway.part",
            ["opaque", "jwt"],
        ),
        ({**JWT, "downstream": {"part": "pass_through"}}, {}, "designs.it.downstream", ["inner services"]),
        (
            {**PHANTOM, "downstream": {"part": "token_exchange"}},
            {**GATEWAY, "inner_services": {"stock": INNER}},
            "designs.it.downstream.part",
            ["phantom_token", "pass_through"],
        ),
        (
            {**OPAQUE, "client": {"part": "openid_connect"}},
            WEB,
            "designs.it.client",
            ["signs", "signing_reference_token"],
        ),
        (
            {
                **OPAQUE,
                "client": {"part": "openid_connect"},
                "authorization_server": {"part": "signing_reference_token"},
            },
            MACHINES,
            "designs.it.client",
            ["machine (client_credentials)", "identity token"],
        ),
        ({**PHANTOM, "gateway": None, **PAIR}, {}, "designs.it.client", ["[[world.clients]]"]),
        ({**JWT, "flows": {"web": "client_credentials"}}, WEB, "designs.it.flows.web", ["authorization_code"]),
        ({**JWT, "flows": {"web": "authorisation_code"}}, WEB, "designs.it.flows.web", ["authorization_code"]),
        ({**JWT, "flows": {"device": "device_authorization"}}, WEB, "designs.it.flows", ["web"]),
        ({**JWT, "max_revocation_lag_s": 30.0}, {}, "designs.it.max_revocation_lag_s", ["600", "30"]),
        (
            {**OPAQUE, "service": {"part": "opaque_cached", "ttl_s": 60.0}, "max_revocation_lag_s": 59.0},
            {},
            "designs.it.max_revocation_lag_s",
            ["60", "59"],
        ),
        ({**JWT, "refresh": {"rotate": True}}, {}, "designs.it.refresh.rotate", ["rotation"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_contradictions_are_told_with_their_key(
    chosen: dict[str, Any], world: dict[str, Any], key: str, words: list[str]
) -> None:
    told = refusal(chosen, world)
    assert told.startswith(f"{key}: ")
    for word in words:
        assert word in told


@pytest.mark.parametrize("name", VULNERABLE_FLOWS)
def test_flows_that_an_rfc_forbids_are_refused_with_the_reason(name: str) -> None:
    kind = sorted(VULNERABLE_FLOWS[name].client_kinds)[0]
    world: dict[str, Any] = {"clients": [{"kind": kind, "share": 1.0, "session": constant(60.0)}]}
    if kind == "spa_bff":
        world["backend"] = {"work": constant(0.001)}
    told = refusal({**JWT, "flows": {kind: name}}, world)
    assert told.startswith(f"designs.it.flows.{kind}: {name!r} is refused: ")
    assert "RFC " in told


@pytest.mark.parametrize(
    ("world", "words"),
    [
        ({"inner_services": {"stock": {**INNER, "calls": ["nobody"]}}}, ["stock calls 'nobody'"]),
        (
            {"inner_services": {"a": {**INNER, "calls": ["b"]}, "b": {**INNER, "calls": ["a"]}}},
            ["circle", "a -> b -> a"],
        ),
        ({"clients": [{"kind": "web", "share": 0.5, "session": constant(1.0)}]}, ["shares"]),
        ({"clients": [{"kind": "web", "share": 1.0, "session": constant(0.0)}]}, ["session"]),
        ({"clients": [{"kind": "device", "share": 1.0, "session": constant(1.0)}]}, ["'device' needs approval"]),
        (
            {"clients": [{"kind": "web", "share": 1.0, "session": constant(1.0), "approval": constant(1.0)}]},
            ["approval belongs to kind = 'device', not to 'web'"],
        ),
        ({"clients": [{"kind": "spa_bff", "share": 1.0, "session": constant(1.0)}]}, ["need a [world.backend]"]),
        ({"backend": {"work": constant(0.001)}}, ["belongs to clients of kind spa_bff, and there are none"]),
        ({"store": {"kind": "database"}}, ["kind = 'database' needs a [world.store.database] table"]),
        (
            {"store": {"kind": "sqlite", "database": {"link": link(), "call": constant(0.0), "work": constant(0.0)}}},
            ["belongs to kind = 'database', not to 'sqlite'"],
        ),
        ({"regions": {"names": ["eu", "us"], "shares": [0.5, 0.4], "round_trips": {}}}, ["shares"]),
        ({"regions": {"names": ["eu", "us"], "shares": [0.5, 0.5], "round_trips": {}}}, ["eu-us"]),
        ({"regions": {"names": ["eu", "eu"], "shares": [0.5, 0.5], "round_trips": {}}}, ["names"]),
        ({"gateway": {"work": constant(0.0), "header_limit_bytes": -1}}, ["header_limit_bytes"]),
    ],
    ids=str,
)
def test_a_world_that_does_not_hold_together_is_refused(world: dict[str, Any], words: list[str]) -> None:
    told = refusal(JWT, world)
    for word in words:
        assert word in told


def test_what_fits_is_accepted() -> None:
    accepted(PHANTOM, GATEWAY)
    accepted({**JWT, "wrappers": [{"part": "dpop"}, {"part": "denylist_polled"}]})
    accepted({**JWT, "flows": {"web": "authorization_code"}, "max_revocation_lag_s": 600.0}, WEB)
    accepted({**JWT, "wrappers": [{"part": "denylist_shared"}]}, SHARED)
    accepted({**JWT, "downstream": {"part": "token_exchange"}}, {"inner_services": {"stock": INNER}})


@pytest.mark.parametrize("place", ["service", "inner_service"])
def test_every_place_must_accept_the_algorithm_that_the_server_signs_with(place: str) -> None:
    other = {"part": "jwt_local", "algorithms": ["RS256"]}
    told = refusal({**JWT, place: other, "downstream": {"part": "pass_through"}}, {"inner_services": {"stock": INNER}})
    assert told.startswith(f"designs.it.{place}.algorithms: ")
    assert "ES256" in told


def test_the_client_must_accept_the_algorithm_of_identity_tokens() -> None:
    client = {"part": "openid_connect", "algorithms": ["ES256"]}
    pair = {**design("jwt_local", "signing_reference_token"), **PAIR, "client": client}
    assert refusal(pair, WEB).startswith("designs.it.client.algorithms: ")


def test_tokens_are_decrypted_as_they_are_encrypted() -> None:
    chosen = design("encrypted_jwt", "encrypted_jwt")
    chosen["service"] = {"part": "encrypted_jwt", "key_management": "ECDH-ES+A256KW"}
    told = refusal(chosen)
    assert told.startswith("designs.it.service.key_management: ")
    assert "RSA-OAEP-256" in told
    accepted({**chosen, "authorization_server": chosen["service"]})


def test_inner_services_that_get_other_tokens_promise_nothing_about_the_clients() -> None:
    chosen = design("opaque_cached", "reference_token", "introspection")
    chosen |= {"inner_service": {"part": "opaque_introspection"}, "max_revocation_lag_s": 30}
    inner = {"inner_services": {"stock": INNER}}
    accepted(chosen, inner)  # the same token is asked about at every hop
    told = refusal({**chosen, "downstream": {"part": "token_exchange"}}, inner)
    assert told.startswith("designs.it.max_revocation_lag_s: ")
    assert "60 s" in told


def test_an_inner_service_that_nobody_calls_is_refused() -> None:
    with pytest.raises(InputError, match=r"inner_services\.stock is called by no service"):
        load_scenario_document(document(world={"inner_services": {"stock": INNER}}), Path("file.toml"))

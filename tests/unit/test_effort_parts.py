"""Items hang on parts: every part of the catalogue has some or a reason, and how often they count where they stand."""

import pytest

from simlib.decision.effort import (
    Counts,
    compute_work,
    find_matching_keys,
    is_known,
    list_design_keys,
    list_known_parts,
    load_ledger,
)
from simlib.decision.effort.item_keys import Key, is_match
from simlib.flows import FLOWS, VULNERABLE_FLOWS
from simlib.scenario.design import RefreshPolicy
from simlib.strategies import CATALOGUE, WRAPPERS
from support.efforts import JWT, OPAQUE, chosen_part, design

LEDGER = load_ledger()
ELSEWHERE = {f"wrappers:{name}" for name in ("retry", "client_retry", "circuit_breaker", "fail_open")}
"""Parts that the ledger knows whether or not they are in the catalogue yet."""
PARTS = [
    *(
        f"{'service' if place == 'inner_service' else place}:{part}"
        for place, parts in CATALOGUE.items()
        for part in parts
    ),
    *(f"flows:{flow}" for flow in FLOWS),
    *("refresh:rotation", "user_information:introspection", "user_information:userinfo", "user_information:token"),
]


@pytest.mark.parametrize("part", sorted(set(PARTS)))
def test_every_part_and_flow_brings_items_or_a_reason_why_not(part: str) -> None:
    own = [item for item in LEDGER.items if item.kind != "migration" and not item.common]
    brought = [item.id for item in own if find_matching_keys(item.parts, (Key(part),))]
    assert bool(brought) != (part in LEDGER.none_because), brought


@pytest.mark.parametrize("item", LEDGER.items, ids=lambda item: item.id)
def test_every_item_hangs_on_something_that_there_is(item) -> None:  # type: ignore[no-untyped-def]
    for pattern in item.parts:
        assert is_known(pattern) or pattern in ELSEWHERE, pattern


def test_flows_that_no_design_may_use_bring_nothing() -> None:
    for name in VULNERABLE_FLOWS:
        brought = [
            item for item in LEDGER.items if find_matching_keys(item.parts, (Key(f"flows:{name}"),)) and not item.common
        ]
        assert {item.kind for item in brought} <= {"migration"}


def test_reasons_are_given_for_parts_that_there_are() -> None:
    assert set(LEDGER.none_because) <= {*PARTS, *(f"flows:{flow}" for flow in VULNERABLE_FLOWS)}
    assert all(LEDGER.none_because.values())


def test_known_parts_are_those_of_the_catalogue() -> None:
    assert set(list_known_parts()) == set(PARTS)


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("service:jwt_local", "service:jwt_local", True),
        ("service:jwt_local", "service:jwt_local[timeout_s>0]", False),
        ("service:jwt", "service:jwt_local", False),
        ("*:jwt_local", "gateway:jwt_local", True),
        ("service:*", "service:paseto", True),
        ("service:*[algorithm=HS256]", "service:x[algorithm=HS256]", True),
        ("service:*[algorithm=HS256]", "service:x[algorithm=RS256]", False),
        ("wrappers:.pop", "wrappers:dpop", False),
    ],
)
def test_a_pattern_fits_a_key_as_a_whole(pattern: str, name: str, fits: bool) -> None:
    assert is_match(pattern, name) == fits


def test_settings_are_keys_too() -> None:
    mine = design(OPAQUE | {"service": "opaque_cached"}, wrappers=("dpop",), information="introspection")
    names = {key.name for key in list_design_keys(mine)}
    assert {"service:opaque_cached", "service:opaque_cached[ttl_s>0]", "service:opaque_cached[shared=false]"} <= names
    assert {"wrappers:dpop[nonce_s=0]", "user_information:introspection"} <= names


def test_an_inner_service_is_a_service() -> None:
    mine = design(JWT | {"inner_service": "lightweight_jwt", "downstream": "pass_through"})
    assert {"service:jwt_local", "service:lightweight_jwt"} <= {key.name for key in list_design_keys(mine)}


def test_flows_that_give_refresh_tokens_bring_their_renewal_and_rotation_its_own() -> None:
    web = design(JWT, flows={"web": "authorization_code"}, refresh=RefreshPolicy(rotation=True))
    machine = design(JWT, flows={"machine": "client_credentials"})
    assert {"F01", "F04", "F40", "F42"} <= set(compute_work(LEDGER, web, Counts()).items)
    found = set(compute_work(LEDGER, machine, Counts()).items)
    assert "F20" in found
    assert not found & {"F01", "F40", "F42"}


def test_a_gateway_that_verifies_is_one_more_stack_and_one_more_service() -> None:
    counts = Counts(stacks=3, services=20)
    both = compute_work(LEDGER, design(JWT | {"gateway": "jwt_local"}), counts)
    behind = compute_work(LEDGER, design(JWT | {"gateway": "relay"}), counts)
    assert (both.one_off["J10"], behind.one_off["J10"]) == (4, 3)
    opaque = {"service": "opaque_introspection", "authorization_server": "reference_token"}
    asking = compute_work(LEDGER, design(opaque | {"gateway": "opaque_cached"}, information="introspection"), counts)
    assert asking.one_off["O08"] == 21
    assert asking.one_off["C01"] == 3  # what every design needs does not depend on who checks


def test_a_binding_is_checked_at_the_edge_only() -> None:
    counts = Counts(stacks=3)
    times = {
        gateway: compute_work(LEDGER, design(JWT | {"gateway": gateway}, wrappers=("dpop",)), counts).one_off["B02"]
        for gateway in ("relay", "jwt_local")
    }
    assert times == {"relay": 3, "jwt_local": 1}


def test_what_is_put_around_every_validator_is_built_in_the_gateway_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(WRAPPERS["verified_cache"], "everywhere", True, raising=False)
    mine = design(JWT | {"gateway": "jwt_local"}, wrappers=("verified_cache",))
    assert compute_work(LEDGER, mine, Counts(stacks=3)).one_off["V01"] == 4


def test_a_shared_secret_spares_the_key_set_and_has_to_be_shared() -> None:
    server = chosen_part("authorization_server", "jwt_access_token", algorithm="HS256")
    plain = design(JWT)
    shared = type(plain)(**{**vars(plain), "parts": {**plain.parts, "authorization_server": server}})
    counts = Counts(services=20)
    more, less = (set(compute_work(LEDGER, one, counts).items) for one in (shared, plain))
    assert more - less == {"H01", "H02", "H20"}
    assert less - more == {"J04", "J05", "J11", "J12", "J20", "J23"}
    assert compute_work(LEDGER, shared, counts).one_off["H01"] == 20


def test_a_session_of_the_application_needs_no_oauth() -> None:
    mine = design({"service": "session_jwt", "authorization_server": "session_jwt"})
    found = set(compute_work(LEDGER, mine, Counts()).items)
    assert {"A01", "A02", "C02"} <= found
    assert not found & {"C01", "C05", "C07", "J01"}


def test_admission_limits_are_work_where_a_design_has_them() -> None:
    limited = design(JWT)
    assert "Y05" not in compute_work(LEDGER, limited, Counts()).items
    object.__setattr__(limited, "admission", {"service": 10})
    assert compute_work(LEDGER, limited, Counts(stacks=2)).one_off["Y05"] == 2


@pytest.mark.parametrize(
    ("field", "value"), [("stacks", 0), ("services", -1), ("clients", -1), ("stacks", 1.5), ("services", True)]
)
def test_counts_are_whole_and_not_negative(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"{field}: must be a whole number"):
        Counts(**{field: value})  # type: ignore[arg-type]

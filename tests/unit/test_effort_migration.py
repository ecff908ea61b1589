"""Migration and products: two kinds of tokens, settings that are rolled out, and work that comes with a product."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.decision.effort import (
    Counts,
    build_reference_designs,
    compute_expected_effort,
    compute_work,
    list_product_items,
    load_ledger,
)
from simlib.scenario.design import Design
from support.efforts import JWT, OPAQUE, chosen_part, design

LEDGER, DESIGNS, ONE = load_ledger(), build_reference_designs(), Counts()
CACHED = OPAQUE | {"service": "opaque_cached"}
FORMATS = {
    **dict.fromkeys(("reference_token", "signing_reference_token", "regional_reference_token"), "opaque"),
    **dict.fromkeys(("jwt_access_token", "stored_jwt", "lightweight_jwt"), "jwt"),
    **{"encrypted_jwt": "encrypted", "paseto": "paseto", "session_jwt": "session"},
}
"""Part of the authorization server -> what clients hold, as RFC 7662, RFC 9068, RFC 7516 and PASETO name it."""
SERVICES = {
    "opaque": ("opaque_introspection", "opaque_cached", "signed_introspection", "opaque_regional"),
    "jwt": ("jwt_local", "lightweight_jwt"),
    "encrypted": ("encrypted_jwt",),
    "paseto": ("paseto",),
    "session": ("session_jwt",),
}
CHOICES = [
    {"authorization_server": issuer, "service": service}
    for issuer, form in FORMATS.items()
    for service in SERVICES[form]
]
PHANTOM = {"authorization_server": "signing_reference_token", "service": "jwt_local", "gateway": "phantom_token"}
SPLIT = {"authorization_server": "split_token", "service": "jwt_local", "gateway": "split_token"}


def migrate(new: Design, old: Design, counts: Counts = ONE) -> dict[str, int]:
    """Migration items alone."""
    work = compute_work(LEDGER, new, counts, present=old).one_off
    return {name: times for name, times in work.items() if name.startswith("Z")}


def with_settings(parts: dict[str, str], place: str, **settings: Any) -> Design:
    plain = design(parts)
    return replace(plain, parts={**plain.parts, place: chosen_part(place, parts[place], **settings)})


@pytest.mark.parametrize("counts", [ONE, Counts(stacks=3, services=20, clients=4)])
def test_a_cache_is_a_setting_that_is_rolled_out(counts: Counts) -> None:
    work = compute_work(LEDGER, design(CACHED), counts, present=design(OPAQUE)).one_off
    assert work == {
        **dict.fromkeys(("K01", "K02", "K03"), counts.stacks),
        "K04": 1,
        "Z02": counts.services,
    }
    back = compute_work(LEDGER, design(OPAQUE), counts, present=design(CACHED)).one_off
    assert back == {"Z02": counts.services}


def test_what_a_migration_builds_is_what_the_new_design_takes_more() -> None:
    """Where no format changes, a migration costs the difference of both designs and the roll-out."""
    both = {"opaque": design(OPAQUE), "cached": design(CACHED)}
    means = compute_expected_effort(LEDGER, both, ONE)
    migration = compute_expected_effort(LEDGER, both, ONE, present=both["opaque"])["cached"]
    more = means["cached"].one_off_days - means["opaque"].one_off_days
    assert migration.one_off_days == pytest.approx(more + LEDGER.find_item("Z02").mean)


@given(st.sampled_from(CHOICES), st.sampled_from(CHOICES), st.sets(st.sampled_from(["retry", "circuit_breaker"])))
def test_two_kinds_of_tokens_meet_only_where_the_format_changes(
    new: dict[str, str], old: dict[str, str], wrappers: set[str]
) -> None:
    changes = FORMATS[new["authorization_server"]] != FORMATS[old["authorization_server"]]
    found = migrate(design(new, wrappers=tuple(sorted(wrappers))), design(old), Counts(stacks=2))
    assert (found.get("Z01"), found.get("Z03")) == ((2, 1) if changes else (None, None))


def test_all_pairs_of_formats() -> None:
    examples = {
        form: design({"authorization_server": issuer, "service": SERVICES[form][0]})
        for issuer, form in reversed(FORMATS.items())
    }
    assert len(examples) == 5
    for new, old in product(examples, repeat=2):
        found = migrate(examples[new], examples[old])
        assert ("Z01" in found, "Z03" in found) == (new != old, new != old), (new, old)


@pytest.mark.parametrize("wrapper", ["denylist_polled", "verified_cache", "status_list", "sensitive_introspection"])
def test_a_wrapper_around_the_same_token_is_rolled_out_and_no_other_format(wrapper: str) -> None:
    assert migrate(design(JWT, wrappers=(wrapper,)), design(JWT), Counts(services=5)) == {"Z02": 5}


def test_what_only_the_authorization_server_does_changes_no_service() -> None:
    stored = design(JWT | {"authorization_server": "stored_jwt"})
    assert migrate(stored, design(JWT)) == {}


@pytest.mark.parametrize(
    ("new", "old"),
    [(PHANTOM, OPAQUE), (OPAQUE, PHANTOM), (PHANTOM, JWT), (JWT, PHANTOM), (SPLIT, PHANTOM), (SPLIT, JWT)],
)
def test_a_gateway_that_swaps_tokens_is_a_change_of_what_is_accepted(new: dict[str, str], old: dict[str, str]) -> None:
    found = migrate(design(new), design(old))
    assert {"Z01", "Z03"} <= set(found)
    assert migrate(design(new), design(new)) == {}


def test_services_behind_a_gateway_that_go_on_getting_the_same_token_accept_no_second_kind() -> None:
    """From phantom tokens to JWTs for clients, services see JWTs before and after: two kinds meet at the gateway."""
    gateway = JWT | {"gateway": "jwt_local"}
    assert migrate(design(gateway), design(PHANTOM), Counts(stacks=3))["Z01"] == 1
    assert migrate(design(PHANTOM), design(OPAQUE), Counts(stacks=3))["Z01"] == 3 + 1


def test_a_shared_secret_in_place_of_a_key_pair_is_another_format() -> None:
    secret = replace(
        with_settings(JWT, "authorization_server", algorithm="HS256"),
        parts={
            **design(JWT).parts,
            "authorization_server": chosen_part("authorization_server", "jwt_access_token", algorithm="HS256"),
            "service": chosen_part("service", "jwt_local", algorithms=("HS256",)),
        },
    )
    assert {"Z01", "Z03"} <= set(migrate(secret, design(JWT)))
    longer = with_settings(JWT, "authorization_server", key_bits=3072)
    assert migrate(longer, design(JWT)) == {}


def test_a_shared_cache_is_protected_and_a_cache_of_each_replica_has_nothing_to_protect() -> None:
    assert "K05" not in compute_work(LEDGER, design(CACHED), ONE).one_off
    assert "K05" not in compute_work(LEDGER, design(PHANTOM), ONE).one_off
    assert compute_work(LEDGER, with_settings(CACHED, "service", shared=True), ONE).one_off["K05"] == 1
    assert compute_work(LEDGER, with_settings(PHANTOM, "gateway", shared=True), ONE).one_off["K05"] == 1


@pytest.mark.parametrize(("parts", "place"), [(CACHED, "service"), (PHANTOM, "gateway")])
def test_a_cache_that_is_shared_or_no_longer_is_is_rolled_out(parts: dict[str, str], place: str) -> None:
    """Settings on which work depends are a change of what runs, forth and back; others, such as times, are not."""
    shared, private, longer = (
        with_settings(parts, place, shared=True),
        with_settings(parts, place),
        with_settings(parts, place, ttl_s=5.0),
    )
    counts = Counts(services=4)
    times = 4 if place == "service" else 1
    assert migrate(shared, private, counts) == migrate(private, shared, counts) == {"Z02": times}
    assert compute_work(LEDGER, shared, counts, present=private).one_off["K05"] == 1
    assert "K05" not in compute_work(LEDGER, private, counts, present=shared).one_off
    assert migrate(longer, private, counts) == migrate(shared, shared, counts) == {}


@given(st.integers(1, 50), st.integers(1, 5))
def test_audiences_grow_with_services_as_their_counterpart_credentials_do(services: int, stacks: int) -> None:
    counts = Counts(services=services, stacks=stacks)
    assert compute_work(LEDGER, design(JWT), counts).one_off["J03"] == services
    assert compute_work(LEDGER, design(JWT), counts).one_off["J09"] == 1
    assert compute_work(LEDGER, design(OPAQUE), counts).one_off["O08"] == services
    assert LEDGER.find_item("J03").mean == pytest.approx(LEDGER.find_item("O08").mean)


class TestProduct:
    """An authorization server that is bought or installed, in place of one that is built."""

    COUNTS = Counts(server_kind="product")
    LEFT_OUT = frozenset({"C07", "O01", "O02", "O03", "O04", "O05", "O06", "J01", "J04"})

    def test_what_comes_with_it_costs_nothing(self) -> None:
        built = {name: compute_work(LEDGER, one, ONE) for name, one in DESIGNS.items()}
        bought = {name: compute_work(LEDGER, one, self.COUNTS) for name, one in DESIGNS.items()}
        for name, one in DESIGNS.items():
            gone = set(built[name].items) - set(bought[name].items)
            assert gone == set(list_product_items(LEDGER, one))
            assert set(built[name].items) & self.LEFT_OUT <= gone
            assert built[name].yearly == bought[name].yearly
        assert "O06" in set(built["opaque"].items) - set(bought["opaque"].items)
        assert "J04" in set(built["jwt"].items) - set(bought["jwt"].items)

    def test_a_token_and_a_key_that_nobody_has_to_build_bring_both_sides_nearer(self) -> None:
        built, bought = (compute_expected_effort(LEDGER, DESIGNS, counts) for counts in (ONE, self.COUNTS))
        for name in DESIGNS:
            assert bought[name].one_off_days < built[name].one_off_days
            assert bought[name].yearly_days == built[name].yearly_days

    def test_only_work_at_the_authorization_server_comes_with_it_and_every_item_says_why(self) -> None:
        for item in LEDGER.items:
            assert item.product_source, item.id
            if item.with_product:
                assert item.actor.partition(";")[0] in ("AS", "ops"), item.id
                assert item.kind == "one_off"
                assert "https://" in item.product_source, item.id
        assert {item.id for item in LEDGER.items if item.with_product} >= self.LEFT_OUT

    def test_a_migration_to_a_product_builds_nothing_that_it_has(self) -> None:
        work = compute_work(LEDGER, DESIGNS["jwt"], self.COUNTS, present=DESIGNS["opaque"]).one_off
        assert not set(work) & self.LEFT_OUT
        assert {"Z01", "Z02", "Z03"} <= set(work)

"""Indicators beside person-days: each is what its source says, and marked measured, counted or assumed."""

from itertools import pairwise

import pytest

from simlib.decision.effort import (
    Counts,
    Indicator,
    build_reference_designs,
    compute_expected_effort,
    compute_library_rate,
    compute_median_code_size,
    count_advisory_classes,
    count_cosmic_points,
    count_obligations,
    estimate_cocomo_days,
    estimate_ratio,
    list_code_pairs,
    list_obligations,
    list_uncounted_documents,
    load_ledger,
    measure_design,
    measure_indicators,
    measure_part,
)
from simlib.decision.effort.indicators import compute_exponent, count_process, estimate_cocomo_months
from support.efforts import JWT, design
from support.worlds import scenario

DESIGNS = build_reference_designs()


class TestMeasuredCode:
    def test_at_the_resource_server_a_jwt_takes_twice_the_code(self) -> None:
        pairs = list_code_pairs("RS")
        assert len(pairs) == 12
        ratio = estimate_ratio(pairs)
        assert (round(ratio.mean, 1), round(ratio.low, 1), round(ratio.high, 1)) == (2.1, 1.3, 3.3)
        assert (round(ratio.smallest, 1), round(ratio.largest, 1), ratio.above_one) == (0.3, 7.9, 10)

    @pytest.mark.parametrize(
        ("column", "published", "projects"),
        [
            ("nloc", 2.12, 12),
            ("cyclomatic", 2.20, 12),
            ("cognitive", 2.15, 12),
            ("error_sites", 2.3, 12),
            ("config_options", 1.07, 9),
            ("test_nloc", 1.33, 7),
        ],
    )
    def test_geometric_means_are_the_published_ones(self, column: str, published: float, projects: int) -> None:
        pairs = list_code_pairs("RS", column)
        assert len(pairs) == projects
        assert estimate_ratio(pairs).mean == pytest.approx(published, abs=0.02)

    def test_sides_of_several_rows_are_their_signed_sum(self) -> None:
        sizes = {pair.project: (pair.opaque, pair.jwt) for pair in list_code_pairs("RS")}
        assert sizes["gravitee"] == (655 + 335, 1913 - 349)
        assert sizes["liboauth2"] == (121, 955)

    def test_at_the_authorization_server_the_difference_is_small(self) -> None:
        assert len(list_code_pairs("AS")) == 7
        assert estimate_ratio(list_code_pairs("AS")).mean == pytest.approx(1.23, abs=0.005)


class TestCrossChecks:
    @pytest.mark.parametrize(
        ("nloc", "nominal", "high"),
        [(257, 12.5, 16), (496, 25.8, 33), (321, 16.0, 21), (528, 27.7, 36), (1079, 61, 78)],
    )
    def test_cocomo_gives_the_published_days(self, nloc: float, nominal: float, high: float) -> None:
        assert estimate_cocomo_days(nloc) == pytest.approx(nominal, rel=0.006)
        assert estimate_cocomo_days(nloc, "high", "high") == pytest.approx(high, abs=0.5)

    def test_its_constants_are_those_of_the_manual(self) -> None:
        assert compute_exponent() == pytest.approx(1.0997)
        assert estimate_cocomo_days(1000) == pytest.approx(2.94 * 19)
        assert estimate_cocomo_months(1000) == pytest.approx(3.67 * 2.94 ** (0.28 + 0.2 * 0.1897))

    def test_median_sizes_are_those_that_it_is_fed(self) -> None:
        sizes = [compute_median_code_size(layer, side) for layer in ("RS", "AS") for side in ("opaque", "jwt")]
        assert sizes == pytest.approx([257, 495.5, 321, 528])

    def test_cosmic_counts_sixteen_against_twenty_one(self) -> None:
        points = {
            (side, strategy): count_cosmic_points(side, strategy)
            for side in ("RS", "AS")
            for strategy in ("opaque", "jwt")
        }
        assert points == {("RS", "opaque"): 5, ("RS", "jwt"): 8, ("AS", "opaque"): 11, ("AS", "jwt"): 13}
        assert count_cosmic_points("RS", "opaque_cache") == 7


class TestCounts:
    def test_obligations_are_those_of_the_documents_that_a_design_brings(self) -> None:
        assert count_obligations(DESIGNS["opaque"]) == {"RS": 4, "AS": 11, "client": 0}  # RFC 7662
        assert count_obligations(DESIGNS["jwt"]) == {"RS": 12 + 20 + 6, "AS": 16 + 8 + 1, "client": 0}
        assert [one.document for one in list_obligations(DESIGNS["jwt"]) if one.actor == "RS"] == [
            *("RFC 9068", "RFC 8725", "ASVS 5.0 chapter 9")
        ]

    def test_what_nobody_has_counted_is_said(self) -> None:
        assert list_uncounted_documents(DESIGNS["jwt"]) == ()
        assert list_uncounted_documents(design(JWT, wrappers=("mtls",))) == ("RFC 8705",)

    def test_advisories_are_few_a_year_and_sixty_one_in_all(self) -> None:
        assert compute_library_rate() == pytest.approx((0.4, 0.7))
        assert count_advisory_classes() == {"jwt_library": 22, "jwt_application": 36, "introspection": 3}


class TestOwnCode:
    def test_a_part_is_its_own_unit_and_what_it_uses(self) -> None:
        assert "strategies/jwt_local.py" in measure_part("service:jwt_local").units
        assert "tokens/jws.py:jws" in measure_part("service:jwt_local").units
        assert not any("jw" in unit for unit in measure_part("service:opaque_introspection").units)
        assert measure_part("service:nothing") == (0, 0, 0, ())

    def test_a_design_is_the_union_of_its_parts(self) -> None:
        plain, listed = (measure_design(DESIGNS[name])["RS"] for name in ("jwt", "jwt_denylist"))
        assert set(plain.units) < set(listed.units)
        assert plain.nloc < listed.nloc
        assert len(set(listed.units)) == len(listed.units)

    def test_a_cache_comes_on_top_of_asking(self) -> None:
        sizes = [measure_design(DESIGNS[name])["RS"].nloc for name in ("opaque", "opaque_cache", "jwt", "phantom")]
        assert all(one < other for one, other in pairwise(sizes))


@pytest.fixture(scope="module", name="found")
def all_indicators() -> dict[str, Indicator]:
    return {one.name: one for one in measure_indicators(load_ledger(), DESIGNS, Counts(), present=DESIGNS["opaque"])}


class TestSideBySide:
    def test_each_has_a_mark_a_source_and_a_place_for_every_design(self, found: dict[str, Indicator]) -> None:
        assert {one.mark for one in found.values()} == {"measured", "counted", "assumed"}
        for one in found.values():
            assert one.source
            assert list(one.values) == list(DESIGNS)
        assumed = {one.name for one in found.values() if one.mark == "assumed"}
        assert assumed == {name for name in found if name.startswith(("one_off", "yearly", "migration", "cocomo"))}

    def test_person_days_are_means_within_their_intervals(self, found: dict[str, Indicator]) -> None:
        means = compute_expected_effort(load_ledger(), DESIGNS, Counts(), common=False)
        for name, value in found["one_off_days"].values.items():
            assert value is not None
            assert value[0] == means[name].one_off_days
            assert value[1] < value[0] < value[2]

    def test_differences_are_narrower_than_what_they_are_of(self, found: dict[str, Indicator]) -> None:
        value, whole = (found[name].values["jwt"] for name in ("one_off_days_difference", "one_off_days"))
        assert value is not None
        assert whole is not None
        assert value[2] - value[1] < 0.6 * (whole[2] - whole[1])
        assert found["one_off_days_difference"].values["opaque"] is None
        assert found["migration_days"].values["opaque"] == (0.0, 0.0, 0.0)

    def test_public_code_speaks_for_plain_strategies_only(self, found: dict[str, Indicator]) -> None:
        values = found["public_code_ratio"].values
        assert values["opaque"] == (1.0,)
        assert values["jwt"] is not None
        assert values["phantom"] is None
        assert values["jwt_denylist"] is None

    def test_the_process_is_counted_in_the_life_of_a_user(self) -> None:
        given = scenario()
        lived = count_process(given)
        rows = measure_indicators(load_ledger(), given.designs, Counts(), process_counts=lived)
        found = {one.label: one for one in rows}
        row = found["messages: next request"]
        assert row.mark == "counted"
        assert row.values["opaque"] == (4.0,)
        assert row.values["jwt"] == (2.0,)

    def test_going_over_is_told_with_what_it_changes_every_year(self) -> None:
        given = {name: DESIGNS[name] for name in ("opaque", "phantom", "jwt")}
        found = {
            one.name: one.values
            for one in measure_indicators(load_ledger(), given, Counts(), present=DESIGNS["phantom"], n=100)
        }
        means = compute_expected_effort(load_ledger(), given, Counts())
        saved = found["present_yearly_days_difference"]
        assert saved["phantom"] is None
        assert saved["jwt"] is not None
        assert saved["jwt"][0] == pytest.approx(means["jwt"].yearly_days - means["phantom"].yearly_days)
        assert found["migration_days"]["phantom"] == (0.0, 0.0, 0.0)

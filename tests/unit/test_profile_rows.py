"""Rows of a cost profile for tokens of any size, and profiles that were extended or derived instead of measured."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.calibration import derived_profiles, profile_extension
from simlib.calibration.profile_writer import QUANTILES, format_profile
from simlib.scenario.base import find_bundled
from simlib.scenario.errors import InputError
from simlib.scenario.profile import FEW_BYTES, MANY_BYTES, NEAR_FEW, CostProfile, load_profile, name_sized_operation

PROFILES = find_bundled("profiles")
BASE = load_profile(PROFILES / "python-2026.csv")
MIDDLE = np.array([0.5])


def profile(**rows: list[float]) -> CostProfile:
    tables = {name.replace("__", "."): np.array(values) for name, values in rows.items()}
    return CostProfile("made", MappingProxyType(tables), MappingProxyType({}), "as_measured")


VERIFYING = profile(jwt__verify__RS256=[1.0, 2.0, 4.0], jwt__verify__RS256__40=[3.0, 5.0, 9.0])


def cost(size: int, made: CostProfile = VERIFYING) -> float:
    return float(made.invert(f"jwt.verify.RS256@{size}", MIDDLE)[0])


def test_a_size_between_the_measured_ones_lies_on_the_line_through_them() -> None:
    assert cost(FEW_BYTES) == 2.0
    assert cost(MANY_BYTES) == 5.0
    assert cost((FEW_BYTES + MANY_BYTES) // 2) == pytest.approx(3.5)
    assert cost(2 * MANY_BYTES - FEW_BYTES) == pytest.approx(8.0)


@given(st.integers(0, 20_000), st.integers(0, 20_000), st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_costs_never_fall_with_size_nor_with_the_uniform(one: int, other: int, uniforms: list[float]) -> None:
    small, large = sorted((one, other))
    low, high = sorted(uniforms)
    assert cost(small) <= cost(large)
    at = VERIFYING.invert(f"jwt.verify.RS256@{one}", np.array([low, high]))
    assert 0 <= at[0] <= at[1]


def test_a_line_beyond_falling_differences_still_makes_a_distribution() -> None:
    made = profile(jwt__verify__RS256=[1.0, 5.0], jwt__verify__RS256__40=[4.0, 6.0])
    table = made.find_row(f"jwt.verify.RS256@{10 * MANY_BYTES}")
    assert table is not None
    assert (np.diff(table) >= 0).all()


def test_a_constant_and_a_measured_row_can_be_joined() -> None:
    made = profile(jwt__verify__RS256=[1.0], jwt__verify__RS256__40=[3.0, 5.0, 9.0])
    assert cost(MANY_BYTES, made) == 5.0


def test_a_row_is_missing_when_either_of_the_two_is() -> None:
    for made in (profile(jwt__verify__RS256=[1.0]), profile(jwt__verify__RS256__40=[1.0])):
        assert made.find_row("jwt.verify.RS256@900") is None
        with pytest.raises(InputError, match=r"no operation 'jwt.verify.RS256@900'"):
            made.invert("jwt.verify.RS256@900", MIDDLE)


def test_a_token_about_as_large_as_the_measured_one_is_charged_as_measured() -> None:
    edge = int(FEW_BYTES + NEAR_FEW * (MANY_BYTES - FEW_BYTES))
    assert name_sized_operation("jwt.sign.ES256", edge) == "jwt.sign.ES256"
    assert name_sized_operation("jwt.sign.ES256", edge + 1) == f"jwt.sign.ES256@{edge + 1}"


@pytest.mark.parametrize("path", sorted(PROFILES.glob("*.csv")), ids=lambda path: path.stem)
def test_every_bundled_profile_holds_every_operation_of_the_measured_one(path: Path) -> None:
    assert set(load_profile(path).quantiles) == set(BASE.quantiles)


@pytest.mark.parametrize("name", [name for name in BASE.quantiles if name.endswith(".40")])
def test_forty_claims_cost_more_than_ten_in_every_bundled_profile(name: str) -> None:
    for path in PROFILES.glob("*.csv"):
        made = load_profile(path)
        assert np.median(made.quantiles[name]) > np.median(made.quantiles[name.removesuffix(".40")])


# --- extended ---------------------------------------------------------------------------------------------------


def measured(**rows: float) -> tuple[str, CostProfile]:
    samples = {name.replace("__", "."): [value, 2 * value, 3 * value] for name, value in rows.items()}
    tables = {name: np.quantile(values, np.linspace(0, 1, QUANTILES)) for name, values in samples.items()}
    made = CostProfile("made", MappingProxyType(tables), MappingProxyType({"date": "2026-01-01"}))
    return format_profile(samples, {"date": "2026-01-01"}), made


def test_extending_keeps_every_old_row_and_scales_the_new_ones_to_them(tmp_path: Path) -> None:
    text, old = measured(jwt__verify__ES256=1.0, token__hash=5.0)
    _, new = measured(jwt__verify__ES256=2.0, jwt__verify__ES384=6.0, token__hash=50.0)
    longer = profile_extension.extend_profile(text, old, new)
    (tmp_path / "p.csv").write_text(longer)
    loaded = load_profile(tmp_path / "p.csv", noise="as_measured")
    assert [line for line in longer.splitlines() if line in text.splitlines()] == text.splitlines()
    assert float(loaded.invert("jwt.verify.ES384", MIDDLE)[0]) == pytest.approx(6.0)  # 12 x 1 / 2, the median of three
    assert loaded.about["factor jwt.verify.ES384"] == "0.500"
    assert profile_extension.extend_profile(longer, loaded, new) == longer


@pytest.mark.parametrize(
    ("operation", "anchor"),
    [
        ("jwt.sign.PS256-3072.40", "jwt.sign.RS256"),
        ("jwt.verify.RS256.40", "jwt.verify.RS256"),
        ("jwt.verify.HS256", "jwt.verify.ES256"),
        ("jwt.sign.EdDSA.40", "jwt.sign.EdDSA"),
        ("dpop.verify", "jwt.verify.ES256"),
        ("store.sqlite.consume", "store.sqlite.revoke"),
    ],
)
def test_an_added_row_is_scaled_by_one_of_its_kind(operation: str, anchor: str) -> None:
    assert profile_extension.find_anchor(operation) == anchor


@pytest.mark.parametrize("operation", ["token.hash", "jwt.sign.XX", "store.redis.get"])
def test_a_row_without_an_anchor_is_not_added(operation: str) -> None:
    with pytest.raises(InputError, match="as a whole"):
        profile_extension.find_anchor(operation)


# --- files ------------------------------------------------------------------------------------------------------


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(f"# format: simlib-profile-1\noperation,q0,q1,q2\n{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,1,2,3\na,0.5\n", "row 4: a second row of a"),
        (",1,2,3\n", "row 3: names no operation"),
        ("a,1,2,3\nb,1,2\n", r"row 4 \(b\): has 2 quantiles where the heading has 3"),
        ("a,1,2,3,4\n", r"row 3 \(a\): has 4 quantiles where the heading has 3"),
    ],
)
def test_rows_that_are_repeated_nameless_or_cut_off_are_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=f"mine.csv, {words}"):
        load_profile(written(tmp_path, text))


def test_a_constant_may_stand_between_measured_rows_and_a_spreadsheet_may_mark_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "a,1,2,3\nb,7\n")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert load_profile(path).mean("b") == 7.0


def test_a_file_that_is_no_text_or_no_file_is_refused_in_words(tmp_path: Path) -> None:
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        load_profile(binary)
    with pytest.raises(InputError, match="Is a directory"):
        load_profile(tmp_path)


# --- derived ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", derived_profiles.DERIVATIONS, ids=lambda make: make.__name__)
def test_a_bundled_derived_profile_is_what_its_maker_makes(make: Any) -> None:
    made = make(BASE)
    path = PROFILES / f"{made.name}.csv"
    assert path.read_text(encoding="utf-8") == made.format_text()
    about = load_profile(path).about
    assert about["derived"].startswith("not measured")
    assert {"source", "factor", "assumption"} <= set(about)


def seconds(name: str, operation: str) -> float:
    return float(load_profile(PROFILES / f"{name}.csv").quantiles[operation][0])


def median_of(operation: str) -> float:
    return float(np.median(BASE.quantiles[operation]))


def test_the_gateway_on_the_jvm_follows_from_the_published_rates() -> None:
    plain, with_rs256, with_es256 = 1 / 4801, 1 / 3857, 1 / 1047
    jvm = "jvm-gateway-derived"
    assert seconds(jvm, "jwt.verify.RS256") == pytest.approx(with_rs256 - plain, rel=1e-3)
    assert seconds(jvm, "jwt.verify.RS256") == pytest.approx(51e-6, rel=0.01)
    assert seconds(jvm, "jwt.verify.ES256") == pytest.approx(with_es256 - plain, rel=1e-3)
    assert seconds(jvm, "jwt.verify.ES256") == pytest.approx(747e-6, rel=0.01)
    assert seconds(jvm, "http.call_in") + seconds(jvm, "http.call_out") == pytest.approx(plain, rel=1e-3)
    assert seconds(jvm, "jwt.verify.HS256") == pytest.approx((4.3 + 2.8 + 1.0) * 1e-6, rel=1e-3)
    scaled = plain / (median_of("http.call_in") + median_of("http.call_out"))
    for operation in ("token.hash", "store.sqlite.get", "jwt.sign.RS256", "json.decode"):
        assert seconds(jvm, operation) == pytest.approx(scaled * median_of(operation), rel=1e-3)


def test_the_native_gateway_follows_from_the_published_verification() -> None:
    native, around = "native-gateway-derived", 21e-6 - 1 / 52542
    assert seconds(native, "jwt.verify.RS256") == 21e-6
    assert seconds(native, "jwt.verify.RS256-3072") == pytest.approx(around + 1 / 26102, rel=1e-3)
    assert seconds(native, "jwt.verify.ES256") == pytest.approx(around + 1 / 15516, rel=1e-3)
    assert seconds(native, "jwt.sign.RS256") == pytest.approx(around + 1 / 1427, rel=1e-3)
    assert seconds(native, "jwt.sign.EdDSA") == pytest.approx(around + 1 / 23196, rel=1e-3)
    for operation in ("token.hash", "store.sqlite.get", "http.call_in", "json.decode"):
        assert seconds(native, operation) == pytest.approx(
            21e-6 / median_of("jwt.verify.RS256") * median_of(operation), rel=1e-3
        )


@pytest.mark.parametrize("name", ["jvm-gateway-derived", "native-gateway-derived"])
def test_what_has_published_kin_follows_it_and_a_password_takes_as_long_everywhere(name: str) -> None:
    assert seconds(name, "user.authenticate") == pytest.approx(median_of("user.authenticate"), rel=1e-3)
    about = load_profile(PROFILES / f"{name}.csv").about
    for operation, kin in (("dpop.verify", "jwt.verify.ES256"), ("jwe.encrypt.RSA-OAEP-256", "jwt.verify.RS256")):
        ratio = median_of(operation) / median_of(kin)
        assert seconds(name, operation) == pytest.approx(ratio * seconds(name, kin), rel=1e-3)
        assert "assumption" in about[f"row {operation}"]


@pytest.mark.parametrize("name", ["jvm-gateway-derived", "native-gateway-derived", "python-2026"])
def test_every_stack_signs_es256_quicker_than_rs256_and_verifies_it_slower(name: str) -> None:
    loaded = load_profile(PROFILES / f"{name}.csv")
    assert loaded.mean("jwt.sign.ES256") < loaded.mean("jwt.sign.RS256")
    assert loaded.mean("jwt.verify.ES256") > loaded.mean("jwt.verify.RS256")
    assert loaded.mean("jwt.verify.HS256") < loaded.mean("jwt.verify.RS256") < loaded.mean("jwt.verify.RS256-3072")

"""Prices: what the bundled file says, what a scenario puts in its place, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from simlib.decision.economics.prices import COLUMNS, KEYS, find_prices_file, load_prices, resolve_prices
from simlib.scenario.economics import Estimate, Prices
from simlib.scenario.errors import InputError

GOOD = "vcpu_hour,1,2,3,EUR,per vCPU and hour,sourced,2026,somebody"


def written(folder: Path, *rows: str, heading: str = ",".join(COLUMNS)) -> Path:
    file = folder / "my-prices.csv"
    file.write_text("\n".join([heading, *rows]) + "\n", encoding="utf-8")
    return file


def test_estimates_follow_from_the_list_prices_in_the_same_file() -> None:
    known = load_prices()
    parts = {key: price.likely for key, price in known.items()}
    year, share = known["software-developer-year"], known["wage-share"].likely
    made = {
        "vcpu_hour": (
            parts["fargate-arm-vcpu-hour"] + 2 * parts["fargate-arm-gigabyte-hour"],
            parts["ec2-c5-2xlarge-hour"] / 8,
            parts["fargate-vcpu-hour"] + 2 * parts["fargate-gigabyte-hour"],
        ),
        "database_vcpu_hour": (
            parts["rds-t4g-medium-hour"] / 2,
            parts["rds-r8g-xlarge-hour"] / 4,
            2 * parts["rds-r8g-xlarge-hour"] / 4,
        ),
        "gigabyte": (0.0, 2 * parts["cross-zone-gigabyte"], parts["internet-gigabyte"]),
    }
    for key, points in made.items():
        assert known[key][:3] == pytest.approx(points, abs=1e-6), key
    for point, wage in zip(known["developer_day"][:3], year[:3], strict=True):
        assert point == pytest.approx(wage / 2080 / share * 8, abs=0.5)


def test_every_bundled_price_has_a_source_and_a_date_and_every_key_is_there() -> None:
    known = load_prices()
    assert set(KEYS) <= set(known)
    assert all(price.source and price.date and price.kind in ("sourced", "assumption") for price in known.values())


def test_a_scenario_takes_the_place_of_the_file_key_by_key() -> None:
    own = Prices(developer_day=700.0, gigabyte=Estimate(low=0.0, likely=0.01, high=0.05))
    resolved, known = resolve_prices(own), load_prices()
    assert resolved.by_key["developer_day"][:3] == (700.0, 700.0, 700.0)
    assert resolved.by_key["developer_day"].kind == "assumption"
    assert resolved.by_key["gigabyte"][:3] == (0.0, 0.01, 0.05)
    assert resolved.by_key["vcpu_hour"] == known["vcpu_hour"]
    assert list(resolved.by_key) == list(KEYS)


def test_prices_of_two_currencies_are_not_mixed() -> None:
    with pytest.raises(InputError, match=r"prices\.currency: EUR is not the currency of prices\.csv"):
        resolve_prices(Prices(currency="EUR", developer_day=650.0))
    whole = Prices(currency="EUR", **dict.fromkeys(KEYS, 1.0))
    assert resolve_prices(whole).currency == "EUR"


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (GOOD.replace("1,2,3", "-1,2,3"), "low: must be a number >= 0, not '-1'"),
        (GOOD.replace("1,2,3", "1,2,nan"), "high: must be a number >= 0, not 'nan'"),
        (GOOD.replace("1,2,3", "1,=2,3"), "likely: must be a number >= 0, not '=2'"),
        (GOOD.replace("1,2,3", "3,2,4"), "must be low <= likely <= high, not 3, 2, 4"),
        (GOOD.replace("sourced", "guess"), "kind must be one of sourced, assumption, not 'guess'"),
        (GOOD.replace("somebody", " "), "needs a date and a source"),
        (GOOD + ",more", "has not 9 cells"),
        ("vcpu_hour,1,2", "has not 9 cells"),
    ],
)
def test_a_bad_row_is_refused_with_file_and_row(tmp_path: Path, row: str, what: str) -> None:
    file = written(tmp_path, row)
    with pytest.raises(InputError, match=r"my-prices\.csv, row 2") as caught:
        load_prices(file)
    assert what in str(caught.value)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as prices"):
        load_prices(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="has no column 'source'"):
        load_prices(written(tmp_path, "vcpu_hour,1", heading="key,low,likely,high,currency,unit,kind,date"))
    with pytest.raises(InputError, match="a second row of 'vcpu_hour'"):
        load_prices(written(tmp_path, GOOD, GOOD))
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="cannot be read as prices"):
        load_prices(binary)


@pytest.mark.parametrize("currency", ["=A", "+1", "-1", "@x", "a|b", "<b>", "", " ", "a\nb", "dollars a day"])
def test_a_currency_is_a_word_that_no_table_runs(currency: str) -> None:
    with pytest.raises(ValidationError, match="currency"):
        Prices(currency=currency)
    assert [Prices(currency=own).currency for own in ("EUR", "€", "Kč", "US$")] == ["EUR", "€", "Kč", "US$"]


def test_the_bundled_file_is_found() -> None:
    assert find_prices_file().is_file()

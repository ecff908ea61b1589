"""The compressed list of bits: the draft's own example, its table of sizes, and what is refused."""

import base64
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.tokens import MalformedStatusList, StatusList

# The size appendix of draft-ietf-oauth-status-list: entries -> revoked share in percent -> compressed bytes.
KB = 1024
PUBLISHED = {
    100_000: {0.01: 81, 0.1: 252, 1: 1.4 * KB, 2: 2.3 * KB, 5: 4.5 * KB, 10: 6.9 * KB, 25: 10.2 * KB}
    | {50: 12.2 * KB, 75: 10.2 * KB, 100: 35},
    1_000_000: {0.01: 442, 0.1: 2.2 * KB, 1: 13.7 * KB, 2: 23.0 * KB, 5: 43.9 * KB, 10: 67.6 * KB, 25: 102.2 * KB}
    | {50: 122.1 * KB, 75: 102.4 * KB, 100: 144},
}


@pytest.mark.parametrize(
    ("entries", "percent"), [(entries, percent) for entries, row in PUBLISHED.items() for percent in row]
)
def test_sizes_are_those_of_the_draft_within_five_percent_and_twenty_bytes(entries: int, percent: float) -> None:
    published = PUBLISHED[entries][percent]
    revoked = np.random.default_rng(entries).choice(entries, round(entries * percent / 100), replace=False)
    size = len(StatusList.create(entries, revoked.tolist()).compress())
    assert abs(size - published) <= 0.05 * published + 20


def test_the_example_of_the_draft_is_packed_and_compressed_to_the_same_bytes() -> None:
    statuses = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
    made = StatusList.create(16).set_statuses(enumerate(statuses))
    assert made.packed == bytes([0xB9, 0xA3])
    assert made.to_claim() == {"bits": 1, "lst": "eNrbuRgAAhcBXQ"}
    assert [made.get(index) for index in range(16)] == statuses


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_what_is_put_in_comes_out_and_nothing_else_changes(bits: int, data: st.DataObject) -> None:
    statuses = data.draw(st.dictionaries(st.integers(0, 99), st.integers(0, 2**bits - 1)))
    read = StatusList.from_claim(StatusList.create(100, bits=bits).set_statuses(statuses.items()).to_claim(), 1000)
    assert [read.get(index) for index in range(100)] == [statuses.get(index, 0) for index in range(100)]


@pytest.mark.parametrize("index", [-1, 104, 10**9])
def test_an_index_beyond_the_list_is_an_error(index: int) -> None:
    made = StatusList.create(100)
    assert len(made) == 104  # whole bytes
    with pytest.raises(IndexError):
        made.get(index)
    with pytest.raises(IndexError):
        made.set_statuses([(index, 1)])


def test_a_status_that_does_not_fit_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        StatusList.create(8).set_statuses([(0, 2)])


def test_a_list_of_exactly_the_limit_is_read_and_one_byte_more_is_not() -> None:
    claim = StatusList(1, bytes(1000)).to_claim()
    assert len(StatusList.from_claim(claim, 1000)) == 8000
    with pytest.raises(MalformedStatusList, match="more than 999 bytes"):
        StatusList.from_claim(claim, 999)


def test_a_decompression_bomb_is_not_unpacked() -> None:
    bomb = {"bits": 1, "lst": encoded(zlib.compress(bytes(50_000_000), 9))}
    with pytest.raises(MalformedStatusList, match="more than 1000 bytes"):
        StatusList.from_claim(bomb, 1000)


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


GOOD = zlib.compress(bytes(100))


@pytest.mark.parametrize(
    "claim",
    [
        None,
        [],
        {},
        {"bits": 1},
        {"bits": 3, "lst": encoded(GOOD)},
        {"bits": 1, "lst": 7},
        {"bits": 1, "lst": "?"},
        {"bits": 1, "lst": "ü"},
        {"bits": 1, "lst": encoded(b"no zlib")},
        {"bits": 1, "lst": encoded(GOOD[:-1])},
        {"bits": 1, "lst": encoded(GOOD + b"more")},
    ],
    ids=str,
)
def test_what_is_no_status_list_is_refused(claim: object) -> None:
    with pytest.raises(MalformedStatusList):
        StatusList.from_claim(claim, 1000)

"""Reading traffic logs: what is written is what is read, whatever the line ends, the order or the packing."""

import gzip
import hashlib
import itertools
import random
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simlib.scenario.traces import Trace, read_trace

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "traces"
START = datetime(2024, 2, 28, 23, 58, tzinfo=UTC)
CLIENTS = ("192.0.2.7", "198.51.100.20", "2001:db8::1", "::1", "proxy.example")
PATHS = ("/", '/say?\\"hi\\"', "/[01/Jan/2001:00:00:00 +0000] ", "/caf\u00e9", "/a,b;c")
USER_NAMES = ("-", "ann", '"ann [x] lee"', '""')


class Hit(NamedTuple):
    """One generated request."""

    second: int
    client: str
    user: str
    path: str
    zone: int  # minutes east of UTC


HITS = st.lists(
    st.builds(
        Hit,
        st.integers(0, 200_000) | st.integers(0, 5),
        st.sampled_from(CLIENTS),
        st.sampled_from(USER_NAMES),
        st.sampled_from(PATHS),
        st.sampled_from((0, 120, -330)),
    ),
    min_size=2,
    max_size=40,
).filter(lambda hits: len({hit.second for hit in hits}) > 1)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logs")


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the real traffic logs are missing: no folder {SHARED}")
    return SHARED


def combined(hit: Hit) -> str:
    local = (START + timedelta(seconds=hit.second)).astimezone(timezone(timedelta(minutes=hit.zone)))
    month = ("Jan", "Feb", "Mar")[local.month - 1]
    stamp = f"{local:%d}/{month}/{local:%Y:%H:%M:%S %z}"
    return f'{hit.client} - {hit.user} [{stamp}] "GET {hit.path} HTTP/1.1" 200 12 "-" "A \\"b\\" c"'


def stored(folder: Path, text: str | bytes, name: str = "a.log") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def expected(hits: list[tuple[int, str]]) -> tuple[list[int], list[int]]:
    """Seconds from the first request and dense user ids, in plain Python."""
    ids: dict[str, int] = {}
    ordered = sorted(hits)
    return [second - ordered[0][0] for second, _ in ordered], [ids.setdefault(name, len(ids)) for _, name in ordered]


def content(trace: Trace) -> tuple[object, ...]:
    users = None if trace.users is None else trace.users.tolist()
    return trace.format, trace.times.tolist(), users, trace.users_count, trace.lines, trace.broken, trace.resolution_s


@given(HITS)
@settings(max_examples=60, deadline=None)
def test_a_written_access_log_is_read_as_its_instants_and_clients(folder: Path, hits: list[Hit]) -> None:
    text = "\n".join(map(combined, hits))
    trace = read_trace(stored(folder, text))
    times, users = expected([(hit.second, hit.client) for hit in hits])
    assert (trace.format, trace.times.tolist(), trace.resolution_s) == ("combined", times, 1.0)
    assert trace.users is not None
    assert trace.users.tolist() == users
    assert (trace.users_count, trace.lines, trace.broken) == (len(set(users)), len(hits), 0)
    assert trace.out_of_order == sum(b.second < a.second for a, b in itertools.pairwise(hits))
    assert (trace.source, trace.sha256) == ("a.log", hashlib.sha256(text.encode()).hexdigest())


@given(HITS, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_order_line_ends_byte_order_mark_blank_lines_and_gzip_do_not_change_a_trace(
    folder: Path, hits: list[Hit], chance: random.Random
) -> None:
    lines = [combined(hit) for hit in hits]
    plain = content(read_trace(stored(folder, "\n".join(lines))))
    chance.shuffle(lines)
    assert content(read_trace(stored(folder, "\n".join(lines)))) == plain
    windows = ("\ufeff\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode()
    assert content(read_trace(stored(folder, windows))) == plain
    packed = gzip.compress(windows[:50]) + gzip.compress(windows[50:])
    trace = read_trace(stored(folder, packed))
    assert content(trace) == plain
    assert trace.sha256 == hashlib.sha256(packed).hexdigest()


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.sampled_from("abc")), min_size=2, max_size=30).filter(
        lambda rows: len({ticks for ticks, _ in rows}) > 1
    ),
    st.sampled_from([("T", "Z"), (" ", ""), ("T", "+00:00"), (" ", " UTC")]),
    st.sampled_from(",;\t"),
)
@settings(max_examples=60, deadline=None)
def test_a_written_csv_is_read_to_a_hundred_nanoseconds(
    folder: Path, rows: list[tuple[int, str]], style: tuple[str, str], delimiter: str
) -> None:
    def row(ticks: int, user: str) -> str:
        moment = START + timedelta(seconds=ticks // 10**7)
        stamp = f"{moment:%Y-%m-%d}{style[0]}{moment:%H:%M:%S}.{ticks % 10**7:07d}{style[1]}"
        return delimiter.join((f'"{user}{delimiter}"', stamp, "7"))

    lines = [delimiter.join(("Caller", "Arrival_Time", "size")), *(row(*each) for each in rows)]
    trace = read_trace(stored(folder, "\r\n".join(lines)), user_column="caller")
    ticks, users = expected(rows)
    assert trace.format == "csv"
    np.testing.assert_allclose(trace.times, np.array(ticks) / 1e7, rtol=1e-15, atol=0)
    assert trace.users is not None
    assert trace.users.tolist() == users


@pytest.mark.parametrize(
    ("stamps", "times", "resolution"),
    [
        (("1700000000", "1700000002"), [0, 2], 1.0),
        (("1700000000.25", "1700000002.5"), [0, 2.25], 0.01),
        (("1700000000123", "1700000001123"), [0, 1], 0.001),
        (("1700000000000001", "1700000000000003"), [0, 2e-6], 1e-6),
        (("0", "1.5e1"), [0, 15], 1.0),
        (("2024-01-01 00:00:00.000", "2024-01-01 00:00:02.000"), [0, 2], 1.0),
        (("2024-01-01T01:00:00+01:00", "2024-01-01T00:30:00-00:30"), [0, 3600], 1.0),
        (("2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z"), [0, 1], 1.0),
    ],
)
def test_a_time_column_may_hold_epoch_numbers_and_zones(
    tmp_path: Path, stamps: tuple[str, str], times: list[float], resolution: float
) -> None:
    trace = read_trace(stored(tmp_path, "n,ts\n1,{}\n2,{}\n".format(*stamps)))
    assert trace.times.tolist() == pytest.approx(times)
    assert trace.resolution_s == pytest.approx(resolution, rel=1e-12)
    assert (trace.users, trace.users_count) == (None, 0)


def test_the_time_column_is_the_best_known_name_unless_one_is_given(tmp_path: Path) -> None:
    path = stored(tmp_path, "date,@Timestamp,begun\nx,10,1\nx,13,2\n")
    assert read_trace(path).times.tolist() == [0, 3]
    assert read_trace(path, time_column="BEGUN").times.tolist() == [0, 1]


def test_common_format_and_a_leading_site_are_access_logs_too(tmp_path: Path) -> None:
    lines = [
        '::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 -',
        'www.example:443 192.0.2.9 - - [17/May/2015:10:05:04 +0000] "GET / HTTP/1.1" 200 12',
        'www.example:443 192.0.2.8 - - [17/May/2015:10:05:04 +0000] "GET / HTTP/1.1" 200 12',
    ]
    trace = read_trace(stored(tmp_path, "\n".join(lines)))
    assert (trace.format, trace.users_count, trace.times.tolist()) == ("common", 3, [0, 1, 1])


def test_names_that_are_not_utf8_stay_apart(tmp_path: Path) -> None:
    trace = read_trace(stored(tmp_path, b"time,user\n1,\xe9\n2,\xe8\n3,\xe9\n"), user_column="user")
    assert trace.users is not None
    assert trace.users.tolist() == [0, 1, 0]


@given(HITS, st.lists(st.sampled_from(["garbage", '1.2.3.4 - - [32/May/2024:00:00:00 +0000] "GET', "\0", "-"])))
@settings(max_examples=40, deadline=None)
def test_every_line_is_a_request_or_counted_as_broken(folder: Path, hits: list[Hit], bad: list[str]) -> None:
    bad = bad[: len(hits) - 1]
    lines = [line for pair in zip(bad, map(combined, hits), strict=False) for line in pair]
    lines += [combined(hit) for hit in hits[len(bad) :]]
    long = "x" * 70_000  # a NUL in the first block would mean that the file is binary
    trace = read_trace(stored(folder, "\n".join(["", "", long, *lines])))
    assert (len(trace.times), trace.broken) == (len(hits), len(bad) + 1)
    assert trace.lines == len(trace.times) + trace.broken
    numbers = [3, *range(4, 4 + 2 * len(bad), 2)]
    assert [int(each.split(":")[0].removeprefix("line ")) for each in trace.broken_examples] == numbers[:5]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("5", "1 fields where the header has 2"),
        ("5,a,b", "3 fields"),
        ("5, ", "no user"),
        ("2024-02-30 00:00:00,a", "no such time: 2024-02-30 00:00"),
        ("2024-02-28 00:00:61,a", "no such second: 61"),
        ("2024-02-28T00:00:00+25:00,a", "no such zone: +25:00"),
        ("2524-02-28 00:00:00,a", "year 2524 is outside 1970 to 2200"),
        ("2024-02-28 00:00,a", "not a time: '2024-02-28 00:00'"),
        ("nan,a", "not a time: 'nan'"),
        ("1e999,a", "out of range"),
        ("9999999999999999999999,a", "out of range"),
    ],
)
def test_a_broken_line_is_told_with_number_and_reason(tmp_path: Path, row: str, reason: str) -> None:
    trace = read_trace(stored(tmp_path, f"time,user\n1,a\n{row}\n3,b\n"), user_column="user")
    assert (trace.lines, trace.broken, trace.times.tolist()) == (3, 1, [0, 2])
    assert trace.broken_examples[0].startswith("line 3: ")
    assert reason in trace.broken_examples[0]


def test_a_line_cut_after_its_request_begins_still_tells_who_and_when(tmp_path: Path) -> None:
    whole = combined(Hit(0, "192.0.2.7", "-", "/", 0))
    trace = read_trace(stored(tmp_path, whole + "\n" + combined(Hit(9, "192.0.2.7", "-", "/", 0))[:-20]))
    assert (trace.times.tolist(), trace.broken) == ([0, 9], 0)


def test_arrays_of_a_trace_cannot_be_changed(tmp_path: Path) -> None:
    trace = read_trace(stored(tmp_path, "time\n1\n2\n"))
    with pytest.raises(ValueError, match="read-only"):
        trace.times[0] = 1.0


def test_a_real_access_log_is_read_whole(shared: Path) -> None:
    trace = read_trace(shared / "apache_access.log.gz")
    assert (trace.format, trace.lines, len(trace.times), trace.users_count) == ("combined", 10_000, 10_000, 1_753)
    assert trace.out_of_order > 0
    assert trace.resolution_s == 1.0
    assert trace.length_s == 298_860.0  # 17/May 10:05:00 to 20/May 21:05:59, that second included
    assert bool((np.diff(trace.times) >= 0).all())


def test_real_api_arrivals_are_read_whole(shared: Path) -> None:
    trace = read_trace(shared / "api_arrivals.csv.gz")
    assert (trace.format, trace.lines, len(trace.times), trace.broken) == ("csv", 8_819, 8_819, 0)
    assert trace.users is None
    assert trace.times[1] == pytest.approx(0.052, abs=1e-9)  # 18:17:03.97996 to 18:17:04.03196
    assert trace.times[-1] == pytest.approx(3435.948056, abs=1e-9)  # to 19:14:19.928016

"""Traffic logs that cannot be used are refused with one line that names the file and what is allowed."""

import gzip
import random
from pathlib import Path

import pytest

from simlib.scenario import trace_files
from simlib.scenario.errors import InputError
from simlib.scenario.traces import read_trace

LINE = '192.0.2.7 - - [17/May/2015:10:05:%02d +0000] "GET / HTTP/1.1" 200 12\n'
LOG = "".join(LINE % second for second in range(60)) * 50
NOISE = random.Random(7).randbytes(20_000)


def refusal(path: Path, **columns: str) -> str:
    """The message, once it has been seen to be one printable line that names the file and what is allowed."""
    with pytest.raises(InputError) as caught:
        read_trace(path, **columns)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.isprintable()
    return message.removeprefix(f"{path}: ")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path / "no.log").startswith("no such file; allowed: an access log")


def test_a_log_of_too_many_lines_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "long.log").write_text(LOG, encoding="utf-8")
    monkeypatch.setattr(trace_files, "MOST_LINES", 3000)
    assert read_trace(tmp_path / "long.log").lines == 3000
    monkeypatch.setattr(trace_files, "MOST_LINES", 2999)
    assert refusal(tmp_path / "long.log") == "has more than 2,999 lines; allowed: at most so many"


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("is a directory; allowed:")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty; allowed:"),
        (gzip.compress(b"", mtime=0), "is empty after decompression; allowed:"),
        (b"\xef\xbb\xbf", "holds blank lines only; allowed:"),
        (b"x" * 1_000_001, "line 1 is longer than 1,000,000 characters; allowed:"),
        (
            gzip.compress(LOG.encode() + b" " * 10**7, mtime=0),
            "line 3001 is longer than 1,000,000 characters; allowed:",
        ),
        (b"\n \r\n", "holds blank lines only; allowed:"),
        (NOISE, "is binary; allowed:"),
        (NOISE.replace(b"\0", b"\1"), "is binary; allowed:"),
        (gzip.compress(NOISE, mtime=0), "is binary; allowed:"),
        (gzip.compress(gzip.compress(LOG.encode(), mtime=0), mtime=0), "is binary; allowed:"),
        (LOG.encode("utf-16"), "is binary; allowed:"),
        (b"hello\nworld\n", "no line is a request, and the first is no header of a CSV; allowed:"),
        (b"time\nx\ny\n", "none of 2 lines is a request, first line 2: not a time: 'x'; allowed:"),
        (b"time\n1\n2\nx\ny\nz\n", "3 of 5 lines are broken, first line 4: not a time: 'x'; allowed: at most half"),
        (b"time\n", "0 requests; allowed: 2 or more"),
        (b"time\n5\n", "1 requests; allowed: 2 or more"),
        (b"time\n5\n5\n5\n", "all 3 requests have the same time stamp"),
        (b"when,size\n5,1\n", "no time column among when, size; allowed: one of timestamp, datetime"),
        (b"2024-01-01 10:00:00,17\n2024-01-01 10:00:01,18\n", "the first line is no header; allowed:"),
        (b'time,"' + b"x" * 200_000 + b'"\n', "line 1: not CSV: field larger than field limit"),
    ],
)
def test_content_that_is_no_trace_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(data)
    assert refusal(path).startswith(message)


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_gzip_is_refused_with_the_line_where_it_ends(tmp_path: Path, share: float) -> None:
    lines = [LINE % (number % 60) + str(random.Random(number).random()) + "\n" for number in range(3_000)]
    packed = gzip.compress("".join(lines).encode())
    path = tmp_path / "a.log.gz"
    path.write_bytes(packed[: int(len(packed) * share)])
    message = refusal(path)
    assert message.startswith("gzip data ends too early, at about line ")
    assert "allowed: whole files" in message
    assert int(message.split("line ")[1].split(";")[0]) == pytest.approx(6_000 * share, rel=0.1)


def test_a_gzip_that_ends_within_its_head_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"time\n")[:6])
    assert refusal(path).startswith("gzip data ends too early, at about line 1;")


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(LOG.encode()))
    packed[-6] ^= 0xFF  # inside the checksum
    path = tmp_path / "a.log.gz"
    path.write_bytes(packed)
    message = refusal(path)
    assert message.startswith("gzip data is damaged, at about line ")
    assert int(message.split("line ")[1].split(";")[0]) == pytest.approx(3_000, rel=0.1)  # blocks hold many lines


@pytest.mark.parametrize("key", ["time_column", "user_column"])
def test_an_unknown_column_is_refused_naming_the_columns_there_are(tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("time, user\x1b,user\x1b,\u00e9\n1,a,b,c\n2,a,b,c\n".encode("latin-1"))
    assert refusal(path, **{key: "Nope"}) == "column 'Nope' is unknown; the columns are time, user?, user?, ?"
    assert refusal(path, **{key: "user\x1b"}).startswith("column 'user?' occurs more than once; ")


@pytest.mark.parametrize("key", ["time_column", "user_column"])
def test_an_access_log_has_no_columns_to_name(tmp_path: Path, key: str) -> None:
    path = tmp_path / "a.log"
    path.write_text(LOG)
    assert refusal(path, **{key: "time"}).startswith("is an access log, which has no columns; ")

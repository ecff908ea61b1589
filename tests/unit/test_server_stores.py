"""Stores on a server: told in one line when driver or server are missing; tried for real where addresses are given."""

import os
import socket
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest

from simlib.calibration.store_operations import check_servers, clean_servers, list_store_operations
from simlib.scenario.errors import InputError
from simlib.scenario.messages import StoreConsume, StoreGet, StorePut, StoreRevoke, StoreRevokedSince, TokenRow
from simlib.stores import SERVER_STORES

ROW = TokenRow("access", "user-1", "app", "read write", "https://rs", 10.0, 310.25)
DRIVERS = {"postgresql": "psycopg", "redis": "redis"}
GIVEN = {
    name: os.environ[f"SIMLIB_TEST_{name.upper()}"] for name in DRIVERS if f"SIMLIB_TEST_{name.upper()}" in os.environ
}
given = pytest.mark.skipif(not GIVEN, reason="needs SIMLIB_TEST_POSTGRESQL or SIMLIB_TEST_REDIS, an address each")


def nobody_listens() -> int:
    """A port of this machine that was free a moment ago."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("name", DRIVERS)
def test_a_missing_driver_is_named_with_the_extra_that_brings_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, DRIVERS[name], None)
    with pytest.raises(
        InputError, match=rf"^--{name}: .* needs the package {DRIVERS[name]}, which is .*simlib\[stores\]'$"
    ):
        check_servers({name: f"{name}://127.0.0.1"})


@pytest.mark.parametrize("name", DRIVERS)
def test_a_server_that_is_not_there_is_told_in_one_line_without_the_password(name: str) -> None:
    pytest.importorskip(DRIVERS[name])
    with pytest.raises(InputError) as caught:
        check_servers({name: f"{name}://user:s3cret@127.0.0.1:{nobody_listens()}/0"})
    assert str(caught.value).startswith(f"--{name}: ")
    assert "cannot be used at this address" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", DRIVERS)
@pytest.mark.parametrize("address", ["", "nonsense", "http://127.0.0.1:1", "redis://127.0.0.1:x"])
def test_an_address_that_is_none_is_told_as_well(name: str, address: str) -> None:
    pytest.importorskip(DRIVERS[name])
    with pytest.raises(InputError, match=rf"^--{name}: "):
        check_servers({name: address or f"{name}:"})


@pytest.fixture(params=list(GIVEN) or [pytest.param("none", marks=given)])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    made = SERVER_STORES[request.param](GIVEN[request.param], "simlib_test")
    yield made
    made.drop()
    made.close()


def test_a_server_answers_as_every_store_does(store: Any) -> None:
    assert store.execute(StoreGet("a")) is None
    assert store.execute(StoreRevoke("a", 5.0)) is False
    assert store.execute(StorePut("a", ROW)) is None
    assert store.execute(StoreGet("a")) == ROW
    assert store.count_valid(310.0) == 1
    assert store.count_valid(310.25) == 0
    assert store.execute(StoreRevoke("a", 5.5)) is True
    assert store.execute(StoreRevoke("a", 9.0)) is True
    assert store.execute(StoreGet("a")) == ROW._replace(revoked_at=5.5)
    assert (store.count_valid(5.0), store.count_valid(6.0)) == (1, 0)
    store.execute(StorePut("a", ROW))
    assert store.execute(StoreGet("a")) == ROW


def test_a_server_keeps_details_gives_a_row_to_one_consumer_and_lists_what_is_revoked(store: Any) -> None:
    detailed = ROW._replace(details='{"family":"f"}')
    for key in ("b", "B", "a", "good"):
        store.execute(StorePut(key, detailed))
    assert store.execute(StoreGet("a")) == detailed
    assert store.execute(StoreConsume("nothing", 5.0)) is None
    assert store.execute(StoreConsume("a", 5.0)) == detailed
    assert store.execute(StoreConsume("a", 6.0)) == detailed._replace(revoked_at=5.0)
    store.execute(StoreRevoke("b", 4.25))
    store.execute(StorePut("B", detailed._replace(revoked_at=4.25)))
    store.execute(StorePut("over", detailed._replace(expires_at=7.0, revoked_at=4.5)))
    assert [key for key, _ in store.execute(StoreRevokedSince(4.0, 6.9))] == ["B", "b", "over", "a"]
    assert store.execute(StoreRevokedSince(4.25, 7.0)) == (("a", detailed._replace(revoked_at=5.0)),)
    store.execute(StorePut("a", detailed))
    assert store.execute(StoreRevokedSince(4.25, 7.0)) == ()


@given
def test_connections_that_consume_one_row_at_the_same_time_have_one_winner(store: Any) -> None:
    name = next(name for name, make in SERVER_STORES.items() if make is type(store))
    for number in range(50):
        store.execute(StorePut(str(number), ROW))

    def consume_all(_: int) -> list[str]:
        with closing(SERVER_STORES[name](GIVEN[name], "simlib_test")) as mine:
            return [str(n) for n in range(50) if mine.execute(StoreConsume(str(n), 20.0)) == ROW]

    with ThreadPoolExecutor(4) as pool:
        won = [key for keys in pool.map(consume_all, range(4)) for key in keys]
    assert sorted(won) == sorted(map(str, range(50)))


@given
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its connections end with its process
def test_calibration_measures_servers_twice_and_leaves_them_as_they_were(tmp_path: Any) -> None:
    operations = {each.name: each for each in list_store_operations(tmp_path, GIVEN)}
    for name in GIVEN:
        for act in ("get", "put", "revoke"):
            assert not operations[f"store.{name}.{act}"].elapsed
            assert operations[f"store.{name}.{act}.elapsed"].elapsed
        assert isinstance(operations[f"store.{name}.get"].run(), TokenRow)
        assert operations[f"store.{name}.revoke.elapsed"].run() is True
    clean_servers(GIVEN)
    for name, address in GIVEN.items():
        with closing(SERVER_STORES[name](address, "simlib_calibration")) as store:
            assert store.count_valid(0.0) == 0
            store.drop()

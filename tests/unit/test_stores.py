"""One contract for every store: whatever is asked in whatever order, all of them answer alike."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.errors import InputError
from simlib.scenario.messages import (
    SharedGet,
    SharedPut,
    StoreConsume,
    StoreGet,
    StorePut,
    StoreRequest,
    StoreRevoke,
    StoreRevokedSince,
    TokenRow,
)
from simlib.stores import STORES, SharedStore, SqliteStore, TokenStore

ROW = TokenRow("access", "user-1", "app", "read write", "https://rs", 10.0, 310.0)

makers = [*STORES, "sqlite file"]


@pytest.fixture(params=makers)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TokenStore]:
    make: Callable[[], TokenStore] = STORES.get(request.param, lambda: SqliteStore(tmp_path / "tokens.sqlite"))
    made = make()
    yield made
    made.close()


def test_a_row_comes_back_as_it_was_put(store: TokenStore) -> None:
    revoked = ROW._replace(kind="refresh", revoked_at=0.1)
    assert store.execute(StorePut("a", ROW)) is None
    assert store.execute(StorePut("b", revoked)) is None
    assert store.execute(StoreGet("a")) == ROW
    assert store.execute(StoreGet("b")) == revoked


def test_an_unknown_key_is_answered_by_none(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW))
    assert store.execute(StoreGet("A")) is None
    assert store.execute(StoreGet("")) is None


def test_a_second_row_replaces_the_first(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW))
    store.execute(StorePut("a", ROW._replace(subject="user-2")))
    assert store.execute(StoreGet("a")) == ROW._replace(subject="user-2")
    assert store.count_valid(20.0) == 1


def test_a_revocation_marks_the_row_and_says_whether_there_was_one(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW))
    assert store.execute(StoreRevoke("a", 50.0)) is True
    assert store.execute(StoreRevoke("b", 50.0)) is False
    assert store.execute(StoreGet("a")) == ROW._replace(revoked_at=50.0)
    assert store.execute(StoreGet("b")) is None


def test_the_first_revocation_stays(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW))
    assert [store.execute(StoreRevoke("a", at)) for at in (50.0, 40.0, 60.0)] == [True, True, True]
    assert store.execute(StoreGet("a")) == ROW._replace(revoked_at=50.0)


def test_valid_rows_are_neither_expired_nor_revoked(store: TokenStore) -> None:
    store.execute(StorePut("expires at 310", ROW))
    store.execute(StorePut("revoked at 100", ROW._replace(revoked_at=100.0)))
    assert [store.count_valid(now) for now in (99.0, 100.0, 309.9, 310.0)] == [2, 1, 1, 0]


def test_details_come_back_as_they_were_put(store: TokenStore) -> None:
    detailed = ROW._replace(details='{"family":"f","cnf":{"jkt":"\u00fc"}}')
    store.execute(StorePut("a", detailed))
    store.execute(StoreRevoke("a", 50.0))
    assert store.execute(StoreGet("a")) == detailed._replace(revoked_at=50.0)


def test_of_those_who_consume_a_row_only_the_first_sees_it_unused(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW))
    assert store.execute(StoreConsume("b", 20.0)) is None
    assert store.execute(StoreConsume("a", 20.0)) == ROW
    assert store.execute(StoreConsume("a", 30.0)) == ROW._replace(revoked_at=20.0)
    assert store.execute(StoreGet("a")) == ROW._replace(revoked_at=20.0)


def test_a_revoked_row_cannot_be_consumed_as_if_it_were_good(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW))
    store.execute(StoreRevoke("a", 15.0))
    assert store.execute(StoreConsume("a", 20.0)) == ROW._replace(revoked_at=15.0)


def revoked(store: TokenStore, since: float, now: float) -> dict[str, TokenRow]:
    """What was revoked after an instant, in the order of the answer."""
    answer = store.execute(StoreRevokedSince(since, now))
    assert not isinstance(answer, TokenRow | bool | None)
    assert len(dict(answer)) == len(answer)
    return dict(answer)


def test_revoked_rows_are_listed_by_instant_until_they_expire(store: TokenStore) -> None:
    for key, at in (("c", 30.0), ("b", 20.0), ("d", 30.0), ("a", 40.0)):
        store.execute(StorePut(key, ROW))
        store.execute(StoreRevoke(key, at))
    store.execute(StorePut("good", ROW))
    store.execute(StorePut("put as revoked", ROW._replace(revoked_at=25.0)))
    store.execute(StorePut("expired", ROW._replace(expires_at=50.0, revoked_at=26.0)))
    assert list(revoked(store, 20.0, 50.0)) == ["put as revoked", "c", "d", "a"]
    assert list(revoked(store, -1.0, 49.9)) == ["b", "put as revoked", "expired", "c", "d", "a"]
    assert revoked(store, 30.0, 50.0) == {"a": ROW._replace(revoked_at=40.0)}
    assert revoked(store, 40.0, 50.0) == {}
    assert revoked(store, 0.0, 310.0) == {}


def test_a_row_that_replaces_a_revoked_one_is_listed_no_more(store: TokenStore) -> None:
    store.execute(StorePut("a", ROW._replace(revoked_at=20.0)))
    store.execute(StorePut("b", ROW))
    store.execute(StoreConsume("b", 21.0))
    assert list(revoked(store, 0.0, 30.0)) == ["a", "b"]
    for key in "ab":
        store.execute(StorePut(key, ROW))
    assert revoked(store, 0.0, 30.0) == {}


def test_text_that_looks_like_a_statement_is_only_text(store: TokenStore) -> None:
    key = "a'; DROP TABLE tokens; --"
    store.execute(StorePut(key, ROW))
    assert store.execute(StoreGet(key)) == ROW


keys = st.sampled_from(["a", "b", "c"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
seconds = st.floats(0, 1e9)
rows = st.builds(TokenRow, texts, texts, texts, texts, texts, seconds, seconds, st.none() | seconds, texts)
requests = (
    st.builds(StoreGet, keys)
    | st.builds(StorePut, keys, rows)
    | st.builds(StoreRevoke, keys, seconds)
    | st.builds(StoreConsume, keys, seconds)
    | st.builds(StoreRevokedSince, seconds, seconds)
)


@given(st.lists(requests, max_size=20), seconds)
def test_all_stores_answer_any_history_alike(history: list[StoreRequest], now: float) -> None:
    stores = [make() for make in STORES.values()]
    for request in history:
        first, *others = [store.execute(request) for store in stores]
        assert all(other == first and type(other) is type(first) for other in others)
    assert len({store.count_valid(now) for store in stores}) == 1
    for store in stores:
        store.close()


def test_a_file_keeps_rows_and_revocations_when_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "tokens.sqlite"
    first = SqliteStore(path)
    first.execute(StorePut("a", ROW))
    first.execute(StorePut("b", ROW))
    first.execute(StoreRevoke("b", 20.0))
    first.close()
    second = SqliteStore(path)
    assert second.execute(StoreGet("a")) == ROW
    assert second.execute(StoreGet("b")) == ROW._replace(revoked_at=20.0)
    second.close()


def test_a_write_is_seen_by_another_connection_at_once(tmp_path: Path) -> None:
    one, other = SqliteStore(tmp_path / "tokens.sqlite"), SqliteStore(tmp_path / "tokens.sqlite")
    one.execute(StorePut("a", ROW))
    assert other.execute(StoreGet("a")) == ROW
    one.close()
    other.close()


def test_a_file_from_before_there_were_details_is_still_good(tmp_path: Path) -> None:
    path = tmp_path / "tokens.sqlite"
    names = (
        "key TEXT PRIMARY KEY NOT NULL, kind, subject, client_id, scope, audience, issued_at, expires_at, revoked_at"
    )
    old = sqlite3.connect(path)
    old.execute(f"CREATE TABLE tokens ({names}) WITHOUT ROWID")
    old.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", ("a", *ROW[:8]))
    old.commit()
    old.close()
    store = SqliteStore(path)
    assert store.execute(StoreGet("a")) == ROW
    store.execute(StorePut("b", ROW._replace(details="{}")))
    store.close()
    assert SqliteStore(path).execute(StoreGet("b")) == ROW._replace(details="{}")


def test_connections_that_consume_one_row_at_the_same_time_have_one_winner(tmp_path: Path) -> None:
    path = tmp_path / "tokens.sqlite"
    with closing(SqliteStore(path)) as store:
        for number in range(50):
            store.execute(StorePut(str(number), ROW))

    def consume_all(_: int) -> list[str]:
        with closing(SqliteStore(path)) as store:
            return [str(n) for n in range(50) if store.execute(StoreConsume(str(n), 20.0)) == ROW]

    with ThreadPoolExecutor(4) as pool:
        won = [key for keys in pool.map(consume_all, range(4)) for key in keys]
    assert sorted(won) == sorted(map(str, range(50)))


def test_a_shared_value_is_there_for_its_time_to_live_by_the_clock_of_the_store() -> None:
    store = SharedStore()
    assert store.execute(SharedGet("a"), 0.0) is None
    assert store.execute(SharedPut("a", b"1", 10.0), 0.0) is True
    assert store.execute(SharedGet("a"), 9.99) == b"1"
    assert store.execute(SharedGet("b"), 9.99) is None
    assert store.execute(SharedGet("a"), 10.0) is None
    store.execute(SharedPut("a", b"2", 10.0), 10.0)
    store.execute(SharedPut("a", b"", 1.0), 11.0)
    assert store.execute(SharedGet("a"), 11.5) == b""
    assert store.execute(SharedGet("a"), 12.0) is None


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is not a database, only a few words about one\n" * 100)
    for unusable in (path, tmp_path / "missing" / "tokens.sqlite"):
        with pytest.raises(InputError, match=unusable.name) as caught:
            SqliteStore(unusable)
        assert "\n" not in str(caught.value)

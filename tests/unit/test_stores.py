"""One contract for every store: whatever is asked in whatever order, all of them answer alike."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.scenario.errors import InputError
from simlib.scenario.messages import StoreGet, StorePut, StoreRequest, StoreRevoke, TokenRow
from simlib.stores import STORES, SqliteStore, TokenStore

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


def test_text_that_looks_like_a_statement_is_only_text(store: TokenStore) -> None:
    key = "a'; DROP TABLE tokens; --"
    store.execute(StorePut(key, ROW))
    assert store.execute(StoreGet(key)) == ROW


keys = st.sampled_from(["a", "b", "c"])
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
seconds = st.floats(0, 1e9)
rows = st.builds(TokenRow, texts, texts, texts, texts, texts, seconds, seconds, st.none() | seconds)
requests = st.builds(StoreGet, keys) | st.builds(StorePut, keys, rows) | st.builds(StoreRevoke, keys, seconds)


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


def test_a_file_that_is_no_database_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is not a database, only a few words about one\n" * 100)
    for unusable in (path, tmp_path / "missing" / "tokens.sqlite"):
        with pytest.raises(InputError, match=unusable.name) as caught:
            SqliteStore(unusable)
        assert "\n" not in str(caught.value)

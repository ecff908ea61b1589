"""The rows that tests are run with hold every pair of values that the whole product holds, and are few."""

from itertools import combinations, product

import pytest

from support.all_pairs import all_pairs, pairs_in

PRODUCTS = {
    "two axes": list(product("abc", (1, 2))),
    "four axes": list(product("abcde", (1, 2), "xyz", range(7))),
    "not every two values go together": [row for row in product("abc", "abc", range(5)) if row[0] <= row[1]],
    "one row": [("a", 1, None)],
}


@pytest.mark.parametrize("rows", PRODUCTS.values(), ids=PRODUCTS)
def test_every_pair_of_the_product_is_there(rows: list[tuple[object, ...]]) -> None:
    chosen = all_pairs(rows)
    assert set(chosen) <= set(rows)
    for first, second in combinations(range(len(rows[0])), 2):
        assert {(row[first], row[second]) for row in chosen} == {(row[first], row[second]) for row in rows}


def test_two_axes_are_kept_whole_and_of_more_few_rows_are_left() -> None:
    assert all_pairs(PRODUCTS["two axes"]) == PRODUCTS["two axes"]
    four = PRODUCTS["four axes"]
    assert 5 * 7 <= len(all_pairs(four)) <= 1.2 * 5 * 7 < len(four) / 4


def test_equal_values_on_different_axes_are_different_pairs() -> None:
    assert pairs_in((1, 2)) != pairs_in((2, 1))
    assert all_pairs([(1, 1), (1, 2), (2, 1), (2, 2)]) == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_the_rows_are_always_the_same_in_the_order_of_the_product() -> None:
    rows = PRODUCTS["four axes"]
    chosen = all_pairs(rows)
    assert chosen == all_pairs(iter(rows)) == sorted(chosen, key=rows.index)


def test_nothing_is_chosen_of_nothing() -> None:
    assert all_pairs([]) == []

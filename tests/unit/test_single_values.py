"""Quantiles and uniforms of single uses are, to the last bit, those of columns; quick tuples have all their fields."""

import ast
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simlib.deployment.parts import PARTS  # noqa: F401  # imports every module that is looked through below
from simlib.engine.costs import Identity, StatedCosts, build_scalar
from simlib.scenario import effects, messages
from simlib.scenario.distributions import Exponential
from simlib.scenario.profile import CostProfile
from simlib.scenario.variates import Variates
from simlib.strategies.base import PresentedToken
from support.truth import ROOT

UNIFORMS = st.floats(0.0, 1.0, exclude_max=True)
SECONDS = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=200).map(sorted)


@given(SECONDS, UNIFORMS, st.sampled_from(["quiet", "as_measured"]))
def test_one_quantile_is_that_of_the_column(seconds: list[float], uniform: float, noise: Any) -> None:
    profile = CostProfile("test", {"work": np.array(seconds)}, {}, noise)
    invert = profile.build_scalar("work")
    assert invert is not None
    assert invert(uniform) == float(profile.invert("work", np.array([uniform]))[0])


@pytest.mark.parametrize("last", [1.0, np.nextafter(1.0, 0.0), 0.995, 0.5, 0.0])
def test_the_ends_of_a_table_are_met(last: float) -> None:
    profile = CostProfile("test", {"work": np.array([1.0, 2.0, 4.0])}, {}, "as_measured")
    invert = profile.build_scalar("work")
    assert invert is not None
    assert invert(float(last)) == float(profile.invert("work", np.array([last]))[0])


@given(UNIFORMS)
def test_laws_without_a_quick_inverse_are_inverted_as_a_column(uniform: float) -> None:
    law = Exponential(mean_s=2.0)
    assert build_scalar(law)(uniform) == float(law.invert(np.array([uniform]))[0])
    assert build_scalar(Identity())(uniform) == uniform


def test_a_stated_cost_hides_the_row_of_the_profile_and_an_unknown_operation_has_no_quick_inverse() -> None:
    profile = CostProfile("test", {"work": np.array([1.0]), "other": np.array([3.0])}, {})
    costs = StatedCosts({"work": Exponential(mean_s=2.0)}, profile)
    assert costs.build_scalar("work") is None
    other = costs.build_scalar("other")
    assert other is not None
    assert other(0.5) == 3.0
    assert costs.build_scalar("unknown") is profile.build_scalar("unknown") is None


@given(st.integers(-1, 2**40), st.integers(0, 2**40))
def test_a_drawer_draws_what_is_drawn_one_by_one(subject: int, ordinal: int) -> None:
    variates = Variates(5, 2)
    assert variates.build_drawer("test")(subject, ordinal) == variates.draw_one("test", subject, ordinal)


KINDS = {**vars(effects), **vars(messages), "PresentedToken": PresentedToken}


def quick_tuples() -> list[tuple[str, ast.Call]]:
    """Each ``new_tuple(Kind, (...))`` in the package."""
    return [
        (file.relative_to(ROOT).as_posix(), node)
        for file in sorted((ROOT / "simlib").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "new_tuple"
    ]


def test_tuples_that_are_made_without_their_constructor_have_all_their_fields() -> None:
    """Unless they take over the other fields of a tuple of their own kind, which a star says."""
    found = 0
    for file, call in quick_tuples():
        kind, fields = call.args
        if getattr(kind, "id", "") not in KINDS or not isinstance(fields, ast.Tuple):
            continue
        if not any(isinstance(field, ast.Starred) for field in fields.elts):
            found += 1
            assert len(fields.elts) == len(KINDS[kind.id]._fields), (file, call.lineno)  # type: ignore[attr-defined]
    assert found > 5

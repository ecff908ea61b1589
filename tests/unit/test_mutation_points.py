"""The mutation script finds the checks that matter, and each of its mutants is another program that still parses."""

import ast
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def mutants() -> list[Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "tests" / "mutations"), *sys.path])
        from mutation_points import all_mutants

        found: list[Any] = all_mutants()
    return found


def test_each_mutant_is_another_program(mutants: list[Any]) -> None:
    for file in {mutant.file for mutant in mutants}:
        source = (ROOT / file).read_text(encoding="utf-8")
        own = [one for one in mutants if one.file == file]
        for mutant in own:
            assert mutant.applied(source) != source, mutant.label
            assert ast.dump(ast.parse(mutant.old)) != ast.dump(ast.parse(mutant.new)), mutant.label
        whole = ast.dump(ast.parse(source))
        for mutant in (own[0], own[-1]):  # what an expression is by itself it is in its file, too
            assert ast.dump(ast.parse(mutant.applied(source))) != whole, mutant.label
    assert len(set(mutants)) == len(mutants)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("simlib/tokens/jws.py", "algorithm not in self.algorithms"),
        ("simlib/tokens/claims.py", "expiry <= now - leeway"),
        ("simlib/strategies/introspection_client.py", 'answer.get("iss") != deployment.issuer'),
        ("simlib/strategies/introspection_client.py", 'answer.get("active") is not True'),
        ("simlib/strategies/verdicts.py", "not has_scope(claims, "),
        ("simlib/services/token_verification.py", "caller not in server.may_introspect"),
    ],
)
def test_the_checks_of_a_token_are_among_the_mutation_points(file: str, text: str, mutants: list[Any]) -> None:
    assert [mutant for mutant in mutants if mutant.file == file and text in mutant.old]


def test_every_folder_has_some(mutants: list[Any]) -> None:
    folders = Counter(mutant.file.split("/")[1] for mutant in mutants)
    assert all(folders[folder] > 5 for folder in ("strategies", "tokens", "services"))

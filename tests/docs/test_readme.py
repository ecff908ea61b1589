"""README: commands and code that it shows are run."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

import simlib

README = Path(__file__).resolve().parents[2] / "README.md"
TEXT = README.read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, flags=re.DOTALL)


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_python_blocks_give_the_results_shown(number: int) -> None:
    test = doctest.DocTestParser().get_doctest(blocks("python")[number], {}, "README", str(README), 0)
    assert test.examples
    assert doctest.DocTestRunner().run(test).failed == 0


def test_the_scenario_of_the_readme_loads_and_runs(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    scenario = simlib.load_scenario(path)
    assert scenario.title == tomllib.loads(text)["title"]
    assert list(scenario.designs) == ["opaque", "jwt"]
    short = scenario.with_run(scenario.run.model_copy(update={"length_s": 20.0, "warm_up_s": 5.0}))
    for design in short.designs:
        assert len(simlib.simulate(short, design)["requests"]["request"]) > 200


def test_every_path_that_the_readme_names_exists() -> None:
    for path in re.findall(r"`((?:notebooks|data|simlib|tests)/[\w./-]+)`", TEXT):
        assert (README.parent / path).exists(), path

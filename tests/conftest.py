"""Fixtures that all tests share; what stands behind them is in tests/support, importable as ``support``."""

import gc
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from simlib.contracts.cases import list_issuers
from simlib.scenario.scenario import Scenario
from simlib.stores import STORES
from simlib.strategies import VALIDATORS
from simlib.tokens import SigningKey
from support.keys import key
from support.scenarios import document, scenario
from support.stage import Stage
from support.stepping import Stepper
from support.truth import MEASURED, Measured, TruthKeeper

# No test may depend on how quick the machine is. Half the usual number of examples: those of a fixed test differ from
# run to run, so that many runs try many.
settings.register_profile("simlib", deadline=None, max_examples=50)
settings.load_profile("simlib")

HANDLERS = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make truth` keeps what its proofs measured."""
    parser.addoption("--keep-truth", metavar="FILE", help="write a row for every proof with the mark truth")


def pytest_configure(config: pytest.Config) -> None:
    """Begin to keep rows where they are wanted."""
    path = config.getoption("--keep-truth")
    if path:
        config.pluginmanager.register(TruthKeeper(Path(path)))


def pytest_collection_finish() -> None:
    """Keep the many thousand collected cases out of the sight of the garbage collector: they stay to the end."""
    gc.collect()
    gc.freeze()


def pytest_runtest_teardown() -> None:
    """Handle signals as before: a command that was interrupted in this process ignores them, as one about to exit."""
    for number, handler in HANDLERS.items():
        signal.signal(number, handler)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Measured:
    """Notes what a test measured; `make truth` keeps it."""
    return lambda figure: record_property(MEASURED, figure)


@pytest.fixture
def stepper() -> Stepper:
    """A clock at 0 that the test sets, and a driver that steps generators by hand."""
    return Stepper()


@pytest.fixture(scope="session")
def key_ring() -> Callable[..., SigningKey]:
    """(algorithm, name) -> signing key."""
    return key


@pytest.fixture
def make_document() -> Callable[..., dict[str, Any]]:
    """Changes as ``world__load__arrival_rate=5.0`` -> document of a tiny scenario."""
    return document


@pytest.fixture
def make_scenario() -> Callable[..., Scenario]:
    """Changes as ``world__load__arrival_rate=5.0`` -> tiny scenario."""
    return scenario


@pytest.fixture
def make_stage() -> Iterator[Callable[..., Stage]]:
    """(validator, issuer, store="dict", ...) -> a resource server and an authorization server, stepped by hand."""
    made: list[Stage] = []

    def make(
        validator: type[Any] | str,
        issuer: type[Any] | None = None,
        wrappers: tuple[type[Any], ...] = (),
        store: str = "dict",
        **chosen: Any,
    ) -> Stage:
        kind = VALIDATORS[validator] if isinstance(validator, str) else validator
        made.append(Stage(kind, issuer or list_issuers(kind)[0], wrappers, store=STORES[store](), **chosen))
        return made[-1]

    yield make
    for stage in made:
        stage.store.close()

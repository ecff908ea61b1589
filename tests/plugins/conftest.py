"""Fixtures of plug-ins: the example package can be imported, and what a test registers ends with it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simlib.plugins import isolate_registrations

HERE = str(Path(__file__).parent)
if HERE not in sys.path:
    sys.path.append(HERE)


@pytest.fixture
def registered() -> Iterator[None]:
    """The example plug-in, registered by calls, in this process and its workers."""
    from example_plugin import register_all

    with isolate_registrations():
        register_all()
        yield

"""Packages that are not installed, as far as the process of a test can see."""

import sys
from importlib.util import find_spec

import pytest


def hide_packages(patch: pytest.MonkeyPatch, *names: str) -> None:
    """Let these packages be missing until the patch is undone: an import of them or of their modules fails."""
    loaded = [module for module in sys.modules if module.partition(".")[0] in names]
    for module in (*names, *loaded):
        patch.setitem(sys.modules, module, None)
    assert [name for name in names if find_spec(name) is not None] == []

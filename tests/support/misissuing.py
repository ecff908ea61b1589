"""Misissued tokens, of `simlib.contracts`."""

from simlib.contracts.misissuing import Change, build_change, change_answer, misissue

changing, changed_answer, misissuing = build_change, change_answer, misissue

__all__ = ["Change", "changed_answer", "changing", "misissuing"]

"""Client's side of a stepped deployment, of `simlib.contracts`."""

from simlib.contracts.configuration import build_client

client_with = build_client

__all__ = ["client_with"]

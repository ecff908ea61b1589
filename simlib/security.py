"""Security of designs: attacks with real bytes against real parts, their findings, and lists of revoked tokens.

`plan_attacks` returns the cells of a scenario's matrix, a target and an attack each; `run_attacks` runs them and
returns as many `Cell`; `tabulate_attacks` makes a frame of them with one row per cell, among its columns ``outcome``,
``check`` (which refused), ``requests`` and ``seconds`` (for how long a token was accepted, in simulated time).
`compute_findings` returns sentences that the cells support, each with the cells that it rests on. `ATTACKS` maps the
name of an attack to its class. Unknown names of attacks raise InputError.

`compute_promises` returns design -> `ValidityBounds`: for how many seconds, by its settings, a design may accept a
token after its revocation and after its end. `StatusList` is the Token Status List of draft-ietf-oauth-status-list: a
bit for each token, compressed.
"""

from simlib.attacks import ATTACKS
from simlib.decision.attack_findings import Finding, compute_findings
from simlib.decision.promises import ValidityBounds, compute_promises
from simlib.experiment.attack_matrix import Cell, PlannedCell, plan_attacks, run_attacks, tabulate_attacks
from simlib.tokens.status_list import StatusList

__all__ = [
    "ATTACKS",
    "Cell",
    "Finding",
    "PlannedCell",
    "StatusList",
    "ValidityBounds",
    "compute_findings",
    "compute_promises",
    "plan_attacks",
    "run_attacks",
    "tabulate_attacks",
]

"""Attack matrix: every attack on every target that it applies to, as a plan, as results and as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from simlib.attacks import ATTACKS
from simlib.experiment.workers import Progress
from simlib.flows import FLOWS, VULNERABLE_FLOWS
from simlib.pentest.attack_run import AttackRun, find_attack, run_attack
from simlib.pentest.attack_session import AttackSession
from simlib.pentest.design_variants import (
    choose_client_kind,
    find_token_format,
    list_catalogue_designs,
    list_sender_constrained_variants,
    list_sound_counterparts,
    list_vulnerable_designs,
)
from simlib.pentest.target import Target
from simlib.scenario.design import Design
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.services.vulnerable import VULNERABLE_SERVERS

if TYPE_CHECKING:
    import pandas as pd

Group = Literal["designs", "bound", "catalogue", "victims", "sound", "flows", "careless"]
"""The scenario's designs, the same with tokens bound to a key, one for every part of the catalogue; parts that lack a
check, and the sound parts in their places; sound flows, and flows or servers that lack a check."""


class PlannedCell(NamedTuple):
    """One attack to run on one target."""

    group: Group
    target: Target
    attack: str


class Cell(NamedTuple):
    """One attack that was run on one target."""

    group: Group
    target: Target
    attack_run: AttackRun

    @property
    def token_format(self) -> str:
        """The format that the design's authorization server issues."""
        return find_token_format(self.target.design)

    @property
    def setting(self) -> str:
        """Flow and kind of client, and the server where it lacks a check."""
        flow = f"{self.attack_run.flow} ({self.target.kind})"
        return f"{flow} at {self.target.server}" if self.target.server else flow


def plan_attacks(
    scenario: Scenario, *, vulnerable: bool = True, whole_catalogue: bool = False, only: Sequence[str] = ()
) -> tuple[PlannedCell, ...]:
    """All cells of a scenario's matrix, in order; raises InputError for an unknown attack.

    ``vulnerable``: also targets that lack a check, and the sound parts in their places. ``whole_catalogue``: also a
    design for every part of the catalogue. ``only``: these attacks, by default all.
    """
    chosen = {find_attack(name).name for name in only} or set(ATTACKS)
    return tuple(
        PlannedCell(group, target, attack.name)
        for group, target, against in _list_targets(scenario, vulnerable, whole_catalogue)
        for attack in ATTACKS.values()
        if attack.name in chosen and attack.against in against
    )


_TOKENS, _FLOWS, _BOTH = ("token",), ("flow",), ("token", "flow")


def _list_targets(
    scenario: Scenario, vulnerable: bool, whole_catalogue: bool
) -> Iterator[tuple[Group, Target, tuple[str, ...]]]:
    """Group and target, and what the attacks on it are against, in the order of the matrix."""
    kind = choose_client_kind(scenario)

    def build_targets(designs: Iterable[Design]) -> tuple[Target, ...]:
        return tuple(Target(scenario, design, kind) for design in designs)

    own = build_targets(scenario.designs.values())
    yield from (("designs", target, _TOKENS) for target in own)
    yield from (("bound", target, _TOKENS) for target in build_targets(list_sender_constrained_variants(scenario)))
    if whole_catalogue:
        yield from (("catalogue", target, _TOKENS) for target in build_targets(list_catalogue_designs(scenario)))
    if vulnerable:
        yield from (("victims", target, _TOKENS) for target in build_targets(list_vulnerable_designs(scenario)))
        yield from (("sound", target, _TOKENS) for target in build_targets(list_sound_counterparts(scenario)))
    for target in own:
        yield from (("flows", variant, _FLOWS) for variant in list_sound_flows(target))
    if vulnerable:
        yield from (("careless", variant, _BOTH) for variant in list_vulnerable_servers(own[0]))
        yield from (("careless", variant, _FLOWS) for variant in list_vulnerable_flows(own[0]))


def list_sound_flows(target: Target) -> Iterator[Target]:
    """The target under every flow that signs in there, with every kind of client that the flow is for."""
    for name, flow in FLOWS.items():
        for kind in flow.client_kinds:
            variant = replace(target, kind=kind, flow=name)
            if _can_sign_in(variant):
                yield variant


def list_vulnerable_flows(target: Target) -> Iterator[Target]:
    """The same for flows that lack a check: at the sound server if it permits them, else at one that does."""
    for name, flow in VULNERABLE_FLOWS.items():
        for kind in flow.client_kinds:
            variant = replace(target, kind=kind, flow=name)
            if not _can_sign_in(variant):
                variant = replace(variant, server=getattr(flow, "needs_server", ""))
            yield variant


def list_vulnerable_servers(target: Target) -> Iterator[Target]:
    """Sound clients at authorization servers that lack a check."""
    for server in VULNERABLE_SERVERS.values():
        yield from (replace(target, kind=kind, server=server.name) for kind in server.kinds)


def _can_sign_in(target: Target) -> bool:
    """Whether the clients of a target can sign in and are served."""
    try:
        session = AttackSession(target)
    except InputError:
        return False
    try:
        session.sign_in_users()
    except InputError:
        return False
    finally:
        session.close()
    return True


def run_attacks(planned: Sequence[PlannedCell], progress: Progress | None = None) -> tuple[Cell, ...]:
    """Run the attacks of a plan one after another."""
    cells = []
    for number, (group, target, attack) in enumerate(planned, start=1):
        cells.append(Cell(group, target, run_attack(target, attack)))
        if progress is not None:
            progress(number, len(planned))
    return tuple(cells)


def tabulate_attacks(cells: Sequence[Cell]) -> "pd.DataFrame":
    """One row per cell; ``seconds`` from the first success to the last, ``requests`` by the schedule of the attack.

    ``lasted``: still accepted when the run ended. ``check``: the check that refused, or why the attack does not apply.
    """
    import pandas as pd

    rows = [
        {
            "group": cell.group,
            "attack": cell.attack_run.attack,
            "design": cell.target.design.name,
            "token_format": cell.token_format,
            "client": cell.target.kind,
            "flow": cell.attack_run.flow,
            "server": cell.target.server,
            "outcome": cell.attack_run.outcome,
            "check": cell.attack_run.check,
            "requests": cell.attack_run.requests,
            "seconds": cell.attack_run.seconds,
            "lasted": cell.attack_run.lasted,
        }
        for cell in cells
    ]
    return pd.DataFrame(rows)

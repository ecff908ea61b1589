"""The matrix of attacks: what is run against what, and running it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from simlib.attacks import ATTACKS
from simlib.flows import FLOWS, VICTIM_FLOWS
from simlib.pentest.attack_run import Encounter, attack_named, run_attack
from simlib.pentest.attack_session import Field
from simlib.pentest.target import Ground
from simlib.pentest.targets import (
    bound_variants,
    catalogue_designs,
    counterparts,
    format_of,
    token_kind,
    victim_designs,
)
from simlib.scenario.errors import InputError
from simlib.scenario.scenario import Scenario
from simlib.services.vulnerable import CARELESS_SERVERS

if TYPE_CHECKING:
    import pandas as pd

Group = Literal["designs", "bound", "catalogue", "victims", "sound", "flows", "careless"]
"""The scenario's designs, the same with tokens bound to a key, one for every part of the catalogue; parts that lack a
check, and the sound parts in their places; sound flows, and flows or servers that lack a check."""


class Planned(NamedTuple):
    """One cell to be filled."""

    group: Group
    ground: Ground
    attack: str


class Cell(NamedTuple):
    """One cell, filled."""

    group: Group
    ground: Ground
    encounter: Encounter

    @property
    def token_format(self) -> str:
        """The format that the design's authorization server issues."""
        return format_of(self.ground.design)

    @property
    def setting(self) -> str:
        """Flow and kind of client, and the server where it is a careless one."""
        flow = f"{self.encounter.flow} ({self.ground.kind})"
        return f"{flow} at {self.ground.server}" if self.ground.server else flow


def plan_attacks(
    scenario: Scenario, *, victims: bool = True, everything: bool = False, only: Sequence[str] = ()
) -> tuple[Planned, ...]:
    """All cells of a scenario's matrix, in order. ``only``: these attacks. ``everything``: the whole catalogue as well.

    Raises InputError for an unknown attack.
    """
    wanted = {attack_named(name).name for name in only} or set(ATTACKS)
    groups = _grounds(scenario, victims, everything)
    return tuple(
        Planned(group, ground, attack.name)
        for group, ground, against in groups
        for attack in ATTACKS.values()
        if attack.name in wanted and attack.against in against
    )


_TOKENS, _FLOWS, _BOTH = ("token",), ("flow",), ("token", "flow")


def _grounds(scenario: Scenario, victims: bool, everything: bool) -> Iterator[tuple[Group, Ground, tuple[str, ...]]]:
    kind, designs = token_kind(scenario), tuple(scenario.designs.values())
    yield from (("designs", Ground(scenario, design, kind), _TOKENS) for design in designs)
    yield from (("bound", Ground(scenario, design, kind), _TOKENS) for design in bound_variants(scenario))
    if everything:
        yield from (("catalogue", Ground(scenario, design, kind), _TOKENS) for design in catalogue_designs(scenario))
    if victims:
        yield from (("victims", Ground(scenario, design, kind), _TOKENS) for design in victim_designs(scenario))
        yield from (("sound", Ground(scenario, design, kind), _TOKENS) for design in counterparts(scenario))
    for design in designs:
        yield from (("flows", ground, _FLOWS) for ground in sound_flows(Ground(scenario, design, kind)))
    if victims:
        yield from (("careless", ground, _BOTH) for ground in careless_servers(Ground(scenario, designs[0], kind)))
        yield from (("careless", ground, _FLOWS) for ground in victim_flows(Ground(scenario, designs[0], kind)))


def sound_flows(ground: Ground) -> Iterator[Ground]:
    """Every flow by which somebody signs in, with every kind of client that it is for."""
    for name, flow in FLOWS.items():
        for kind in flow.client_kinds:
            found = replace(ground, kind=kind, flow=name)
            if _works(found):
                yield found


def victim_flows(ground: Ground) -> Iterator[Ground]:
    """The same for flows that lack something: at the sound server if that lets them, else at one that plays along."""
    for name, flow in VICTIM_FLOWS.items():
        for kind in flow.client_kinds:
            found = replace(ground, kind=kind, flow=name)
            if not _works(found):
                found = replace(found, server=getattr(flow, "needs_server", ""))
            yield found


def careless_servers(ground: Ground) -> Iterator[Ground]:
    """Sound clients at authorization servers that lack something."""
    for server in CARELESS_SERVERS.values():
        yield from (replace(ground, kind=kind, server=server.name) for kind in server.kinds)


def _works(ground: Ground) -> bool:
    """Whether the clients of a ground can sign in there and are served."""
    try:
        field = Field(ground)
    except InputError:
        return False
    try:
        field.settle()
    except InputError:
        return False
    finally:
        field.close()
    return True


def run_attacks(planned: Sequence[Planned], progress: Callable[[int, int], None] | None = None) -> tuple[Cell, ...]:
    """Fill the cells one after another; ``progress`` is told how many of how many are done."""
    cells = []
    for number, (group, ground, attack) in enumerate(planned, start=1):
        cells.append(Cell(group, ground, run_attack(ground, attack)))
        if progress is not None:
            progress(number, len(planned))
    return tuple(cells)


def attack_frame(cells: Sequence[Cell]) -> "pd.DataFrame":
    """One row per cell; ``seconds`` from the first success to the last, ``requests`` at the pace of the arena.

    ``lasted``: still accepted when the run ended. ``check``: who refused by which check, or why there was nothing.
    """
    import pandas as pd

    rows = [
        {
            "group": cell.group,
            "attack": cell.encounter.attack,
            "design": cell.ground.design.name,
            "token_format": cell.token_format,
            "client": cell.ground.kind,
            "flow": cell.encounter.flow,
            "server": cell.ground.server,
            "outcome": cell.encounter.outcome,
            "check": cell.encounter.check,
            "requests": cell.encounter.requests,
            "seconds": cell.encounter.seconds,
            "lasted": cell.encounter.lasted,
        }
        for cell in cells
    ]
    return pd.DataFrame(rows)

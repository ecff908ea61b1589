"""Commands on an installation without extras: their status, and what they must say."""

from pathlib import Path
from typing import NamedTuple

from support.command_line import TINY

SEALED = {"sealed": ("encrypted_jwt", "encrypted_jwt"), "paseto": ("paseto", "paseto")}
"""Name of a scenario -> the parts of its second design at the resource server and the authorization server."""


class Expected(NamedTuple):
    """A command, its exit status, and a text in what it prints: an error is one line."""

    arguments: str
    text: str
    status: int = 0


QUICK = "--replications 2 --workers 1"
GROUPS: tuple[tuple[Expected, ...], ...] = (
    (
        Expected("scenarios", "internal-tool"),
        Expected("scenarios --toml web-shop", "[designs.jwt.service]"),
        Expected("strategies", "needs the package joserfc, which is not installed: pip install 'simlib[jwe]'"),
        Expected("strategies --json", "pip install 'simlib[paseto]'"),
        Expected("presets", "pyjwt-2.15"),
        Expected("schema", "encrypted_jwt"),
        Expected("process tiny.toml", "round trips"),
        Expected("effort internal-tool", "person-days"),
        Expected("effort", "pip install 'simlib[jwe]'"),
        Expected("calibrate --out mine.csv", "pip install 'simlib[calibrate]'", 2),
        Expected("compare tiny.toml --records rows", "pip install 'simlib[records]'", 2),
        Expected("results kept", "pip install 'simlib[records]'", 2),
        Expected("compare tiny.toml --cluster tcp://127.0.0.1:8786", "pip install 'simlib[cluster]'", 2),
        Expected("compare sealed.toml", "pip install 'simlib[jwe]'", 2),
        Expected("decide paseto.toml", "pip install 'simlib[paseto]'", 2),
        Expected("attacks paseto.toml", "pip install 'simlib[paseto]'", 2),
    ),
    (Expected("attacks internal-tool", "pip install 'simlib[jwe]'"),),
    (Expected("attacks internal-tool --all --json", "pip install 'simlib[paseto]'"),),
    (
        Expected(f"compare tiny.toml --out report {QUICK}", "report"),
        Expected(f"compare tiny.toml --store kept {QUICK}", "pip install 'simlib[records]'; results are not kept"),
        Expected(f"compare report/run.json --out again {QUICK}", "again"),
        Expected(f"sweep tiny.toml --vary load=5,20 --out swept {QUICK}", "swept"),
        Expected(f"bad-days tiny.toml --fault as_down --length 300 {QUICK}", "availability in the fault window"),
    ),
    (Expected(f"theory batch-workers {QUICK}", "batch-workers"),),
    (Expected(f"decide tiny.toml --out decision --draws 200 --no-sensitivity {QUICK}", "decision"),),
)
"""Commands in groups that may run at the same time; within a group one follows the other."""


def write_scenarios(folder: Path) -> None:
    """Write the scenarios that the commands read: a tiny one, and one with each part that needs an extra."""
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    service, server = '{ part = "jwt_local" }', '{ part = "jwt_access_token", algorithm = "EdDSA" }'
    for name, (validator, issuer) in SEALED.items():
        text = TINY.replace(service, f'{{ part = "{validator}" }}').replace(server, f'{{ part = "{issuer}" }}')
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")

"""Command `simlib compare`: comparison of the designs of a scenario, with intervals and verdicts."""

from pathlib import Path
from typing import Annotated

import typer

from simlib.commands.execution import use_store_and_cluster
from simlib.commands.grid import read_grid
from simlib.commands.options import (
    Baseline,
    Cluster,
    Json,
    Load,
    Profiles,
    Replications,
    SampleOfPoints,
    Seed,
    Source,
    Store,
    Vary,
    Workers,
    Yes,
)

_RECORDS = typer.Option(
    metavar="DIR", help="Keep all rows as Parquet, in DIR/DESIGN/REPLICATION/; needs simlib[records]."
)
_SPEED_UP = typer.Option(metavar="X", help="Replay X times as fast. Changes how often a token is used again.")
_COPIES = typer.Option(metavar="N", help="Replay N shifted copies with new users: a higher rate, same reuse.")
_TIMING = typer.Option(metavar="profile|live", help="live: measure CPU times of real operations in this run.")


def compare(
    scenario: Source,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write a report into this folder.")] = None,
    records: Annotated[Path | None, _RECORDS] = None,
    load: Load = None,
    time_column: Annotated[str | None, typer.Option(help="Column of a CSV that holds the time.")] = None,
    user_column: Annotated[str | None, typer.Option(help="Column of a CSV that names the user.")] = None,
    speed_up: Annotated[float | None, _SPEED_UP] = None,
    copies: Annotated[int | None, _COPIES] = None,
    replications: Replications = None,
    seed: Seed = None,
    workers: Workers = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME_OR_CSV", help="Another cost profile.")] = None,
    timing: Annotated[str | None, _TIMING] = None,
    profiles: Profiles = None,
    baseline: Baseline = None,
    store: Store = None,
    cluster: Cluster = None,
    vary: Vary = None,
    sample: SampleOfPoints = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Compare the designs of a scenario: the same requests for each, with intervals and verdicts.

    Every pair is compared, and each design with the best of all; every limit of the file is checked, and what would
    keep it is named. The baseline of tables is decision.baseline of the file, else its first design. Options replace
    values of the file.

    \b
    Examples:
      simlib compare web-shop --out report/
      simlib compare web-shop --baseline opaque_cached
      simlib compare my.toml --replications 20 --seed 7
      simlib compare web-shop --load access.log.gz --copies 10
      simlib compare report/run.json --out again/     (repeats a run exactly)
      simlib compare web-shop --profiles all          (does the verdict hold on other stacks?)
      simlib compare web-shop --records rows/         (data/records.md says what is in the files)
      simlib compare web-shop --timing live           (times vary from run to run)
      simlib compare web-shop --vary algorithm=RS256,ES256 --vary load=60,120      (a comparison in every cell)

    Exit status: 0, 2 for bad input or a killed worker process, 130 after Ctrl-C, 143 after SIGTERM. Folders appear
    complete or not at all. With --vary, --out holds a report per cell and cells.csv.
    """
    from simlib.commands.compare_call import ComparisonCall
    from simlib.commands.overrides import Overrides

    grid = read_grid(vary, sample, yes)
    overrides = Overrides(load, time_column, user_column, speed_up, copies, replications, seed, profile, timing)
    call = ComparisonCall(scenario, overrides, out, records, workers, profiles, baseline, json)
    with use_store_and_cluster(store, cluster, out):
        if grid.variations:
            call.execute_cells(grid)
        else:
            call.execute()

"""Options that several commands have in common, each with one wording."""

from pathlib import Path
from typing import Annotated

import typer

Source = Annotated[
    str,
    typer.Argument(metavar="SCENARIO", help="A scenario file (TOML), a run.json, or the name of a bundled scenario."),
]
Designs = Annotated[
    list[str] | None, typer.Option(metavar="NAME", help="Only this design; may be given several times.")
]
Load = Annotated[Path | None, typer.Option(metavar="FILE", help="Replay this access log or CSV (plain or gzipped).")]
Replications = Annotated[int | None, typer.Option(metavar="N", help="Runs per design.")]
Seed = Annotated[int | None, typer.Option(metavar="N", help="Seed of all random numbers.")]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=1,
        max=1024,
        help="Worker processes; by default one, at most 8 per CPU. The result is the same.",
    ),
]
Profile = Annotated[str | None, typer.Option(metavar="NAME_OR_CSV", help="Cost profile in place of the scenario's.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Profiles = Annotated[
    str | None,
    typer.Option(
        metavar="all|none|NAME,...",
        help="Judge again under these cost profiles, in at most 4 runs per design. By default all bundled ones with "
        "--out, else none.",
    ),
]
Baseline = Annotated[
    str | None,
    typer.Option(metavar="DESIGN", help="Compare the others with this design, not with the first of the file."),
]
Vary = Annotated[
    list[str] | None,
    typer.Option(
        metavar="KEY=VALUES",
        help="What is varied: KEY=1,2,5 or KEY=LOW:HIGH:COUNT. KEY as in the file, a setting of designs such as "
        "algorithm, load or ttl. Several make a full grid.",
    ),
]
SampleOfPoints = Annotated[
    str | None,
    typer.Option(metavar="latin:N|sobol:N", help="N points over the ranges (KEY=LOW:HIGH) in place of a full grid."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Also run more than 10,000 cells.")]
Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Run on the workers of this Dask scheduler, such as tcp://127.0.0.1:8786; needs simlib[cluster].",
    ),
]
Store = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Keep the result of each run in this folder, and run nothing that is there; needs simlib[records].",
    ),
]

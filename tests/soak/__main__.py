"""Sweep of 200 cells x 10 replications, killed half-way and resumed, compared file by file: ``make soak``.

First without an interruption; then ended by SIGKILL and repeated; then on a Dask cluster of this machine, one of whose
workers is killed and replaced. Takes a few minutes; ends with status 1 when a file of a store differs.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.clusters import find_port, started_cluster
from support.command_line import COMMAND, environment, started, write_tiny
from support.stores import kill_group, list_results, read_files, wait_for_results

CELLS, REPLICATIONS = 200, 10
RUNS = CELLS * REPLICATIONS
GRID = ("--vary", "load=5:24:10", "--vary", "ttl=0.2:4:20", "--design", "cached", "--length", "3")
SWEEP = ("sweep", "tiny.toml", *GRID, "--replications", str(REPLICATIONS), "--json")
MOST_S = 1800.0


def main() -> int:
    """Fill three stores and compare them; returns the exit status."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_tiny(folder)
        whole = _finish(folder, "whole", "--workers", "2")
        killed = _kill_and_resume(folder, "killed")
        clustered = _lose_a_worker(folder, "clustered")
        reference = read_files(folder / "whole")
        same = [read_files(folder / store) == reference for store in ("killed", "clustered")]
        print(f"{len(reference)} files; equal to those of the resumed sweep: {same[0]}, on the cluster: {same[1]}")
        print(f"answers equal: {whole == killed}, {whole == clustered}")
        return 0 if all(same) and whole == killed == clustered and len(list_results(folder / "whole")) == RUNS else 1


def _finish(folder: Path, store: str, *options: str) -> str:
    """Run the sweep to its end; returns its answer."""
    begun = time.monotonic()
    command = [*COMMAND, *SWEEP, "--store", store, *options]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    last = (done.stderr.splitlines() or [""])[-1]
    print(f"{store}: status {done.returncode} after {time.monotonic() - begun:.0f} s; {last}", flush=True)
    return done.stdout


def _kill_and_resume(folder: Path, store: str) -> str:
    with started(*SWEEP, "--store", store, "--workers", "2", cwd=folder) as running:
        wait_for_results(folder / store, RUNS // 2, running, MOST_S)
        kill_group(running)
    print(f"{store}: SIGKILL with {len(list_results(folder / store))} of {RUNS} results", flush=True)
    return _finish(folder, store, "--workers", "2")


def _lose_a_worker(folder: Path, store: str) -> str:
    with started_cluster(find_port()) as cluster:
        command = (*SWEEP, "--store", store, "--cluster", cluster.address)
        with started(*command, cwd=folder) as running:
            count = wait_for_results(folder / store, RUNS // 2, running, MOST_S)
            cluster.workers[0].kill()
            cluster.add_worker()
            print(f"{store}: a worker was killed with {count} of {RUNS} results", flush=True)
            answer, errors = running.communicate(timeout=MOST_S)
    print(f"{store}: status {running.returncode}; {(errors.splitlines() or [''])[-1]}", flush=True)
    return answer


if __name__ == "__main__":
    sys.exit(main())

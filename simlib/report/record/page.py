"""A decision as one page: no script, nothing from elsewhere, figures inside."""

from collections.abc import Sequence
from typing import Any

from simlib.decision.choice.values import Decision
from simlib.decision.gain.values import Size, Trial
from simlib.report.html import Drawn, page_environment
from simlib.report.record.amounts import number
from simlib.report.record.arguments import arguments
from simlib.report.record.assumptions import assumption_sentence, inputs
from simlib.report.record.complexity import Complexity, indicator_rows, largest_items
from simlib.report.record.confirming import flips
from simlib.report.record.context import method, notes, opponent_sentence
from simlib.report.record.driven import driven
from simlib.report.record.gain_rows import gain_rows
from simlib.report.record.limit_rows import MARKS, limit_rows, open_sentences, out_sentences
from simlib.report.record.options import options
from simlib.report.record.outcome import currency, equal_designs, equivalences, level, title, verdict, years
from simlib.report.record.ranking_rows import ranking_rows, references
from simlib.report.record.worth_words import sentences
from simlib.report.telling import told_provenance
from simlib.report.telling_world import told_world

_UNKNOWN = Complexity()


def decision_page(decision: Decision, figures: Sequence[Drawn], complexity: Complexity = _UNKNOWN) -> str:
    """The page; equal decisions give an equal page."""
    scenario = decision.scenario
    return (
        page_environment()
        .get_template("decision.html.j2")
        .render(
            title=title(decision),
            scenario=scenario,
            method=method(decision),
            names=list(scenario.designs),
            marks=MARKS,
            limits=limit_rows(decision),
            outs=(*out_sentences(decision), *open_sentences(decision)),
            word=decision.word,
            verdict=verdict(decision),
            equal=equal_designs(decision),
            equivalences=equivalences(decision),
            level=level(decision),
            draws=f"{decision.draws:,}",
            currency=currency(decision),
            years=years(decision),
            references=references(decision),
            ranking=ranking_rows(decision),
            opponent=opponent_sentence(decision),
            gain=gain_rows(decision),
            figures=[{"svg": f.inline(), "caption": f.caption} for f in figures],
            worth=sentences(decision),
            flips=flips(decision),
            driven=driven(decision),
            options=[
                {
                    **option._asdict(),
                    "arguments": arguments(decision, option.name),
                    "work": largest_items(complexity, option.name),
                }
                for option in options(decision)
            ],
            indicators=indicator_rows(complexity),
            sizes=[_tried(size, trial) for size in decision.gain.sizes.values() for trial in size.trials],
            assumption=assumption_sentence(decision),
            inputs=inputs(decision),
            notes=notes(decision),
            world=told_world(scenario),
            provenance=told_provenance(scenario),
        )
    )


def _tried(size: Size, trial: Trial) -> dict[str, Any]:
    own = (trial.service_vcpus, trial.authorization_server_vcpus, trial.database_vcpus)
    chosen = size.met and own == (size.service_vcpus, size.authorization_server_vcpus, size.database_vcpus)
    return {
        "design": size.design,
        "chosen": chosen,
        "service": own[0],
        "server": own[1],
        "database": own[2] or "-",
        "cost": number(trial.cost_per_hour),
        "word": "met" if trial.met else "broken",
        "told": ("yes, and taken" if chosen else "yes")
        if trial.met
        else "no"
        if trial.simulated
        else "no (not simulated)",
        "reasons": trial.reasons,
    }

"""Contracts of certainty: the probability of every class by county, intervals, what matters most, national totals."""

from __future__ import annotations

from typing import Final

from matcare.contracts.model import Column, Table

__all__ = [
    "BASELINE_CERTAINTY",
    "CERTAINTY",
    "CERTAINTY_COLUMNS",
    "CERTAINTY_INPUTS",
    "CERTAINTY_LIMITS",
    "CERTAINTY_SHARES",
    "CERTAINTY_TOTALS",
]

CERTAINTY_INPUTS: Final = ("speeds", "access_legs", "obstetrics", "levels", "clinicians", "uninsured")
"""The uncertain inputs."""

CERTAINTY_LIMITS: Final = (30, 60)
"""Limits of shares and drive-time deserts, in minutes; "within T" is <= T."""

CERTAINTY_RESULTS: Final = ("march_of_dimes_class", "minutes_birth_care", "minutes_neonatal_3_plus")
"""Results whose variance is shared out among the inputs."""

_SHARE: Final = "share 0-1"
_SERVICES: Final = {
    "birth_care": "birth care",
    "neonatal_3_plus": "a neonatal unit of level III or IV, NICUs of unknown level counted with their probability",
}
_CLASSES: Final = {
    "desert": "a desert", "low": "of low access", "moderate": "of moderate access", "full": "of full access",
    "undetermined": "not determined, since an input is missing",
}  # fmt: skip
_STANDING: Final = ("given", "missing_in_some_draws", "missing_in_all_draws", "no_demand_points")
_FIPS: Final = r"\d{5}"
_DRAWN: Final = "computed"


def _minutes(service: str) -> tuple[Column, ...]:
    words = _SERVICES[service]
    missing = " Empty where the mean is withheld in the draws that decide it." if service else ""
    quantiles = (("p05", "5th percentile"), ("p50", "median"), ("p95", "95th percentile"))
    return (
        *(
            Column(
                name=f"minutes_{service}_{short}", kind="number", minimum=0, unit="minutes", source=_DRAWN,
                description=f"Mean drive minutes to {words}: {long} of the draws.{missing}",
            )
            for short, long in quantiles
        ),
        Column(
            name=f"minutes_{service}_certainty", kind="text", required=True, values=_STANDING, source=_DRAWN,
            description="Whether the mean stands in all draws: it is withheld where more than half of the women have no minutes.",
        ),
        *(
            Column(
                name=f"share_women_within_{limit}_{service}_{short}", kind="number", minimum=0, maximum=1, unit=_SHARE, source=_DRAWN,
                description=f"Share of women 15-44 within {limit} minutes (<=) of {words}: {long} of the draws.",
            )
            for limit in CERTAINTY_LIMITS
            for short, long in quantiles
        ),
    )  # fmt: skip


# fmt: off
_PROBABILITIES: Final = (
    *(
        Column(name=f"p_march_of_dimes_{name}", kind="number", minimum=0, maximum=1, unit="probability", source=_DRAWN, description=f"Probability that the county is {words} by the March of Dimes rule; the five add up to 1. On stated beliefs about units, clinicians and insurance (docs/planning.md), by default in 200 draws: no frequency.")
        for name, words in _CLASSES.items()
    ),
    *(
        Column(name=f"p_drive_time_desert_{limit}", kind="number", minimum=0, maximum=1, unit="probability", source=_DRAWN, description=f"Probability that at least half of the women 15-44 live farther than {limit} minutes from birth care; empty without demand points. On stated beliefs: no frequency.")
        for limit in CERTAINTY_LIMITS
    ),
)

_MOST_IMPORTANT: Final = tuple(
    column
    for result, words in (("class", "the class"), ("minutes_birth_care", "minutes to birth care"), ("minutes_neonatal_3_plus", "minutes to level III or IV"))
    for column in (
        Column(name=f"most_important_input_{result}", kind="text", required=True, values=(*CERTAINTY_INPUTS, "none"), source=_DRAWN, description=f"The uncertain input that moves {words} most; `none` where no draw differs."),
        Column(name=f"variance_share_{result}", kind="number", minimum=0, maximum=1, unit=_SHARE, source=_DRAWN, description=f"Its part in the variance of {words}, of the sum of all inputs' total effects (Jansen 1999)."),
    )
)

CERTAINTY: Final = Table(
    name="certainty",
    title="How certain each county's class and minutes are",
    description="Monte-Carlo draws over speeds, access legs, obstetric evidence, neonatal levels, clinicians that the source does not count, and the uninsured. Probabilities are of the stated errors alone: "
    "what is wrong in the same way everywhere, closures since the data's date, seasons and traffic are not in them. The run counts hospitals that one federal file claims as birth care; the draws count each with its "
    "probability, so deserts are likelier here than in the run.",
    primary_key=("county_fips",),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="county_fips", kind="text", required=True, unique=True, pattern=_FIPS, description="County code of 2024, five digits.", source="census_county_shapes_2024"),
        Column(name="county_name", kind="text", required=True, description="Name with its kind.", source="census_county_shapes_2024"),
        Column(name="state", kind="text", required=True, pattern=r"[A-Z]{2}", description="Postal code."),
        Column(name="draws", kind="integer", required=True, minimum=1, unit="draws", description="How many draws the row stands on."),
        Column(name="seed", kind="integer", required=True, minimum=0, description="Seed of the draws: the same gives the same table."),
        Column(name="march_of_dimes_class", kind="text", required=True, description="Class in the run.", source="computed"),
        Column(name="p_same_class", kind="number", minimum=0, maximum=1, unit="probability", source=_DRAWN, description="Probability of the class that the run gives, or of no class where it gives a joined one."),
        *_PROBABILITIES,
        Column(name="minutes_birth_care", kind="number", minimum=0, unit="minutes", description="Mean drive minutes to birth care in the run.", source="computed"),
        *_minutes("birth_care"),
        Column(name="minutes_neonatal_3_plus", kind="number", minimum=0, unit="minutes", description="Mean drive minutes to reported level III or IV in the run, where NICUs of unknown level do not count.", source="computed"),
        *_minutes("neonatal_3_plus"),
        *_MOST_IMPORTANT,
    ),
)

CERTAINTY_COLUMNS: Final = (
    *_PROBABILITIES,
    *(CERTAINTY.column(f"minutes_birth_care_{short}") for short in ("p05", "p95")),
    *(CERTAINTY.column(f"most_important_input_{result}") for result in ("class", "minutes_birth_care")),
)
"""The columns that go with the county results."""

BASELINE_CERTAINTY: Final = Table(
    name="baseline_certainty",
    title="Certainty of the default run",
    description="The draws of the default scenario over the nation, kept so that a run need not make them again; valid only for that scenario and these data.",
    primary_key=("county_fips",),
    licence="facts",
    columns=(*(CERTAINTY.column(name) for name in ("county_fips", "draws", "seed")), *CERTAINTY_COLUMNS),
)

CERTAINTY_SHARES: Final = Table(
    name="certainty_shares",
    title="What part each uncertain input has in the variance",
    description="One row a county, result and input: how much the result moves when this input alone is drawn again (total effect, Jansen 1999), as a part of the sum over the inputs. Empty where no draw differs.",
    primary_key=("county_fips", "result", "input"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="county_fips", kind="text", required=True, pattern=_FIPS, description="County code of 2024.", source="census_county_shapes_2024"),
        Column(name="result", kind="text", required=True, values=CERTAINTY_RESULTS, description="What varies."),
        Column(name="input", kind="text", required=True, values=CERTAINTY_INPUTS, description="The uncertain input."),
        Column(name="total_effect", kind="number", minimum=0, description="Half the mean squared change of the minutes (minutes²), or the probability of another class, when this input alone is drawn again.", source=_DRAWN),
        Column(name="share", kind="number", minimum=0, maximum=1, unit=_SHARE, description="Part of the sum over the inputs.", source=_DRAWN),
    ),
)

CERTAINTY_TOTALS: Final = Table(
    name="certainty_totals",
    title="Counties and women in deserts, with intervals",
    description="Totals of the region over its counties, in the run and over the draws.",
    primary_key=("measure", "unit"),
    licence="CC-BY-NC-SA-4.0",
    columns=(
        Column(name="measure", kind="text", required=True, description="`march_of_dimes_<class>`, `drive_time_desert_<T>`, or `farther_than_<T>_<service>`."),
        Column(name="unit", kind="text", required=True, values=("counties", "women"), description="What is counted: counties, or women 15-44 (Census estimates)."),
        Column(name="run", kind="number", minimum=0, description="In the run.", source="computed"),
        *(Column(name=name, kind="number", minimum=0, description=f"{words} of the draws.", source=_DRAWN) for name, words in (("mean", "Mean"), ("p05", "5th percentile"), ("p50", "Median"), ("p95", "95th percentile"))),
        Column(name="draws", kind="integer", required=True, minimum=1, unit="draws", description="How many."),
        Column(name="seed", kind="integer", required=True, minimum=0, description="Seed of the draws."),
    ),
)
# fmt: on

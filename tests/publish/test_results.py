"""What a run says of levels that nobody reports."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from matcare.contracts import SERVICES
from matcare.publish.results import Results
from matcare.scenario import Scenario


def results_of(reasons, women):
    """Results of four demand points, two in Puerto Rico and two in Hawaii, with a reason each for neonatal III+."""
    groups = pd.DataFrame({"county_fips": ["72001", "72003", "15001", "15003"], "women_15_44": women})
    for service in SERVICES:
        groups[f"minutes_{service}"] = 20.0
    groups["reason_neonatal_3_plus"] = reasons
    groups["minutes_neonatal_3_plus"] = np.where(np.array(reasons) == "covered", 20.0, np.nan)
    facilities = pd.DataFrame(
        {"state": ["PR", "HI", "HI"], "counts_nicu": [True, True, False], "neonatal_level": [None, "III", None]}
    )
    return Results(
        scenario=Scenario(),
        counties=pd.DataFrame({"state": ["PR", "PR", "HI", "HI"]}),
        facilities=facilities,
        block_groups=groups,
        outcomes=None,
        planning=None,
        data_date="2026 Q2",
    )


def test_women_whose_state_reports_no_level_are_named_and_stay_in_the_floor():
    found = results_of(["level_not_reported", "covered", "covered", "unreachable"], [1000.0, 200.0, 300.0, 500.0])
    words = found._unreported_levels()
    assert "1 of 2 hospitals with evidence of a NICU have none reported" in words
    assert words.endswith(" 1,000 women of Puerto Rico, where no level is reported, count as not within.")
    row = found.access().set_index("service").loc[SERVICES["neonatal_3_plus"]]
    assert row["within_60"] == pytest.approx(500 / 2000)
    assert row["no_minutes"] == pytest.approx(1500 / 2000)


def test_nothing_is_said_where_every_state_reports_a_level():
    words = results_of(["covered", "covered", "covered", "unreachable"], [1000.0, 200.0, 300.0, 500.0])
    assert words._unreported_levels().endswith("read both level-III rows.")

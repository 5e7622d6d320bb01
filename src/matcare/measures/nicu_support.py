"""For whom the nearest NICU offers lactation support, mental health support, family presence, responsive care."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from matcare.contracts.indicators import NICU_SUPPORTS

__all__ = ["MOST_UNANSWERED", "nicu_support_values"]

MOST_UNANSWERED: Final = 0.25
"""Where the nearest NICU of a larger share of women gave no answer, the county has no value."""

_SLACK: Final = 1e-9


def nicu_support_values(
    block_groups: pd.DataFrame, facilities: pd.DataFrame, *, most_unanswered: float = MOST_UNANSWERED
) -> pd.DataFrame:
    """Share of a county's women whose nearest NICU offers each support, among those whose nearest NICU said yes or no.

    A NICU that was not asked or does not know is not a *no*: its women are left out, and where they, with the women who
    reach no NICU, are more than `most_unanswered` of the county's, the value is withheld.

    Parameters
    ----------
    block_groups : pandas.DataFrame
        Contract `BLOCK_GROUPS`: ``county_fips, women_15_44, people, facility_id_nicu``. In a county without known women
        people count.
    facilities : pandas.DataFrame
        ``facility_id`` and the columns of :func:`matcare.tables.nicu_support.attach_nicu_support`.
    most_unanswered : float
        Share of a county's women.

    Returns
    -------
    pandas.DataFrame
        ``county_fips, indicator`` (``share_women_<support>``)``, value, status`` (``user_reported``; ``withheld``: too
        many are unanswered; ``not_reported``: all are). No row of a support that no facility answers yes or no for: it
        stays a gap.
    """
    frame = block_groups[["county_fips"]].copy()
    women = block_groups["women_15_44"].astype("float64")
    known = women.groupby(block_groups["county_fips"]).transform("sum", min_count=1) > 0
    frame["all"] = women.where(known, block_groups["people"].astype("float64")).fillna(0.0)
    answers = facilities.drop_duplicates("facility_id").set_index("facility_id")
    tables = []
    for support in NICU_SUPPORTS:
        if not answers[support].isin(["yes", "no"]).any():
            continue
        answer = block_groups["facility_id_nicu"].map(answers[support])
        frame["yes"] = frame["all"].where(answer == "yes", 0.0)
        frame["answered"] = frame["all"].where(answer.isin(["yes", "no"]), 0.0)
        sums = frame.groupby("county_fips")[["all", "yes", "answered"]].sum()
        enough = (sums["answered"] > 0) & (sums["answered"] >= (1 - most_unanswered) * sums["all"] * (1 - _SLACK))
        value = (sums["yes"] / sums["answered"].where(sums["answered"] > 0)).where(enough)
        status = np.select([enough, sums["answered"] > 0], ["user_reported", "withheld"], "not_reported")
        tables.append(
            pd.DataFrame(
                {
                    "county_fips": sums.index.to_numpy(),
                    "indicator": f"share_women_{support}",
                    "value": value.to_numpy(),
                    "status": status,
                }
            )
        )
    empty = pd.DataFrame({"county_fips": [], "indicator": [], "value": [], "status": []})
    return pd.concat(tables, ignore_index=True) if tables else empty

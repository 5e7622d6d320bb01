"""What part each uncertain input has in the variance of a county's class and minutes.

The total effect of an input (Jansen 1999, Computer Physics Communications 117:35-43) is the variance that would be left
if everything but this input were known: half the mean square of the change when it alone is drawn again. For a class it
is the same summed over the classes' indicators, which is the probability that the class becomes another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matcare.planning.certainty.draws import Draw

__all__ = ["most_important", "total_effects", "variance_shares"]

F64 = npt.NDArray[np.float64]


def total_effects(draws: Sequence[Draw]) -> dict[tuple[str, str], F64]:
    """Total effect of every input on every result that it can move.

    Parameters
    ----------
    draws : sequence of Draw

    Returns
    -------
    dict of (str, str) to numpy.ndarray of float64, shape (counties,)
        By result (``class`` or a service) and input; NaN where no draw has both values.
    """
    effects: dict[tuple[str, str], F64] = {}
    for result, name in draws[0].again:
        again = np.stack([draw.again[result, name] for draw in draws]).astype(np.float64)
        if result == "class":
            first = np.stack([draw.classes for draw in draws])
            effects[result, name] = (again != first).mean(axis=0)
            continue
        change = again - np.stack([draw.minutes[result] for draw in draws])
        count = np.isfinite(change).sum(axis=0)
        squares = np.where(np.isfinite(change), change, 0.0) ** 2
        effects[result, name] = np.where(count > 0, squares.sum(axis=0) / (2 * np.maximum(count, 1)), np.nan)
    return effects


def variance_shares(effects: dict[tuple[str, str], F64], counties: Sequence[str]) -> pd.DataFrame:
    """Share the variance out among the inputs.

    Parameters
    ----------
    effects : dict
        From :func:`total_effects`.
    counties : sequence of str
        Their codes.

    Returns
    -------
    pandas.DataFrame
        Contract `CERTAINTY_SHARES`, by county, result, input; the shares of a result add up to 1, and are NaN where no
        draw differs.
    """
    tables = []
    for result in dict.fromkeys(result for result, _ in effects):
        inputs = [name for of, name in effects if of == result]
        effect = np.stack([effects[result, name] for name in inputs], axis=1)
        total = np.nansum(effect, axis=1, keepdims=True)
        share = np.divide(effect, total, out=np.full(effect.shape, np.nan), where=total > 0)
        tables.append(
            pd.DataFrame(
                {
                    "county_fips": np.repeat(np.asarray(counties, dtype=object), len(inputs)),
                    "result": "march_of_dimes_class" if result == "class" else f"minutes_{result}",
                    "input": np.tile(np.asarray(inputs, dtype=object), len(counties)),
                    "total_effect": effect.ravel(),
                    "share": share.ravel(),
                }
            )
        )
    columns = ["county_fips", "result", "input", "total_effect", "share"]
    if not tables:
        return pd.DataFrame(columns=columns)
    long = pd.concat(tables, ignore_index=True)
    text = long.astype({"county_fips": "str", "result": "str", "input": "str"})
    return text.sort_values(columns[:3], ignore_index=True)


def most_important(shares: pd.DataFrame, counties: Sequence[str]) -> pd.DataFrame:
    """Name the input with the largest share for every county and result.

    Parameters
    ----------
    shares : pandas.DataFrame
        From :func:`variance_shares`.
    counties : sequence of str
        Their codes, in the order wanted.

    Returns
    -------
    pandas.DataFrame
        Indexed by county: ``most_important_input_<result>`` (``none`` where no draw differs) and
        ``variance_share_<result>`` for ``class, minutes_birth_care, minutes_neonatal_3_plus``.
    """
    index = pd.Index(counties, name="county_fips")
    table = pd.DataFrame(index=index)
    best = shares[shares["share"].notna()].sort_values("share", ascending=False, kind="stable")
    best = best.drop_duplicates(["county_fips", "result"])
    for result, short in (
        ("march_of_dimes_class", "class"),
        ("minutes_birth_care", "minutes_birth_care"),
        ("minutes_neonatal_3_plus", "minutes_neonatal_3_plus"),
    ):
        mine = best[best["result"] == result].set_index("county_fips").reindex(index)
        table[f"most_important_input_{short}"] = mine["input"].fillna("none").astype("str")
        table[f"variance_share_{short}"] = mine["share"].astype("float64")
    return table

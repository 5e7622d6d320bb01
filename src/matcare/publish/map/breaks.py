"""How the maps' classes are made: policy limits where there are any, else the nation's quantiles, kept as constants.

Classes never change with the region or the run that is drawn, so that maps of different regions and dates compare. A
test classifies the national run anew with mapclassify and compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from matcare.publish.map.legend_rows import Theme, bins

__all__ = ["NATIONAL_BREAKS", "NationalBreaks", "national_bins"]

_PARTS: Final = {4: "quarters", 5: "fifths", 6: "sixths"}


@dataclass(frozen=True, kw_only=True)
class NationalBreaks:
    """Class breaks of a column where no policy sets a limit.

    Attributes
    ----------
    upper : tuple of float
        Upper limits, included, of all classes but the last: mapclassify's ``Quantiles`` of the nation's counties.
    digits : int
        Decimals to which the quantiles are rounded.
    above_zero : bool
        Whether zero stands in a class of its own, and the quantiles are those of the values above it.
    of : str
        What was classified, in words.
    """

    upper: tuple[float, ...]
    digits: int
    above_zero: bool = False
    of: str = "the nation’s counties that have a value"

    @property
    def words(self) -> str:
        """What the legend says: which classes these are."""
        return f"Classes: {_PARTS[len(self.upper) + 1]} of {self.of} (quantiles, rounded), the same on every map."


NATIONAL_BREAKS: Final = {
    "imr": NationalBreaks(upper=(4.6, 5.4, 6.2, 7.0, 8.4), digits=1, of="the nation’s published rates"),
    "catchment_e2sfca": NationalBreaks(
        upper=(0.57, 0.78, 1.06, 1.62), digits=2, above_zero=True, of="the nation’s counties above zero"
    ),
    "profile_overall": NationalBreaks(upper=(40, 47, 54, 62), digits=0),
    "profile_patient_family": NationalBreaks(upper=(28, 43, 56, 70), digits=0),
    "profile_provider_system": NationalBreaks(upper=(29, 40, 58, 73), digits=0),
    "profile_community": NationalBreaks(upper=(34, 45, 55, 66), digits=0),
    "profile_policy_society": NationalBreaks(upper=(41, 49, 61, 67), digits=0),
    "share_poverty": NationalBreaks(upper=(0.098, 0.121, 0.146, 0.185), digits=3),
    "svi": NationalBreaks(upper=(0.2, 0.4, 0.6, 0.8), digits=2),
    "share_very_low_birthweight": NationalBreaks(upper=(0.010, 0.0121, 0.0141, 0.0171), digits=4),
    "births_high_risk_per_year": NationalBreaks(upper=(13, 19, 32, 68), digits=0),
}
"""Breaks by column. The rates that are shrunk or modelled share those of the published rate, so that they compare."""


def national_bins(
    column: str, ramp: tuple[str, ...], *, after: str = "", times: float = 1, lowest: str = "{} or less"
) -> Theme:
    """Return the classes of a column by the nation's breaks, and the words that say so, as parts of a theme.

    Parameters
    ----------
    column : str
        A key of :data:`NATIONAL_BREAKS`.
    ramp : tuple of str
        A colour for each class.
    after : str
        What follows a number in the legend.
    times : float
        By what a break is multiplied in the legend.
    lowest : str
        Words of the first class that is not zero; braces stand for its upper limit.

    Examples
    --------
    >>> shown = national_bins("share_poverty", ("a", "b", "c", "d", "e"), after=" %", times=100)
    >>> [row["label"] for row in shown["classes"]][:2], shown["classed"][:26]
    (['9.8 % or less', 'over 9.8 to 12.1 %'], 'Classes: fifths of the nat')
    """
    breaks = NATIONAL_BREAKS[column]
    numbers = [f"{round(upper * times, 6):g}" for upper in breaks.upper]
    zero = ["0: none in range"] if breaks.above_zero else []
    first = f"over 0 to {numbers[0]}{after}" if breaks.above_zero else lowest.format(f"{numbers[0]}{after}")
    between = [f"over {low} to {high}{after}" for low, high in pairwise(numbers)]
    upper = (*([0.0] if breaks.above_zero else []), *breaks.upper, None)
    labels = (*zero, first, *between, f"over {numbers[-1]}{after}")
    return {"classes": bins(upper, labels, ramp), "classed": breaks.words}

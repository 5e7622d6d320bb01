"""Which facilities may offer a service, and how likely each does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd

    from matcare.planning.certainty.inputs import Between, Uncertainty

__all__ = ["Chances", "birth_care_chances", "level_three_chances"]

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_FEW_NICU_BEDS = 10
_MANY_BEDS = 200


@dataclass(frozen=True, eq=False, kw_only=True)
class Chances:
    """How likely each facility offers a service.

    Attributes
    ----------
    counted : numpy.ndarray of bool, shape (facilities,)
        Those that the run counts.
    low, high : numpy.ndarray of float64, shape (facilities,)
        Lowest and highest probability; both 0 or both 1 where it is certain.
    kind : numpy.ndarray of int64, shape (facilities,)
        Facilities of one kind have their probability at the same place between the two in one draw.
    held : bool
        The run's own are taken.
    """

    counted: Bools
    low: F64
    high: F64
    kind: I64
    held: bool

    @property
    def possible(self) -> Bools:
        """Facilities that a draw may count, shape (facilities,)."""
        return self.counted if self.held else self.counted | (self.high > 0)

    def drawn(self, stream: np.random.Generator) -> Bools:
        """Draw which facilities offer the service, shape (facilities,)."""
        if self.held:
            return self.counted
        place = stream.random(int(self.kind.max(initial=-1)) + 1)[self.kind]
        return np.asarray(stream.random(len(self.low)) < self.low + place * (self.high - self.low))


def birth_care_chances(facilities: pd.DataFrame, uncertainty: Uncertainty) -> Chances:
    """Say how likely each facility offers birth care to the women around it.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`.
    uncertainty : Uncertainty

    Returns
    -------
    Chances
        A user's own facilities and those with a correction in force are as given, but for a user's that are not known.
        A closed one offers none. Military hospitals, which serve military families, stand as the run counts them, and
        birth centers are not hospitals.
    """
    counted = facilities["counts_birth_care"].to_numpy(dtype=bool)
    tier = facilities["obstetric_evidence"].astype("str")
    small = facilities["beds"].to_numpy(dtype=np.float64) <= uncertainty.few_beds
    kind = tier.mask((tier == "claimed") & small, "claimed_small").to_numpy(dtype=object)
    own = (facilities["coord_precision"] == "supplied") & tier.isin(["corroborated", "none"])
    hospital = facilities["kind"].isin(["hospital", "childrens_hospital"])
    certain = _certain(facilities) | own.to_numpy(dtype=bool) | ~hospital.to_numpy(dtype=bool)
    low, high = _range_of(kind, dict(uncertainty.offers))
    factor = np.where(facilities["cms_active"] == "not_listed", uncertainty.not_listed_factor, 1.0)
    return _chances(counted, certain, low * factor, high * factor, kind, held="obstetrics" in uncertainty.held)


def level_three_chances(facilities: pd.DataFrame, uncertainty: Uncertainty) -> Chances:
    """Say how likely each facility has a neonatal unit of level III or IV.

    Parameters
    ----------
    facilities : pandas.DataFrame
        Contract `FACILITIES_OUT`.
    uncertainty : Uncertainty

    Returns
    -------
    Chances
        Certain are a state's designations, a user's own levels, corrections, a reported IV that nobody queries. No
        level and no NICU: never.
    """
    counted = facilities["counts_neonatal_3_plus"].to_numpy(dtype=bool)
    unknown = facilities["counts_neonatal_3_plus_or_nicu"].to_numpy(dtype=bool) & ~counted
    level = facilities["neonatal_level"].to_numpy(dtype=object)
    queried = facilities["level_query"].fillna("").to_numpy(dtype=object) != ""
    nicu_beds, beds = (facilities[name].to_numpy(dtype=np.float64) for name in ("nicu_beds", "beds"))
    large = np.where(np.isnan(nicu_beds), beds >= _MANY_BEDS, nicu_beds > _FEW_NICU_BEDS)
    kind = np.select(
        [counted & (level == "III"), counted, unknown & large, unknown],
        ["level_three", "level_four", "unknown_nicu_large", "unknown_nicu_small"],
        default="no",
    ).astype(object)
    ranges: dict[str, Between] = {
        "level_three": uncertainty.level_three,
        "level_four": (1.0, 1.0),
        "unknown_nicu_large": uncertainty.unknown_nicu_large,
        "unknown_nicu_small": uncertainty.unknown_nicu_small,
        "no": (0.0, 0.0),
    }
    low, high = _range_of(kind, ranges)
    factor = np.where(counted & queried, uncertainty.queried_level_factor, 1.0)
    own = (facilities["coord_precision"] == "supplied") & facilities["neonatal_level"].notna()
    stated = facilities["level_source"] == "state"
    certain = _certain(facilities) | own.to_numpy(dtype=bool) | stated.to_numpy(dtype=bool)
    return _chances(counted, certain, low * factor, high * factor, kind, held="levels" in uncertainty.held)


def _certain(facilities: pd.DataFrame) -> Bools:
    """Facilities that stand as they are: closed, or with a correction in force, which names its source."""
    certain: Bools = ((facilities["status"] == "closed") | (facilities["correction"] != "none")).to_numpy(dtype=bool)
    return certain


def _range_of(kind: npt.NDArray[np.object_], ranges: dict[str, Between]) -> tuple[F64, F64]:
    pairs = np.array([ranges.get(str(name), (0.0, 0.0)) for name in kind], dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _chances(
    counted: Bools, certain: Bools, low: F64, high: F64, kind: npt.NDArray[np.object_], *, held: bool
) -> Chances:
    sure = counted.astype(np.float64)
    number = np.unique(kind.astype(str), return_inverse=True)[1].astype(np.int64)
    return Chances(
        counted=counted,
        low=np.where(certain, sure, low),
        high=np.where(certain, sure, high),
        kind=number,
        held=held,
    )

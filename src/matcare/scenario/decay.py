"""How much less a unit counts the longer the drive to it is: steps, Gaussian, exponential, inverse power."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from matcare.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    F64 = npt.NDArray[np.float64]

__all__ = ["DECAYS", "DECAY_KINDS", "Decay", "decay_named"]

DECAY_KINDS: Final = ("steps", "gaussian", "exponential", "power")
"""The forms of a decay; engines know them by their place here."""

LEAST_WEIGHT: Final = 1e-9
"""A decay that weighs less than this at its limit would call units in range that count for nothing."""


@dataclass(frozen=True, kw_only=True)
class Decay:
    """The weight W(t) of a drive of t minutes: at most 1, never rising, above 0 up to the limit and 0 beyond it.

    Made by :meth:`steps`, :meth:`gaussian`, :meth:`exponential` or :meth:`power`. Within T is ≤ T.

    Attributes
    ----------
    kind : str
        One of :data:`DECAY_KINDS`.
    minutes : tuple of float
        Upper limits of the steps, ascending; of the other kinds the limit alone.
    values : tuple of float
        Weights of the steps; σ (Gaussian) or scale (exponential) in minutes; exponent, and floor in minutes (power).
    """

    kind: str
    minutes: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        if self.kind not in DECAY_KINDS:
            raise InputError(f"decay {self.kind!r}: one of {', '.join(DECAY_KINDS)}")
        object.__setattr__(self, "minutes", tuple(float(one) for one in self.minutes))
        object.__setattr__(self, "values", tuple(float(one) for one in self.values))
        _check_minutes(self)
        (_check_steps if self.kind == "steps" else _check_curve)(self)

    @classmethod
    def steps(cls, minutes: Sequence[float], weights: Sequence[float]) -> Decay:
        """Return a decay in bands: the first band's weight up to its limit, then the next one's.

        Parameters
        ----------
        minutes : sequence of float
            Upper limits of the bands, ascending, above 0; a drive of exactly a limit is in the band below it.
        weights : sequence of float
            One a band, above 0, at most 1, never rising.

        Examples
        --------
        >>> Decay.steps((30, 60, 90), (1, 0.68, 0.22)).weight([0, 30, 30.5, 90, 90.1]).tolist()
        [1.0, 1.0, 0.68, 0.22, 0.0]
        """
        return cls(kind="steps", minutes=tuple(minutes), values=tuple(weights))

    @classmethod
    def gaussian(cls, sigma_minutes: float, *, limit_minutes: float) -> Decay:
        """Return exp(−t²/2σ²) up to the limit.

        Examples
        --------
        >>> Decay.gaussian(30, limit_minutes=60).weight([0, 30, 60, 61]).round(4).tolist()
        [1.0, 0.6065, 0.1353, 0.0]
        """
        return cls(kind="gaussian", minutes=(limit_minutes,), values=(sigma_minutes,))

    @classmethod
    def exponential(cls, scale_minutes: float, *, limit_minutes: float) -> Decay:
        """Return exp(−t/scale) up to the limit.

        Examples
        --------
        >>> Decay.exponential(30, limit_minutes=60).weight([0, 30, 61]).round(4).tolist()
        [1.0, 0.3679, 0.0]
        """
        return cls(kind="exponential", minutes=(limit_minutes,), values=(scale_minutes,))

    @classmethod
    def power(cls, exponent: float, *, floor_minutes: float, limit_minutes: float) -> Decay:
        """Return (max(t, floor)/floor)^(−exponent) up to the limit: 1 up to the floor, where t^(−exponent) would soar.

        Examples
        --------
        >>> Decay.power(2, floor_minutes=10, limit_minutes=60).weight([0, 10, 20, 61]).tolist()
        [1.0, 1.0, 0.25, 0.0]
        """
        return cls(kind="power", minutes=(limit_minutes,), values=(exponent, floor_minutes))

    @property
    def limit_minutes(self) -> float:
        """The longest drive that counts at all."""
        return self.minutes[-1]

    @property
    def words(self) -> str:
        """The decay in words, for labels.

        Examples
        --------
        >>> Decay.steps((30, 60), (1, 0.5)).words
        '0-30 min 1, 30-60 min 0.5'
        >>> Decay.power(2, floor_minutes=10, limit_minutes=90).words
        'inverse power 2 beyond 10 min, up to 90 min'
        """
        if self.kind == "steps":
            begin = (0.0, *self.minutes[:-1])
            bands = zip(begin, self.minutes, self.values, strict=True)
            return ", ".join(f"{low:g}-{high:g} min {weight:g}" for low, high, weight in bands)
        form = {
            "gaussian": f"Gaussian, sigma {self.values[0]:g} min",
            "exponential": f"exponential, scale {self.values[0]:g} min",
            "power": f"inverse power {self.values[0]:g} beyond {self.values[-1]:g} min",
        }
        return f"{form[self.kind]}, up to {self.limit_minutes:g} min"

    def weight(self, minutes: npt.ArrayLike) -> F64:
        """Weigh drives.

        Parameters
        ----------
        minutes : array_like of float
            NaN where there is no way.

        Returns
        -------
        numpy.ndarray of float64
            Same shape; 0 beyond the limit and where there is no way.
        """
        t = np.asarray(minutes, dtype=np.float64)
        inside = t <= self.limit_minutes  # NaN is not
        safe = np.where(inside, t, 0.0)
        if self.kind == "steps":
            place = np.searchsorted(np.asarray(self.minutes), safe)
            found = np.asarray(self.values)[np.minimum(place, len(self.values) - 1)]
        else:
            found = self._curve(safe)
        return np.asarray(np.where(inside, found, 0.0), dtype=np.float64)

    def _curve(self, t: F64) -> F64:
        if self.kind == "gaussian":
            return np.asarray(np.exp(-0.5 * (t / self.values[0]) ** 2))
        if self.kind == "exponential":
            return np.asarray(np.exp(-t / self.values[0]))
        exponent, floor = self.values
        return np.asarray((np.maximum(t, floor) / floor) ** -exponent)

    def as_dict(self) -> dict[str, Any]:
        """Return the decay in JSON's types."""
        return {"kind": self.kind, "minutes": list(self.minutes), "values": list(self.values), "words": self.words}


def _check_minutes(decay: Decay) -> None:
    for one in decay.minutes:
        if not (math.isfinite(one) and one > 0):
            raise InputError(f"decay {decay.kind!r}: the limit is {one:g} minutes: give a number above 0")
    if not decay.minutes or (np.diff(decay.minutes) <= 0).any():
        given = ", ".join(f"{one:g}" for one in decay.minutes) or "none"
        raise InputError(f"decay {decay.kind!r}: the limits are {given}: give minutes in ascending order, each once")


def _check_steps(decay: Decay) -> None:
    if len(decay.values) != len(decay.minutes):
        raise InputError(
            f"decay 'steps': {len(decay.minutes)} bands and {len(decay.values)} weights: give one weight a band"
        )
    for one in decay.values:
        if not 0 < one <= 1:
            raise InputError(f"decay 'steps': a weight is {one:g}: give weights above 0 and at most 1")
    if (np.diff(decay.values) > 0).any():
        given = ", ".join(f"{one:g}" for one in decay.values)
        raise InputError(f"decay 'steps': the weights are {given}: a farther band may not weigh more than a nearer one")


def _check_curve(decay: Decay) -> None:
    names = {"gaussian": ("sigma",), "exponential": ("scale",), "power": ("exponent", "floor")}[decay.kind]
    if len(decay.minutes) != 1 or len(decay.values) != len(names):
        raise InputError(f"decay {decay.kind!r}: give one limit and {' and '.join(names)}")
    for name, one in zip(names, decay.values, strict=True):
        if not (math.isfinite(one) and one > 0):
            raise InputError(f"decay {decay.kind!r}: {name} is {one:g}: give a number above 0")
    if decay.kind == "power" and decay.values[1] > decay.limit_minutes:
        raise InputError(
            f"decay 'power': the floor of {decay.values[1]:g} minutes is beyond the limit of {decay.limit_minutes:g}: "
            "give a lower floor"
        )
    least = float(decay.weight(decay.limit_minutes))
    if least < LEAST_WEIGHT:
        raise InputError(
            f"decay {decay.kind!r}: a drive of {decay.limit_minutes:g} minutes weighs {least:g}, as good as nothing: "
            f"give a slower decay or a limit below"
        )


DECAYS: Final[dict[str, Decay]] = {
    "two_step_30": Decay.steps((30,), (1,)),
    "two_step_60": Decay.steps((60,), (1,)),
    "e2sfca_maternity": Decay.steps((30, 60, 90), (1, 0.68, 0.22)),
    "e2sfca_original": Decay.steps((10, 20, 30), (1, 0.68, 0.22)),
    "three_step": Decay.steps((10, 20, 30, 60), (0.962, 0.704, 0.377, 0.042)),
    "gravity": Decay.power(2, floor_minutes=10, limit_minutes=90),
}
"""Decays by name. ``e2sfca_original``: Luo & Qi (2009), bands and weights as published. ``three_step``: Wan, Zou &
Sternberg (2012), as published. ``e2sfca_maternity``: ours, the weights of Luo & Qi on bands three times as wide, since
birth care is sought at 30, 60 and 90 minutes. ``gravity``: ours, the inverse square beyond ten minutes. Nobody has
fitted any of them to where women give birth."""


def decay_named(name: str) -> Decay:
    """Return the decay of a name.

    Raises
    ------
    InputError
        When there is none of this name.
    """
    if name not in DECAYS:
        raise InputError(f"decay {name!r}: one of {', '.join(DECAYS)}")
    return DECAYS[name]

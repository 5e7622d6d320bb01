"""Spatial-error and spatial-lag regressions by spreg, chosen by Lagrange-multiplier tests."""

from __future__ import annotations

import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from matcare.measures.clusters.weights import Neighbours

__all__ = ["SpatialRegression", "spatial_regression"]

Floats = npt.NDArray[np.float64]

_SIGNIFICANT: Final = 0.05


@dataclass(frozen=True, kw_only=True)
class SpatialRegression:
    """A fitted spatial model.

    Attributes
    ----------
    kind : {"spatial_error", "spatial_lag"}
    coefficients, errors : numpy.ndarray of float64, shape (p + 2,)
        Intercept, covariates, then the spatial parameter.
    residuals : numpy.ndarray of float64, shape (m,)
        Without their spatial part.
    neighbours : Neighbours
        Of the m places in the model: those with a neighbour.
    """

    kind: Literal["spatial_error", "spatial_lag"]
    coefficients: Floats
    errors: Floats
    residuals: Floats
    neighbours: Neighbours


def spatial_regression(y: Floats, covariates: Floats, neighbours: Neighbours) -> SpatialRegression | None:
    """Fit the spatial model that the Lagrange-multiplier tests of least squares ask for.

    The rule is Anselin's: where only one of the two tests, for a lag and for an error, is significant, that model;
    where both are, the one whose robust test has the smaller p. Both models are fitted by moments with standard errors
    that hold when the variance differs between places. Places without a neighbour are left out.

    Parameters
    ----------
    y : numpy.ndarray of float64, shape (n,)
    covariates : numpy.ndarray of float64, shape (n, p)
        Without the intercept.
    neighbours : Neighbours
        Of the n places.

    Returns
    -------
    SpatialRegression or None
        None where neither test is significant at 5 %.

    References
    ----------
    Anselin L, Bera AK, Florax R, Yoon MJ. Simple diagnostic tests for spatial dependence. Regional Science and Urban
    Economics 1996; 26:77-104.
    Arraiz I, Drukker DM, Kelejian HH, Prucha IR. A spatial Cliff-Ord-type model with heteroskedastic innovations.
    Journal of Regional Science 2010; 50:592-614.
    """
    # spreg takes three seconds to import, which only a run that needs it pays for.
    spreg: Any = import_module("spreg")
    touching = neighbours.counts > 0
    kept = neighbours.of(touching)
    columns, x = y[touching][:, None], covariates[touching]
    # It also prints a line of its own, and warns of what is decided here on purpose (places that touch no other).
    with warnings.catch_warnings(), redirect_stdout(StringIO()):
        warnings.simplefilter("ignore")
        w = _weights(kept)
        tests = spreg.OLS(columns, x, w=w, spat_diag=True)
        lag, error = float(tests.lm_lag[1]), float(tests.lm_error[1])
        if min(lag, error) >= _SIGNIFICANT:
            return None
        both = max(lag, error) < _SIGNIFICANT
        wants_lag = float(tests.rlm_lag[1]) < float(tests.rlm_error[1]) if both else lag < error
        if wants_lag:
            found = spreg.GM_Lag(columns, x, w=w, robust="white")
            residuals = np.asarray(found.u)
        else:
            found = spreg.GM_Error_Het(columns, x, w=w)
            residuals = np.asarray(found.e_filtered)
    return SpatialRegression(
        kind="spatial_lag" if wants_lag else "spatial_error",
        coefficients=np.asarray(found.betas, dtype=np.float64).ravel(),
        errors=np.sqrt(np.diag(np.asarray(found.vm, dtype=np.float64))),
        residuals=residuals.astype(np.float64).ravel(),
        neighbours=kept,
    )


def _weights(neighbours: Neighbours) -> Any:
    """Write the neighbours as libpysal has them, row-standardised."""
    weights: Any = import_module("libpysal.weights")
    start, index = neighbours.start.tolist(), neighbours.index.tolist()
    w = weights.W({i: index[start[i] : start[i + 1]] for i in range(len(neighbours))}, silence_warnings=True)
    w.transform = "r"
    return w

"""Made worlds for the tests: counties whose true rates are known, published by the rule of 20 deaths."""

import numpy as np
import pandas as pd
import pytest

STATES = ("AL", "CO", "GA", "IA", "IL", "KS", "OH", "TX")


def made_world(n=400, *, seed=3, dispersion=0.03, state_deviation=0.1, slope=0.25):
    """Return counties, states, adjacency (a ring within each state) and true deaths per birth."""
    rng = np.random.default_rng(seed)
    state = np.sort(np.array(STATES)[np.arange(n) % len(STATES)])
    code = pd.factorize(state)[0]
    births = np.rint(np.exp(rng.normal(8.0, 1.2, n))).clip(60)
    svi = rng.uniform(0, 1, n)
    effect = state_deviation * rng.standard_normal(len(STATES))
    mean = 0.006 * np.exp(slope * (svi - 0.5) * 2 + effect[code])
    rate = mean * rng.gamma(1 / dispersion, dispersion, n)
    deaths = rng.poisson(rate * births).astype(float)
    shown = deaths >= 20
    fips = [f"{10 + c:02d}{i:03d}" for i, c in enumerate(code)]
    counties = pd.DataFrame(
        {
            "county_fips": fips,
            "state": state,
            "infant_deaths": np.where(shown, deaths, np.nan),
            "live_births": np.where(shown, births, np.nan),
            "outcome_status": np.where(shown, "published", "suppressed"),
            "deaths_at_least": np.where(shown, np.nan, 0.0),
            "deaths_at_most": np.where(shown, np.nan, 19.0),
            "births_estimate_per_year": births / 7,
            "rucc_2023": rng.integers(1, 10, n).astype(float),
            "svi": svi,
            "share_low_birthweight": rng.normal(0.08, 0.015, n).clip(0.03),
            "minutes_neonatal_3_plus": rng.uniform(10, 150, n),
        }
    )
    totals = pd.DataFrame({"infant_deaths": deaths, "live_births": births}).groupby(state).sum()
    totals.loc["US"] = totals.sum()
    states = totals.rename_axis("state").reset_index()
    pairs = []
    for name in STATES:
        own = counties.loc[state == name, "county_fips"].tolist()
        pairs += [(a, b) for a, b in zip(own, own[1:] + own[:1], strict=True)]
    pairs += [(b, a) for a, b in pairs]
    adjacency = pd.DataFrame(pairs, columns=["county_fips", "neighbour_fips"])
    return counties, states, adjacency, rate, deaths, births


@pytest.fixture(scope="session")
def make_world():
    """The maker of worlds, for a test that needs its own."""
    return made_world


@pytest.fixture(scope="session")
def world():
    return made_world()

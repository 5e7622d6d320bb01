"""Clusters against esda, which is an oracle here and no part of the library (its first call takes 40 s a process)."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from matcare.measures.clusters.local import bivariate_local_moran, gi_star, local_moran, moran
from matcare.measures.clusters.standardised import eb_standardised
from matcare.measures.clusters.weights import contiguity

esda = pytest.importorskip("esda")
libpysal = pytest.importorskip("libpysal")

P = 1_999


@pytest.fixture(scope="module")
def made():
    """As many places as Columbus's 49, on a lattice, with rates that rise towards one corner."""
    side = 7
    codes = [f"{i:05d}" for i in range(side * side)]
    edges = [(i, i + 1) for i in range(49) if (i + 1) % side] + [(i, i + side) for i in range(42)]
    both = edges + [(b, a) for a, b in edges]
    adjacency = pd.DataFrame([(codes[a], codes[b]) for a, b in both], columns=["county_fips", "neighbour_fips"])
    rng = np.random.default_rng(12)
    births = rng.integers(500, 60_000, 49).astype(float)
    at = np.arange(49)
    deaths = rng.poisson(births * 0.006 * (0.6 + 0.12 * (at // side + at % side))).astype(float)
    minutes = 20 + 3 * (at // side) + rng.normal(size=49) * 6
    neighbours: dict[int, list[int]] = {i: sorted(b for a, b in both if a == i) for i in range(49)}
    return {
        "deaths": deaths,
        "births": births,
        "minutes": minutes,
        "ours": contiguity(adjacency, codes),
        "theirs": lambda: libpysal.weights.W(neighbours, silence_warnings=True),
    }


@pytest.fixture(autouse=True)
def _quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def close(ours, theirs):
    """Two-sided p is twice the tail that esda gives; both scatter as counts of P draws do."""
    half = np.minimum(theirs, 0.5)
    return np.abs(ours / 2 - half) <= 6 * np.sqrt(half * (1 - half) / P) + 3 / P


def test_standardised_rates_and_their_moran(made):
    z = eb_standardised(made["deaths"], made["births"])
    assert z.tolist() == pytest.approx(esda.smoothing.assuncao_rate(made["deaths"], made["births"]).tolist())
    theirs = esda.Moran_Rate(made["deaths"], made["births"], made["theirs"](), permutations=0)
    ours = moran(z, made["ours"], permutations=P)
    assert ours.i == pytest.approx(theirs.I)
    assert ours.expected == pytest.approx(theirs.EI)
    drawn = moran(made["minutes"], made["ours"], permutations=P)
    assert drawn.i == pytest.approx(esda.Moran(made["minutes"], made["theirs"](), permutations=0).I)


def test_local_moran(made):
    z = eb_standardised(made["deaths"], made["births"])
    ours = local_moran(z, made["ours"], permutations=P)
    theirs = esda.Moran_Local_Rate(made["deaths"], made["births"], made["theirs"](), permutations=P, seed=1)
    assert ours["statistic"].tolist() == pytest.approx(theirs.Is.tolist())
    names = {1: "high_high", 2: "low_high", 3: "low_low", 4: "high_low"}
    assert ours["quadrant"].tolist() == [names[q] for q in theirs.q]
    assert close(ours["p"].to_numpy(), theirs.p_sim).all()
    significant = esda.fdr(np.minimum(1, 2 * theirs.p_sim), 0.05)
    clear = np.abs(2 * theirs.p_sim - significant) > 0.01
    assert (ours["significant"].to_numpy() == (2 * theirs.p_sim <= significant))[clear].all()


def test_bivariate(made):
    z = eb_standardised(made["deaths"], made["births"])
    ours = bivariate_local_moran(z, made["minutes"], made["ours"], permutations=P)
    theirs = esda.Moran_Local_BV(z, made["minutes"], made["theirs"](), permutations=P, seed=1)
    assert ours["statistic"].tolist() == pytest.approx(theirs.Is.tolist())
    assert close(ours["p"].to_numpy(), theirs.p_sim).all()


def test_gi_star(made):
    rate = made["deaths"] / made["births"]
    ours = gi_star(rate, made["ours"], permutations=P)
    theirs = esda.G_Local(rate, made["theirs"](), transform="B", star=True, permutations=0, n_jobs=1)
    assert ours["statistic"].tolist() == pytest.approx(theirs.Zs.tolist())


def test_the_national_rates(shared, snapshot):
    from matcare.sources.county_adjacency import read_neighbours
    from matcare.tables.adjacency import compile_adjacency

    adjacency = compile_adjacency(
        read_neighbours(shared / "boundaries/county_adjacency2024.txt"), snapshot.counties["county_fips"]
    )
    published = snapshot.outcomes[snapshot.outcomes["outcome_status"] == "published"]
    codes = published["county_fips"].tolist()
    z = eb_standardised(published["infant_deaths"], published["live_births"])
    ours = local_moran(z, contiguity(adjacency, codes), permutations=P)
    inside = adjacency[adjacency["county_fips"].isin(codes) & adjacency["neighbour_fips"].isin(codes)]
    listed = inside.groupby("county_fips")["neighbour_fips"].agg(list)
    w = libpysal.weights.W({code: listed.get(code, []) for code in codes}, id_order=codes, silence_warnings=True)
    theirs = esda.Moran_Local_Rate(published["infant_deaths"], published["live_births"], w, permutations=P, seed=1)
    tested = (ours["label"] != "no_neighbour").to_numpy()
    assert (~tested).sum() == len(w.islands) == 49
    assert ours["statistic"][tested].tolist() == pytest.approx(theirs.Is[tested].tolist())
    names = {1: "high_high", 2: "low_high", 3: "low_low", 4: "high_low"}
    assert ours["quadrant"][tested].tolist() == [names[q] for q in theirs.q[tested]]
    assert close(ours["p"].to_numpy()[tested], theirs.p_sim[tested]).all()
    assert moran(z, contiguity(adjacency, codes), permutations=99).i == pytest.approx(
        esda.Moran_Rate(published["infant_deaths"], published["live_births"], w, permutations=0).I
    )

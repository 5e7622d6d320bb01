"""Percentiles of concern against SciPy's ranks and against the percentiles that the CDC prints."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from matcare.measures.percentiles import percentile_of_concern, percentiles_within

NUMBERS = st.lists(st.one_of(st.integers(-5, 5).map(float), st.just(float("nan"))), min_size=2, max_size=25)


@given(NUMBERS)
def test_against_scipy_ranks(values):
    array = np.array(values)
    known = ~np.isnan(array)
    found = percentile_of_concern(array, direction="higher_is_worse")
    assert np.isnan(found[~known]).all()
    if known.sum() > 1:
        expected = 100 * (rankdata(array[known], method="average") - 1) / (known.sum() - 1)
        assert found[known] == pytest.approx(expected)
    else:
        assert np.isnan(found).all()


@given(NUMBERS, st.lists(st.floats(-6, 6), min_size=1, max_size=10))
def test_monotone_within_bounds_flipped_and_equal_for_ties(reference, values):
    array = np.array(sorted([*values, *values]))
    if np.isfinite(reference).sum() < 2:
        assert np.isnan(percentile_of_concern(array, direction="higher_is_worse", reference=reference)).all()
        return
    up = percentile_of_concern(array, direction="higher_is_worse", reference=reference)
    down = percentile_of_concern(array, direction="lower_is_worse", reference=reference)
    assert (np.diff(up) >= 0).all()
    assert ((up >= 0) & (up <= 100)).all()
    assert up + down == pytest.approx(100)
    assert (up[::2] == up[1::2]).all(), "each value stands twice"


@given(NUMBERS)
def test_a_place_has_the_same_percentile_alone_as_in_its_nation(values):
    whole = percentile_of_concern(values, direction="lower_is_worse")
    alone = [percentile_of_concern([value], direction="lower_is_worse", reference=values)[0] for value in values]
    assert alone == pytest.approx(whole, nan_ok=True)


def test_context_has_no_percentile():
    assert np.isnan(percentile_of_concern([1, 2, 3], direction="context")).all()


def test_the_published_percentiles_of_the_vulnerability_index(shared):
    svi = pd.read_csv(shared / "county/SVI_2022_US_county.csv.gz", encoding="utf-8-sig")
    found = percentile_of_concern(svi["SPL_THEMES"], direction="higher_is_worse") / 100
    untied = ~svi["SPL_THEMES"].duplicated(keep=False)
    assert untied.sum() > 2500
    assert np.abs(found - svi["RPL_THEMES"])[untied].max() <= 0.00015, "printed with four decimals"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4).map(float), st.sampled_from(["ND", "SD"]), st.sampled_from(["higher_is_worse", "context"])
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(2, 6),
)
def test_within_groups_against_each_group_alone(rows, fewest):
    frame = pd.DataFrame(rows, columns=["value", "state", "direction"])
    found = percentiles_within(frame["value"], frame["direction"], [frame["state"], frame["direction"]], fewest=fewest)
    for (_, direction), group in frame.groupby(["state", "direction"]):
        alone = percentile_of_concern(group["value"], direction=direction)
        expected = alone if len(group) >= fewest else np.full(len(group), np.nan)
        assert found[group.index].to_numpy() == pytest.approx(expected, nan_ok=True)

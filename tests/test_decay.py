"""Decays: their weights against formulae written out, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from matcare.errors import InputError
from matcare.scenario.decay import DECAYS, Decay, decay_named
from matcare.travel.hierarchy.decayed import Weighing, weigh


def test_published_weights():
    # Of Luo and Qi, and of Wan, Zou and Sternberg.
    assert DECAYS["e2sfca_original"].weight([5, 10, 15, 20, 25, 30, 31]).tolist() == [1, 1, 0.68, 0.68, 0.22, 0.22, 0]
    assert DECAYS["three_step"].weight([10, 20, 30, 60, 61]).tolist() == [0.962, 0.704, 0.377, 0.042, 0]
    assert DECAYS["e2sfca_maternity"].weight([30, 60, 90, 91]).tolist() == [1, 0.68, 0.22, 0]
    assert DECAYS["two_step_60"].weight([0, 60, 60.001]).tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("decay", "formula"),
    [
        (Decay.gaussian(20, limit_minutes=60), lambda t: math.exp(-(t**2) / (2 * 20**2))),
        (Decay.exponential(25, limit_minutes=60), lambda t: math.exp(-t / 25)),
        (Decay.power(1.5, floor_minutes=4, limit_minutes=60), lambda t: (4 / max(t, 4)) ** 1.5),
    ],
)
def test_curves_in_python_and_in_the_sweep(decay, formula):
    ms = np.array([0, 1, 59_999, 60_000, 240_000, 1_000_000, 3_599_999, 3_600_000, 3_600_001, 2**30 - 1])
    wanted = [formula(one / 60_000) if one <= 3_600_000 else 0 for one in ms]
    np.testing.assert_allclose(decay.weight(ms / 60_000), wanted, rtol=1e-14)
    kind = ("steps", "gaussian", "exponential", "power").index(decay.kind)
    weighing = Weighing(kind, np.array([3_600_000], np.int32), np.array(decay.values))
    np.testing.assert_allclose(weigh(weighing, ms), wanted, rtol=1e-14)
    np.testing.assert_allclose(weigh(weighing, ms, 2), np.square(wanted), rtol=1e-14)


@pytest.mark.parametrize("decay", DECAYS.values(), ids=list(DECAYS))
def test_weights_never_rise_and_end_at_the_limit(decay):
    minutes = np.linspace(0, decay.limit_minutes, 500)
    weight = decay.weight(minutes)
    assert (np.diff(weight) <= 0).all()
    assert (weight > 0).all()
    assert (weight <= 1).all()
    assert decay.weight([decay.limit_minutes + 1e-9, np.nan]).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Decay.steps((0,), (1,)), "the limit is 0 minutes: give a number above 0"),
        (lambda: Decay.steps((-5, 10), (1, 1)), "the limit is -5 minutes"),
        (lambda: Decay.steps((math.inf,), (1,)), "the limit is inf minutes"),
        (lambda: Decay.steps((), ()), "the limits are none"),
        (lambda: Decay.steps((30, 20), (1, 0.5)), "the limits are 30, 20: give minutes in ascending order"),
        (lambda: Decay.steps((10, 20), (1,)), "2 bands and 1 weights"),
        (lambda: Decay.steps((10, 20), (1, 0)), "a weight is 0: give weights above 0 and at most 1"),
        (lambda: Decay.steps((10, 20), (0.5, 0.6)), "a farther band may not weigh more"),
        (lambda: Decay.gaussian(0, limit_minutes=60), "sigma is 0: give a number above 0"),
        (lambda: Decay.gaussian(5, limit_minutes=0), "the limit is 0 minutes"),
        (lambda: Decay.gaussian(1, limit_minutes=60), "a drive of 60 minutes weighs 0, as good as nothing"),
        (lambda: Decay.exponential(math.nan, limit_minutes=60), "scale is nan"),
        (lambda: Decay.power(2, floor_minutes=70, limit_minutes=60), "floor of 70 minutes is beyond the limit of 60"),
        (lambda: Decay(kind="linear", minutes=(1,), values=(1,)), "decay 'linear': one of steps, gaussian"),
        (lambda: Decay(kind="power", minutes=(60,), values=(2,)), "give one limit and exponent and floor"),
        (lambda: decay_named("e2sfca"), "decay 'e2sfca': one of two_step_30"),
    ],
)
def test_what_is_no_decay_is_refused(make, words):
    with pytest.raises(InputError) as refusal:
        make()
    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_decay_tells_what_it_is():
    assert decay_named("e2sfca_maternity").as_dict() == {
        "kind": "steps", "minutes": [30, 60, 90], "values": [1, 0.68, 0.22],
        "words": "0-30 min 1, 30-60 min 0.68, 60-90 min 0.22",
    }  # fmt: skip
    assert Decay.gaussian(20, limit_minutes=60).words == "Gaussian, sigma 20 min, up to 60 min"
    assert Decay.exponential(20, limit_minutes=60).words == "exponential, scale 20 min, up to 60 min"

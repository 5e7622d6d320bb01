"""Disclosure control: no count of 1-9 births or deaths leaves the program, nor anything that gives it back.

The rule (:mod:`~matcare.disclosure.rule`) stands beside its attacker (:mod:`~matcare.disclosure.attacker`), who holds
every output at once, and the cure (:mod:`~matcare.disclosure.suppression`): hide further cells until he finds nothing.
"""

from matcare.disclosure.attacker import Relations, disclosed, disclosures, feasible_ranges, relate
from matcare.disclosure.rule import SMALL, counts_from_rate, is_small, mask_small
from matcare.disclosure.suppression import complementary

__all__ = [
    "SMALL",
    "Relations",
    "complementary",
    "counts_from_rate",
    "disclosed",
    "disclosures",
    "feasible_ranges",
    "is_small",
    "mask_small",
    "relate",
]

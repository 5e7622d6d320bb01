"""What a run is asked for, as frozen values: the rule that classes counties, the speed profile, the scenario itself."""

from matcare.scenario.adjustments import Adjustment, Closure
from matcare.scenario.profile import Pair, Profile
from matcare.scenario.run import EVIDENCE_TIERS, MARCH_OF_DIMES_2024, Rule, Scenario

__all__ = [
    "EVIDENCE_TIERS",
    "MARCH_OF_DIMES_2024",
    "Adjustment",
    "Closure",
    "Pair",
    "Profile",
    "Rule",
    "Scenario",
]

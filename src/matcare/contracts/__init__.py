"""Every table's columns: type, unit, range, meaning. Validation, data dictionary and ``datapackage.json`` come from here."""

from matcare.contracts.adjacency import ADJACENCY
from matcare.contracts.association import ASSOCIATION
from matcare.contracts.certainty import BASELINE_CERTAINTY
from matcare.contracts.clusters import CLUSTERS
from matcare.contracts.desert_outcomes import DESERT_OUTCOMES
from matcare.contracts.disparities import CONCENTRATION_CURVE, DISPARITIES
from matcare.contracts.embedded import (
    BASELINE_ACCESS,
    BASELINE_MINUTES,
    CONNECTICUT_WEIGHTS,
    COUNTIES,
    DEMAND,
    DRIVE_TIME_ERROR,
    EMBEDDED,
    FACILITIES,
    OTHER_HOSPITALS,
    OUTCOMES,
    ROAD_EDGES,
    ROAD_NODES,
    STATES_TABLE,
)
from matcare.contracts.indicators import COUNTY_INDICATORS, INDICATOR_CATALOG, INDICATORS, STATE_INDICATORS
from matcare.contracts.model import Column, Table
from matcare.contracts.national import NATIONAL_CHANGES, NATIONAL_RATES
from matcare.contracts.outcome_columns import (
    CLUSTER_LABELS,
    HOT_SPOT_LABELS,
    IMR_STATUSES,
    OUTCOME_COLUMNS,
    PROFILE_COLUMNS,
    PROFILE_LEVELS,
)
from matcare.contracts.outcomes_by_race import OUTCOMES_BY_RACE
from matcare.contracts.outputs import (
    BLOCK_GROUPS,
    COUNTY_MINUTES_REASONS,
    COUNTY_RESULTS,
    COVERAGE_MINUTES,
    DESERT_CLASSES,
    FACILITIES_OUT,
    MINUTES,
    MINUTES_PER_ORIGIN,
    MINUTES_REASONS,
    OUTPUTS,
    POOLED_RATES,
    SERVICES,
)

__all__ = [
    "ADJACENCY",
    "ASSOCIATION",
    "BASELINE_ACCESS",
    "BASELINE_CERTAINTY",
    "BASELINE_MINUTES",
    "BLOCK_GROUPS",
    "CLUSTERS",
    "CLUSTER_LABELS",
    "CONCENTRATION_CURVE",
    "CONNECTICUT_WEIGHTS",
    "COUNTIES",
    "COUNTY_INDICATORS",
    "COUNTY_MINUTES_REASONS",
    "COUNTY_RESULTS",
    "COVERAGE_MINUTES",
    "DEMAND",
    "DESERT_CLASSES",
    "DESERT_OUTCOMES",
    "DISPARITIES",
    "DRIVE_TIME_ERROR",
    "EMBEDDED",
    "FACILITIES",
    "FACILITIES_OUT",
    "HOT_SPOT_LABELS",
    "IMR_STATUSES",
    "INDICATORS",
    "INDICATOR_CATALOG",
    "MINUTES",
    "MINUTES_PER_ORIGIN",
    "MINUTES_REASONS",
    "NATIONAL_CHANGES",
    "NATIONAL_RATES",
    "OTHER_HOSPITALS",
    "OUTCOMES",
    "OUTCOMES_BY_RACE",
    "OUTCOME_COLUMNS",
    "OUTPUTS",
    "POOLED_RATES",
    "PROFILE_COLUMNS",
    "PROFILE_LEVELS",
    "ROAD_EDGES",
    "ROAD_NODES",
    "SERVICES",
    "STATES_TABLE",
    "STATE_INDICATORS",
    "Column",
    "Table",
]

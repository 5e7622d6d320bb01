"""Shortest paths by a customizable contraction hierarchy: prepared once for a graph, for any speeds and many points."""

from matcare.travel.hierarchy.core import Hierarchy
from matcare.travel.hierarchy.metric import Metric
from matcare.travel.hierarchy.points import NO_WAY, Attached, Pairs

__all__ = ["NO_WAY", "Attached", "Hierarchy", "Metric", "Pairs"]

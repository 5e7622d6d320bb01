"""The one way through: sources → tables → travel → measures → publish."""

from matcare.pipeline.minutes import minutes_between
from matcare.pipeline.report import Report
from matcare.pipeline.roads import build_network, build_roads, describe_roads, open_network
from matcare.pipeline.run import analyze, run

__all__ = [
    "Report",
    "analyze",
    "build_network",
    "build_roads",
    "describe_roads",
    "minutes_between",
    "open_network",
    "run",
]

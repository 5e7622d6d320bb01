"""Interactive maps: each is one self-contained HTML file that opens with no network."""

from matcare.publish.map.comparison import Fact, render_comparison_map, write_comparison_map
from matcare.publish.map.comparison_theme import ComparisonTheme, LegendClass
from matcare.publish.map.page import render_map, write_map

__all__ = [
    "ComparisonTheme",
    "Fact",
    "LegendClass",
    "render_comparison_map",
    "render_map",
    "write_comparison_map",
    "write_map",
]

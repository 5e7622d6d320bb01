"""The interactive map: one self-contained HTML file that opens with no network."""

from matcare.publish.map.page import render_map, write_map

__all__ = ["render_map", "write_map"]

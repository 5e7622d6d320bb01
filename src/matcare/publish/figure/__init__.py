"""Figures for print: a theme a page, several on one page, or a chart that sets a place beside its state and nation."""

from matcare.publish.figure.draw import draw_figure
from matcare.publish.figure.theme_list import figure_themes, listed_themes

__all__ = ["draw_figure", "figure_themes", "listed_themes"]

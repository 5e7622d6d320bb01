"""Disparity and inequality: rates by race, access by race, insurance and rurality, and indices over counties."""

from matcare.measures.disparity.rates import excess_deaths, rate_difference, rate_disparities, rate_ratio
from matcare.measures.disparity.together import disparities

__all__ = ["disparities", "excess_deaths", "rate_difference", "rate_disparities", "rate_ratio"]

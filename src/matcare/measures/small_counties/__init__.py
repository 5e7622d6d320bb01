"""Rates of small counties: published ones drawn to a mean, unpublished ones modelled, both with honest intervals."""

from matcare.measures.small_counties.estimates import SmallCounties, small_county_rates

__all__ = ["SmallCounties", "small_county_rates"]

"""Spatial clusters: neighbours, Moran's I, local Moran, Gi*, permutation and false-discovery control.

Published and empirical-Bayes rates only: a modelled rate is drawn from its covariates and its neighbours, so that a
cluster of modelled rates would be a cluster of the model.
"""

"""Every set of sites on a toy region, one after another, from a full table of minutes by SciPy's Dijkstra."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy.optimize import linprog
from tests.toy import toy_minutes

from matcare.travel.searches import Trips


class Oracle:
    """Objectives of sets of sites, written for looking at, not for speed."""

    def __init__(self, area, request, clients=None):
        self.request = request
        here = np.arange(len(area.demand)) if clients is None else np.asarray(clients)
        counts = area.facilities[f"counts_{request.service}"].to_numpy(bool)
        to_units = toy_minutes(area)[here]
        self.today = np.where(counts.any(), to_units[:, counts].min(axis=1, initial=np.inf), np.inf)
        tables, kinds = [], request.candidates.split("+")
        for kind in kinds:
            if kind == "block-groups":
                every = toy_minutes(
                    replace(area, trips=Trips(area.trips.network, area.trips.origins, area.trips.origins))
                )
                every[:, ~area.trips.origins.has_entry] = np.inf
                np.fill_diagonal(every, 0.0)  # a point without a road is at least at itself
                tables.append(every[np.ix_(here, here)])
            else:
                open_to = ~counts & (area.facilities["counts_birth_care"].to_numpy(bool) | (kind == "hospitals"))
                if clients is not None:
                    open_to &= area.facilities["state"].isin(request.states).to_numpy()
                tables.append(to_units[:, open_to])
        self.minutes = np.concatenate(tables, axis=1)
        demand = area.demand.iloc[here]
        self.births = demand["births_per_year"].to_numpy()
        self.weight = demand[request.weight].to_numpy()
        svi = demand["county_fips"].map(area.counties.set_index("county_fips")["svi"]).to_numpy(float) >= 0.75
        far = self.today > request.within
        worst = {"svi": svi, "far": far, "either": svi | far}[request.worst_off]
        self.value = self.weight * (1 + request.equity_weight * worst * (request.objective == "equity"))

    def sets(self, most):
        sites = range(self.minutes.shape[1])
        return [chosen for size in range(most + 1) for chosen in combinations(sites, size)]

    def goes_to(self, chosen):
        """Minutes and site of each client: the nearest of all, existing units first, then the lowest site."""
        minutes, site = self.today.copy(), np.full(len(self.today), -1)
        for j in chosen:
            nearer = self.minutes[:, j] < minutes
            minutes[nearer], site[nearer] = self.minutes[nearer, j], j
        return minutes, site

    def births_of(self, chosen):
        minutes, site = self.goes_to(chosen)
        return [self.births[(site == j) & (minutes <= self.request.within)].sum() for j in chosen]

    def allowed(self, chosen):
        return self.request.min_births is None or all(
            births >= self.request.min_births - 1e-6 for births in self.births_of(chosen)
        )

    def covered(self, chosen):
        minutes, _ = self.goes_to(chosen)
        limit = self.request.within
        return self.value[(minutes <= limit) & (self.today > limit)].sum()

    def saved(self, chosen):
        cap = self.request.cap_minutes
        return (self.value * (np.minimum(self.today, cap) - np.minimum(self.goes_to(chosen)[0], cap))).sum()

    def shared_out(self, chosen, gain, serves, *, everyone=False):
        """Most gain, or whether everyone finds room, when no site takes more births than its capacity."""
        pairs = [(i, j) for i in range(len(self.today)) for j in chosen if serves[i, j]]
        if not pairs:
            return not serves.any() if everyone else 0.0
        clients, sites = (np.array(part) for part in zip(*pairs, strict=True))
        rows = [clients == i for i in np.unique(clients)]
        loads = [(sites == j) * self.births[clients] for j in chosen]
        room = [1.0] * len(rows) + [self.request.capacity] * len(loads)
        found = linprog(
            [-gain[i, j] for i, j in pairs], A_ub=np.array([*rows, *loads], float), b_ub=room, bounds=(0, 1)
        )
        if everyone:
            return -found.fun >= serves.any(axis=1).sum() - 1e-7
        return -found.fun

    def covered_within_capacity(self, chosen):
        limit = self.request.within
        serves = (self.minutes <= limit) & (self.today > limit)[:, None]
        return self.shared_out(chosen, np.broadcast_to(self.value[:, None], serves.shape), serves)

    def saved_within_capacity(self, chosen):
        base = np.minimum(self.today, self.request.cap_minutes)[:, None]
        serves = self.minutes < base
        return self.shared_out(chosen, np.where(serves, self.value[:, None] * (base - self.minutes), 0), serves)

    def covers_all(self, chosen):
        limit = self.request.within
        serves = (self.minutes <= limit) & (self.today > limit)[:, None] & (self.value > 0)[:, None]
        if self.request.capacity is not None:
            return self.shared_out(chosen, np.ones(serves.shape), serves, everyone=True)
        return (self.goes_to(chosen)[0] <= limit)[serves.any(axis=1)].all()

    def best(self, most):
        """The best value of all allowed sets."""
        model = self.request.model
        if self.request.capacity is None:
            measure = {"cover": self.covered, "minutes": self.saved}[model]
        else:
            measure = {"cover": self.covered_within_capacity, "minutes": self.saved_within_capacity}[model]
        return max(measure(chosen) for chosen in self.sets(most) if self.allowed(chosen))

    def fewest(self, most):
        return min(
            (len(chosen) for chosen in self.sets(most) if self.allowed(chosen) and self.covers_all(chosen)),
            default=None,
        )

    def radius(self, most):
        """Least of the longest minutes; of those with a unit today when not all the others can be reached."""
        can = np.isfinite(np.minimum(self.today, self.minutes.min(axis=1))) & (self.value > 0)
        best = min(self.goes_to(chosen)[0][can].max() for chosen in self.sets(most))
        if np.isinf(best):
            best = min(self.goes_to(chosen)[0][can & np.isfinite(self.today)].max() for chosen in self.sets(most))
        return best

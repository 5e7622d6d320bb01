"""The briefs' maps: a county among its neighbours with its units, a state and the nation by class; inline SVG.

Shapes tell groups of units apart, stripes and lightness tell classes apart, so no map needs its colours.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely

from matcare.geo import STATES
from matcare.publish.brief.drawing import Picture, albers, equirectangular, mark, path_of, project, scale_bar
from matcare.publish.brief.html import Html, tag
from matcare.publish.brief.signs import (
    bar,
    class_legend,
    class_paths,
    classes_in_words,
    free_spot,
    legend,
    stripes,
    symbol,
)
from matcare.publish.brief.words import count, home_word, joined
from matcare.publish.map.columns import FACILITY_GROUPS
from matcare.publish.map.geometry import map_geometry
from matcare.publish.map.themes import CLASS_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matcare.publish.brief.data import BriefData

__all__ = ["BriefMaps"]

_GROUP_WORDS: Final = {group["id"]: str(group["label"]) for group in FACILITY_GROUPS}
_DRAWN: Final = [group for group in _GROUP_WORDS if group not in {"not_counted", "closed"}]

_WIDE, _HIGH = 1000, 640
_SMALL_WIDE, _SMALL_HIGH = 220, 180
_LEAST_KM, _MOST_KM = 90.0, 420.0
_MARGIN_SHARE: Final = 0.16
_TELLING_SHARE: Final = 0.03
"""A unit that is nearest for fewer of the county's women is not made room for."""
_CROWDED: Final = 12
"""A county with more units than this is drawn where its women live, so that its units can be told apart."""
_TINY: Final = 7
_LOWER_48: Final = frozenset(STATES) - {"AK", "HI", "PR"}
_INSETS: Final = {"AK": (0, 452, 250, 178), "HI": (262, 520, 150, 110), "PR": (872, 560, 120, 60)}
_METRE_KM: Final = 1e-3


class BriefMaps:
    """The drawings of a run's briefs.

    Parameters
    ----------
    data : BriefData
        The run's joined rows.
    """

    def __init__(self, data: BriefData) -> None:
        self._data = data
        shapes = map_geometry(data.run.counties)
        self._shapes = np.where(
            shapely.is_valid(shapes), shapes, shapely.make_valid(shapes)
        )  # rounding may cross a ring
        self._states = data.run.counties["state"].to_numpy(dtype=object)
        self._outlines: dict[str, tuple[Picture, Any, str, Any]] = {}

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    def county(self, code: str, *, numbered: Mapping[str, int]) -> Html:
        """Return the map of a county among its neighbours.

        Parameters
        ----------
        code : str
            Five digits.
        numbered : mapping of str to int
            Units that stand numbered in the table of nearest units.
        """
        data = self._data
        shape = self._shapes[data.position[code]]
        if shape is None or shape.is_empty:
            home = home_word(str(data.counties[code]["county_name"]), str(data.counties[code]["state"]))
            return tag("p", f"The run has no outline of this {home}, so no map is drawn.", class_="quiet")
        per_lon, per_lat = equirectangular(float(shapely.get_coordinates(shapely.point_on_surface(shape))[0][1]))
        picture = self._around_county(code, shape, (per_lon, per_lat))
        west, south, east, north = picture.bounds
        near = np.sort(self._tree.query(shapely.box(west / per_lon, south / per_lat, east / per_lon, north / per_lat)))
        scaled = shapely.transform(self._shapes[near], lambda xy: xy * (per_lon, per_lat))
        others = [part for index, part in zip(near, scaled, strict=True) if index != data.position[code]]
        own = [part for index, part in zip(near, scaled, strict=True) if index == data.position[code]]
        home = data.counties[code]["state"]
        borders = [
            outline for state in sorted(set(self._states[near])) if (outline := self._state_union(state)) is not None
        ]
        lines = shapely.transform(np.asarray(borders, dtype=object), lambda xy: xy * (per_lon, per_lat))
        units, groups, outside = self._units(picture, (per_lon, per_lat), numbered)
        length, words = scale_bar(picture, 1.0)
        name = data.counties[code]["county_name"]
        alt = (
            f"Map of {name} and its surroundings: {count(len(groups['all']), 'unit')} drawn, by neonatal level. The "
            "table of nearest units holds what it shows."
        )
        drawing = tag(
            "svg",
            tag("title", f"{name} and its surroundings"),
            tag("rect", width=_WIDE, height=_HIGH, class_="sea"),
            tag("path", d=path_of(others, picture), class_="land"),
            tag("path", d=path_of(own, picture, smallest=0), class_="own"),
            tag("path", d=path_of(lines, picture), class_="state"),
            units,
            bar(24, _HIGH - 26, length, words),
            viewBox=f"0 0 {_WIDE} {_HIGH}",
            role="img",
            aria_label=alt,
        )
        note = (
            f"{count(outside, 'unit')} of the table {'lies' if outside == 1 else 'lie'} outside the picture. "
            if outside
            else ""
        )
        beside = tag(
            "div",
            self._locator(home, code),
            self._unit_legend(groups["shown"], claimed=bool(groups["claimed"])),
            tag("p", f"{note}Numbers are those of the table of nearest units. {self._ground(home)}", class_="quiet"),
            class_="beside",
        )
        return tag("figure", drawing, tag("figcaption", beside), class_="map side")

    def _ground(self, home: str) -> str:
        if self._data.run.national:
            return ""
        there = self._data.run.states or (home,)
        return (
            f"Only the counties of {joined([STATES.get(state, state) for state in there])} are drawn, as in this run."
        )

    def _around_county(self, code: str, shape: Any, per: tuple[float, float]) -> Picture:
        """Return a picture that holds the county and the units that matter to it, in km, between two sizes."""
        data = self._data
        crowded = len(data.facilities_by_county.get(code, ())) > _CROWDED and code in data.home
        degrees = np.array(data.home[code] if crowded else shapely.bounds(shape))
        box = [float(limit) for limit in degrees * np.array([*per, *per])]
        middle = np.array([(box[0] + box[2]) / 2, (box[1] + box[3]) / 2])
        women = data.counties[code]["women_15_44"] or 0.0
        telling = [unit.facility_id for unit in data.nearest.get(code, ()) if unit.women >= _TELLING_SHARE * women]
        backup = [data.fragility[unit]["next_unit"] for unit in telling[:1] if unit in data.fragility]
        for row in [data.facilities[unit] for unit in (*telling, *backup) if unit in data.facilities]:
            x, y = row["lon"] * per[0], row["lat"] * per[1]
            if max(abs(x - middle[0]), abs(y - middle[1])) <= _MOST_KM / 2:
                box = [min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)]
        least = _LEAST_KM / 2
        centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        box = [
            min(box[0], centre[0] - least),
            min(box[1], centre[1] - least * _HIGH / _WIDE),
            max(box[2], centre[0] + least),
            max(box[3], centre[1] + least * _HIGH / _WIDE),
        ]
        return Picture.around(box, _WIDE, _HIGH, margin=_MARGIN_SHARE)

    def _units(
        self, picture: Picture, per: tuple[float, float], numbered: Mapping[str, int]
    ) -> tuple[Html, dict[str, list[str]], int]:
        """Return the units in the picture, which groups they are of, and how many numbered ones lie outside."""
        west, south, east, north = picture.bounds
        here = [
            row
            for row in self._data.facilities.values()
            if row["group"] in _DRAWN and south <= row["lat"] * per[1] <= north and west <= row["lon"] * per[0] <= east
        ]
        # The largest groups first, so that a small sign is never hidden below a large one.
        here.sort(
            key=lambda row: (numbered.get(row["facility_id"], 0), -_DRAWN.index(row["group"]), row["facility_id"])
        )
        signs, labels = [], []
        taken: list[tuple[int, int]] = []
        for row in here:
            x, y = picture.place(row["lon"] * per[0], row["lat"] * per[1])
            signs.append(symbol(row["group"], claimed=row["claimed"], x=x, y=y))
            if row["facility_id"] in numbered:
                number = numbered[row["facility_id"]]
                spot = free_spot(x, y, taken, _WIDE, _HIGH)
                if spot is not None:
                    taken.append(spot)
                    labels.append(tag("text", number, x=spot[0], y=spot[1] + 8, text_anchor="middle"))
        drawn = {row["facility_id"] for row in here}
        groups = {
            "all": sorted(drawn),
            "shown": [group for group in _DRAWN if any(row["group"] == group for row in here)],
            "claimed": [row["facility_id"] for row in here if row["claimed"]],
        }
        return tag("g", *signs, *labels), groups, len(set(numbered) - drawn)

    def _unit_legend(self, groups: Sequence[str], *, claimed: bool) -> Html:
        entries = [(symbol(group), _GROUP_WORDS[group]) for group in groups]
        if claimed:
            entries.append((symbol("level_1", claimed=True), "Hollow: obstetrics claimed by one federal file alone"))
        return legend(entries) if entries else tag("p", "No unit in the picture.", class_="quiet")

    def _state_union(self, state: str) -> Any:
        """Return a state's outline in degrees."""
        return self._outline(state)[3]

    def _outline(self, state: str) -> tuple[Picture, Any, str, Any]:
        """Return a state's small picture, its projection, its outline as a path, and the outline in degrees; kept."""
        if state not in self._outlines:
            chosen = self._shapes[self._states == state]
            union = shapely.union_all(chosen[~shapely.is_missing(chosen)])
            to = albers(shapely.bounds(union))
            flat = project(np.asarray([union], dtype=object), to)[0]
            picture = Picture.around(shapely.bounds(flat), _SMALL_WIDE, _SMALL_HIGH)
            self._outlines[state] = (picture, to, path_of([flat], picture), union)
        return self._outlines[state]

    def _locator(self, state: str, code: str) -> Html:
        """Return a small map of the state with the county filled, or ringed where it would not be seen."""
        picture, to, outline, _ = self._outline(state)
        flat = project(np.asarray([self._shapes[self._data.position[code]]], dtype=object), to)[0]
        x, y = picture.place(*shapely.get_coordinates(shapely.point_on_surface(flat))[0])
        wide = max(np.ptp(shapely.bounds(flat)[[0, 2]]), np.ptp(shapely.bounds(flat)[[1, 3]])) * picture.scale
        ring = tag("circle", cx=x, cy=y, r=_TINY, class_="ring") if wide < 2 * _TINY else None
        name = self._data.counties[code]["county_name"]
        return tag(
            "svg",
            tag("path", d=outline, class_="land"),
            tag("path", d=path_of([flat], picture, smallest=0), class_="filled"),
            ring,
            viewBox=f"0 0 {_SMALL_WIDE} {_SMALL_HIGH}",
            width=_SMALL_WIDE,
            role="img",
            class_="locator",
            aria_label=f"Where {name} lies in {STATES.get(state, state)}",
        )

    def state(self, state: str) -> Html:
        """Return the map of a state: its counties by class, its birth hospitals as signs."""
        data = self._data
        chosen = np.flatnonzero((self._states == state) & ~shapely.is_missing(self._shapes))
        union = self._state_union(state)
        to = albers(shapely.bounds(union))
        flat = project(self._shapes[chosen], to)
        picture = Picture.around(shapely.total_bounds(flat), _WIDE, _HIGH + 110, margin=0.03)
        rows = [data.counties[code] for code in data.run.counties["county_fips"].iloc[chosen]]
        fills, levels = class_paths(rows, flat, picture)
        here = [row for row in data.facilities.values() if row["state"] == state and row["counts_birth_care"]]
        signs = []
        for row in sorted(here, key=lambda row: (row["group"] in {"level_3", "level_4"}, row["facility_id"])):
            x, y = picture.place(*to.transform(row["lon"], row["lat"]))
            top = row["group"] in {"level_3", "level_4"}
            signs.append(
                tag("path", d=mark("level_3" if top else "level_unknown"), class_="u", transform=f"translate({x} {y})")
            )
        length, words = scale_bar(picture, _METRE_KM)
        name = STATES.get(state, state)
        drawing = tag(
            "svg",
            tag("title", f"{name} by March of Dimes class"),
            stripes(levels),
            fills,
            tag("g", *signs),
            bar(24, _HIGH + 110 - 20, length, words),
            viewBox=f"0 0 {_WIDE} {_HIGH + 110}",
            role="img",
            aria_label=f"Map of {name}: {classes_in_words(rows)}. The table of classes holds what it shows.",
        )
        entries = [
            (symbol("level_3"), "Birth hospital of reported level III or IV"),
            (symbol("level_unknown"), "Other birth hospital"),
        ]
        beside = tag("div", class_legend(levels), legend(entries), class_="beside")
        return tag("figure", drawing, tag("figcaption", beside), class_="map side")

    def nation(self) -> Html:
        """Return the map of the counties by class, with Alaska, Hawaii and Puerto Rico inset."""
        data = self._data
        codes = data.run.counties["county_fips"].to_numpy(dtype=object)
        parts, shown = [], set()
        frames = {"48": (0, 0, _WIDE, _HIGH)} | _INSETS
        for frame, (x, y, wide, high) in frames.items():
            states = _LOWER_48 if frame == "48" else {frame}
            chosen = np.flatnonzero(np.isin(self._states, sorted(states)) & ~shapely.is_missing(self._shapes))
            if not len(chosen):
                continue
            to = albers(shapely.total_bounds(self._shapes[chosen]))
            flat = project(self._shapes[chosen], to)
            rows = [data.counties[code] for code in codes[chosen]]
            picture = Picture.around(shapely.total_bounds(flat), wide, high, margin=0.01)
            fills, levels = class_paths(rows, flat, picture, detail=1.2)
            shown |= set(levels)
            there = [self._state_union(state) for state in sorted(states & set(self._states[chosen]))]
            lines = project(np.asarray(there, dtype=object), to)
            parts.append(
                tag(
                    "g",
                    fills,
                    tag("path", d=path_of(lines, picture, detail=1.2), class_="state"),
                    transform=f"translate({x} {y})",
                )
            )
        levels = [level for level in CLASS_WORDS if level in shown]
        drawing = tag(
            "svg",
            tag("title", "The United States by March of Dimes class"),
            stripes(levels),
            *parts,
            viewBox=f"0 0 {_WIDE} {_HIGH}",
            role="img",
            class_="fine",
            aria_label=(
                f"Map of the United States: {classes_in_words(list(data.counties.values()))}. "
                "The tables hold what it shows."
            ),
        )
        note = tag("p", "Alaska, Hawaii and Puerto Rico are inset, each at a scale of its own.", class_="quiet")
        return tag("figure", drawing, tag("figcaption", class_legend(levels), note), class_="map")

"""Where a facility stands: the same hospital in another publisher's list, its coordinates, its county."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely
from scipy.spatial import cKDTree

from matcare.geo import great_circle_km

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy.typing as npt

__all__ = [
    "address_key",
    "counties_of_points",
    "match_hospitals",
    "name_key",
    "name_similarity",
    "nearest_center_counties",
    "same_site_as",
    "voted_counties",
]

BORDER_KM: Final = 2.0
"""The 1:20,000,000 polygons are this rough: a reported county this near to the point is believed over the polygon."""

_STREET_WORDS: Final = {
    "STREET": "ST", "AVENUE": "AVE", "AV": "AVE", "BOULEVARD": "BLVD", "ROAD": "RD", "DRIVE": "DR",
    "LANE": "LN", "COURT": "CT", "PLACE": "PL", "PARKWAY": "PKWY", "HIGHWAY": "HWY", "CIRCLE": "CIR",
    "PLAZA": "PLZ", "TERRACE": "TER", "SQUARE": "SQ", "EXPRESSWAY": "EXPY", "SUITE": "STE", "NORTH": "N",
    "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE",
    "SOUTHWEST": "SW", "SAINT": "ST", "MOUNT": "MT", "FORT": "FT", "FIRST": "1ST", "SECOND": "2ND",
    "THIRD": "3RD", "FOURTH": "4TH", "FIFTH": "5TH", "SIXTH": "6TH", "SEVENTH": "7TH", "EIGHTH": "8TH",
    "NINTH": "9TH", "TENTH": "10TH", "ONE": "1", "TWO": "2", "KINGS": "KING",
}  # fmt: skip
_NAME_WORDS: Final = {
    "ST": "SAINT", "STE": "SAINT", "MED": "MEDICAL", "MEDCENTER": "MEDICAL CENTER", "CTR": "CENTER",
    "CNTR": "CENTER", "CENTRE": "CENTER", "CEN": "CENTER", "HOSP": "HOSPITAL", "HSP": "HOSPITAL",
    "HOSPITALS": "HOSPITAL", "REG": "REGIONAL", "MEM": "MEMORIAL", "MEML": "MEMORIAL", "UNIV": "UNIVERSITY",
    "HLTH": "HEALTH", "HEALTHCARE": "HEALTH", "CHILDREN": "CHILDRENS", "CHILDS": "CHILDRENS",
    "PROV": "PROVIDENCE", "HRT": "HEART", "COMM": "COMMUNITY", "CO": "COUNTY", "GEN": "GENERAL", "FT": "FORT",
    "MT": "MOUNT", "ACH": "ARMY COMMUNITY HOSPITAL", "AMC": "ARMY MEDICAL CENTER",
    "AMG": "ARMY MEDICAL CENTER", "NH": "NAVAL HOSPITAL", "NMC": "NAVAL MEDICAL CENTER", "DIST": "DISTRICT",
    "PHS": "INDIAN HEALTH", "AFB": "AIR FORCE BASE",
}  # fmt: skip
_EMPTY_WORDS: Final = frozenset(
    {"THE", "INC", "LLC", "LP", "LTD", "CORP", "CORPORATION", "COMPANY", "OF", "AND", "AT", "A", "DBA"}
)
_COMMON_WORDS: Final = frozenset(
    {
        "HOSPITAL",
        "MEDICAL",
        "CENTER",
        "HEALTH",
        "REGIONAL",
        "MEMORIAL",
        "COMMUNITY",
        "GENERAL",
        "SYSTEM",
        "CAMPUS",
        "COUNTY",
    }
    | {"SAINT", "UNIVERSITY", "DISTRICT", "CLINIC", "SERVICES", "CARE"}
)
_SAME_NAME: Final = 0.8
_LIKE_NAME: Final = 0.55
_SAME_SITE_KM: Final = 0.12
_TIE_KM: Final = 1.0
_SEARCH_DEGREES: Final = 5.0
_VOICES: Final = 5


def address_key(address: str) -> str:
    """Return a street address in a form that two publishers' spellings share; empty without a house number.

    Examples
    --------
    >>> address_key("1 North Main Street, P.O. Box 12") == address_key("One N. MAIN ST")
    True
    >>> address_key("PO BOX 287")
    ''
    """
    text = re.sub(r"\bP\s*\.?\s*O\s*\.?\s*(BOX|DRAWER).*", " ", address.upper()).replace("U S H", "US H")
    words = [_STREET_WORDS.get(word, word) for word in re.sub(r"[^A-Z0-9 ]", "", text.replace("-", " ")).split()]
    if "STE" in words[1:]:
        words = words[: words.index("STE", 1)]
    if not words or not words[0][0].isdigit():
        return ""
    return " ".join(words)


def name_key(name: str) -> str:
    """Return a hospital's name in words that publishers share.

    Abbreviations are written out; articles and company forms dropped.

    Examples
    --------
    >>> name_key("St. Mary's Reg Med Ctr, Inc")
    'SAINT MARYS REGIONAL MEDICAL CENTER'
    """
    text = re.sub(r"\(.*?\)", lambda part: " " + part.group(0)[1:-1] + " ", name.upper())
    text = re.sub(r"[^A-Z0-9 ]", " ", text.replace("'", "").replace("’", "").replace(".", ""))
    words = [_NAME_WORDS.get(word, word) for word in text.split()]
    return " ".join(word for word in " ".join(words).split() if word not in _EMPTY_WORDS)


def name_similarity(first: str, second: str) -> float:
    """Return how alike two name keys are, 0 to 1: the better of spelling alike and sharing their telling words.

    Examples
    --------
    >>> name_similarity(name_key("Grady Memorial Hospital"), name_key("GRADY MEM HOSP"))
    1.0
    """
    spelling = SequenceMatcher(None, " ".join(sorted(first.split())), " ".join(sorted(second.split()))).ratio()
    ours, theirs = set(first.split()) - _COMMON_WORDS, set(second.split()) - _COMMON_WORDS
    shared = len(ours & theirs) / len(ours | theirs) if ours and theirs else 0.0
    return max(spelling, shared)


def match_hospitals(places: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Find each hospital in another list: by place first, then by name.

    A candidate must share the telephone, the street address, the ZIP code or the city within one state. It is taken
    when the address and (ZIP or city) agree, or the telephone and (ZIP or city), or the ZIP and the name is alike
    (0.55), or the city and the name is nearly the same (0.8). The best of several is taken; a tie between sites more
    than 1 km apart is no match.

    Parameters
    ----------
    places : pandas.DataFrame
        ``name, address, city, state, zip, phone, lat, lon``.
    others : pandas.DataFrame
        The same columns and ``other_name``.

    Returns
    -------
    pandas.DataFrame
        Index of `places`; ``other`` (label in `others`, missing without a match), ``how`` (which of address, phone,
        zip, city agree) and ``similarity`` of the names.
    """
    ours, theirs = _match_keys(places), _match_keys(others)
    theirs["alternative"] = others["other_name"].map(name_key)
    buckets: dict[tuple[str, str, str], list[int]] = {}
    for column in ("phone", "address", "zip", "city"):
        for position, (state, value) in enumerate(zip(theirs["state"], theirs[column], strict=True)):
            if value:
                buckets.setdefault((column, state, value), []).append(position)
    records: list[Any] = list(theirs.itertuples(index=False))
    rows = [_best_match(place, records, buckets) for place in ours.itertuples(index=False)]
    labels = [None if position is None else others.index[position] for position, _, _ in rows]
    return pd.DataFrame(
        {
            "other": pd.Series(labels, index=places.index, dtype="object"),
            "how": pd.Series([how for _, how, _ in rows], index=places.index, dtype="str"),
            "similarity": pd.Series([similarity for _, _, similarity in rows], index=places.index, dtype="float64"),
        }
    )


def _match_keys(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "state": frame["state"],
            "name": frame["name"].map(name_key),
            "address": frame["address"].map(address_key),
            "zip": frame["zip"],
            "city": frame["city"].map(name_key),
            "phone": frame["phone"].where(frame["phone"].str.len() == 10, ""),  # noqa: PLR2004 - a telephone number
            "lat": frame["lat"],
            "lon": frame["lon"],
        }
    )


def _best_match(
    place: Any, records: list[Any], buckets: dict[tuple[str, str, str], list[int]]
) -> tuple[int | None, str, float]:
    def value(record: Any, column: str) -> str:
        return str(getattr(record, column))

    agreed: dict[int, set[str]] = {}
    for column in ("phone", "address", "zip", "city"):
        for position in buckets.get((column, value(place, "state"), value(place, column)), []):
            agreed.setdefault(position, set()).add(column)
    found: list[tuple[float, float, int, str]] = []
    for position, columns in agreed.items():
        record = records[position]
        name, alternative = value(place, "name"), value(record, "alternative")
        similarity = name_similarity(name, value(record, "name"))
        if alternative:
            similarity = max(similarity, name_similarity(name, alternative))
        near = bool(columns & {"zip", "city"})
        taken = (
            (near and bool(columns & {"address", "phone"}))
            or ("zip" in columns and similarity >= _LIKE_NAME)
            or ("city" in columns and similarity >= _SAME_NAME)
        )
        if taken:
            score = 2 * ("address" in columns) + ("phone" in columns) + 0.5 * ("zip" in columns) + similarity
            found.append((score, similarity, position, " ".join(sorted(columns))))
    found.sort(reverse=True)
    if not found:
        return None, "", float("nan")
    rivals = [records[entry[2]] for entry in found if entry[0] == found[0][0]]
    if any(_km_between(rivals[0], rival) > _TIE_KM for rival in rivals[1:]):
        return None, "", float("nan")
    _, similarity, position, how = found[0]
    return position, how, similarity


def _km_between(first: Any, second: Any) -> float:
    return float(great_circle_km(first.lat, first.lon, second.lat, second.lon))


def counties_of_points(
    lat: npt.ArrayLike,
    lon: npt.ArrayLike,
    counties: gpd.GeoDataFrame,
    *,
    reported: pd.Series | None = None,
    limit_km: float = float("inf"),
) -> npt.NDArray[np.object_]:
    """Give points their county.

    The county is the polygon that holds the point. Polygons are generalised, so a `reported` county that passes within
    :data:`BORDER_KM` of the point is believed instead; a point in no polygon (a coast, a pier) gets the nearest county.

    Parameters
    ----------
    lat, lon : array_like of float
        Degrees.
    counties : geopandas.GeoDataFrame
        ``county_fips`` and polygons in EPSG:4326.
    reported : pandas.Series of str, optional
        The county that the publisher gives; codes that `counties` does not have are ignored.
    limit_km : float
        A point farther than this from every county gets none.

    Returns
    -------
    numpy.ndarray of object
        Five-digit codes, None beyond `limit_km`.
    """
    points = np.atleast_1d(
        np.asarray(shapely.points(np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)), dtype=object)
    )
    shapes = counties.geometry.to_numpy()
    codes = counties["county_fips"].to_numpy(dtype=object)
    tree = shapely.STRtree(shapes)
    chosen = np.full(len(points), -1)
    inside_point, inside_county = tree.query(points, predicate="within")
    chosen[inside_point[::-1]] = inside_county[::-1]
    for index in np.flatnonzero(chosen < 0):
        near = np.asarray(tree.query_nearest(points[index], max_distance=_SEARCH_DEGREES, all_matches=False))
        if len(near) and _km_to(points[index], shapes[near[0]]) <= limit_km:
            chosen[index] = near[0]
    if reported is not None:
        place_of_code = {code: place for place, code in enumerate(codes)}
        for position, code in enumerate(reported):
            place = place_of_code.get(code, -1)
            if place >= 0 and place != chosen[position] and _km_to(points[position], shapes[place]) <= BORDER_KM:
                chosen[position] = place
    return np.array([codes[place] if place >= 0 else None for place in chosen], dtype=object)


def nearest_center_counties(
    lat: npt.ArrayLike, lon: npt.ArrayLike, centers: pd.DataFrame
) -> dict[str, npt.NDArray[np.object_]]:
    """Ask the five nearest block-group centers of population in which county they are.

    Parameters
    ----------
    lat, lon : array_like of float
        Degrees.
    centers : pandas.DataFrame
        ``county_fips, lat, lon``.

    Returns
    -------
    dict of str to numpy.ndarray of object
        ``most``: the county of at least three of the five, or None; ``all_five``: the county of all five, or None.
    """
    count = min(_VOICES, len(centers))
    tree = cKDTree(_on_the_sphere(centers["lat"], centers["lon"]))
    _, near = tree.query(_on_the_sphere(lat, lon), k=range(1, count + 1))
    codes = centers["county_fips"].to_numpy(dtype=object)[near]
    commonest = [Counter(row).most_common(1)[0] for row in codes.tolist()]
    return {
        name: np.array([code if votes >= least else None for code, votes in commonest], dtype=object)
        for name, least in (("most", count // 2 + 1), ("all_five", count))
    }


def voted_counties(votes: pd.DataFrame) -> pd.Series:
    """Choose each facility's county among those that four witnesses name.

    The polygon that holds the coordinates and HIFLD's county, found by others from a site on imagery, decide when they
    agree: where they do, the publisher's code and the neighbors were found wrong each time (a county line runs along
    the hospital's street, and more people live across it). Otherwise the polygons, generalised to 1:20,000,000, may be
    wrong, and a county that two of HIFLD, the publisher and most of the neighbors name is taken. Where neither HIFLD
    nor the publisher has a county of 2024 (Connecticut), five neighbors of one mind are. Else the polygon's county; the
    publisher's, HIFLD's or the neighbors' where the polygon is silent.

    Parameters
    ----------
    votes : pandas.DataFrame
        ``polygon, hifld, reported, most, all_five``: county codes, missing where the witness is silent.

    Returns
    -------
    pandas.Series of str
    """
    polygon, hifld, reported, most = (votes[name] for name in ("polygon", "hifld", "reported", "most"))
    silent = hifld.isna() & reported.isna()
    chosen = polygon.mask(hifld.notna() & ((hifld == reported) | (hifld == most)), hifld)
    chosen = chosen.mask(reported.notna() & (reported == most), reported)
    chosen = chosen.mask(silent & votes["all_five"].notna(), votes["all_five"])
    chosen = chosen.mask(polygon.notna() & (polygon == hifld), polygon)
    return chosen.fillna(reported).fillna(hifld).fillna(most).astype("str")


def _on_the_sphere(lat: npt.ArrayLike, lon: npt.ArrayLike) -> npt.NDArray[np.float64]:
    north, east = np.radians(np.asarray(lat, dtype=float)), np.radians(np.asarray(lon, dtype=float))
    return np.column_stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])


def _km_to(point: shapely.Point, shape: shapely.Geometry) -> float:
    ends = shapely.get_coordinates(shapely.shortest_line(point, shape))
    return float(great_circle_km(ends[0, 1], ends[0, 0], ends[1, 1], ends[1, 0]))


def same_site_as(facilities: pd.DataFrame) -> pd.Series:
    """Name the other facilities on one campus: coordinates within 120 m, or one address and ZIP code.

    Parameters
    ----------
    facilities : pandas.DataFrame
        ``facility_id, address, zip, lat, lon, coord_precision``.

    Returns
    -------
    pandas.Series of str
        Identifiers parted by blanks; missing where the facility stands alone. Centroids of a city or a ZIP code say
        nothing, nor do the fallback geocoder's coordinates.
    """
    ids = facilities["facility_id"].tolist()
    pairs: set[tuple[int, int]] = set()
    precise = facilities["coord_precision"].isin(["address", "site"]).to_numpy()
    lat, lon = facilities["lat"].to_numpy(), facilities["lon"].to_numpy()
    plane = np.column_stack([lat * 111.2, lon * 111.2 * np.cos(np.radians(lat))])
    spots = np.atleast_1d(np.asarray(shapely.points(plane[:, 0], plane[:, 1]), dtype=object))
    first, second = shapely.STRtree(spots).query(spots, predicate="dwithin", distance=_SAME_SITE_KM)
    pairs |= {
        (a, b) for a, b in zip(first.tolist(), second.tolist(), strict=True) if a != b and precise[a] and precise[b]
    }
    keys: dict[tuple[str, str], list[int]] = {}
    for position, (address, code) in enumerate(zip(facilities["address"], facilities["zip"], strict=True)):
        if address_key(str(address)) and isinstance(code, str) and code:
            keys.setdefault((address_key(str(address)), code), []).append(position)
    pairs |= {(a, b) for members in keys.values() for a in members for b in members if a != b}
    others: dict[int, list[str]] = {}
    for a, b in sorted(pairs, key=lambda pair: (pair[0], ids[pair[1]])):
        others.setdefault(a, []).append(ids[b])
    return pd.Series(
        [" ".join(others.get(i, [])) or None for i in range(len(ids))], index=facilities.index, dtype="str"
    )

"""Roads of a place from OpenStreetMap's servers: OSMnx asks Nominatim for the boundary and Overpass for the ways.

OSMnx's settings are global and its own waiting has no end (it asks a busy server again every 55 s for ever). Here the
settings hold for one call and are put back, a busy server is asked a few times with growing waits, an answer that the
server itself calls incomplete is refused, and the error says in one line what to do.
"""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

import requests
from requests import exceptions as broken
from urllib3.exceptions import MaxRetryError, NewConnectionError

from matcare.errors import DownloadError, InputError
from matcare.sources.transfer import Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

__all__ = ["EXTRACTS", "MapServers", "RoadQuery", "download_place", "download_polygon", "osmnx_settings"]

T = TypeVar("T")

EXTRACTS: Final = "use an extract instead (https://download.geofabrik.de): matcare roads build NAME.osm.pbf"
"""What to do when the servers cannot help."""

UNHURRIED: Final = Patience(read_seconds=180, attempts=4, first_wait_seconds=15)

_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})
_WRONG: Final = 400
_USER_AGENT: Final = "matcare (maternity care access analyzer; OSMnx)"
_MOST_STATUS_REQUESTS: Final = 60
_SLOT: Final = re.compile(r"in (-?\d+) seconds")
_REMARK: Final = re.compile(rb'"remark"\s*:\s*"([^"]*)"')
_AS_OF: Final = re.compile(rb'"timestamp_osm_base"\s*:\s*"([^"]*)"')
_END: Final = 2000

_one_at_a_time: Final = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class MapServers:
    """Where places and roads are asked for.

    Attributes
    ----------
    overpass_url, nominatim_url : str
        Base addresses, of the public servers or of one's own.
    """

    overpass_url: str = "https://overpass-api.de/api"
    nominatim_url: str = "https://nominatim.openstreetmap.org/"


@dataclass(frozen=True, kw_only=True)
class RoadQuery:
    """Which ways and tags are asked for.

    Attributes
    ----------
    way_filters : sequence of str
        Overpass QL filters, such as ``'["highway"]'``; a way that passes one of them is wanted.
    way_keys, node_keys : sequence of str
        Keys of tags to keep on ways and on nodes.
    """

    way_filters: Sequence[str]
    way_keys: Sequence[str]
    node_keys: Sequence[str]


class _TryAgainError(Exception):
    def __init__(self, what: str, *, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(kw_only=True)
class _Listener:
    """Sees every answer before OSMnx does."""

    longest_wait: float
    as_of: set[str] = field(default_factory=set)
    status_requests: int = 0

    def __call__(self, response: requests.Response, *_: object, **__: object) -> None:
        host = urlsplit(response.url).netloc
        status = response.status_code
        if status in _BUSY:
            wait = response.headers.get("Retry-After", "")
            raise _TryAgainError(f"{host} is busy ({status})", wait=float(wait) if wait.isdigit() else None)
        if status >= _WRONG:
            raise DownloadError(f"{host}: refused the request ({status} {response.reason}); {EXTRACTS}")
        if urlsplit(response.url).path.endswith("/status"):
            self._status(host, response.text)
            return
        body = response.content
        if body.lstrip()[:1] not in (b"{", b"["):
            raise DownloadError(f"{host}: answered with something else than data; is the address right? Or {EXTRACTS}")
        if body.rstrip()[-1:] not in (b"}", b"]"):
            raise _TryAgainError(f"the answer of {host} broke off")
        remark = _REMARK.search(body[-_END:])
        if remark and b"runtime error" in remark[1]:
            raise _TryAgainError(f"{host} gave up ({remark[1].decode(errors='replace')[:120]})")
        as_of = _AS_OF.search(body[:_END])
        if as_of:
            self.as_of.add(as_of[1].decode(errors="replace"))

    def _status(self, host: str, text: str) -> None:
        """End OSMnx's waiting for a free slot where it would last too long."""
        self.status_requests += 1
        waits = [int(seconds) for seconds in _SLOT.findall(text)]
        if "available now" not in text and waits and min(waits) > self.longest_wait:
            raise DownloadError(f"{host}: has no free slot for {min(waits):,} s; wait as long, or {EXTRACTS}")
        if self.status_requests > _MOST_STATUS_REQUESTS:
            raise _TryAgainError(f"{host} is still at work on an earlier request")


@contextmanager
def osmnx_settings(**changes: Any) -> Iterator[Any]:
    """Give OSMnx with some of its global settings changed, and put them back.

    Parameters
    ----------
    **changes
        Settings of ``osmnx.settings``.

    Yields
    ------
    module
        ``osmnx``.

    Raises
    ------
    InputError
        When OSMnx is not installed.
    """
    try:
        import osmnx  # noqa: PLC0415 - an optional package
    except ImportError as error:
        raise InputError("this needs OSMnx; install it with: pip install 'matcare[osm]'") from error
    with _one_at_a_time:
        before = {name: getattr(osmnx.settings, name) for name in changes}
        resolve = socket.getaddrinfo  # OSMnx puts its own in place and leaves it there
        try:
            for name, value in changes.items():
                setattr(osmnx.settings, name, value)
            yield osmnx
        finally:
            socket.getaddrinfo = resolve
            for name, value in before.items():
                setattr(osmnx.settings, name, value)


def download_place(
    place: str,
    query: RoadQuery,
    *,
    servers: MapServers | None = None,
    patience: Patience = UNHURRIED,
    cache_folder: Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Any, str]:
    """Download the roads inside the boundary of a place.

    Parameters
    ----------
    place : str
        Name that Nominatim knows, such as ``"Bangor, Maine"``.
    query : RoadQuery
        What is wanted.
    servers : MapServers, optional
        Where to ask; the public servers without it.
    patience : Patience
        Time limits and repetitions.
    cache_folder : Path, optional
        Where answers are kept and found again; without it they are kept only until the call ends.
    sleep : callable
        Waits for a number of seconds.

    Returns
    -------
    graph : networkx.MultiDiGraph
        OSMnx's graph: one edge a segment in the order of the way, ``oneway`` as tagged; nothing simplified.
    as_of : str
        Time of the data; empty where the server does not tell it.

    Raises
    ------
    InputError
        When there is no such place, it has no boundary, or there is no road in it.
    DownloadError
        When the servers cannot be reached or stay busy.
    """
    with _session(query, servers or MapServers(), patience, cache_folder) as (osmnx, listener):

        def locate() -> Any:
            try:
                return osmnx.geocode_to_gdf(place).union_all()
            except (TypeError, ValueError) as error:
                known = "knows the place but no boundary of it" if isinstance(error, TypeError) else "has no such place"
                raise InputError(
                    f"place {place!r}: OpenStreetMap {known}; name a town, county or state, or {EXTRACTS}"
                ) from error

        boundary = _patiently(locate, patience, sleep)
        return _roads(osmnx, boundary, query, f"place {place!r}", patience, sleep), min(listener.as_of, default="")


def download_polygon(
    polygon: BaseGeometry,
    query: RoadQuery,
    *,
    servers: MapServers | None = None,
    patience: Patience = UNHURRIED,
    cache_folder: Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Any, str]:
    """Download the roads inside a polygon.

    Parameters
    ----------
    polygon : shapely.Polygon or shapely.MultiPolygon
        Degrees (EPSG:4326).
    query, servers, patience, cache_folder, sleep
        As for `download_place`.

    Returns
    -------
    graph : networkx.MultiDiGraph
        As for `download_place`.
    as_of : str
        As for `download_place`.

    Raises
    ------
    InputError
        When the polygon is empty, not valid or not in degrees, or there is no road in it.
    DownloadError
        When the server cannot be reached or stays busy.
    """
    if polygon.geom_type not in {"Polygon", "MultiPolygon"} or polygon.is_empty or polygon.area == 0:
        raise InputError("polygon: it has no area, so there can be no road in it; give south, north, west, east apart")
    west, south, east, north = polygon.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:  # noqa: PLR2004 - degrees
        raise InputError("polygon: its coordinates are not degrees; convert it to EPSG:4326 (to_crs) first")
    if not polygon.is_valid:
        raise InputError("polygon: its boundary crosses itself; repair it with shapely.make_valid first")
    with _session(query, servers or MapServers(), patience, cache_folder) as (osmnx, listener):
        return _roads(osmnx, polygon, query, "polygon", patience, sleep), min(listener.as_of, default="")


@contextmanager
def _session(
    query: RoadQuery, servers: MapServers, patience: Patience, cache_folder: Path | None
) -> Iterator[tuple[Any, _Listener]]:
    listener = _Listener(longest_wait=patience.longest_wait_seconds)
    with TemporaryDirectory(prefix="matcare-") as scratch:
        settings: Mapping[str, Any] = {
            "all_oneway": True,  # keeps the tag oneway as it stands
            "bidirectional_network_types": [],
            "cache_folder": cache_folder or Path(scratch),
            "doh_url_template": None,
            "http_referer": _USER_AGENT,
            "http_user_agent": _USER_AGENT,
            "nominatim_url": servers.nominatim_url,
            "overpass_settings": f"[out:json][timeout:{ceil(patience.read_seconds)}]{{maxsize}}",
            "overpass_url": servers.overpass_url,
            "requests_kwargs": {"hooks": {"response": listener}},
            "requests_timeout": patience.read_seconds,
            "use_cache": True,
            "useful_tags_node": list(query.node_keys),
            "useful_tags_way": list(query.way_keys),
        }
        with osmnx_settings(**settings) as osmnx:
            yield osmnx, listener


def _roads(
    osmnx: Any,
    polygon: BaseGeometry,
    query: RoadQuery,
    what: str,
    patience: Patience,
    sleep: Callable[[float], None],
) -> Any:
    def download() -> Any:
        try:
            return osmnx.graph_from_polygon(
                polygon, simplify=False, retain_all=True, truncate_by_edge=True, custom_filter=list(query.way_filters)
            )
        except ValueError as error:
            raise InputError(f"{what}: OpenStreetMap has no road there; ask for a larger place") from error

    return _patiently(download, patience, sleep)


def _patiently(ask: Callable[[], T], patience: Patience, sleep: Callable[[float], None]) -> T:
    """Ask until there is an answer, as often as patience allows."""
    for attempt in range(1, patience.attempts + 1):
        try:
            return ask()
        except broken.ConnectTimeout as error:
            raise _unreachable(error) from error
        except broken.Timeout:
            problem = _TryAgainError(f"{_SERVER} did not answer within {patience.read_seconds:g} s")
        except broken.RequestException as error:
            if not _broke_off(error):
                raise _unreachable(error) from error
            problem = _TryAgainError(f"the connection to {_SERVER} broke off")
        except _TryAgainError as error:
            problem = error
        wait = patience.first_wait_seconds * 2 ** (attempt - 1) if problem.wait is None else problem.wait
        if attempt < patience.attempts and wait <= patience.longest_wait_seconds:
            sleep(wait)
            continue
        asks = f", and asks to wait {wait:,.0f} s" if problem.wait and attempt < patience.attempts else ""
        raise DownloadError(
            f"{problem} (asked {attempt} times{asks}); wait some minutes, ask for a smaller place, or {EXTRACTS}"
        )
    raise AssertionError  # attempts is 1 or more


_SERVER: Final = "the map server"


def _broke_off(error: broken.RequestException) -> bool:
    """Tell a connection that was there from one that cannot be had."""
    if isinstance(error, broken.ChunkedEncodingError):
        return True
    reason = error.args[0] if error.args else error
    never = isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError)
    return isinstance(error, broken.ConnectionError) and not never and not isinstance(error, broken.SSLError)


def _unreachable(error: Exception) -> DownloadError:
    address = getattr(getattr(error, "request", None), "url", None)
    host = urlsplit(address).netloc if isinstance(address, str) else _SERVER
    return DownloadError(f"{host}: cannot be reached; is there a network? Or {EXTRACTS}")

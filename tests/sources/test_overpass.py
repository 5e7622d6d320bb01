"""Places and roads from a stand-in for Overpass and Nominatim on loopback; nothing here touches the internet."""

from __future__ import annotations

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
import shapely

from matcare.errors import DownloadError, InputError
from matcare.sources.overpass import MapServers, osmnx_settings
from matcare.sources.transfer import Patience
from matcare.travel.readers.osmnx_graphs import read_place, read_polygon

ox = pytest.importorskip("osmnx")

HASTE = Patience(connect_seconds=2, read_seconds=0.5, attempts=3, first_wait_seconds=0.25, longest_wait_seconds=60)
BOUNDARY = shapely.box(-69.01, 43.99, -68.96, 44.01)

FREE = """Connected as: 1
Current time: 2024-05-01T10:00:00Z
Announced endpoint: none
Rate limit: 2
2 slots available now.
Currently running queries (pid, space limit, time limit, start time):
"""
TAKEN = FREE.replace("2 slots available now.", "Slot available after: 2024-05-01T11:00:00Z, in 3600 seconds.")

NODES = [{"type": "node", "id": n, "lat": 44.0, "lon": -69.0 + n / 100} for n in range(5)]
NODES[2]["tags"] = {"barrier": "bollard"}
WAYS = [
    {"type": "way", "id": 10, "nodes": [0, 1], "tags": {"highway": "primary", "maxspeed": "35 mph", "oneway": "-1"}},
    {"type": "way", "id": 11, "nodes": [1, 2, 3], "tags": {"highway": "residential", "access": "destination"}},
    {"type": "way", "id": 12, "nodes": [0, 2], "tags": {"highway": "service", "access": "private"}},
]
FERRY = {
    "type": "way",
    "id": 13,
    "nodes": [3, 4],
    "tags": {"route": "ferry", "motor_vehicle": "yes", "duration": "00:20"},
}


def answer(elements, **more):
    stamp = {"timestamp_osm_base": "2024-05-01T09:58:00Z", "copyright": "OpenStreetMap contributors, ODbL"}
    return {"version": 0.6, "generator": "Overpass API 0.7.62", "osm3s": stamp, "elements": elements} | more


class Stand:
    """What the servers answer, and what they were asked."""

    def __init__(self):
        self.status_text = FREE
        self.roads = [*NODES, *WAYS]
        self.ferries = [NODES[3], NODES[4], FERRY]
        self.remark = None
        self.places = [
            {
                "place_id": 1, "osm_type": "relation", "osm_id": 2, "lat": "44.0", "lon": "-69.0", "importance": 0.5,
                "boundingbox": ["43.99", "44.01", "-69.01", "-68.96"], "display_name": "Madeville, Maine",
                "geojson": json.loads(shapely.to_geojson(BOUNDARY)),
            }
        ]  # fmt: skip
        self.failures = []
        self.raw = None
        self.hang = 0
        self.cut = 0
        self.released = threading.Event()
        self.asked = []
        self.url = ""

    @property
    def servers(self):
        return MapServers(overpass_url=f"{self.url}/api", nominatim_url=f"{self.url}/")


class Handler(BaseHTTPRequestHandler):
    stand: Stand

    def log_message(self, *args):
        pass

    def do_GET(self):
        where = urlsplit(self.path)
        self.stand.asked.append((where.path, parse_qs(where.query), dict(self.headers.items())))
        if where.path == "/api/status":
            self.reply(200, self.stand.status_text.encode(), "text/plain")
        elif self.fails():
            return
        elif where.path == "/search":
            self.reply(200, json.dumps(self.stand.places).encode())
        else:
            self.reply(404, b"no such page", "text/html")

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.stand.asked.append((self.path, form, dict(self.headers.items())))
        if self.fails():
            return
        if self.stand.raw is not None:
            self.reply(200, self.stand.raw, "text/html")
            return
        elements = self.stand.ferries if "ferry" in form["data"][0] else self.stand.roads
        more = {"remark": self.stand.remark} if self.stand.remark else {}
        self.reply(200, json.dumps(answer(elements, **more)).encode())

    def fails(self):
        stand = self.stand
        if stand.hang:
            stand.hang -= 1
            stand.released.wait(10)
            return True
        if stand.failures:
            status, headers = stand.failures.pop(0)
            self.reply(status, b"<html>please be patient</html>", "text/html", headers)
            return True
        return False

    def reply(self, status, body, kind="application/json", headers=None):
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.stand.cut and self.path == "/api/interpreter":
            self.stand.cut -= 1
            body = body[: len(body) // 2]
        self.wfile.write(body)


@pytest.fixture
def stand(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    stand = Stand()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"stand": stand}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stand.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield stand
    stand.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


class Waits(list):
    def __call__(self, seconds):
        self.append(seconds)


def roads(stand, **options):
    return read_polygon(BOUNDARY, **({"servers": stand.servers, "patience": HASTE, "sleep": Waits()} | options))


def posts(stand):
    return [form["data"][0] for path, form, _ in stand.asked if path == "/api/interpreter"]


def test_a_place_becomes_roads_by_the_same_tags(stand):
    graph = read_place("Madeville, Maine", servers=stand.servers, patience=HASTE)
    assert sorted(graph.class_names) == ["ferry", "primary", "residential"]
    rows = {name: graph.road_class == graph.class_names.index(name) for name in graph.class_names}
    assert graph.lon[graph.u[rows["primary"]]].tolist() == pytest.approx([-68.99])  # oneway=-1: from its end
    assert graph.oneway[rows["primary"]].tolist() == [1]
    assert graph.limit_km_per_h[rows["primary"]] == pytest.approx([35 * 1.609344], abs=1e-3)
    assert graph.fixed_minutes[rows["ferry"]].tolist() == [20]
    assert rows["residential"].sum() == 2  # the bollard parts it
    assert graph.about["counts"] == {
        "barriers_that_close_roads": 1,
        "private_roads_left_out": 1,
        "roads_for_destination_customers_or_residents_kept": 1,
    }
    assert graph.about["vintage"] == "2024-05-01T09:58:00Z"
    assert graph.about["source"] == "OpenStreetMap, Madeville, Maine"


def test_what_is_asked_of_the_servers(stand):
    read_place("Madeville, Maine", servers=stand.servers, patience=HASTE, private=True)
    search = next(query for path, query, _ in stand.asked if path == "/search")
    assert search["q"] == ["Madeville, Maine"]
    assert len(posts(stand)) == 2
    for query in posts(stand):
        assert query.startswith("[out:json][timeout:1]")
        assert "(poly:" in query
    assert any('["route"="ferry"]' in query for query in posts(stand))
    assert any("footway" in query and '["highway"]' in query for query in posts(stand))
    assert all("matcare" in headers["User-Agent"] for _, _, headers in stand.asked)


def test_a_busy_server_is_asked_again_with_growing_waits(stand):
    stand.failures = [(429, {}), (504, {})]
    waits = Waits()
    assert len(roads(stand, sleep=waits).u) == 4
    assert waits == [0.25, 0.5]
    assert len(posts(stand)) == 4  # what had arrived was not asked for again


def test_a_server_that_names_its_wait_gets_it(stand):
    stand.failures = [(429, {"Retry-After": "7"})]
    waits = Waits()
    roads(stand, sleep=waits)
    assert waits == [7]


def test_a_server_that_stays_busy_ends_in_one_line(stand):
    stand.failures = [(429, {})] * 9
    with pytest.raises(DownloadError, match=r"is busy \(429\) \(asked 3 times\); wait some minutes") as caught:
        roads(stand)
    assert "\n" not in str(caught.value)
    assert "geofabrik" in str(caught.value)
    assert len(posts(stand)) == 3


def test_a_wait_beyond_patience_is_not_waited_for(stand):
    stand.failures = [(429, {"Retry-After": "86400"})]
    waits = Waits()
    with pytest.raises(DownloadError, match=r"asks to wait 86,400 s"):
        roads(stand, sleep=waits)
    assert waits == []


def test_a_server_without_a_free_slot_is_not_waited_for_an_hour(stand):
    stand.status_text = TAKEN
    start = time.monotonic()
    with pytest.raises(DownloadError, match=r"no free slot for 3,600 s"):
        roads(stand)
    assert time.monotonic() - start < 20


def test_a_silent_server_is_asked_again_and_then_given_up(stand):
    stand.hang = 1
    assert len(roads(stand).u) == 4
    stand.hang = 9
    with pytest.raises(DownloadError, match=r"did not answer within 0.5 s \(asked 2 times\)"):
        roads(stand, patience=Patience(read_seconds=0.5, attempts=2, first_wait_seconds=0.1))


def test_an_answer_that_overpass_itself_calls_broken_is_not_used(stand):
    stand.remark = 'runtime error: Query timed out in \\"query\\" at line 1 after 180 seconds.'
    with pytest.raises(DownloadError, match="runtime error"):
        roads(stand)


def test_an_empty_answer_is_an_error_about_the_place(stand):
    stand.roads = stand.ferries = []
    with pytest.raises(InputError, match="polygon: OpenStreetMap has no road there") as caught:
        roads(stand)
    assert "\n" not in str(caught.value)


def test_ways_that_are_no_roads_are_an_error_too(stand):
    stand.roads, stand.ferries = [*NODES[:2], WAYS[0] | {"tags": {"highway": "track"}}], []
    with pytest.raises(InputError, match="no road for cars"):
        roads(stand)


def test_an_unknown_place_and_one_without_boundary(stand):
    stand.places[0]["geojson"] = {"type": "Point", "coordinates": [-69, 44]}
    with pytest.raises(InputError, match=r"place 'Nowhere': OpenStreetMap knows the place but no boundary"):
        read_place("Nowhere", servers=stand.servers, patience=HASTE)
    stand.places = []
    with pytest.raises(InputError, match=r"place 'Nowhere': OpenStreetMap has no such place"):
        read_place("Nowhere", servers=stand.servers, patience=HASTE)


def test_a_page_in_place_of_data_and_a_refusal(stand):
    stand.raw = b"<html>log in to this network</html>"
    with pytest.raises(DownloadError, match="something else than data"):
        roads(stand)
    stand.raw, stand.failures = None, [(400, {})]
    with pytest.raises(DownloadError, match=r"refused the request \(400"):
        roads(stand)


def test_an_answer_that_breaks_off_is_asked_for_again(stand):
    stand.raw = b'{"version": 0.6, "elements": [{"type": "no'
    waits = Waits()
    with pytest.raises(DownloadError, match=r"broke off \(asked 3 times\)"):
        roads(stand, sleep=waits)
    assert waits == [0.25, 0.5]
    stand.raw = None
    stand.cut = 1
    assert len(roads(stand).u) == 4


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DownloadError, match="cannot be reached; is there a network") as caught:
        read_place("Madeville", servers=MapServers(overpass_url=url, nominatim_url=url), patience=HASTE)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("polygon", "message"),
    [
        (shapely.box(-69, 44, -69, 44), "no area"), (shapely.Polygon(), "no area"), (shapely.Point(0, 0), "no area"),
        (shapely.box(500_000, 4_900_000, 510_000, 4_910_000), "not degrees"),
        (shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 3)]), "crosses itself"),
    ],
)  # fmt: skip
def test_polygons_that_cannot_be_asked_for(polygon, message):
    with pytest.raises(InputError, match=message):
        read_polygon(polygon, servers=MapServers(overpass_url="http://127.0.0.1:9", nominatim_url="http://127.0.0.1:9"))


def test_answers_can_be_kept(stand, tmp_path):
    roads(stand, cache_folder=tmp_path)
    asked = len(stand.asked)
    assert roads(stand, cache_folder=tmp_path).km.sum() > 0
    assert len(stand.asked) == asked
    roads(stand)
    assert len(stand.asked) > asked


def test_osmnx_and_the_resolver_are_left_as_they_were(stand):
    resolve = socket.getaddrinfo
    before = {name: getattr(ox.settings, name) for name in vars(ox.settings) if not name.startswith("_")}
    roads(stand)
    stand.failures = [(400, {})]
    with pytest.raises(DownloadError):
        roads(stand)
    assert socket.getaddrinfo is resolve
    assert before == {name: getattr(ox.settings, name) for name in before}
    with osmnx_settings(requests_timeout=3) as module:
        assert module.settings.requests_timeout == 3

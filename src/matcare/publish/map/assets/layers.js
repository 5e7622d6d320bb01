// Layers of a state's map: block groups, ground within reach of birth care, catchments, the road from an open county.
// All are for the eye; what they show is said in words beside them. Shapes are made empty in their place below the
// facilities and filled when they are asked for, so that nothing has to be put back in order.

const LAYER_STYLE = `
#layers fieldset { margin: 0; padding: 0; border: 0; }
#layers table { width: 100%; margin: 4px 0 2px 22px; width: calc(100% - 22px); border-collapse: collapse; }
#layers th, #layers td { padding: 2px 0; font-weight: 400; text-align: left; vertical-align: top; }
#layers thead th { color: var(--quiet); font-size: 11px; }
#layers .n { width: 1%; padding-left: 10px; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
#layers td.swatch { width: 34px; padding-top: 4px; }
#layers canvas { display: block; }
#layers select { width: calc(100% - 22px); min-height: 28px; margin: 4px 0 2px 22px; padding: 4px 6px; border: 1px solid #87939d; border-radius: 4px; background: #fff; }
#layers .key { margin: 2px 0 2px 22px; }
#nearest-here { position: absolute; z-index: 900; bottom: 58px; left: 10px; max-width: min(340px, calc(100% - 90px)); padding: 4px 10px; border: 1px solid #87939d; border-radius: 4px; background: #fff; font-size: 13px; pointer-events: none; }
#panel .drives td:last-child, #panel .drives th:last-child { padding-left: 12px; }
#panel .drives button { padding: 0; border: 0; background: none; color: var(--accent); text-align: left; text-decoration: underline; cursor: pointer; overflow-wrap: anywhere; }
#panel button.whole { min-height: 28px; padding: 3px 9px; border: 1px solid #87939d; border-radius: 4px; background: #fff; cursor: pointer; }
.leaflet-tooltip.way { padding: 1px 6px; font-size: 12px; font-weight: 650; white-space: nowrap; max-width: none; }
@media (max-width: 760px) { #nearest-here { bottom: auto; top: 10px; left: 52px; } }
@media print { #nearest-here, #panel button.whole { display: none !important; } }
`;

const WAY_WORDS = {
  highways: "signed highways",
  streets: "streets",
  highways_and_streets: "streets and highways",
  direct: "straight line, local roads",
};
const REACH_DASH = { 30: null, 60: "7 4", 90: "1.5 4" };
const LOST_SHAPE = { beyond_limit: "circle", unreachable: "diamond", no_road_access: "square", ferry_or_air_only: "triangle", level_not_reported: "triangle_down" };
const SCHEMATIC = "9 6";
const LOST_INK = "#8a3b00";
const SHORT_WORDS = { birth_care: "birth care", birth_care_corroborated: "birth care", neonatal_3_plus: "level III+", neonatal_3_plus_or_nicu: "level III+ or NICU" };
const FAR_PAPER = "#f3f0e8";
const WAY_COLOURS = ["#111111", "#7a1fa2", "#8a3b00"];

// Running totals of differences.
function totals(steps) {
  let at = 0;
  return Int32Array.from(steps, (step) => (at += step));
}

// Many points as one shape on Leaflet's canvas: one path a class, drawn in the order of the classes.
const DotCloud = L.Path.extend({
  initialize(points, options) {
    L.setOptions(this, options);
    this.points = points;
    this.rows = [];
    this.styles = [];
    this.shown = false;
    this.hit = -1;
  },
  // `rows` gives each point's class, `styles` how a class is drawn.
  show(rows, styles) {
    this.rows = rows;
    this.styles = styles;
    this.shown = true;
    this._refresh();
  },
  hide() {
    this.shown = false;
    this._refresh();
  },
  _refresh() {
    if (!this._map) return;
    this._reset();
    this._renderer._redrawBounds = null;
    this._renderer._redraw();
  },
  _reset() {
    this._project();
    this._update();
  },
  _project() {
    const { lat, lon, radius } = this.points;
    const zoom = this._map.getZoom();
    const scale = Math.min(1.5, Math.max(0.4, 0.5 + (zoom - 6) * 0.17));
    this.fine = Math.min(1, scale);
    this.x = new Float32Array(lat.length);
    this.y = new Float32Array(lat.length);
    this.r = radius.map((r) => r * scale);
    this._pxBounds = new L.Bounds();
    for (let i = 0; this.shown && i < lat.length; i++) {
      const point = this._map.latLngToLayerPoint([lat[i], lon[i]]);
      this.x[i] = point.x;
      this.y[i] = point.y;
      this._pxBounds.extend(point);
    }
    if (this._pxBounds.min) this._pxBounds = new L.Bounds(this._pxBounds.min.subtract([12, 12]), this._pxBounds.max.add([12, 12]));
    else this._pxBounds = null;
  },
  _update() {
    if (this._map) this._updatePath();
  },
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || !this.shown) return;
    const c = renderer._ctx;
    const { min, max } = renderer._bounds;
    this.styles.forEach((style, k) => {
      c.beginPath();
      for (let i = 0; i < this.x.length; i++) {
        const x = this.x[i];
        const y = this.y[i];
        if (this.rows[i] !== k || x < min.x - 9 || x > max.x + 9 || y < min.y - 9 || y > max.y + 9) continue;
        c.moveTo(x + this.r[i], y);
        SHAPES[style.shape](c, x, y, this.r[i]);
      }
      c.globalAlpha = 1;
      c.setLineDash([]);
      // A white halo first, so that a dot stands out from any county's colour.
      c.strokeStyle = "#ffffff";
      c.lineWidth = this.fine * (style.weight + 2.2);
      c.stroke();
      c.fillStyle = style.fill;
      c.fill("nonzero");
      c.strokeStyle = style.ink;
      c.lineWidth = this.fine * style.weight;
      c.stroke();
    });
  },
  _containsPoint(point) {
    if (!this.shown) return false;
    let best = Infinity;
    for (let i = 0; i < this.x.length; i++) {
      const far = Math.hypot(point.x - this.x[i], point.y - this.y[i]);
      if (far <= Math.max(this.r[i] + 2, L.Browser.mobile ? 12 : 4) && far < best) {
        best = far;
        this.hit = i;
      }
    }
    return best < Infinity;
  },
});

function makeLayers(app) {
  const { data, map, renderer, facility, county } = app;
  const given = data.layers;
  const box = document.getElementById("layers");
  box.hidden = false;
  document.head.append(el("style", {}, LAYER_STYLE));
  if (given.absent) {
    box.append(el("p", { class: "quiet" }, given.absent));
    return { onCounty() {}, onFacility() {}, onClose() {}, keys: () => [], state: () => "", restore() {} };
  }

  const narrow = () => window.matchMedia("(max-width: 760px)").matches;
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const quiet = { renderer, interactive: false, smoothFactor: 0.6 };
  const stroke = (options) => ({ ...quiet, fill: false, ...options });
  const minutesTheme = (service) => data.themes.find((theme) => theme.id === `minutes-${service}`) || data.themes.find((theme) => theme.id === "minutes-birth_care");
  const serviceWords = (service) => data.words.service[service === "birth_care_corroborated" ? "birth_care" : service];
  const reasonWords = (reason) => data.words.reason[reason] || "No figure";
  const unitName = (i) => facility("facility_name", i);
  const tip = L.tooltip({ sticky: true, direction: "top", offset: [0, -6], opacity: 1 });
  const hideTip = () => { if (map.hasLayer(tip)) tip.remove(); };
  const claimed = document.getElementById("claimed");

  // In the order in which they lie on each other.
  const allRings = (list) => list.flatMap((polygons) => polygonOf(polygons)).flat();
  const ground = new Map();
  const countyRings = () => {
    if (!ground.has("counties")) ground.set("counties", allRings(data.geometry));
    return ground.get("counties");
  };
  const far = L.polygon([], { ...quiet, stroke: false, fillColor: FAR_PAPER, fillOpacity: 1 }).addTo(map);
  const bands = given.isochrones.map((band, k) => {
    const entry = minutesTheme("birth_care").classes.find((row) => row.to === band.minutes);
    band.colour = entry ? entry.colours[0] : ["#c7e9b4", "#41b6c4", "#1d91c0"][k % 3];
    return L.polygon([], { ...quiet, stroke: false, fillColor: band.colour, fillOpacity: 1 }).addTo(map);
  });
  const borders = L.polygon([], stroke({ color: "#5f6b73", weight: 0.5, opacity: 0.8 })).addTo(map);
  const limits = given.isochrones.map((band) => L.polygon([], stroke({ color: "#1c2226", weight: 1.6, dashArray: REACH_DASH[band.minutes] || null })).addTo(map));
  const catchCasing = L.polygon([], stroke({ color: "#ffffff", weight: 4, opacity: 0.85 })).addTo(map);
  const catchLines = L.polygon([], stroke({ color: "#7a1fa2", weight: 1.5 })).addTo(map);
  const catchMine = L.polygon([], { ...quiet, color: "#7a1fa2", weight: 3, fillColor: "#7a1fa2", fillOpacity: 0.14 }).addTo(map);
  const chosen = L.polygon([], stroke({ color: "#d6006d", weight: 3 })).addTo(map);

  // Block groups.
  const points = readPoints(given.points);
  const cloud = points ? new DotCloud(points, { renderer, interactive: true }).addTo(map) : null;
  // Birth care's line is the narrowest and lies on top: where roads are shared, those of the higher levels show beside it.
  const wayLines = (weight, colour) => [2, 1, 0].map((k) => L.polyline([], stroke({ color: colour(k), weight: weight(k), opacity: 0.95 })).addTo(map)).reverse();
  const wayCasings = wayLines((k) => 7 + 2 * k, () => "#ffffff");
  const ways = wayLines((k) => 3 + 2 * k, (k) => WAY_COLOURS[k]);
  const start = new Mark([0, 0], { renderer, interactive: false, shape: "circle", radius: 6, rim: true, fill: true, fillColor: "#ffffff", fillOpacity: 1, opacity: 1, color: "#d6006d", weight: 3 });

  function readPoints(packed) {
    if (!packed.count) return null;
    const steps = packed.steps;
    const lat = new Float64Array(packed.count);
    const lon = new Float64Array(packed.count);
    const at = { x: 0, y: 0 };
    for (let i = 0; i < packed.count; i++) {
      lon[i] = (at.x += steps[2 * i]) / 1e4;
      lat[i] = (at.y += steps[2 * i + 1]) / 1e4;
    }
    const services = {};
    for (const [service, columns] of Object.entries(packed.services)) {
      services[service] = columns.same ? services[columns.same] : { minutes: columns.minutes, unit: totals(columns.unit) };
    }
    const radius = Float32Array.from(packed.women, (women) => Math.min(7, 1.6 + Math.sqrt(women || 0) / 9));
    return { count: packed.count, lat, lon, radius, women: packed.women, county: totals(packed.county), services };
  }

  const chosenService = () => {
    const service = choice ? choice.value : "birth_care";
    return service === "birth_care" && app.bound() ? "birth_care_corroborated" : service;
  };
  // Minutes of a block group: the number, or why there is none.
  const minutesOf = (service, i) => {
    const value = points.services[service].minutes[i];
    return value >= 0 ? { minutes: value / 100, reason: "covered" } : { minutes: null, reason: given.reasons[-value] };
  };

  let pointsKey = null;

  function showPoints() {
    const key = document.getElementById("layer-points-key");
    if (!points || !boxes.points.checked) {
      cloud?.hide();
      key?.replaceChildren();
      hideTip();
      return;
    }
    const service = chosenService();
    const classes = minutesTheme(choice.value).classes;
    const lost = given.reasons.slice(1);
    const tally = new Array(classes.length + lost.length).fill(0);
    const women = tally.slice();
    const rows = new Uint8Array(points.count);
    for (let i = 0; i < points.count; i++) {
      const { minutes, reason } = minutesOf(service, i);
      rows[i] = minutes === null ? classes.length + Math.max(0, lost.indexOf(reason)) : classes.findIndex((entry) => entry.to === null || minutes <= entry.to);
      tally[rows[i]] += 1;
      women[rows[i]] += points.women[i] || 0;
    }
    const styles = [
      ...classes.map((entry) => ({ shape: "circle", fill: entry.colours[0], ink: "#1c222699", weight: 0.7 })),
      ...lost.map((reason) => ({ shape: LOST_SHAPE[reason] || "circle", fill: "#ffffff", ink: LOST_INK, weight: 1.4 })),
    ];
    cloud.show(rows, styles);
    const all = women.reduce((sum, x) => sum + x, 0);
    pointsKey = () => legendOf([...classes.map((entry) => entry.label), ...lost.map(reasonWords)], styles.map(dotSwatch),
      ["Block groups", "Women"], tally.map((n, k) => [n.toLocaleString("en-US"), all > 0 ? format.share(women[k] / all) : ""]), (k) => tally[k] > 0);
    key.replaceChildren(pointsKey());
  }

  function legendOf(labels, swatches, heads, cells, kept) {
    const body = el("tbody");
    labels.forEach((label, k) => {
      if (kept(k)) body.append(el("tr", {}, el("td", { class: "swatch" }, swatches[k]), el("th", { scope: "row" }, label), ...cells[k].map((cell) => el("td", { class: "n" }, cell))));
    });
    return el("table", {}, heads.length ? el("thead", {}, el("tr", {}, el("td"), el("td"), ...heads.map((head) => el("th", { class: "n", scope: "col" }, head)))) : null, body);
  }

  function paint(width, height, draw) {
    const canvas = el("canvas", { width: 2 * width, height: 2 * height, "aria-hidden": "true" });
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const c = canvas.getContext("2d");
    c.scale(2, 2);
    draw(c);
    return canvas;
  }

  function dotSwatch(style) {
    return paint(26, 15, (c) => {
      c.beginPath();
      SHAPES[style.shape](c, 13, 7.5, 5);
      c.fillStyle = style.fill;
      c.fill();
      c.strokeStyle = style.ink;
      c.lineWidth = style.weight;
      c.stroke();
    });
  }

  const groundSwatch = (colour, dash, drawn = true) => paint(26, 15, (c) => {
    c.fillStyle = colour;
    c.fillRect(0, 0, 26, 15);
    if (!drawn) return;
    c.strokeStyle = "#1c2226";
    c.lineWidth = 1.6;
    c.setLineDash(dash ? dash.split(" ").map(Number) : []);
    c.strokeRect(1, 1, 24, 13);
  });

  if (cloud) {
    cloud.on("mousemove mouseover", (event) => {
      const i = cloud.hit;
      const { minutes, reason } = minutesOf(chosenService(), i);
      const unit = points.services[chosenService()].unit[i];
      const head = `${points.women[i] === null ? "Unknown number of" : format.whole(points.women[i])} women 15-44`;
      tip.setContent(el("div", {}, el("b", {}, head), minutes === null ? reasonWords(reason) : `${format.minutes(minutes)} min${unit < 0 ? "" : ` to ${unitName(unit)}`}`));
      tip.setLatLng(event.latlng);
      if (!map.hasLayer(tip)) tip.addTo(map);
    });
    cloud.on("mouseout", hideTip);
    cloud.on("click", (event) => {
      L.DomEvent.stop(event);
      if (points.county[cloud.hit] >= 0) app.openCounty(points.county[cloud.hit]);
    });
    claimed.addEventListener("change", showPoints);
  }

  // Ground within reach: each band is its outline with that of the band before cut out of it.
  function showReach() {
    const on = boxes.reach.checked;
    const rings = given.isochrones.map((band) => {
      if (on && !ground.has(band)) ground.set(band, allRings([band.polygons]));
      return on ? ground.get(band) : [];
    });
    const opacity = document.getElementById("basemap").checked ? 0.6 : 1;
    rings.forEach((ring, k) => {
      bands[k].setStyle({ fillOpacity: opacity }).setLatLngs(k ? [...ring, ...rings[k - 1]] : ring);
      limits[k].setLatLngs(ring);
    });
    far.setStyle({ fillOpacity: opacity }).setLatLngs(on ? [...countyRings(), ...rings[rings.length - 1]] : []);
    borders.setLatLngs(on ? countyRings() : []);
    outline();
    document.getElementById("layer-reach-key").replaceChildren(...(on ? [reachKey()] : []));
  }

  function reachKey() {
    const minutes = given.isochrones.map((band) => band.minutes);
    const labels = [...minutes.map((limit, k) => (k ? `over ${minutes[k - 1]} to ${limit} minutes` : `${limit} minutes or less`)), `Farther than ${minutes[minutes.length - 1]} minutes, or no road near`];
    const swatches = [...given.isochrones.map((band) => groundSwatch(band.colour, REACH_DASH[band.minutes])), groundSwatch(FAR_PAPER, null)];
    return legendOf(labels, swatches, [], labels.map(() => []), () => true);
  }

  // The county's outline again, where ground within reach covers the one below.
  function outline() {
    chosen.setLatLngs(openedCounty !== null && boxes.reach.checked ? polygonOf(data.geometry[openedCounty]) : []);
  }

  // Catchments.
  const here = el("div", { id: "nearest-here", hidden: true, "aria-hidden": "true" });
  document.getElementById("stage").append(here);
  let mine = -1;

  function catchmentRings() {
    if (!ground.has("catchments")) {
      ground.set("catchments", given.catchments.map((one) => {
        const rings = polygonOf(one.polygons).flat();
        return { rings, bounds: L.latLngBounds(rings.flat()) };
      }));
    }
    return ground.get("catchments");
  }

  function showCatchments() {
    const on = boxes.catchments.checked;
    const rings = on ? catchmentRings().flatMap((one) => one.rings) : [];
    catchCasing.setLatLngs(rings);
    catchLines.setLatLngs(rings);
    highlight(-1);
  }

  function highlight(k) {
    if (k === mine) return;
    mine = k;
    catchMine.setLatLngs(k < 0 ? [] : catchmentRings()[k].rings);
    here.hidden = k < 0;
    if (k >= 0) here.textContent = `Nearest birth care by road: ${given.catchments[k].name}`;
  }

  // Whether a place lies within rings, holes and all: a ray to the east crosses them an odd number of times.
  function within(rings, { lat, lng }) {
    let inside = false;
    for (const ring of rings) {
      for (let k = 0, before = ring.length - 1; k < ring.length; before = k++) {
        const [y0, x0] = ring[before];
        const [y1, x1] = ring[k];
        if ((y0 > lat) !== (y1 > lat) && lng < x0 + ((x1 - x0) * (lat - y0)) / (y1 - y0)) inside = !inside;
      }
    }
    return inside;
  }

  map.on("mousemove", ({ latlng }) => {
    if (boxes.catchments.checked) highlight(catchmentRings().findIndex((one) => one.bounds.contains(latlng) && within(one.rings, latlng)));
  });
  map.on("mouseout", () => { if (boxes.catchments.checked) highlight(-1); });

  // The road from an open county.
  const typicalOf = new Map(given.typical.map((point) => [point.county, point]));
  let openedCounty = null;
  let labels = [];

  function drivesOf(point) {
    const has = (service) => point.drives.some((drive) => drive.service === service);
    const skip = app.bound() && has("birth_care_corroborated") ? "birth_care" : "birth_care_corroborated";
    return point.drives.filter((drive) => drive.service !== skip);
  }

  function clearRoad() {
    for (const layer of [...wayCasings, ...ways]) layer.setLatLngs([]);
    labels.forEach((label) => label.tip?.remove());
    labels = [];
    start.remove();
  }

  // One line a unit: services that lead to the same one share it.
  function drawRoad(point) {
    clearRoad();
    if (!point || !point.at || !boxes.road.checked) return;
    const lines = new Map();
    for (const drive of drivesOf(point)) {
      if (!drive.steps) continue;
      const key = drive.unit < 0 ? drive.service : drive.unit;
      if (!lines.has(key)) lines.set(key, { drive, words: [] });
      lines.get(key).words.push(SHORT_WORDS[drive.service]);
    }
    [...lines.values()].forEach(({ drive, words }, k) => {
      const line = unroll(drive.steps, { x: 0, y: 0 });
      wayCasings[k].setLatLngs(line);
      ways[k].setStyle({ dashArray: drive.schematic ? SCHEMATIC : null }).setLatLngs(line);
      const said = `${words.join(" and ")}: ${format.minutes(drive.minutes)} min`;
      labels.push({ at: L.latLng(line[line.length - 1]), words: said[0].toUpperCase() + said.slice(1), dash: drive.schematic ? SCHEMATIC : null, tip: null });
    });
    placeLabels();
    start.setLatLng(point.at).addTo(map);
  }

  // Each label beside the end of its line, toward the middle of the ground that the panel leaves free; one above another
  // where ends lie close together.
  function placeLabels() {
    const free = map.getSize().x - (narrow() || app.content().hidden ? 0 : 400);
    const taken = [];
    for (const label of labels) {
      const end = map.latLngToContainerPoint(label.at);
      const direction = end.x > free / 2 ? "left" : "right";
      let lift = 0;
      while (taken.some(([x, y]) => Math.abs(x - end.x) < 160 && Math.abs(y - (end.y + lift)) < 20)) lift += 21;
      taken.push([end.x, end.y + lift]);
      label.tip ??= L.tooltip({ permanent: true, className: "way", opacity: 1 }).setContent(el("span", {}, label.words)).setLatLng(label.at).addTo(map);
      Object.assign(label.tip.options, { direction, offset: L.point(direction === "left" ? -8 : 8, lift) });
      label.tip.update();
    }
  }
  map.on("moveend", () => { if (labels.length) placeLabels(); });

  function wholeWay(point) {
    const bounds = L.latLngBounds([point.at]);
    for (const line of ways) if (!line.isEmpty()) bounds.extend(line.getBounds());
    const covered = narrow() ? [20, Math.round(map.getSize().y * 0.62)] : [430, 30];
    map.fitBounds(bounds, { paddingTopLeft: [40, 40], paddingBottomRight: covered, maxZoom: 11, animate: !still });
  }

  const folk = { women_15_44: "women 15-44", people: "people" };

  function driveSection(point) {
    const heading = el("h3", {}, "Drive from the median block group");
    if (!point.at) {
      const why = point.weighed_by === "nobody" ? "Nobody lives here, by the census, so no road is drawn."
        : `No road is drawn: for half or more of the county’s ${folk[point.weighed_by]} there are no minutes to birth care (${lowerFirst(reasonWords(point.reason))}).`;
      return el("div", { class: "drive" }, heading, el("p", {}, why));
    }
    const body = el("tbody");
    for (const drive of drivesOf(point)) {
      const unit = drive.unit;
      body.append(el("tr", { "data-service": drive.service },
        el("th", { scope: "row" }, serviceWords(drive.service), unit < 0 ? null : el("small", {}, el("button", { type: "button", on: { click: () => app.openFacility(unit) } }, unitName(unit)))),
        el("td", { class: "n minutes" }, drive.minutes === null ? "–" : format.minutes(drive.minutes)),
        el("td", {}, drive.minutes === null ? reasonWords(drive.reason) : drive.steps ? WAY_WORDS[given.ways[drive.way]] : "not drawn")));
    }
    const schematic = drivesOf(point).some((drive) => drive.schematic);
    return el("div", { class: "drive" }, heading,
      el("p", {}, `From a block group of ${format.whole(point.weight)} ${folk[point.weighed_by]} that stands for the county: half of its ${folk[point.weighed_by]} live no farther from birth care than this, half at least as far${app.bound() ? " (hospitals that one federal file alone claims counted)" : ""}. Each road ends at the nearest unit.`),
      el("table", { class: "drives" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Nearest"), el("th", { scope: "col", class: "n" }, "Minutes"), el("th", { scope: "col" }, "Way"))), body),
      schematic ? el("p", { class: "quiet" }, "Dashed lines are schematic: along signed highways, straight between waypoints, and straight to the highway. Not a route to drive by.") : null,
      el("button", { type: "button", class: "whole", on: { click: () => wholeWay(point) } }, "Show the whole way"));
  }

  // Below the table of minutes, whose answer it draws; at the end where there is no such table.
  function putInPanel(section) {
    const panel = app.content();
    let after = panel.querySelector("table.services");
    while (after && !(after.nextElementSibling && after.nextElementSibling.tagName === "H3")) after = after.nextElementSibling;
    if (after) after.after(section);
    else panel.append(section);
  }

  function onCounty(c) {
    openedCounty = c;
    const point = typicalOf.get(c);
    outline();
    drawRoad(point);
    if (point) putInPanel(driveSection(point));
  }

  function onClose() {
    openedCounty = null;
    clearRoad();
    outline();
    if (boxes.catchments.checked) highlight(-1);
  }

  function onFacility(i) {
    onClose();
    if (boxes.catchments.checked) highlight(given.catchments.findIndex((one) => one.unit === i));
  }

  // Controls.
  const boxes = {};
  let choice = null;

  function control(name, label, note, show, on = false) {
    const input = el("input", { type: "checkbox", id: `layer-${name}`, checked: on, on: { change: () => { show(); app.remember(); } } });
    boxes[name] = input;
    return el("label", { class: "check" }, input, el("span", {}, label, el("small", {}, note)));
  }

  const choices = ["birth_care", "neonatal_2_plus", "neonatal_3_plus", "neonatal_3_plus_or_nicu", "nicu"];
  choice = el("select", { id: "layer-service", "aria-label": "Minutes of the dots, to the nearest", hidden: true, on: { change: () => { showPoints(); app.remember(); } } },
    ...choices.map((service) => el("option", { value: service }, serviceWords(service))));
  const showPointsAndChoice = () => { choice.hidden = !boxes.points.checked; showPoints(); };
  box.append(
    points
      ? el("div", {}, control("points", `Where women live: ${points.count.toLocaleString("en-US")} block groups`, "Dots sized by women 15-44, coloured by minutes to the nearest.", showPointsAndChoice),
        choice, el("div", { id: "layer-points-key" }))
      : el("p", { class: "quiet" }, "Nobody lives in this region, by the census."),
    given.isochrones.length
      ? el("div", {}, control("reach", `Ground within ${given.isochrones.map((band) => band.minutes).join(", ")} minutes of birth care`, "Covers the counties’ colours. For the eye only: people are counted by the minutes of their own block group, never by these shapes.", showReach),
        el("div", { id: "layer-reach-key" }))
      : el("p", { class: "quiet" }, "No ground of this region is within reach of birth care by road."),
    given.catchments.length
      ? control("catchments", "Which birth hospital is nearest by road", "Purple lines part the ground; point at it for the unit’s name. Of units side by side one has the ground. Nearest is not where women go.", showCatchments)
      : null,
    control("road", "Road from an open county", "From its median block group to the nearest units. Dashed where schematic.", () => drawRoad(typicalOf.get(openedCounty)), true),
    el("p", { class: "quiet" }, "Ground and nearest hospital count hospitals that one federal file alone claims."),
  );
  boxes.reach ??= { checked: false };
  boxes.catchments ??= { checked: false };
  boxes.points ??= { checked: false };
  document.getElementById("basemap").addEventListener("change", () => { if (boxes.reach.checked) showReach(); });

  const lineSwatch = (colour, dash) => paint(26, 15, (c) => {
    c.strokeStyle = colour;
    c.lineWidth = 2.5;
    c.setLineDash(dash ? dash.split(" ").map(Number) : []);
    c.beginPath();
    c.moveTo(0, 7.5);
    c.lineTo(26, 7.5);
    c.stroke();
  });

  // Paper shows no controls: the key of each layer that is on, under its name.
  function keys() {
    const under = (heading, table) => el("div", { class: "key" }, el("h2", {}, heading), table);
    const lines = (labels, swatches) => legendOf(labels, swatches, [], labels.map(() => []), () => true);
    return [
      boxes.points.checked && under(`Where women live: minutes to the nearest, ${lowerFirst(serviceWords(chosenService()))}`, pointsKey()),
      boxes.reach.checked && under("Ground within reach of birth care, for the eye only", reachKey()),
      boxes.catchments.checked && under("Which birth hospital is nearest by road", lines(["Parts the ground; nearest is not where women go"], [lineSwatch("#7a1fa2")])),
      labels.length > 0 && under("Road from the open county’s median block group", lines(labels.map((label) => label.words + (label.dash ? " (schematic)" : "")), labels.map((label, k) => lineSwatch(WAY_COLOURS[k], label.dash)))),
    ].filter(Boolean);
  }

  // What the address keeps: the layers that are on, and the roads when they are off.
  function state() {
    return [boxes.points.checked && `points-${choice.value}`, boxes.reach.checked && "reach", boxes.catchments.checked && "catchments", !boxes.road.checked && "noroad"].filter(Boolean).join(".");
  }

  function restore(text) {
    const words = String(text || "").split(".");
    const service = choices.find((name) => words.includes(`points-${name}`));
    if (service) choice.value = service;
    const wanted = { points: Boolean(service), reach: words.includes("reach"), catchments: words.includes("catchments"), road: !words.includes("noroad") };
    for (const [name, on] of Object.entries(wanted)) {
      const input = document.getElementById(`layer-${name}`);
      if (!input || input.checked === on) continue;
      input.checked = on;
      input.dispatchEvent(new Event("change"));
    }
    if (service) showPointsAndChoice();
  }

  return { onCounty, onFacility, onClose, keys, state, restore };
}

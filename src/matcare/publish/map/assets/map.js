// The map: counties on one canvas, drawn once and restyled by theme; state lines, facilities, and what connects them to the page.

window.matcareMap = function matcareMap(map) {
  const data = JSON.parse(document.getElementById("matcare-data").textContent);
  const county = readColumns(data.counties);
  const facility = readColumns(data.facilities);
  const themeById = new Map(data.themes.map((theme) => [theme.id, theme]));
  const renderer = L.canvas({ padding: 0.3 });
  const shownZoom = () => map.printedZoom ?? map.getZoom();
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const narrow = () => window.matchMedia("(max-width: 760px)").matches;
  const claimedBox = document.getElementById("claimed");
  const shapes = new Array(data.count);
  let theme = themeById.get(data.first);
  let address = null;
  let restoring = false;
  let countyAt = null;
  let facilityAt = null;

  map.attributionControl.setPrefix('<a href="https://leafletjs.com">Leaflet</a>');
  L.control.zoom({ position: "topleft" }).addTo(map);
  L.control.scale({ position: "bottomleft" }).addTo(map);
  map.options.minZoom = 2;
  map.options.maxZoom = 15;

  const app = {
    data, county, facility, map, renderer, el,
    // Where a layer may add to what the panel says, and whom it tells that the address must keep something new.
    content: () => document.getElementById("panel"),
    remember: () => address?.remember(),
    restoring: () => restoring,
    hasTheme: (id) => themeById.has(id),
    countyOf: (fips) => (fips ? (countyAt ??= indexOf(county, "county_fips", data.count)).get(fips) ?? -1 : -1),
    facilityOf: (id) => (id ? (facilityAt ??= indexOf(facility, "facility_id", data.facility_count)).get(id) ?? -1 : -1),
    bound: () => !claimedBox.checked,
    theme: () => theme,
    isBirthCare: (i) => Boolean(data.groups[data.facilities.group[i]].birth) && data.groups[data.facilities.group[i]].id !== "birth_center" && app.listed(i),
    // A unit stands in the panel unless the switch leaves it out.
    listed: (i) => !(app.bound() && data.facilities.claimed[i]),
    middle: (c) => (shapes[c] ? app.centre(c) : null),
    centre: (c) => { const middle = shapes[c].getBounds().getCenter(); return [middle.lat, middle.lng]; },
  };

  // Counties, state lines, outlines of the county under the pointer and of the one chosen; facilities come on top.
  const borders = () => (shownZoom() < 5 ? 0.25 : shownZoom() < 7 ? 0.5 : 0.9);
  for (let c = 0; c < data.count; c++) {
    const rings = polygonOf(data.geometry[c]);
    if (!rings.length) continue;
    shapes[c] = L.polygon(rings, { renderer, color: "#5f6b73", weight: 0.25, opacity: 0.7, fillOpacity: 1, fillColor: "#fff", smoothFactor: 0.6 });
    shapes[c].county = c;
  }
  const drawn = L.featureGroup(shapes.filter(Boolean)).addTo(map);
  const stateLines = L.polyline(data.lines.map((steps) => unroll(steps, { x: 0, y: 0 })), { renderer, color: "#2b3338", weight: 0.9, opacity: 0.85, interactive: false, smoothFactor: 0.6 }).addTo(map);
  const hovered = L.polygon([], { renderer, color: "#111", weight: 1.6, fill: false, interactive: false }).addTo(map);
  const selected = L.polygon([], { renderer, color: "#d6006d", weight: 3, fill: false, interactive: false }).addTo(map);

  function place(c) {
    return `${county("county_name", c)}, ${county("state", c)}`;
  }

  const valueWords = (c) => wordsOf(theme, county, app.bound(), c);
  app.valueWords = valueWords;

  const tip = L.tooltip({ sticky: true, direction: "top", offset: [0, -6], opacity: 1 });
  const showTip = (at, head, words) => { tip.setContent(el("div", {}, el("b", {}, head), words)).setLatLng(at); if (!map.hasLayer(tip)) tip.addTo(map); };
  const hideTip = () => { if (map.hasLayer(tip)) tip.remove(); };

  drawn.on("mouseover", (event) => { hovered.setLatLngs(event.layer.getLatLngs()); });
  drawn.on("mousemove", (event) => showTip(event.latlng, place(event.layer.county), valueWords(event.layer.county)));
  drawn.on("mouseout", () => { hovered.setLatLngs([]); hideTip(); });
  drawn.on("click", (event) => { L.DomEvent.stop(event); hideTip(); app.openCounty(event.layer.county); });

  // Themes.
  let classify = makeClassifier(theme, county, false);

  function restyle() {
    classify = makeClassifier(theme, county, app.bound());
    const size = theme.classes.length + theme.missing.length + (theme.overlay || []).length;
    const tally = { counties: new Array(size).fill(0), women: new Array(size).fill(0), filled: new Array(size).fill(0) };
    for (let c = 0; c < data.count; c++) {
      const { row, overlay } = classify(c);
      tally.counties[row] += 1;
      if (isFilled(theme, county, c)) tally.filled[row] += 1;
      tally.women[row] += county("women_15_44", c) || 0;
      if (overlay) tally.counties[theme.classes.length + theme.missing.length + theme.overlay.indexOf(overlay)] += 1;
      if (!shapes[c]) continue;
      const entry = row < theme.classes.length ? theme.classes[row] : theme.missing[row - theme.classes.length];
      shapes[c].options.fillColor = row < theme.classes.length ? fillOf(entry.colours, overlay ? overlay.pattern : entry.pattern) : fillOf([], entry.pattern);
    }
    drawn.setStyle({ weight: borders() });
    document.getElementById("bound").classList.toggle("idle", !theme.bound);
    drawLegend(app, theme, tally);
  }

  app.setTheme = (id) => {
    if (!themeById.has(id)) return;
    theme = themeById.get(id);
    restyle();
    app.remember();
  };

  // Isochrones, catchments, roads: between the counties and the facilities.
  const layers = data.layers ? makeLayers(app) : null;
  app.layers = layers;

  // Facilities: one layer group a kind, so that each can be shown and hidden.
  const marks = data.groups.map(() => L.featureGroup());
  const tallies = data.groups.map(() => 0);
  const tallyWords = (code) => marks[code].getLayers().length.toLocaleString("en-US");
  const scale = () => Math.min(1.25, Math.max(0.42, 0.42 + (shownZoom() - 4) * 0.2));
  const every = [];

  for (let i = 0; i < data.facility_count; i++) {
    const code = data.facilities.group[i];
    const group = data.groups[code];
    tallies[code] += 1;
    const mark = new Mark([facility("lat", i), facility("lon", i)], {
      renderer, shape: group.shape, rim: group.always, radius: group.radius, fillOpacity: 1, opacity: 1, ...symbolStyle(group, data.facilities.claimed[i]),
    });
    mark.facility = i;
    mark.full = group.radius;
    every.push(mark);
  }

  function fillGroups() {
    marks.forEach((layer) => layer.clearLayers());
    for (const mark of every) {
      mark.options.radius = mark._radius = mark.full * scale();
      if (app.listed(mark.facility)) marks[data.facilities.group[mark.facility]].addLayer(mark);
    }
    document.querySelectorAll("#groups .n").forEach((cell) => { cell.textContent = tallyWords(Number(cell.dataset.code)); });
  }

  function resize() {
    for (const mark of every) if (mark._map) mark.setRadius(mark.full * scale());
      else mark.options.radius = mark._radius = mark.full * scale();
  }

  for (const layer of marks) {
    layer.on("mousemove mouseover", (event) => showTip(event.latlng, facility("facility_name", event.layer.facility), data.groups[data.facilities.group[event.layer.facility]].label));
    layer.on("mouseout", hideTip);
    layer.on("click", (event) => { L.DomEvent.stop(event); hideTip(); app.openFacility(event.layer.facility); });
  }

  // Small and many first, large and few last, so that a level IV unit is never under a small dot.
  const order = data.groups.map((_, code) => code).sort((a, b) => data.groups[a].radius - data.groups[b].radius);

  // On the view of a whole country thousands of symbols would hide the counties: they come with the scale of a state, unless asked for.
  const national = data.count > 1000;
  const everywhere = document.getElementById("everywhere");
  const near = () => !national || everywhere.checked || shownZoom() >= 6;

  // Taken off and put on again, so that they lie above what was drawn since.
  app.facilitiesOnTop = () => { marks.forEach((layer) => layer.remove()); showGroups(); };

  function showGroups() {
    const on = (code) => (near() || data.groups[code].always) && document.getElementById(`group-${code}`)?.checked;
    if (order.every((code) => map.hasLayer(marks[code]) === Boolean(on(code)))) return;
    marks.forEach((layer) => layer.remove());
    for (const code of order) if (on(code)) marks[code].addTo(map);
  }

  // Where women live to whom the change matters most: dots under the facilities, sized by women.
  const dots = L.featureGroup();
  const points = data.points && data.points.lat.length ? data.points : null;
  const dotGroup = { shape: "circle", radius: 4, fill: "#ffffff" };

  function makeDots() {
    for (let k = 0; points && k < points.lat.length; k++) {
      const radius = Math.min(7, 1.6 + Math.sqrt(points.women[k] || 0) / 8);
      const dot = new Mark([points.lat[k], points.lon[k]], { renderer, shape: "circle", radius, fillOpacity: 0.9, opacity: 1, ...symbolStyle(dotGroup, false) });
      dot.point = k;
      dots.addLayer(dot);
    }
    const minutes = (x) => (x === null ? "no route in range" : `${format.minutes(x)} min`);
    dots.on("mousemove mouseover click", ({ layer, latlng }) => showTip(latlng, `${format.whole(points.women[layer.point])} women 15-44`,
      `${minutes(points.minutes_before[layer.point])} before, ${minutes(points.minutes_after[layer.point])} after`));
    dots.on("mouseout", hideTip);
    if (points) dots.addTo(map);
  }

  // Facilities come off and on again, so that they stay above the dots.
  function showDots(on) {
    if (on) dots.addTo(map);
    else dots.remove();
    app.facilitiesOnTop();
  }

  function dotsRow() {
    return points && el("label", {}, el("input", { type: "checkbox", id: "dots", checked: true, on: { change: (event) => showDots(event.target.checked) } }),
      symbol(dotGroup), el("span", {}, points.label), el("span", { class: "n" }, points.lat.length.toLocaleString("en-US")));
  }

  function listGroups() {
    document.getElementById("groups").replaceChildren(...[...data.groups.map((group, code) => !tallies[code] ? null : el("label", {},
      el("input", { type: "checkbox", id: `group-${code}`, checked: !group.off, on: { change: () => { showGroups(); app.remember(); } } }), symbol(group),
      el("span", {}, group.label), el("span", { class: "n", "data-code": String(code) }, tallyWords(code)))), dotsRow()].filter(Boolean));
    const places = document.getElementById("places");
    places.open = !national;
    document.getElementById("everywhere-label").hidden = !national || data.groups.every((group, code) => group.always || !tallies[code]);
    everywhere.addEventListener("change", () => { showGroups(); app.remember(); });
    places.hidden = !data.facility_count && !points;
  }

  // Selecting.
  const panel = makePanel(app);

  app.closed = () => { layers?.onClose(); app.remember(); };
  app.select = (c) => { selected.setLatLngs(c === null || !shapes[c] ? [] : shapes[c].getLatLngs()); };

  const covered = () => (narrow() ? { paddingBottomRight: [0, Math.round(map.getSize().y * 0.62)] } : { paddingBottomRight: [410, 0] });

  // How the view follows what is opened: "nudge" until it is in sight, "zoom" to it, "stay".
  app.openCounty = (c, move = "nudge") => {
    panel.openCounty(c);
    layers?.onCounty(c);
    app.select(c);
    app.remember();
    if (!shapes[c] || move === "stay") return;
    const view = { ...covered(), animate: !still };
    if (move === "zoom") map.fitBounds(shapes[c].getBounds().pad(0.6), { ...view, maxZoom: 9 });
    else map.panInside(shapes[c].getBounds().getCenter(), { ...view, paddingTopLeft: [20, 20] });
  };

  app.openFacility = (i, move = "nudge") => {
    panel.openFacility(i);
    layers?.onFacility(i);
    app.select(null);
    const at = L.latLng(facility("lat", i), facility("lon", i));
    const box = document.getElementById(`group-${data.facilities.group[i]}`);
    if (box && !box.checked) { box.checked = true; showGroups(); }
    app.remember();
    if (move === "stay") return;
    if (move === "zoom") map.fitBounds(at.toBounds(60000), { ...covered(), maxZoom: 10, animate: !still });
    else map.panInside(at, { ...covered(), paddingTopLeft: [20, 20], animate: !still });
  };

  // Views, basemap, drawer.
  const fit = ([west, south, east, north], animate = true) => map.fitBounds([[south, west], [north, east]], { padding: [8, 8], animate: animate && !still });
  const jumps = Object.entries(data.jumps);
  const nav = document.getElementById("jumps");
  nav.hidden = !jumps.length;
  nav.append(...jumps.map(([name, view]) => el("button", { type: "button", on: { click: () => fit(view) } }, name)));

  let basemap = null;
  document.getElementById("basemap").addEventListener("change", (event) => {
    if (!basemap) {
      basemap = L.tileLayer("https://basemap.nationalmap.gov/arcgis/rest/services/USGSTopo/MapServer/tile/{z}/{y}/{x}", { maxZoom: 15, attribution: "Basemap: USGS The National Map" });
    }
    if (event.target.checked) basemap.addTo(map);
    else basemap.remove();
    drawn.setStyle({ fillOpacity: event.target.checked ? 0.6 : 1 });
  });

  const side = document.getElementById("side");
  const drawer = document.getElementById("drawer");
  drawer.addEventListener("click", () => {
    drawer.setAttribute("aria-expanded", String(side.classList.toggle("open")));
    map.invalidateSize();
  });
  document.getElementById("foot-about")?.addEventListener("click", () => {
    const about = document.getElementById("about");
    about.open = true;
    if (narrow() && !side.classList.contains("open")) drawer.click();
    about.scrollIntoView({ block: "start" });
    about.querySelector("summary").focus({ preventScroll: true });
  });
  claimedBox.addEventListener("change", () => {
    fillGroups();
    restyle();
    app.remember();
    const open = app.countyOf(document.getElementById("panel").dataset.county);
    if (panel.isOpen() && open >= 0) app.openCounty(open, "stay");
  });
  new ResizeObserver(() => map.invalidateSize()).observe(document.getElementById("stage"));

  fit(jumps.length ? jumps[0][1] : data.bounds, false);
  makeDots();
  fillGroups();
  listGroups();
  const list = makeThemeList(app, theme);
  app.choose = (id) => { if (themeById.has(id)) list.choose(themeById.get(id)); };
  restyle();
  makeSearch(app);
  const follow = () => {
    drawn.setStyle({ weight: borders() });
    stateLines.setStyle({ weight: map.getZoom() < 6 ? 0.9 : 1.6 });
    resize();
    showGroups();
  };
  map.on("zoomend", follow);
  follow();
  makeTable(app);
  makePrint(app, follow);
  document.getElementById("skip").addEventListener("click", (event) => { event.preventDefault(); document.getElementById("query").focus(); });

  // What the address keeps beside theme and view, and how it is put back.
  const usual = () => data.groups.filter((group) => !group.off).map((group) => group.id).join();
  const ticked = () => data.groups.filter((_, code) => document.getElementById(`group-${code}`)?.checked ?? !data.groups[code].off).map((group) => group.id).join();
  const open = () => document.getElementById("panel").dataset;

  app.standing = () => ({
    county: open().county, facility: open().facility,
    claimed: claimedBox.checked ? null : "no",
    everywhere: national && everywhere.checked ? "yes" : null,
    units: ticked() === usual() ? null : ticked() || "none",
    layers: layers ? layers.state() : null,
  });

  app.restore = (wanted) => {
    restoring = true;
    if (claimedBox.checked !== (wanted.claimed ?? true)) claimedBox.click();
    everywhere.checked = Boolean(wanted.everywhere);
    const units = wanted.units || usual().split(",");
    data.groups.forEach((group, code) => { const box = document.getElementById(`group-${code}`); if (box) box.checked = units.includes(group.id); });
    app.choose(wanted.theme || data.first);
    if (wanted.view) map.setView([wanted.view[0], wanted.view[1]], Math.min(map.getMaxZoom(), Math.max(map.getMinZoom(), wanted.view[2])), { animate: false });
    showGroups();
    const move = wanted.view ? "stay" : "zoom";
    if (wanted.county !== undefined) app.openCounty(wanted.county, move);
    else if (wanted.facility !== undefined) app.openFacility(wanted.facility, move);
    else panel.close();
    layers?.restore(wanted.layers || "");
    restoring = false;
  };

  address = makeAddress(app);
  address.restore();
  map.on("moveend", app.remember);

  window.matcare = app;
  requestAnimationFrame(() => requestAnimationFrame(() => { app.readyAfterMs = performance.now(); document.documentElement.dataset.ready = "yes"; }));
};

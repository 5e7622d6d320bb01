// The address keeps the view: what follows # says theme, centre and zoom, what is open, which units are shown.

// Read "theme=minutes-nicu&view=47.5,-100.3,6.2&county=38105"; what is no such thing is left out.
function readAddress(text, app) {
  const given = new URLSearchParams(text.replace(/^#/, ""));
  const wanted = {};
  if (app.hasTheme(given.get("theme"))) wanted.theme = given.get("theme");
  const view = (given.get("view") || "").split(",").map((part) => (part.trim() === "" ? NaN : Number(part)));
  if (view.length === 3 && view.every(Number.isFinite) && Math.abs(view[0]) <= 90 && Math.abs(view[1]) <= 360 && view[2] >= 0 && view[2] <= 20) wanted.view = view;
  const c = app.countyOf(given.get("county"));
  const i = app.facilityOf(given.get("facility"));
  if (c >= 0) wanted.county = c;
  else if (i >= 0) wanted.facility = i;
  if (given.get("claimed") === "no") wanted.claimed = false;
  if (given.get("everywhere") === "yes") wanted.everywhere = true;
  if (given.has("units")) {
    const ids = given.get("units").split(",");
    if (ids.every((id) => id === "none" || app.data.groups.some((group) => group.id === id))) wanted.units = ids;
  }
  if (app.layers && given.has("layers")) wanted.layers = given.get("layers");
  return wanted;
}

// Colons, commas and slashes may stand as they are, so that the address stays readable.
const inAddress = (value) => encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%2F/g, "/");

function makeAddress(app) {
  const { map } = app;
  let timer = 0;
  let restoring = false;
  let written = location.hash;

  function say() {
    const centre = map.getCenter();
    const parts = { theme: app.theme().id, view: `${centre.lat.toFixed(3)},${centre.lng.toFixed(3)},${Number(map.getZoom().toFixed(1))}`, ...app.standing() };
    return `#${Object.entries(parts).filter(([, value]) => value !== null && value !== undefined && value !== "").map(([key, value]) => `${key}=${inAddress(value)}`).join("&")}`;
  }

  function write() {
    written = say();
    try {
      history.replaceState(history.state, "", written);
    } catch {
      // A page inside another one's frame may have no address of its own; the map works without.
    }
  }

  // A drag or a zoom tells of itself many times; the address is written once it rests.
  function remember() {
    if (restoring) return;
    clearTimeout(timer);
    timer = setTimeout(write, 150);
  }

  function restore() {
    const wanted = readAddress(location.hash, app);
    if (!Object.keys(wanted).length) return;
    restoring = true;
    app.restore(wanted);
    restoring = false;
    remember();
  }

  window.addEventListener("hashchange", () => { if (location.hash !== written) restore(); });
  return { remember, restore };
}

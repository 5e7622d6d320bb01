// Print: the map is drawn anew at the size it has on paper, twice as finely, and as it was when printing is done.

const PAPER_MAP = { width: "690px", height: "470px" };

function makePrint(app, follow) {
  const { map } = app;
  const box = map.getContainer();
  const coarse = L.Browser.retina;
  const keys = document.getElementById("paper-keys");
  let before = null;

  // Where the view holds a whole part of the map, paper holds that part and not the water around it.
  function shownPart() {
    const view = map.getBounds();
    const parts = [...Object.values(app.data.jumps), app.data.bounds].map(([west, south, east, north]) => L.latLngBounds([south, west], [north, east]));
    return parts.find((part) => view.contains(part)) || view;
  }

  function draw(bounds) {
    map.invalidateSize({ animate: false, pan: false });
    map.fitBounds(bounds, { animate: false, padding: [0, 0] });
    follow();
  }

  function ready() {
    if (before) return;
    before = { bounds: shownPart(), centre: map.getCenter(), zoom: map.getZoom() };
    map.printedZoom = before.zoom;
    L.Browser.retina = true;
    Object.assign(box.style, { inset: "auto", ...PAPER_MAP });
    keys.replaceChildren(...(app.layers ? app.layers.keys() : []));
    draw(before.bounds);
  }

  function done() {
    if (!before) return;
    const { centre, zoom } = before;
    before = null;
    L.Browser.retina = coarse;
    Object.assign(box.style, { inset: "", width: "", height: "" });
    map.invalidateSize({ animate: false, pan: false });
    keys.replaceChildren();
    delete map.printedZoom;
    map.setView(centre, zoom, { animate: false });
    follow();
  }

  window.addEventListener("beforeprint", ready);
  window.addEventListener("afterprint", done);
}

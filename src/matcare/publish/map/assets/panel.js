// Panel: the frame that a county's or facility's table stands in, and the lists of units; what it says is the page's own.

const MOST_IN_A_LINE = 28;

function rows(pairs) {
  const body = el("tbody");
  for (const [name, value] of pairs) {
    if (value !== null) body.append(el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: typeof value === "string" && value.length > MOST_IN_A_LINE ? "n long" : "n" }, value)));
  }
  return el("table", {}, body);
}

function makePanelFrame(app) {
  const { data, facility } = app;
  const panel = document.getElementById("panel");
  const groups = data.groups;
  let opener = null;

  function open(heading, ...content) {
    if (panel.hidden) opener = document.activeElement;
    panel.setAttribute("aria-label", heading);
    delete panel.dataset.county;
    delete panel.dataset.facility;
    panel.replaceChildren(
      el("button", { class: "shut", type: "button", "aria-label": "Close", on: { click: close } }, "×"),
      el("h2", {}, heading),
      ...content.flat().filter(Boolean),
    );
    panel.hidden = false;
    panel.scrollTop = 0;
    if (!app.restoring()) panel.focus({ preventScroll: true });
  }

  function close() {
    if (panel.hidden) return;
    panel.hidden = true;
    delete panel.dataset.county;
    delete panel.dataset.facility;
    app.select(null);
    app.closed();
    if (opener && opener.isConnected && opener !== document.body) opener.focus({ preventScroll: true });
  }

  panel.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });

  function unit(i, distance) {
    const group = groups[data.facilities.group[i]];
    return el("li", {}, symbol(group, data.facilities.claimed[i]),
      el("span", {}, el("button", { type: "button", on: { click: () => app.openFacility(i) } }, facility("facility_name", i)),
        el("small", {}, `${group.label}${data.facilities.claimed[i] ? "; claimed by one federal file alone" : ""}`),
        facility("words", i) === null ? null : el("small", {}, facility("words", i))),
      distance === undefined ? null : el("small", {}, `${Math.round(distance / 1.609344)} mi`));
  }

  // Facilities of a kind outside the county, by straight line from its middle; farther than 500 km is no answer.
  function nearest(c, wanted, limit) {
    const from = app.middle(c);
    if (!from) return [];
    const found = [];
    for (let i = 0; i < data.facility_count; i++) {
      if (data.facilities.county[i] === c || !wanted(i)) continue;
      found.push([greatCircleKm(from, [facility("lat", i), facility("lon", i)]), i]);
    }
    return found.filter(([km]) => km <= 500).sort((a, b) => a[0] - b[0]).slice(0, limit);
  }

  const placeOf = (i) => [facility("city", i), facility("state", i)].filter(Boolean).join(", ");

  return { panel, open, close, unit, nearest, placeOf, isOpen: () => !panel.hidden };
}

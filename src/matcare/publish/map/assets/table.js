// The table of the theme: every county in words, for keyboard and screen reader. Only what may be ranked is put in order.

function makeTable(app) {
  const { data, county } = app;
  const dialog = document.getElementById("table");
  const opener = document.getElementById("open-table");
  const byName = new Intl.Collator("en", { sensitivity: "base", numeric: true });
  const states = [...new Set(Array.from({ length: data.count }, (_, c) => county("state", c)))].sort(byName.compare);
  const stateWords = (code) => data.states[code] || code;
  const few = 400;
  let order = { by: "county", falling: false };
  let chosen = null;

  // Which state one looks at: that of the open county, else of the county nearest to the middle of the map.
  function nearestState() {
    const open = app.countyOf(document.getElementById("panel").dataset.county);
    if (open >= 0) return county("state", open);
    const centre = app.map.getCenter();
    let best = [Infinity, states[0]];
    for (let c = 0; c < data.count; c++) {
      const middle = app.middle(c);
      if (!middle) continue;
      const far = (middle[0] - centre.lat) ** 2 + ((middle[1] - centre.lng) * Math.cos((centre.lat * Math.PI) / 180)) ** 2;
      if (far < best[0]) best = [far, county("state", c)];
    }
    return best[1];
  }

  // What a county is put in order by: a number, or null where it has none, or one that must not be ranked.
  function makeRank(theme) {
    const classify = makeClassifier(theme, county, app.bound());
    return (c) => {
      const { row, overlay } = classify(c);
      if (row >= theme.classes.length || (overlay && overlay.ranked === false)) return null;
      return theme.kind === "bins" ? valueOf(theme, county, app.bound(), c) : row;
    };
  }

  function sorted(rows, theme) {
    const name = (a, b) => byName.compare(county("county_name", a), county("county_name", b)) || byName.compare(county("state", a), county("state", b));
    const sign = order.falling ? -1 : 1;
    if (order.by === "county") return rows.sort((a, b) => sign * name(a, b));
    if (order.by === "state") return rows.sort((a, b) => sign * byName.compare(stateWords(county("state", a)), stateWords(county("state", b))) || name(a, b));
    const rank = order.by === "women" ? (c) => county("women_15_44", c) : makeRank(theme);
    const ranks = new Map(rows.map((c) => [c, rank(c)]));
    // Those without a number come last, whichever way the others stand.
    return rows.sort((a, b) => {
      const [x, y] = [ranks.get(a), ranks.get(b)];
      if (x === null || y === null) return (x === null) - (y === null) || name(a, b);
      return sign * (x - y) || name(a, b);
    });
  }

  function head(by, words, sortable, number) {
    const on = order.by === by;
    const turn = () => {
      order = { by, falling: on ? !order.falling : by === "women" };
      fill();
      dialog.querySelector(`[data-sort="${by}"]`).focus();
    };
    return el("th", { scope: "col", class: number ? "n" : "", "aria-sort": on ? (order.falling ? "descending" : "ascending") : sortable ? "none" : null },
      sortable ? el("button", { type: "button", "data-sort": by, on: { click: turn } }, words, el("span", { "aria-hidden": "true" }, on ? (order.falling ? " ▼" : " ▲") : " ↕")) : words);
  }

  function fill() {
    const theme = app.theme();
    const ranked = !theme.unranked;
    if (!ranked && order.by === "value") order = { by: "county", falling: false };
    const all = Array.from({ length: data.count }, (_, c) => c).filter((c) => !chosen || county("state", c) === chosen);
    const rows = sorted(all, theme);
    const words = makeWords(theme, county, app.bound());
    const go = (c) => () => { dialog.close(); app.openCounty(c, "zoom"); };
    const body = el("tbody", {}, rows.map((c) => el("tr", { "data-county": county("county_fips", c) },
      el("th", { scope: "row" }, el("button", { type: "button", on: { click: go(c) } }, county("county_name", c))),
      el("td", {}, county("state", c)), el("td", { class: "value" }, words(c)), el("td", { class: "n" }, format.whole(county("women_15_44", c))))));
    const by = { county: "county", state: "state", value: "value, those without one last", women: "women 15-44" }[order.by];
    const apart = (theme.overlay || []).filter((entry) => entry.ranked === false).map((entry) => lowerFirst(entry.label));
    dialog.querySelector(".rows").replaceChildren(el("table", { class: chosen || states.length === 1 ? "one" : "" },
      el("caption", {}, `${legendTitle(app, theme)}. ${rows.length.toLocaleString("en-US")} ${rows.length === 1 ? "county" : "counties"}${chosen ? ` of ${stateWords(chosen)}` : ""}, by ${by}${order.falling ? ", falling" : ""}.`),
      el("thead", {}, el("tr", {}, head("county", "County", true), head("state", "State", !chosen && states.length > 1), head("value", theme.kind === "bins" ? "Value" : "Class", ranked), head("women", "Women 15-44", true, true))), body));
    dialog.querySelector(".why").replaceChildren(...[
      ranked ? "" : el("p", { class: "warn" }, `In order of names only. ${theme.unranked}`),
      ranked && apart.length ? el("p", { class: "quiet" }, `Never put in order by value, and last for that: ${apart.join("; ")}.`) : "",
      theme.bound && app.bound() ? el("p", { class: "quiet" }, "Without hospitals that one federal file alone claims.") : "",
    ].filter(Boolean));
  }

  function open() {
    chosen = states.length > 1 && data.count > few ? nearestState() : null;
    order = { by: "county", falling: false };
    dialog.replaceChildren(
      el("div", { class: "top" },
        el("h2", { id: "table-title" }, legendTitle(app, app.theme())),
        el("button", { class: "shut", type: "button", "aria-label": "Close the table", on: { click: () => dialog.close() } }, "×")),
      states.length > 1 ? el("label", { class: "pick" }, "State", el("select", { id: "table-state", on: { change: (event) => { chosen = event.target.value || null; fill(); } } },
        el("option", { value: "" }, `All ${data.count.toLocaleString("en-US")} counties`),
        states.map((code) => el("option", { value: code, selected: code === chosen }, stateWords(code))))) : "",
      el("div", { class: "why" }), el("div", { class: "rows", tabindex: "0", role: "region", "aria-label": "Rows of the table" }),
      el("p", { class: "quiet" }, "A county’s name opens its figures. Results are about places, not persons."),
    );
    fill();
    dialog.showModal();
    dialog.querySelector("#table-state, .rows button")?.focus();
  }

  opener.addEventListener("click", open);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  return { open };
}

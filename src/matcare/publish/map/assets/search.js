// Search: counties and facilities by name, without accents, by keyboard (a combobox with a list).

function makeSearch(app) {
  const { data, county, facility } = app;
  const input = document.getElementById("query");
  const list = document.getElementById("found");
  const limit = 12;
  let found = [];
  let at = -1;
  let index = null;

  function build() {
    index = [];
    for (let c = 0; c < data.count; c++) {
      const state = county("state", c);
      const label = `${county("county_name", c)}, ${state}`;
      const text = fold(`${county("county_name", c)} ${state} ${data.states[state] || ""}`);
      index.push({ label, kind: "county", text: ` ${text}`, rank: 0, weight: county("women_15_44", c) || 0, go: () => app.openCounty(c, "zoom") });
    }
    for (let i = 0; i < data.facility_count; i++) {
      const place = [facility("city", i), facility("state", i)].filter(Boolean).join(", ");
      const text = fold(`${facility("facility_name", i)} ${place}`);
      const group = data.groups[data.facilities.group[i]];
      index.push({ label: `${facility("facility_name", i)} · ${place}`, kind: group.label, text: ` ${text}`, rank: 1, weight: 0, go: () => app.openFacility(i, "zoom") });
    }
  }

  function find(query) {
    if (!index) build();
    const folded = fold(query);
    if (!folded) return [];
    const words = folded.split(" ").map((word) => ` ${word}`);
    const hits = index.filter((entry) => words.every((word) => entry.text.includes(word)));
    const start = (entry) => (entry.text.startsWith(` ${folded}`) ? 0 : 1);
    return hits.sort((a, b) => start(a) - start(b) || a.rank - b.rank || b.weight - a.weight || a.label.localeCompare(b.label)).slice(0, limit);
  }

  function show() {
    found = find(input.value);
    at = found.length ? 0 : -1;
    const asked = fold(input.value) !== "";
    list.replaceChildren(...found.map((entry, k) => el("li", { id: `found-${k}`, role: "option", "aria-selected": String(k === at), on: {
      mousedown: (event) => { event.preventDefault(); choose(k); },
    } }, entry.label, el("small", {}, entry.kind))));
    if (asked && !found.length) list.append(el("li", { class: "none", role: "option", "aria-disabled": "true" }, "Nothing found by that name"));
    toggle(asked);
  }

  function toggle(open) {
    list.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (open && at >= 0) input.setAttribute("aria-activedescendant", `found-${at}`);
    else input.removeAttribute("aria-activedescendant");
  }

  function move(step) {
    if (!found.length) return;
    at = (at + step + found.length) % found.length;
    [...list.children].forEach((item, k) => item.setAttribute("aria-selected", String(k === at)));
    list.children[at].scrollIntoView({ block: "nearest" });
    toggle(true);
  }

  function choose(k) {
    const entry = found[k];
    if (!entry) return;
    input.value = entry.label;
    toggle(false);
    entry.go();
  }

  input.addEventListener("input", show);
  input.addEventListener("focus", () => { if (input.value) input.select(); });
  input.addEventListener("blur", () => toggle(false));
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) show();
      else move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      if (list.hidden) show();
      choose(at);
    } else if (event.key === "Escape") {
      toggle(false);
      return;
    } else return;
    event.preventDefault();
  });
}

// The comparison's panel: what changes for this county, before and after side by side, and which unit changes it.

function makePanel(app) {
  const { data, county, facility } = app;
  const { panel, open, close, unit, nearest, placeOf, isOpen } = makePanelFrame(app);
  const sides = ["before", "after", "difference"];
  const sideWords = { before: "Before", after: "After", difference: "Change" };
  const role = (i) => data.groups[data.facilities.group[i]].id;
  const said = new Set(data.facts.map((entry) => entry.column));
  const words = (theme, c) => wordsOf(theme, county, false, c);

  // In the table a number stands alone; what it is, is in the row's name.
  function cell(theme, c) {
    const value = county(theme.column, c);
    return value === null || theme.kind !== "bins" ? words(theme, c) : format[theme.say.format](value);
  }

  function families(c) {
    const sided = [];
    const alone = [];
    for (const { id, label } of data.families) {
      const themes = data.themes.filter((theme) => theme.family === id);
      const side = (name) => themes.find((theme) => theme.segment && theme.segment.value === name);
      if (sides.some(side)) sided.push([label, sides.map(side)]);
      else for (const theme of themes) if (!said.has(theme.column)) alone.push([theme.segment ? `${label}, ${theme.segment.label}` : themes.length > 1 ? theme.label : label, words(theme, c)]);
    }
    return { sided, alone };
  }

  function sideTable(sided, c) {
    if (!sided.length) return null;
    const body = el("tbody", {}, sided.map(([label, themes]) => el("tr", {}, el("th", { scope: "row" }, label),
      themes.map((theme, k) => el("td", { class: "n", "data-side": sides[k] }, theme ? cell(theme, c) : "–")))));
    return el("table", { class: "sides" }, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Mean, or share of women"),
      sides.map((name) => el("th", { scope: "col", class: "n" }, sideWords[name])))), body);
  }

  function fact({ column, label, say }, c) {
    const value = county(column, c);
    return [label, value === null ? "no figure" : typeof value === "number" ? format[say.format](value) + say.after : value];
  }

  // The theme on the map, as an answer: its fill and its words.
  function badge(c) {
    const theme = app.theme();
    const { row, overlay } = makeClassifier(theme, county, false)(c);
    const entry = row < theme.classes.length ? theme.classes[row] : theme.missing[row - theme.classes.length];
    return el("div", { class: "badge" }, swatch(fillOf(entry.colours || [], overlay ? overlay.pattern : entry.pattern), 30, 18), el("span", {}, words(theme, c)));
  }

  function openCounty(c) {
    const { sided, alone } = families(c);
    const units = [];
    for (let i = 0; i < data.facility_count; i++) if (data.facilities.county[i] === c) units.push(i);
    const near = nearest(c, (i) => data.acting.includes(role(i)), 3);
    const takers = nearest(c, (i) => role(i) === "receiving", 3);
    open(`${county("county_name", c)}, ${data.states[county("state", c)] || county("state", c)}`,
      badge(c), el("p", { class: "quiet" }, app.theme().title),
      sided.length ? el("h3", {}, "Before and after") : null, sideTable(sided, c),
      el("h3", {}, "In figures"),
      rows([["Women 15-44", format.whole(county("women_15_44", c))], ...data.facts.map((entry) => fact(entry, c)), ...alone]),
      units.length ? [el("h3", {}, "Units in the county"), el("ul", {}, units.map((i) => unit(i)))] : null,
      near.length ? [el("h3", {}, "Units that change outside the county, straight line"), el("ul", {}, near.map(([km, i]) => unit(i, km)))] : null,
      takers.length ? [el("h3", {}, "Units that take in those affected, straight line"), el("ul", {}, takers.map(([km, i]) => unit(i, km)))] : null,
      el("p", { class: "quiet" }, `County code ${county("county_fips", c)}. A place, not a person: not for choosing where to give birth.`),
    );
    panel.dataset.county = county("county_fips", c);
  }

  function openFacility(i) {
    const group = data.groups[data.facilities.group[i]];
    const c = data.facilities.county[i];
    open(facility("facility_name", i),
      el("div", { class: "badge" }, symbol(group), group.label),
      el("p", {}, placeOf(i)),
      facility("words", i) && el("p", {}, facility("words", i)),
      rows([["Number", facility("facility_id", i)]]),
      c >= 0 && el("p", {}, el("button", { type: "button", on: { click: () => app.openCounty(c) } }, `Open ${county("county_name", c)}`)),
      el("p", { class: "quiet" }, "Not for choosing where to give birth or where an ambulance should go. Services change monthly."),
    );
    panel.dataset.facility = facility("facility_id", i);
  }

  return { openCounty, openFacility, close, isOpen };
}

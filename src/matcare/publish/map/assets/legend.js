// Themes and legend: one list chooses, one legend follows.

// What a theme shows of a county: its column, or the column that fills it where it is empty.
function valueOf(theme, county, bound, i) {
  const value = county(theme.column + (bound && theme.bound ? "_corroborated" : ""), i);
  return value === null && theme.fallback ? county(theme.fallback, i) : value;
}

// Which legend row a county falls in: {row, overlay}. Rows are the theme's classes, then its reasons for a missing value.
function makeClassifier(theme, county, bound) {
  const suffix = bound && theme.bound ? "_corroborated" : "";
  // A reason column carries the suffix after the service: minutes_birth_care_corroborated_reason.
  const status = theme.status && suffix ? theme.status.replace(/_reason$/, `${suffix}_reason`) : theme.status;
  const classes = theme.classes.length;
  const missing = (reason) => {
    const k = theme.missing.findIndex((entry) => entry.value === reason);
    return classes + (k < 0 ? theme.missing.findIndex((entry) => entry.value === null) : k);
  };
  return function classify(i) {
    const value = valueOf(theme, county, bound, i);
    const standing = status ? county(status, i) : null;
    if (value === null) return { row: missing(standing), overlay: null };
    const reserved = (entry) => (entry.column ? county(entry.column + suffix, i) >= entry.from : entry.value === standing);
    const overlay = (theme.overlay || []).find(reserved) || null;
    let row;
    if (theme.kind === "bins") row = theme.classes.findIndex((entry) => entry.to === null || (theme.below ? value < entry.to : value <= entry.to));
    else row = theme.classes.findIndex((entry) => entry.value === value);
    return { row: row < 0 ? missing(theme.kind === "category" ? value : null) : row, overlay };
  };
}

function drawLegend(app, theme, tally) {
  const legend = document.getElementById("legend");
  const title = theme.family === "imr" && app.data.count ? `${theme.title}, ${app.county("outcome_period", 0)}` : theme.title;
  const women = tally.women.reduce((sum, x) => sum + x, 0);
  const row = (entry, fill, k, apart, words) => {
    const counties = tally.counties[k];
    const share = women > 0 ? format.share(tally.women[k] / women) : "";
    return el("tr", { class: (apart ? "apart " : "") + (counties ? "" : "empty"), "data-value": String(entry.value ?? "") },
      el("td", { class: "swatch" }, swatch(fill)),
      el("th", { scope: "row" }, entry.label),
      el("td", { class: "n" }, counties.toLocaleString("en-US")),
      el("td", { class: "n" }, words || share));
  };
  const body = el("tbody");
  theme.classes.forEach((entry, k) => {
    if (entry.colours.length > 1 && !tally.counties[k]) return;
    body.append(row(entry, fillOf(entry.colours), k));
  });
  let apart = true;
  (theme.overlay || []).forEach((entry, k) => {
    const at = theme.classes.length + theme.missing.length + k;
    if (!tally.counties[at]) return;
    const middle = theme.classes[2].colours;
    body.append(row(entry, fillOf(middle, entry.pattern), at, apart, "of these"));
    apart = false;
  });
  theme.missing.forEach((entry, k) => {
    const at = theme.classes.length + k;
    if (!tally.counties[at]) return;
    body.append(row(entry, fillOf([], entry.pattern), at, apart));
    apart = false;
  });
  const claimed = theme.bound ? (app.bound() ? "Without hospitals that one federal file alone claims. " : "With hospitals that one federal file alone claims. ") : "";
  legend.replaceChildren(
    el("h2", {}, title),
    el("p", { class: "quiet" }, claimed + theme.note),
    el("table", {}, el("thead", {}, el("tr", {}, el("td"), el("td"), el("th", { class: "n", scope: "col" }, "Counties"), el("th", { class: "n", scope: "col" }, "Women"))), body),
    theme.joined && theme.classes.some((entry, k) => entry.colours.length > 1 && tally.counties[k]) ? el("p", { class: "quiet" }, theme.joined) : "",
  );
  document.getElementById("drawer-title").textContent = title;
}

const LISTED = [["imr", "Which rate"], ["clusters", "Clusters of"], ["profile", "Level"], ["context", "Context"]];

// The list: a family by radio button, then the finer choices of the family that is on.
function makeThemeList(app) {
  const { data } = app;
  const box = document.getElementById("themes");
  const chosen = { service: "birth_care", limit: { desert: 60, within: 30 }, context: "uninsured", imr: "imr", clusters: "cluster-imr", profile: "profile-overall" };
  let family = "class";

  const options = {
    desert: () => [limits("desert", [30, 60])],
    minutes: () => [services()],
    within: () => [services(), limits("within", [30, 60, 90])],
    ...Object.fromEntries(LISTED.map(([name, words]) => [name, () => [listed(name, words)]])),
  };

  // Families whose themes are chosen by name.
  function listed(name, words) {
    const choices = data.themes.filter((theme) => theme.family === name).map((theme) => [theme.id, theme.label]);
    return select(words, choices, chosen[name], (value) => { chosen[name] = value; });
  }

  function select(name, choices, value, set) {
    return el("select", { "aria-label": name, on: { change: (event) => { set(event.target.value); apply(); } } },
      choices.map(([id, label]) => el("option", { value: id, selected: id === value }, label)));
  }

  const services = () => select("Service", Object.entries(data.words.service), chosen.service, (value) => { chosen.service = value; });

  function limits(group, values) {
    return el("div", { class: "limits", role: "radiogroup", "aria-label": "Minutes" }, values.map((limit) => el("label", {},
      el("input", { type: "radio", name: `limit-${group}`, value: String(limit), checked: limit === chosen.limit[group],
        on: { change: () => { chosen.limit[group] = limit; apply(); } } }), `${limit} min`)));
  }

  function id() {
    if (family === "minutes") return `minutes-${chosen.service}`;
    if (family === "within") return `within-${chosen.service}-${chosen.limit.within}`;
    if (family === "desert") return `desert-${chosen.limit.desert}`;
    return family in chosen ? chosen[family] : family;
  }

  function build() {
    box.querySelectorAll("label.family, .finer").forEach((node) => node.remove());
    for (const [name, label] of Object.entries(data.families)) {
      box.append(el("label", { class: "family" }, el("input", { type: "radio", name: "family", value: name, checked: name === family,
        on: { change: () => { family = name; finer(); apply(); } } }), label));
      box.append(el("div", { class: "finer", "data-family": name, hidden: true }));
    }
    finer();
  }

  function finer() {
    box.querySelectorAll(".finer").forEach((node) => {
      const on = node.dataset.family === family && family in options;
      node.hidden = !on;
      node.style.display = on ? "" : "none";
      node.replaceChildren(...(on ? options[family]() : []));
    });
  }

  const apply = () => app.setTheme(id());

  // Set the list to a theme that was chosen elsewhere.
  function choose(theme) {
    family = theme.family;
    if (theme.service) chosen.service = theme.service;
    if (theme.limit) chosen.limit[family] = theme.limit;
    if (LISTED.some(([name]) => name === family)) chosen[family] = theme.id;
    build();
    apply();
  }

  build();
  return { choose };
}

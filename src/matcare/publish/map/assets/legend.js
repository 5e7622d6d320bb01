// Themes and legend: one list chooses, one legend follows.

// What a theme shows of a county: its column, or the column that fills it where it is empty.
function valueOf(theme, county, bound, i) {
  const value = county(theme.column + (bound && theme.bound ? "_corroborated" : ""), i);
  return value === null && theme.fallback ? county(theme.fallback, i) : value;
}

// Whether what a theme shows of a county is not its column, but what fills it.
const isFilled = (theme, county, i) => Boolean(theme.fallback) && county(theme.column, i) === null && county(theme.fallback, i) !== null;

// The interval of what a theme shows of a county, in words; empty where there is none.
function intervalOf(theme, county, i) {
  if (!theme.interval) return "";
  const of = isFilled(theme, county, i) ? theme.fallback : theme.column;
  const [low, high] = [county(`${of}_low`, i), county(`${of}_high`, i)];
  return low === null || high === null ? "" : `${theme.interval} ${format[theme.say.format](low)} to ${format[theme.say.format](high)}`;
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
    const reserved = (entry) => (entry.from !== undefined ? reaches(entry) : entry.value === standing);
    // A column, or by how much it exceeds another: unknown is not zero.
    const reaches = (entry) => {
      const [more, less] = [county((entry.column || entry.more) + suffix, i), entry.less ? county(entry.less + suffix, i) : 0];
      return more !== null && less !== null && more - less >= entry.from - 1e-9;
    };
    const overlay = (theme.overlay || []).find(reserved) || null;
    let row;
    if (theme.kind === "bins") row = theme.classes.findIndex((entry) => entry.to === null || (theme.below ? value < entry.to : value <= entry.to));
    else row = theme.classes.findIndex((entry) => entry.value === value);
    return { row: row < 0 ? missing(theme.kind === "category" ? value : null) : row, overlay };
  };
}

// A county's value in words: the number, or the legend's words where there is none.
function makeWords(theme, county, bound) {
  const classify = makeClassifier(theme, county, bound);
  return function words(i) {
    const { row, overlay } = classify(i);
    const missing = row >= theme.classes.length;
    const entry = missing ? theme.missing[row - theme.classes.length] : theme.classes[row];
    if (missing || theme.kind !== "bins") return entry ? entry.label : "No figure";
    const { before = "", format: form, after = "" } = theme.say;
    const value = before + format[form](valueOf(theme, county, bound, i)) + after;
    const beside = [intervalOf(theme, county, i), overlay && lowerFirst(overlay.label)].filter(Boolean);
    return beside.length ? `${value} (${beside.join("; ")})` : value;
  };
}

const wordsOf = (theme, county, bound, i) => makeWords(theme, county, bound)(i);

function legendTitle(app, theme) {
  return theme.family === "imr" && app.data.count ? `${theme.title}, ${app.county("outcome_period", 0)}` : theme.title;
}

function drawLegend(app, theme, tally) {
  const legend = document.getElementById("legend");
  const known = theme.classes.reduce((sum, _, k) => sum + tally.counties[k], 0);
  const title = legendTitle(app, theme);
  const women = tally.women.reduce((sum, x) => sum + x, 0);
  // Where some values fill in for others, how many of a class do.
  const filledIn = (k, within) => (theme.fallback ? el("td", { class: "n" }, k < theme.classes.length && !within ? tally.filled[k].toLocaleString("en-US") : "") : null);
  const row = (entry, fill, k, apart, words) => {
    const counties = tally.counties[k];
    const share = women > 0 ? format.share(tally.women[k] / women) : "";
    return el("tr", { class: (apart ? "apart " : "") + (counties ? "" : "empty"), "data-value": String(entry.value ?? "") },
      el("td", { class: "swatch" }, swatch(fill)),
      el("th", { scope: "row" }, entry.label.replaceAll(" %", "\u00a0%")),
      el("td", { class: "n" }, counties.toLocaleString("en-US")), filledIn(k, Boolean(words)),
      el("td", { class: "n" }, words || share));
  };
  const body = el("tbody");
  // Of a difference only the classes between the least and the greatest change that there is, and "no change".
  const filled = theme.classes.map((_, k) => k).filter((k) => tally.counties[k] || theme.classes[k].zero);
  const outside = (k) => theme.trim && (k < filled[0] || k > filled[filled.length - 1]);
  theme.classes.forEach((entry, k) => {
    if ((entry.colours.length > 1 && !tally.counties[k] && theme.joined) || outside(k)) return;
    body.append(row(entry, fillOf(entry.colours, entry.pattern), k));
  });
  let apart = true;
  (theme.overlay || []).forEach((entry, k) => {
    const at = theme.classes.length + theme.missing.length + k;
    if (!tally.counties[at]) return;
    const middle = theme.classes[Math.min(2, theme.classes.length - 1)].colours;
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
    known ? "" : el("p", { class: "warn" }, "No county on this map has a value of this theme. Why not, stands below."),
    el("table", {}, el("thead", {}, el("tr", {}, el("td"), el("td"), el("th", { class: "n", scope: "col" }, "Counties"), theme.fallback ? el("th", { class: "n modelled", scope: "col" }, "modelled") : null, el("th", { class: "n", scope: "col" }, "Women"))), body),
    theme.joined && theme.classes.some((entry, k) => entry.colours.length > 1 && tally.counties[k]) ? el("p", { class: "quiet" }, theme.joined) : "",
    known && theme.classed ? el("p", { class: "quiet" }, theme.classed) : "",
  );
  document.getElementById("said").textContent = `The map shows: ${title}.`;
  document.getElementById("matcare_map").setAttribute("aria-label", `Map of counties: ${title}. The search opens a county by keyboard; the table holds every county in words.`);
  document.getElementById("drawer-title").textContent = title;
}

const MOST_BUTTONS = 4;

// The list: a family by radio button, then the finer choices of the family that is on. Themes of a family differ by
// service, by segment (minutes, before or after), or by their label alone.
function makeThemeList(app, first) {
  const { data } = app;
  const box = document.getElementById("themes");
  const chosen = { service: first.service || null, segment: first.segment ? first.segment.value : null, listed: { [first.family]: first.id } };
  let family = first.family;

  const of = (name) => data.themes.filter((theme) => theme.family === name);
  const unique = (values) => [...new Set(values)];

  function segmentOf(name) {
    const offered = of(name).filter((theme) => theme.segment);
    const wanted = offered.find((theme) => theme.segment.value === chosen.segment) || offered.find((theme) => theme.preferred) || offered[0];
    return wanted ? wanted.segment.value : null;
  }

  // The theme that the choices name.
  function current() {
    const themes = of(family);
    const service = themes.some((theme) => theme.service === chosen.service) ? chosen.service : themes[0].service;
    const segment = segmentOf(family);
    if (!themes[0].service && segment === null) return themes.find((theme) => theme.id === chosen.listed[family]) || themes[0];
    return themes.find((theme) => theme.service === service && (!theme.segment || theme.segment.value === segment)) || themes[0];
  }

  function select(name, choices, value, set) {
    return el("select", { "aria-label": name, on: { change: (event) => { set(event.target.value); apply(); } } },
      choices.map(([id, label]) => el("option", { value: id, selected: id === value }, label)));
  }

  function buttons(group, name, segments, value) {
    return el("div", { class: "limits", role: "radiogroup", "aria-label": name }, segments.map((segment) => el("label", {},
      el("input", { type: "radio", name: `segment-${group}`, value: String(segment.value), checked: segment.value === value,
        on: { change: () => { chosen.segment = segment.value; apply(); } } }), segment.label)));
  }

  function choices({ id, choice, segments }) {
    const themes = of(id);
    const parts = [];
    if (themes[0].service) {
      parts.push(select(choice, unique(themes.map((theme) => theme.service)).map((service) => [service, data.words.service[service]]),
        current().service, (value) => { chosen.service = value; }));
    } else if (!themes[0].segment && themes.length > 1) {
      parts.push(select(choice, themes.map((theme) => [theme.id, theme.label]), current().id, (value) => { chosen.listed[id] = value; }));
    }
    const offered = unique(themes.filter((theme) => theme.segment).map((theme) => theme.segment.value))
      .map((value) => themes.find((theme) => theme.segment.value === value).segment);
    if (offered.length > MOST_BUTTONS) {
      parts.push(select(segments, offered.map(({ value, label }) => [String(value), label]), String(segmentOf(id)),
        (text) => { chosen.segment = offered.find(({ value }) => String(value) === text).value; }));
    } else if (offered.length > 1) parts.push(buttons(id, segments, offered, segmentOf(id)));
    return parts;
  }

  function build() {
    box.querySelectorAll("label.family, .finer").forEach((node) => node.remove());
    for (const { id, label } of data.families) {
      box.append(el("label", { class: "family" }, el("input", { type: "radio", name: "family", value: id, checked: id === family,
        on: { change: () => { family = id; finer(); apply(); } } }), el("span", {}, label)));
    }
    box.append(...data.families.map(({ id }) => el("div", { class: "finer", "data-family": id, hidden: true })));
    finer();
  }

  function finer() {
    data.families.forEach((entry) => {
      const node = box.querySelector(`.finer[data-family="${CSS.escape(entry.id)}"]`);
      const parts = entry.id === family ? choices(entry) : [];
      node.hidden = !parts.length;
      node.replaceChildren(...parts);
    });
  }

  const apply = () => app.setTheme(current().id);

  // Set the list to a theme that was chosen elsewhere.
  function choose(theme) {
    family = theme.family;
    if (theme.service) chosen.service = theme.service;
    if (theme.segment) chosen.segment = theme.segment.value;
    chosen.listed[family] = theme.id;
    build();
    apply();
  }

  build();
  return { choose };
}

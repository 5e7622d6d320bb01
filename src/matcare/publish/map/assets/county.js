// The national map's panel: what a click on a county or facility answers, from the table's own numbers.

const EVIDENCE_WORDS = {
  corroborated: "Obstetrics on site in CMS’s Provider of Services file, and confirmed by a second source",
  likely: "Birthing-friendly or with nursery discharges",
  claimed: "Obstetrics claimed in CMS’s Provider of Services file alone",
  arranged: "Obstetrics under arrangement only",
  unknown: "Obstetrics unknown",
  none: "No sign of obstetrics",
};
const SOURCE_WORDS = { state: "designated by the state", reported: "self-reported, unofficial list", modelled: "modelled" };
const PLACE_WORDS = {
  address: "address", address_fallback: "address, second choice", site: "site", zip_centroid: "middle of the ZIP code", city_centroid: "middle of the city", supplied: "as supplied",
};
const NICU_WORDS = { yes: "yes", no_evidence: "no evidence", unknown: "not known" };

// A unit that the user brought or opened stands on the user's word, not on a federal file.
function evidenceWordsOf(evidence, precision, correction) {
  if (/\bopen /.test(correction || "")) return "Birth care opened by a correction";
  if (precision === "supplied") return `Obstetrics as given in the user’s file: ${evidence === "none" ? "none" : evidence === "unknown" ? "not known" : "yes"}`;
  return EVIDENCE_WORDS[evidence] || "Obstetrics unknown";
}

function makePanel(app) {
  const { data, county, facility } = app;
  const { panel, open, close, unit, nearest, placeOf, isOpen } = makePanelFrame(app);
  const groups = data.groups;
  const findings = makeOutcome(app);
  const plan = makePlanning(app);
  const classTheme = data.themes.find((entry) => entry.id === "class");

  function serviceTable(c) {
    const bound = app.bound() ? "_corroborated" : "";
    const body = el("tbody");
    for (const [service, words] of Object.entries(data.words.service)) {
      const suffix = service === "birth_care" ? bound : "";
      const minutes = county(`minutes_${service}${suffix}`, c);
      const reason = county(`minutes_${service}${suffix}_reason`, c);
      const without = county(`share_women_without_minutes_${service}${suffix}`, c);
      const say = minutes === null ? data.words.reason[reason] || "No figure" : without > 0 ? `${format.share(without)} of women: no road route in range` : null;
      body.append(el("tr", { "data-service": service }, el("th", { scope: "row" }, words, say && el("small", {}, say)),
        el("td", { class: "n minutes" }, format.minutes(minutes)),
        ...[30, 60, 90].map((limit) => el("td", { class: "n" }, format.share(county(`share_women_within_${limit}_${service}${suffix}`, c))))));
    }
    return el("table", { class: "services" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Nearest"), el("th", { scope: "col", class: "n" }, "Mean min"),
        ...[30, 60, 90].map((limit) => el("th", { scope: "col", class: "n" }, `≤ ${limit} min`)))), body);
  }

  // The table's shares as bars; where there are none, why.
  function reach(c) {
    const bound = app.bound() ? "_corroborated" : "";
    return reachChart(Object.entries(data.words.service).map(([service, label]) => {
      const suffix = service === "birth_care" ? bound : "";
      const shares = [30, 60, 90].map((limit) => county(`share_women_within_${limit}_${service}${suffix}`, c));
      const known = shares.every((share) => share !== null);
      return { label, shares: known ? shares : null, why: data.words.reason[county(`minutes_${service}${suffix}_reason`, c)] || "No figure" };
    }));
  }

  function context(c) {
    const births = { census_estimate: "Census estimate", registered: "registered" }[county("births_per_year_status", c)];
    // Of a tiny county nobody knows that it is not 0.
    const few = "suppressed by the source, fewer than ten";
    const noBirths = county("births_per_year_status", c) === "suppressed" ? few : "not reported";
    const low = county("share_low_birthweight", c);
    const rural = county("rucc_2023", c);
    const count = (name) => (county(name, c) === null ? "not reported" : format.whole(county(name, c)));
    const known = (value, shown) => (value === null ? "not reported" : shown(value));
    const share = (name) => known(county(name, c), format.finely);
    return {
      care: rows([
        ["OB-GYNs (MD)", count("obgyns")],
        ["Certified nurse-midwives", count("midwives")],
        ["Both per 10,000 births (a floor)", known(county("clinicians_per_10000_births", c), format.whole)],
        ["Women without insurance (estimate)", share("share_women_uninsured")],
      ]),
      people: rows([
        ["Women 15-44", count("women_15_44")],
        [`Births a year${births ? ` (${births})` : ""}`, county("births_per_year", c) === null ? noBirths : format.births(county("births_per_year", c))],
        ["Low birthweight", low === null ? (county("share_low_birthweight_status", c) === "suppressed" ? few : "not reported") : format.finely(low)],
        ["Social vulnerability, percentile", known(county("svi", c), (x) => format.whole(100 * x))],
        ["In poverty", share("share_poverty")],
        ["Households with no vehicle", share("share_households_no_vehicle")],
        ["Households with no internet", share("share_households_no_internet")],
        ["Rural-urban code 2023", rural === null ? "not reported" : `${rural} (${rural >= 4 ? "nonmetro" : "metro"})`],
      ]),
    };
  }

  function border(c) {
    const bound = app.bound();
    const out = county("share_women_nearest_birth_care_out_of_state", c);
    const inside = county("minutes_birth_care_in_state", c);
    if (bound || out === null || !(out > 0)) return null;
    return el("p", {}, `Nearest birth care is in another state for ${format.share(out)} of women. `
      + (inside === null ? "For most women no road leads to birth care in the same state." : `Within the state alone, the mean would be ${format.minutes(inside)} minutes.`));
  }

  // Minutes that stand on a straight line over what may be a lake, a canyon or a range.
  function longLeg(c) {
    const share = county("share_women_long_direct_leg_birth_care", c);
    if (app.bound() || share === null || !(share > 0)) return null;
    return el("p", { class: "warn" }, `For ${format.share(share)} of women the minutes to birth care stand on a straight line of over 8 km between signed highways. `
      + "On county roads that is about right; over a lake, canyon or range it is too short.");
  }

  function desert(c, limit) {
    const flag = county(`drive_time_desert_${limit}${app.bound() ? "_corroborated" : ""}`, c);
    return [`Half or more of women farther than ${limit} min`, flag === null ? "no figure" : flag ? "yes" : "no"];
  }

  function openCounty(c) {
    const bound = app.bound() ? "_corroborated" : "";
    const level = county("march_of_dimes_class" + bound, c);
    const other = county("march_of_dimes_class" + (bound ? "" : "_corroborated"), c);
    const theme = classTheme.classes.find((entry) => entry.value === level);
    const units = [];
    for (let i = 0; i < data.facility_count; i++) if (data.facilities.county[i] === c && app.listed(i)) units.push(i);
    const { care, people } = context(c);
    const near = nearest(c, app.isBirthCare, 3);
    const nearHigh = nearest(c, (i) => ["level_3", "level_4"].includes(groups[data.facilities.group[i]].id) && app.listed(i), 2);
    const corrections = county("corrections", c);
    open(`${county("county_name", c)}, ${data.states[county("state", c)] || county("state", c)}`,
      el("div", { class: "badge" }, theme ? swatch(fillOf(theme.colours, theme.pattern), 30, 18) : null, data.words.class[level] || "No class"),
      el("p", { class: "why" }, county("march_of_dimes_reason" + bound, c)),
      other !== level && el("p", { class: "warn" }, bound
        ? `Counting hospitals that one federal file alone claims it would be: ${data.words.class[other]}.`
        : `Without hospitals that one federal file alone claims it would be: ${data.words.class[other]}.`),
      el("h3", {}, "Drive time and women within reach"), reach(c), serviceTable(c),
      rows([desert(c, 30), desert(c, 60)]), border(c),
      longLeg(c),
      plan.rightLevel(c),
      plan.backup(c),
      plan.certainty(c),
      plan.tiers(c),
      el("h3", {}, "Units in the county"),
      units.length ? el("ul", {}, units.map((i) => unit(i))) : el("p", {}, "No birth hospital, NICU or birth center in this county."),
      near.length ? [el("h3", {}, "Nearest birth care outside the county, straight line"), el("ul", {}, near.map(([km, i]) => unit(i, km)))] : null,
      nearHigh.length ? [el("h3", {}, "Nearest reported level III or IV outside, straight line"), el("ul", {}, nearHigh.map(([km, i]) => unit(i, km)))] : null,
      el("h3", {}, "Clinicians and insurance"), care,
      el("h3", {}, "Infant mortality"), findings.outcome(c),
      el("h3", {}, "Mother-infant profile"), findings.profile(c),
      el("h3", {}, "People and place"), people,
      el("h3", {}, "Data"),
      el("p", {}, `Facilities as of ${county("data_date", c)}. ` + (corrections === "none" ? "No correction touches this county." : `Corrections in force: ${corrections}.`)),
      el("p", { class: "quiet" }, `County code ${county("county_fips", c)}. A place, not a person: not for choosing where to give birth.`),
    );
    panel.dataset.county = county("county_fips", c);
  }

  function openFacility(i) {
    const group = groups[data.facilities.group[i]];
    const c = data.facilities.county[i];
    const level = facility("neonatal_level", i);
    const correction = facility("correction", i);
    const evidenceWords = (k) => evidenceWordsOf(facility("obstetric_evidence", k), facility("coord_precision", k), correction);
    const beds = (name) => (facility(name, i) === null ? "not reported" : format.whole(facility(name, i)));
    open(facility("facility_name", i),
      el("div", { class: "badge" }, symbol(group, data.facilities.claimed[i]), group.label),
      el("p", {}, placeOf(i)),
      rows([
        ["Neonatal level", level === null ? "unknown" : `${level} (${/\blevel /.test(correction || "") ? "as corrected, see below" : SOURCE_WORDS[facility("level_source", i)] || "source not given"})`],
        ["NICU", NICU_WORDS[facility("nicu", i)] || "not known"],
        ["NICU beds (FY2017-19)", beds("nicu_beds")],
        ["Beds", beds("beds")],
        ["Position by", PLACE_WORDS[facility("coord_precision", i)] || "unknown"],
        ["Number", facility("facility_id", i)],
      ]),
      group.id === "birth_center" ? null : el("p", {}, `${evidenceWords(i)}.`),
      facility("evidence_query", i) && el("p", { class: "warn" }, `Obstetrics to be queried: ${facility("evidence_query", i)}`),
      facility("level_query", i) && el("p", { class: "warn" }, `Level to be queried: ${facility("level_query", i)}`),
      correction && correction !== "none" && el("p", { class: "warn" }, `Correction: ${correction}`),
      c >= 0 && el("p", {}, el("button", { type: "button", on: { click: () => app.openCounty(c) } }, `Open ${county("county_name", c)}`)),
      el("p", { class: "quiet" }, "Not for choosing where to give birth or where an ambulance should go. Services change monthly."),
    );
    panel.dataset.facility = facility("facility_id", i);
  }

  return { openCounty, openFacility, close, isOpen };
}

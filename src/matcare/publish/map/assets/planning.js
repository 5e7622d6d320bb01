// A county's lines for planning: care at the right level, the second unit, how sure. A column that is absent is not mentioned.

const INPUT_WORDS = {
  obstetrics: "evidence of obstetrics", clinicians: "counts of clinicians", uninsured: "women without insurance", speeds: "speeds", access_legs: "access legs", levels: "levels", none: "nothing: no draw differs",
};

function makePlanning(app) {
  const { county } = app;
  const line = (column, label, shown) => (county.has(column) ? [label, shown] : null);
  const section = (heading, lines) => {
    const there = lines.filter(Boolean);
    return there.length ? [el("h3", {}, heading), rows(there)] : null;
  };
  const known = (column, c, shown) => (county(column, c) === null ? "no figure" : shown(county(column, c)));
  const span = (low, high, shown) => (low === null || high === null ? "" : ` (${shown(low)} to ${shown(high)})`);

  function births(c) {
    const value = county("births_high_risk_per_year", c);
    if (value !== null) return format.whole(value);
    return { small_count: "not stated: masked by the source, or fewer than 10", not_reported: "not reported" }[county("births_high_risk_status", c)] || "fewer than 10, or no figure";
  }

  // Not beside a number that is not stated: with the births of the panel it would give that number back.
  function smallShare(c) {
    if (county("births_high_risk_status", c) === "small_count") return null;
    const status = { estimated: ", estimated", reported: ", published" }[county("share_very_low_birthweight_status", c)] || "";
    return known("share_very_low_birthweight", c, (x) => `${format.hundredths_finely(x)} %${status}`);
  }

  // A share with its bounds: every level one lower, and NICUs of unknown level counted in.
  function within(name, label, c, upper) {
    const column = `share_women_within_60_${name}`;
    const most = county(`share_women_within_60_${upper || `${name}_unknown_count`}`, c);
    if (county(column, c) === null && county("minutes_same_site_3_plus_reason", c) === "level_not_reported") {
      return line(column, label, `no level reported in the state${most === null ? "" : `; ${format.share(most)} if every NICU is III`}`);
    }
    return line(column, label, known(column, c, format.share) + span(county(`${column}_one_lower`, c), most, format.share));
  }

  function rightLevel(c) {
    return section("Care at the right level, within 60 min", [
      county.has("share_women_within_60_neonatal_3_plus_one_lower") ? within("neonatal_3_plus", "Neonatal III or IV", c, "neonatal_3_plus_or_nicu") : null,
      within("same_site_3_plus", "With birth care at one site", c),
      within("split_3_plus", "With birth care at one site or two", c),
      line("minutes_between_sites_3_plus", "Minutes between two sites, mean", known("minutes_between_sites_3_plus", c, format.minutes)),
      line("births_high_risk_per_year", "Births under 1,500 g a year, estimated", births(c)),
      line("share_very_low_birthweight", "Births under 1,500 g", smallShare(c)),
    ]);
  }

  function second(c) {
    const added = county("minutes_added_second_birth_care", c);
    if (county("minutes_second_birth_care_reason", c) === "no_second_unit") return "most can reach no second unit";
    return known("minutes_second_birth_care", c, (x) => `${format.minutes(x)} min` + (added === null ? "" : ` (${format.signed(added)})`));
  }

  function reach(c) {
    const lowest = county("catchment_e2sfca_lowest_tenth", c) ? "; in the lowest tenth of births" : "";
    return known("catchment_e2sfca", c, (x) => (x === 0 ? "0: none in range" : format.rate(x)) + lowest);
  }

  function backup(c) {
    return section("Backup and catchment", [
      line("minutes_second_birth_care", "Second-nearest birth care, mean", second(c)),
      line("share_women_one_unit_within_60_birth_care", "One unit within 60 min, and no second", known("share_women_one_unit_within_60_birth_care", c, format.share)),
      line("catchment_e2sfca", "Units per 1,000 births in reach (E2SFCA)", reach(c)),
    ]);
  }

  function minutes(c) {
    const interval = span(county("minutes_birth_care_p05", c), county("minutes_birth_care_p95", c), format.minutes);
    return interval ? known("minutes_birth_care", c, format.minutes) + interval : "no figure";
  }

  function definitions(c) {
    const unknown = county("desert_definitions_unknown", c);
    return known("desert_definitions_met", c, (x) => (x === 0 ? "none" : format.whole(x)) + (unknown > 0 ? `; ${format.whole(unknown)} undecided` : ""));
  }

  const chance = (column, label, c) => line(column, label, known(column, c, format.draws));
  const moves = (result, label, c) => line(`most_important_input_${result}`, label, INPUT_WORDS[county(`most_important_input_${result}`, c)] || "no figure");

  function certainty(c) {
    const drawn = ["minutes_birth_care", "minutes_birth_care_p05", "minutes_birth_care_p95"].map((column) => county(column, c));
    const lines = section("How sure", [
      line("minutes_birth_care_p05", "Minutes to birth care, with 90 % interval", minutes(c)),
      moves("minutes_birth_care", "What moves these minutes most", c),
      chance("p_march_of_dimes_desert", "It is a March of Dimes desert", c),
      county("p_march_of_dimes_undetermined", c) > 0 ? chance("p_march_of_dimes_undetermined", "Its class is not determined", c) : null,
      moves("class", "What moves the class most", c),
      chance("p_drive_time_desert_30", "Half or more beyond 30 min", c),
      chance("p_drive_time_desert_60", "Half or more beyond 60 min", c),
      line("desert_definitions_met", "Definitions that call it a desert", definitions(c)),
    ]);
    return lines && drawn.every((value) => value !== null) ? [lines[0], minutesChart(...drawn), lines[1]] : lines;
  }

  function tiers(c) {
    const other = { minutes_birth_center: "accredited birth center", minutes_emergency_only: "emergency department only", minutes_tribal_or_ihs_hospital: "tribal or IHS hospital" };
    return section("Other tiers, mean minutes, not birth care", Object.entries(other).map(([column, label]) => line(column, label[0].toUpperCase() + label.slice(1), known(column, c, format.minutes))));
  }

  return { rightLevel, backup, certainty, tiers };
}

// A county's outcome and profile, as the panel shows them: what is published, what is shrunk, what is only modelled.

function makeOutcome(app) {
  const { data, county } = app;
  const span = (low, high) => (low === null || high === null ? "" : ` (95 % interval ${format.rate(low)} to ${format.rate(high)})`);
  const three = (name, c) => [name, `${name}_low`, `${name}_high`].map((column) => county(column, c));

  function standing(c) {
    const status = county("imr_status", c);
    const period = county("outcome_period", c);
    const [rate, low, high] = three("imr", c);
    const [deaths, births] = [county("infant_deaths", c), county("live_births", c)];
    if (rate === null) {
      const why = {
        modelled: ["No rate is published: ", `${data.words.suppressed} in ${period}. This is not zero, and not missing.`],
        suppressed: ["Suppressed: ", `${data.words.suppressed} in ${period}, so no rate is published. This is not zero, and not missing.`],
        not_identified: ["Not named: ", `the export for ${period} names only large counties; this one is in its state’s remainder.`],
      }[status] || ["Not reported: ", "the source has no figure for this county."];
      return [el("p", { class: "imr" }, el("b", {}, why[0]), why[1])];
    }
    const counts = deaths === null || births === null ? "" : ` ${format.whole(deaths)} deaths among ${format.whole(births)} live births.`;
    const reserve = {
      published_unreliable: "Unreliable: it stands on fewer than 20 deaths. Do not rank or compare it.",
      apportioned: "Apportioned: Connecticut’s counts by old county were shared out to its planning regions. An estimate, not a published rate.",
    }[status];
    return [
      el("p", { class: "imr" }, el("b", {}, `${format.rate(rate)} infant deaths per 1,000 live births`), `, ${period}${span(low, high)}.${counts}`),
      span(low, high) && rateChart(rate, low, high),
      reserve && el("p", { class: "warn" }, reserve),
    ];
  }

  function shrunk(c) {
    const line = (name, weight, towards) => {
      const [rate, low, high] = three(name, c);
      if (rate === null) return null;
      const shown = low === null || high === null ? format.rate(rate) : `${format.rate(rate)} (${format.rate(low)} to ${format.rate(high)})`;
      return [[`Shrunk towards ${towards}`, el("small", {}, `own rate weighs ${format.share(county(weight, c))}`)], shown];
    };
    const lines = [line("imr_eb", "imr_shrinkage", "the nation"), line("imr_eb_spatial", "imr_shrinkage_spatial", "its neighbours")].filter(Boolean);
    return lines.length ? rows(lines) : null;
  }

  function modelled(c) {
    const [rate, low, high] = three("imr_modelled", c);
    if (rate === null) return null;
    const agrees = data.words.benchmark[county("imr_modelled_benchmark", c)];
    return el("div", { class: "modelled" }, el("p", {}, el("b", {}, `Modelled: ${format.rate(rate)}`), `${span(low, high)}. What counties like this one have, by births, rurality, vulnerability, `
      + `low birthweight and minutes to neonatal III${agrees ? `, ${agrees}` : ""}. It is no observation: do not rank, test or compare it.`),
      span(low, high) && rateChart(rate, low, high, true));
  }

  function clusters(c) {
    const words = (name) => data.words.cluster[county(name, c)];
    const telling = ["cluster_imr", "hot_spot_imr", "cluster_imr_minutes"].filter((name) => county(name, c) in data.words.cluster && !["not_significant", "no_rate", "no_neighbour"].includes(county(name, c)));
    const label = { cluster_imr: "Cluster of mortality", hot_spot_imr: "Hot spot (Gi*)", cluster_imr_minutes: "Mortality, neighbours’ minutes" };
    return telling.length ? rows(telling.map((name) => [label[name], words(name)])) : null;
  }

  const named = { ...data.words.level, overall: "Overall" };

  // "a, b; withheld: c" in the words of the indicators and of the levels.
  function missingOf(c) {
    const missing = county("profile_missing", c);
    if (!missing || missing === "none") return "";
    const [inputs, withheld] = missing.split("; withheld: ").map((names) => names.split(", "));
    const held = withheld ? ` Withheld, since more than a quarter of the inputs are missing: ${withheld.map((level) => lowerFirst(named[level] || level)).join(", ")}.` : "";
    return ` Missing here: ${inputs.map((name) => data.words.indicator[name] || name).join("; ")}.${held}`;
  }

  function profile(c) {
    const levels = Object.entries(named).map(([level, words]) => [words, county(`profile_${level}`, c)]);
    return [
      profileChart(levels),
      el("p", { class: "quiet" }, "Mean national percentile of the county’s indicators, 0 to 100; higher is of more concern." + missingOf(c)),
    ];
  }

  return {
    outcome: (c) => [...standing(c), modelled(c), shrunk(c), clusters(c)],
    profile,
  };
}

// Small charts in SVG: bars of women within reach, intervals, the profile's dots. Each says in words what it shows.

const CHART_INK = "#0b5c8a";
const REACH_FILLS = ["#08407a", "#4a90c4", "#b5d3e9"];

// An SVG of a width of 350 units, named in words for those who do not see it; add(tag, attributes, text) draws.
function makeChart(height, words) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  for (const [key, value] of Object.entries({ viewBox: `0 0 350 ${height}`, role: "img", "aria-label": words, class: "chart" })) svg.setAttribute(key, value);
  svg.style.aspectRatio = `350 / ${height}`;
  const add = (tag, attributes, text) => {
    const node = document.createElementNS(ns, tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (text !== undefined) node.textContent = text;
    svg.append(node);
    return node;
  };
  return { svg, add };
}

// A value with its interval on a scale from zero. Hollow and dashed: modelled, no observation.
function intervalChart(value, low, high, { least, unit, words, modelled = false }) {
  const step = [5, 10, 20, 30, 60, 120].find((size) => Math.max(least, high) / size <= 6) || 300;
  const top = Math.ceil(Math.max(least, high) / step) * step;
  const x = (at) => 8 + (330 * at) / top;
  const { svg, add } = makeChart(44, words);
  for (let at = 0; at <= top; at += step) {
    add("line", { x1: x(at), x2: x(at), y1: 4, y2: 26, stroke: "#d5dbe0" });
    const end = at === top;
    add("text", { x: end ? 349 : x(at), y: 40, "text-anchor": at === 0 ? "start" : end ? "end" : "middle" }, end ? `${at} ${unit}` : at);
  }
  add("line", { x1: x(low), x2: x(high), y1: 15, y2: 15, stroke: CHART_INK, ...(modelled ? { "stroke-width": 2, "stroke-dasharray": "5 4" } : { "stroke-width": 5, "stroke-opacity": 0.4 }) });
  add("circle", { cx: x(value), cy: 15, r: 5, fill: modelled ? "#fff" : CHART_INK, stroke: CHART_INK, "stroke-width": 2 });
  return svg;
}

const rateChart = (rate, low, high, modelled = false) => intervalChart(rate, low, high, {
  least: 15, unit: "per 1,000", modelled, words: `${modelled ? "Modelled rate, no observation" : "Rate"}: ${format.rate(rate)} per 1,000 live births, 95 percent interval ${format.rate(low)} to ${format.rate(high)}`,
});

const minutesChart = (mean, low, high) => intervalChart(mean, low, high, {
  least: 30, unit: "min", words: `Mean minutes to birth care: ${format.minutes(mean)}, 90 percent interval ${format.minutes(low)} to ${format.minutes(high)}`,
});

// Women within 30, 60 and 90 minutes of each service: [{label, shares: [30, 60, 90] or null, why}].
function reachChart(services) {
  const shown = (shares) => shares.map(format.share);
  const said = services.map(({ label, shares, why }) => (shares ? `${label}: ${shown(shares).join(", ")}` : `${label}: ${lowerFirst(why)}`));
  const { svg, add } = makeChart(services.length * 34 + 30, `Women within 30, 60 and 90 minutes. ${said.join(". ")}.`);
  const [left, width] = [1, 346];
  ["30 min", "60 min", "90 min", "farther, or no road"].reduce((x, words, k) => {
    add("rect", { x, y: 3, width: 10, height: 10, fill: REACH_FILLS[k] || "#fff", stroke: "#8a949c", "stroke-width": 0.8 });
    add("text", { x: x + 14, y: 12 }, words);
    return x + [70, 70, 70][k];
  }, 1);
  services.forEach(({ label, shares, why }, row) => {
    const y = 24 + row * 34;
    add("text", { x: left, y: y + 9, class: "name" }, label);
    if (!shares) {
      add("text", { x: left, y: y + 22 }, why);
      return;
    }
    add("rect", { x: left, y: y + 13, width, height: 10, fill: "#fff", stroke: "#8a949c", "stroke-width": 0.8 });
    shares.forEach((share, k) => {
      const from = k ? shares[k - 1] : 0;
      if (share > from) add("rect", { x: left + width * from, y: y + 13, width: width * (share - from), height: 10, fill: REACH_FILLS[k] });
    });
  });
  return svg;
}

// Mean percentiles of the profile on one scale: [[label, value or null]].
function profileChart(levels) {
  const x = (value) => 158 + 1.6 * value;
  const said = levels.map(([label, value]) => `${label} ${value === null ? "withheld" : format.whole(value)}`);
  const { svg, add } = makeChart(levels.length * 20 + 20, `Profile, mean percentile, higher is of more concern. ${said.join("; ")}.`);
  const foot = levels.length * 20 + 2;
  for (const at of [0, 25, 50, 75, 100]) {
    add("line", { x1: x(at), x2: x(at), y1: 2, y2: foot, stroke: at === 50 ? "#8a949c" : "#d5dbe0" });
    add("text", { x: x(at), y: foot + 13, "text-anchor": "middle" }, at);
  }
  levels.forEach(([label, value], row) => {
    const y = 11 + row * 20;
    add("text", { x: 1, y: y + 4, class: "name" }, label);
    if (value === null) {
      add("text", { x: x(0) + 4, y: y + 4 }, "withheld");
      return;
    }
    add("line", { x1: x(50), x2: x(value), y1: y, y2: y, stroke: CHART_INK, "stroke-width": 2, "stroke-opacity": 0.4 });
    add("circle", { cx: x(value), cy: y, r: 5, fill: CHART_INK });
    add("text", { x: 349, y: y + 4, "text-anchor": "end", class: "name" }, format.whole(value));
  });
  return svg;
}

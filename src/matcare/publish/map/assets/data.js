// Data: the page's JSON, read once. Columns are lists, coded words ({values, codes}) or one word for all ({all}).

function readColumns(columns) {
  const get = function get(name, i) {
    const column = columns[name];
    if (column === undefined) return null;
    if (Array.isArray(column)) return column[i];
    if ("all" in column) return column.all;
    return column.codes[i] < 0 ? null : column.values[column.codes[i]];
  };
  get.has = (name) => name in columns;
  return get;
}

// Where each code of a column stands.
function indexOf(get, name, count) {
  const at = new Map();
  for (let i = 0; i < count; i++) at.set(get(name, i), i);
  return at;
}

// Steps in units of 1e-4 degrees → Leaflet's [lat, lon]; `at` carries the last point on to the next ring.
function unroll(steps, at) {
  const points = new Array(steps.length / 2);
  for (let k = 0; k < points.length; k++) {
    at.x += steps[2 * k];
    at.y += steps[2 * k + 1];
    points[k] = [at.y / 1e4, at.x / 1e4];
  }
  return points;
}

function polygonOf(county) {
  const at = { x: 0, y: 0 };
  return county.map((rings) => rings.map((ring) => unroll(ring, at)));
}

// Elements are made from text only, so a name that looks like markup is shown as text.
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
    else if (key in node && key !== "list" && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== null && child !== undefined && child !== false && child !== "") node.append(child);
  return node;
}

// Accents, the Hawaiian okina, case and punctuation do not matter in a search.
function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f\u02bb\u2018\u2019'`]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();
}

// Decimals as Python writes them, so that page, brief and figure say the same: of two equally near, the even one.
function fixed(x, digits) {
  const long = x.toFixed(digits + 20);
  const down = long.slice(0, -20).replace(/\.$/, "");
  return long.endsWith(`5${"0".repeat(19)}`) && Number(down.slice(-1)) % 2 === 0 ? down : x.toFixed(digits);
}

const format = {
  whole: (x) => (x === null ? "–" : Math.round(x).toLocaleString("en-US")),
  // An estimate that is not said below ten: a small number of births would read like a count of them.
  births: (x) => (x === null ? "–" : x < 10 ? "fewer than 10" : format.whole(x)),
  draws: (x) => (x === null ? "–" : x === 0 ? "in no draw" : x === 1 ? "in every draw" : `in ${format.share(x).replace("<", "under ").replace(">", "over ")} of draws`),
  minutes: (x) => (x === null ? "–" : x > 0 && x < 0.5 ? "<1" : String(Math.round(x))),
  share: (x) => (x === null ? "–" : x > 0 && x < 0.005 ? "<1 %" : x < 1 && x >= 0.995 ? ">99 %" : Math.round(100 * x) + " %"),
  finely: (x) => (x === null ? "–" : fixed(100 * x, 1) + " %"),
  rate: (x) => (x === null ? "–" : fixed(x, 2)),
  tenths: (x) => (x === null ? "–" : x > 0 && x < 0.05 ? "<0.1" : fixed(x, 1)),
  hundredths: (x) => (x === null ? "–" : String(Math.round(100 * x))),
  hundredths_finely: (x) => (x === null ? "–" : fixed(100 * x, 2)),
  signed: (x) => (x === null ? "–" : signed(x, format.minutes)),
  signed_share: (x) => (x === null ? "–" : `${signed(100 * x, format.minutes)} points`),
  signed_whole: (x) => (x === null ? "–" : signed(x, format.whole)),
};

// A change carries its sign; a true minus, and none for zero.
function signed(x, shown) {
  const size = shown(Math.abs(x));
  return size === "0" ? "0" : (x < 0 ? "−" : "+") + size;
}

const lowerFirst = (words) => words[0].toLowerCase() + words.slice(1);

function greatCircleKm(a, b) {
  const rad = Math.PI / 180;
  const h = Math.sin(((b[0] - a[0]) * rad) / 2) ** 2 + Math.cos(a[0] * rad) * Math.cos(b[0] * rad) * Math.sin(((b[1] - a[1]) * rad) / 2) ** 2;
  return 2 * 6371.0088 * Math.asin(Math.sqrt(h));
}

// Drawing: fill patterns, facility symbols. A county's fill is a colour or a canvas pattern; Leaflet's canvas takes either.

const PATTERN_INK = "#77726a";
const PATTERN_FAINT = "#b4aca0";
const PATTERN_PAPER = "#fbfaf7";
const patternCache = new Map();

// Draw lines on an 8 x 8 tile, so that it repeats without a seam.
const PATTERN_MARKS = {
  diagonal: (c) => { line(c, -2, 2, 2, -2); line(c, 0, 8, 8, 0); line(c, 6, 10, 10, 6); },
  hatch: (c) => { line(c, -2, 6, 2, 10); line(c, -2, -2, 10, 10); line(c, 6, -2, 10, 2); },
  cross: (c) => { line(c, 0, 0, 8, 8); line(c, 0, 8, 8, 0); },
  grid: (c) => { line(c, 0, 4, 8, 4); line(c, 4, 0, 4, 8); },
  bars: (c) => { line(c, 0, 4, 8, 4); },
  columns: (c) => { line(c, 4, 0, 4, 8); },
  waves: (c) => { c.beginPath(); c.moveTo(0, 4); c.quadraticCurveTo(2, 1, 4, 4); c.quadraticCurveTo(6, 7, 8, 4); c.stroke(); },
  rings: (c) => { c.beginPath(); c.arc(4, 4, 2.2, 0, 7); c.stroke(); },
  dots: (c) => { for (const [x, y] of [[2, 2], [6, 6]]) { c.beginPath(); c.arc(x, y, 0.9, 0, 7); c.fill(); } },
};

// Relative luminance of a colour such as #7f2704, 0 to 1.
function lightness(colour) {
  const part = (k) => (parseInt((colour || "#ffffff").slice(k, k + 2), 16) / 255) ** 2.2;
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

function line(c, x0, y0, x1, y1) {
  c.beginPath();
  c.moveTo(x0, y0);
  c.lineTo(x1, y1);
  c.stroke();
}

function tile(size, paint) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const c = canvas.getContext("2d");
  paint(c, size);
  return c.createPattern(canvas, "repeat");
}

// Stripes of several colours: a joined class shows every class that it may be.
function stripes(colours) {
  return tile(4 * colours.length, (c, size) => {
    colours.forEach((colour, k) => {
      c.fillStyle = colour;
      for (const shift of [-size, 0, size]) {
        const x = 4 * k + shift;
        c.beginPath();
        c.moveTo(x, 0);
        c.lineTo(x + 4, 0);
        c.lineTo(x + 4 - size, size);
        c.lineTo(x - size, size);
        c.fill();
        c.beginPath();
        c.moveTo(x + size, 0);
        c.lineTo(x + 4 + size, 0);
        c.lineTo(x + 4, size);
        c.lineTo(x, size);
        c.fill();
      }
    });
  });
}

function fillOf(colours, pattern) {
  const key = (pattern || "") + colours.join();
  if (!patternCache.has(key)) {
    let fill;
    if (!pattern && colours.length === 1) fill = colours[0];
    else if (!pattern) fill = stripes(colours);
    else {
      const over = pattern.endsWith("-over");
      const marks = { "stripes-over": "diagonal" }[pattern] || pattern.replace("-over", "");
      fill = tile(8, (c) => {
        c.fillStyle = over ? colours[0] : PATTERN_PAPER;
        c.fillRect(0, 0, 8, 8);
        // Lines over a colour are dark on light and light on dark; the wide white hatch is kept for what is modelled.
        const ink = marks === "hatch" || lightness(colours[0]) < 0.24 ? "#fff" : "#222";
        c.strokeStyle = c.fillStyle = over ? ink : marks === "diagonal" ? PATTERN_FAINT : PATTERN_INK;
        c.lineWidth = marks === "hatch" ? 2.4 : over ? 0.9 : 1;
        PATTERN_MARKS[marks](c);
      });
    }
    patternCache.set(key, fill);
  }
  return patternCache.get(key);
}

function swatch(fill, width = 26, height = 15) {
  const scale = 2;
  const canvas = el("canvas", { width: width * scale, height: height * scale, "aria-hidden": "true" });
  canvas.style.width = width + "px";
  canvas.style.height = height + "px";
  const c = canvas.getContext("2d");
  c.scale(scale, scale);
  c.fillStyle = fill;
  c.fillRect(0, 0, width, height);
  return canvas;
}

// Facility symbols as paths around (x, y); every group has a shape of its own.
const corner = (x, y, r, turn) => [x + r * Math.sin(turn), y - r * Math.cos(turn)];

function regular(c, x, y, r, corners, turn = 0) {
  for (let k = 0; k < corners; k++) {
    const p = corner(x, y, r, turn + (2 * Math.PI * k) / corners);
    if (k) c.lineTo(...p);
    else c.moveTo(...p);
  }
  c.closePath();
}

const SHAPES = {
  circle: (c, x, y, r) => c.arc(x, y, r, 0, 2 * Math.PI),
  square: (c, x, y, r) => c.rect(x - r, y - r, 2 * r, 2 * r),
  diamond: (c, x, y, r) => regular(c, x, y, r * 1.15, 4),
  triangle: (c, x, y, r) => regular(c, x, y, r * 1.2, 3),
  triangle_down: (c, x, y, r) => regular(c, x, y, r * 1.2, 3, Math.PI),
  pentagon: (c, x, y, r) => regular(c, x, y, r * 1.1, 5),
  star: (c, x, y, r) => {
    for (let k = 0; k < 10; k++) {
      const p = corner(x, y, k % 2 ? r * 0.45 : r, (Math.PI * k) / 5);
      if (k) c.lineTo(...p);
      else c.moveTo(...p);
    }
    c.closePath();
  },
  plus: (c, x, y, r) => {
    const a = r * 0.36;
    const path = [[-a, -r], [a, -r], [a, -a], [r, -a], [r, a], [a, a], [a, r], [-a, r], [-a, a], [-r, a], [-r, -a], [-a, -a]];
    path.forEach(([dx, dy], k) => (k ? c.lineTo(x + dx, y + dy) : c.moveTo(x + dx, y + dy)));
    c.closePath();
  },
  cross: (c, x, y, r) => {
    const a = r * 0.3;
    const path = [[0, -2 * a], [r - a, -r - a], [r + a, -r + a], [2 * a, 0], [r + a, r - a], [r - a, r + a], [0, 2 * a], [a - r, r + a], [-r - a, r - a], [-2 * a, 0], [-r - a, a - r], [a - r, -r - a]];
    path.forEach(([dx, dy], k) => (k ? c.lineTo(x + 0.8 * dx, y + 0.8 * dy) : c.moveTo(x + 0.8 * dx, y + 0.8 * dy)));
    c.closePath();
  },
};

function symbolStyle(group, hollow) {
  return hollow
    ? { fillColor: "#ffffff", color: "#111111", weight: 1.4 }
    : group.fill
      ? { fillColor: group.fill, color: "#111111", weight: 1.1 }
      : { fillColor: "#151515", color: "#ffffff", weight: 0.9 };
}

function symbol(group, hollow = false) {
  const canvas = el("canvas", { width: 44, height: 44, "aria-hidden": "true" });
  canvas.style.width = canvas.style.height = "22px";
  const c = canvas.getContext("2d");
  const style = symbolStyle(group, hollow);
  c.scale(2, 2);
  c.beginPath();
  SHAPES[group.shape](c, 11, 11.5, group.radius);
  c.fillStyle = style.fillColor;
  c.fill();
  c.strokeStyle = style.color === "#ffffff" ? "#15151500" : style.color;
  c.lineWidth = style.weight;
  c.stroke();
  return canvas;
}

// A circle marker that draws its group's shape on Leaflet's canvas.
const Mark = L.CircleMarker.extend({
  _updatePath() {
    const renderer = this._renderer;
    if (!renderer._drawing || this._empty()) return;
    const c = renderer._ctx;
    c.beginPath();
    SHAPES[this.options.shape](c, this._point.x, this._point.y, this._radius);
    // A white rim, so that a symbol stands out from any county's colour.
    if (this.options.rim) {
      c.globalAlpha = 1;
      c.lineWidth = 5;
      c.lineJoin = "round";
      c.strokeStyle = "#fff";
      c.stroke();
    }
    renderer._fillStroke(c, this);
  },
  // A small dot can be hit by a finger.
  _containsPoint(point) {
    return point.distanceTo(this._point) <= Math.max(this._radius + 2, L.Browser.mobile ? 12 : 5);
  },
});

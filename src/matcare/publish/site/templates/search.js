// Search on the start page: counties and states by name, without accents, by keyboard (a combobox with a list).
(function () {
"use strict";
const box = document.getElementById("find");
const input = document.getElementById("query");
const list = document.getElementById("found");
const status = document.getElementById("count");
const limit = 12;

const fold = (text) => text.normalize("NFD").replace(/[\u0300-\u036f\u02bb\u2018\u2019'`]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, " ").trim();

const { states, counties } = JSON.parse(document.getElementById("places").textContent);
const entry = (label, also, link, rank) => ({ label, link, rank, text: ` ${fold(`${label} ${also}`)}` });
const entries = [
  ...Object.entries(states).map(([code, name]) => entry(name, code, `states/${code.toLowerCase()}.html`, 0)),
  ...counties.map(([code, name, state]) => entry(`${name}, ${states[state]}`, `${state} ${code}`, `counties/${code}.html`, 1)),
];
let shown = [];
let at = -1;

function find(query) {
  const folded = fold(query);
  if (!folded) return [];
  const words = folded.split(" ").map((word) => ` ${word}`);
  const hits = entries.filter((one) => words.every((word) => one.text.includes(word)));
  const begins = (one) => (one.text.startsWith(` ${folded}`) ? 0 : 1);
  return hits.sort((a, b) => begins(a) - begins(b) || a.rank - b.rank);
}

function toggle(open) {
  list.hidden = !open;
  input.setAttribute("aria-expanded", String(open));
  if (open && at >= 0) input.setAttribute("aria-activedescendant", `found-${at}`);
  else input.removeAttribute("aria-activedescendant");
}

function line(words, attributes) {
  const item = document.createElement("li");
  item.textContent = words;
  for (const [name, value] of Object.entries(attributes)) item.setAttribute(name, value);
  return item;
}

function show() {
  const hits = find(input.value);
  shown = hits.slice(0, limit);
  at = shown.length ? 0 : -1;
  const asked = fold(input.value) !== "";
  list.replaceChildren(...shown.map((one, k) => {
    const item = line(one.label, { id: `found-${k}`, role: "option", "aria-selected": String(k === at) });
    item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(k); });
    return item;
  }));
  const rest = hits.length - shown.length;
  if (asked && !shown.length) list.append(line("Nothing found by that name", { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }));
  if (rest) list.append(line(`${rest} more: add a letter, or the state`, { class: "none", role: "option", "aria-disabled": "true", "aria-selected": "false" }));
  status.textContent = !asked ? "" : hits.length === 1 ? "1 place found" : `${hits.length || "No"} places found`;
  toggle(asked);
}

function move(step) {
  if (!shown.length) return;
  at = (at + step + shown.length) % shown.length;
  [...list.children].forEach((item, k) => item.setAttribute("aria-selected", String(k === at)));
  list.children[at].scrollIntoView({ block: "nearest" });
  toggle(true);
}

function choose(k) {
  if (!shown[k]) return;
  input.value = shown[k].label;
  toggle(false);
  location.href = shown[k].link;
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
box.hidden = false;
})();

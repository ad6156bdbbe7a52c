// What every page has: sorting, filters, columns of a table, short explanations, state in the address. No library, no network.
"use strict";

// ---- state in the address: #key=value&key=value, so that a view can be sent ----------------------------------------
const address = {
  read() {
    const text = location.hash.slice(1);
    return new URLSearchParams(text.includes("=") ? text : "");
  },
  get(key) { return this.read().get(key) ?? ""; },
  set(key, value) {
    const state = this.read();
    if (value === "" || value === null || value === undefined) state.delete(key);
    else state.set(key, value);
    const text = state.toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  },
};
window.mossfuseAddress = address;

// ---- sorting --------------------------------------------------------------------------------------------------------
for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = header.querySelector("button");
    if (button) button.addEventListener("click", () => {
      const now = header.getAttribute("aria-sort");
      const order = now ? { ascending: "descending", descending: "ascending" }[now] : button.dataset.first || "ascending";
      sortTable(table, headers, column, order);
      if (table.id) address.set(`sort.${table.id}`, `${column}.${order}`);
    });
  });
  const [column, order] = table.id ? address.get(`sort.${table.id}`).split(".") : [];
  if (headers[column] && (order === "ascending" || order === "descending")) sortTable(table, headers, Number(column), order);
}

function sortTable(table, headers, column, order) {
  headers.forEach((h) => h.removeAttribute("aria-sort"));
  headers[column].setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  for (const part of table.tBodies) {
    const rows = [...part.rows].map((row) => ({ row, key: sortKey(row.cells[column]) }));
    rows.sort((a, b) => {
      if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
      return sign * (typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : String(a.key).localeCompare(String(b.key)));
    });
    part.append(...rows.map((r) => r.row));
  }
}

function sortKey(cell) {
  const text = (cell.dataset.v ?? (cell.firstChild?.textContent.trim() || cell.textContent)).trim().replace("−", "-");
  if (text === "" || text === "nan" || text === "–") return "";
  const value = { inf: Infinity, "∞": Infinity, "-∞": -Infinity }[text] ?? Number(text);
  return Number.isNaN(value) ? text : value;
}

// ---- filters of a leaderboard: a row stays where every chosen fact is its own ----------------------------------------
for (const form of document.querySelectorAll("form.filters")) {
  const table = document.getElementById(form.dataset.for);
  const fields = [...form.elements].filter((field) => field.dataset.fact);
  const key = (field) => `${field.dataset.fact}.${table.id}`;
  const apply = () => {
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !fields.every((field) => keeps(row, field));
      shown += !row.hidden;
    }
    table.classList.toggle("by-median", form.elements.average?.value === "median");
    form.querySelector("output").textContent = shown < table.tBodies[0].rows.length ? `${shown} of ${table.tBodies[0].rows.length} methods; ranks are those of all` : "";
  };
  for (const field of fields) {
    const given = address.get(key(field));
    if (given && (field.tagName !== "SELECT" || [...field.options].some((o) => o.value === given))) field.value = given;
    field.addEventListener("input", () => { address.set(key(field), field.value); apply(); });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => { fields.forEach((field) => address.set(key(field), "")); apply(); }));
  form.hidden = false;
  apply();
}

function keeps(row, field) {
  if (field.dataset.fact === "average" || field.value === "") return true;
  const own = row.dataset[field.dataset.fact] ?? "";
  return field.type === "search" ? own.includes(field.value.toLowerCase()) : own === field.value;
}

for (const select of document.querySelectorAll(".matrix-metric")) {
  select.addEventListener("change", () => {
    const table = document.getElementById(select.dataset.for);
    for (const part of table.tBodies) part.hidden = part.dataset.m !== select.value;
  });
}

// ---- explanations: every title shows on hover, on tap and on focus, and Escape closes it -----------------------------
const tip = document.createElement("div");
tip.id = "tip";
tip.setAttribute("role", "tooltip");
tip.popover = "manual";
document.body.append(tip);
let tipped = null;

function showTip(node) {
  tipped?.removeAttribute("aria-describedby");
  tipped = node;
  tip.textContent = node.dataset.tip;
  node.setAttribute("aria-describedby", "tip");
  if (!tip.matches(":popover-open")) tip.showPopover();
  placeTip();
}

function placeTip() {
  const [at, own] = [tipped.getBoundingClientRect(), tip.getBoundingClientRect()];
  tip.style.left = `${Math.max(4, Math.min(at.left, document.documentElement.clientWidth - own.width - 4))}px`;
  tip.style.top = `${at.bottom + own.height + 6 < innerHeight ? at.bottom + 4 : Math.max(4, at.top - own.height - 4)}px`;
}

function followTip() {
  const at = tipped.getBoundingClientRect();
  if (at.bottom > 0 && at.top < innerHeight) placeTip();
  else hideTip();
}

function hideTip() {
  tipped?.removeAttribute("aria-describedby");
  tipped = null;
  if (tip.matches(":popover-open")) tip.hidePopover();
}

function takeTitles(root) {
  for (const node of root.querySelectorAll("[title]")) {
    node.dataset.tip = node.title;
    node.removeAttribute("title");
    if (!node.matches("a, button, input, select, summary, [tabindex], svg *")) node.tabIndex = 0;
  }
}
takeTitles(document.body);
window.mossfuseTitles = takeTitles;
const owner = (event) => (event.target instanceof Element ? event.target.closest("[data-tip]") : null);
document.addEventListener("pointerover", (event) => { const node = owner(event); if (node && event.pointerType === "mouse") showTip(node); });
document.addEventListener("pointerout", (event) => { if (owner(event) && event.pointerType === "mouse") hideTip(); });
document.addEventListener("focusin", (event) => { const node = owner(event); if (node) showTip(node); else hideTip(); });
document.addEventListener("click", (event) => { const node = owner(event); if (node) showTip(node); else hideTip(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
document.addEventListener("scroll", () => { if (tipped) followTip(); }, { capture: true, passive: true });

// ---- a click copies a command or a path -------------------------------------------------------------------------------
document.addEventListener("click", async (event) => {
  const copy = event.target.closest?.("button.copy");
  if (!copy) return;
  await navigator.clipboard.writeText(copy.dataset.copy);
  copy.textContent = "copied";
  setTimeout(() => { copy.textContent = "copy"; }, 1500);
});

// ---- printing shows what is folded away ------------------------------------------------------------------------------
for (const menu of document.querySelectorAll("details.menu")) {
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.open = false; menu.querySelector("summary").focus(); } });
}

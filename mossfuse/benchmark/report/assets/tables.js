// Tables: sorting. No library, no network.
"use strict";

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => {
    const button = header.querySelector("button");
    if (button) button.addEventListener("click", () => sortTable(table, headers, column, button.dataset.first));
  });
}

function sortTable(table, headers, column, first) {
  const now = headers[column].getAttribute("aria-sort");
  const opposite = { ascending: "descending", descending: "ascending" };
  const order = now ? opposite[now] : first || "ascending";
  headers.forEach((h) => h.removeAttribute("aria-sort"));
  headers[column].setAttribute("aria-sort", order);
  const sign = order === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: sortKey(row.cells[column]) }));
  rows.sort((a, b) => {
    if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
    return sign * (typeof a.key === "number" && typeof b.key === "number" ? a.key - b.key : String(a.key).localeCompare(String(b.key)));
  });
  table.tBodies[0].append(...rows.map((r) => r.row));
}

function sortKey(cell) {
  const text = cell.dataset.v ?? cell.textContent.trim();
  if (text === "" || text === "nan") return "";
  const value = text === "inf" ? Infinity : Number(text);
  return Number.isNaN(value) ? text : value;
}

for (const select of document.querySelectorAll(".matrix-metric")) {
  select.addEventListener("change", () => {
    const table = document.getElementById(select.dataset.for);
    for (const span of table.querySelectorAll("span[data-m]")) span.hidden = span.dataset.m !== select.value;
    for (const cell of table.querySelectorAll("td")) cell.dataset.v = cell.getAttribute(`data-v-${select.value}`);
  });
}

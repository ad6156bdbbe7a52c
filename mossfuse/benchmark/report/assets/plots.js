// Line plots with uPlot in the page's own colours.
"use strict";

// A plot is a picture, so it is drawn again in light colours before printing and in the page's own afterwards.
const ON_PAPER = { "--ink": "#1b1f24", "--muted": "#626a74", "--line": "#dfe3e7" };
let printing = false;

function pageColour(name) {
  return printing ? ON_PAPER[name] : getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function decades(low, high) {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(Math.log10(high) + 1e-9) - first + 1) }, (_, k) => 10 ** (first + k));
}

// series: [{values, colour ("" for the page's ink), dash, width, title}]; areas: [[upper, lower, colour]] numbers of series;
// options: {x, xLabel, yLabel, height, logX, logY, ticks, tickNames}.
function drawLines(host, series, options, areas = []) {
  host.redraw = () => drawLines(host, series, options, areas);
  const ink = (colour) => colour || pageColour("--ink");
  const [muted, line] = [pageColour("--muted"), pageColour("--line")];
  const text = (v) => String(Number(v.toPrecision(6))).replace("-", "−");
  const axis = (label, extra) => ({
    label: label || undefined, stroke: muted, font: "12px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: label ? 18 : 0,
    grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1, size: 4 }, values: (u, splits) => splits.map((v) => (v === null ? "" : text(v))), ...extra,
  });
  if (host.plot) host.plot.destroy();
  host.replaceChildren();
  const fallback = { width: Math.max(200, host.clientWidth), height: options.height || 300 };
  host.plot = new uPlot({
    ...fallback,
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false, distr: options.logX ? 3 : 1 }, y: { distr: options.logY ? 3 : 1 } },
    axes: [axis(options.xLabel, { size: 30, ...(options.ticks && { splits: () => options.ticks, values: () => options.tickNames }) }), axis(options.yLabel, { size: 56, ...(options.logY && { splits: (u, k, low, high) => decades(low, high) }) })],
    series: [{}, ...series.map((s) => ({ label: s.title, stroke: ink(s.colour), width: s.width ?? 1.6, dash: s.dash || [], alpha: s.alpha || 1, points: { show: Boolean(s.dots) || s.values.filter((v) => v !== null).length === 1, size: 7 }, spanGaps: Boolean(s.joined) }))],
    bands: areas.map(([upper, lower, colour]) => ({ series: [upper + 1, lower + 1], fill: `color-mix(in srgb, ${ink(colour)} 16%, transparent)` })),
    hooks: { setCursor: [(u) => host.dispatchEvent(new CustomEvent("reading", { detail: u.cursor.idx }))] },
  }, [options.x, ...series.map((s) => s.values)], host);
}

const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.plot && Math.abs(target.plot.width - target.clientWidth) > 1) target.plot.setSize({ width: Math.max(200, target.clientWidth), height: target.plot.height });
  }
});
for (const host of document.querySelectorAll(".plot")) watcher.observe(host);
function redrawAll() {
  for (const host of document.querySelectorAll(".plot")) if (host.redraw) host.redraw();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
window.addEventListener("beforeprint", () => { printing = true; redrawAll(); });
window.addEventListener("afterprint", () => { printing = false; redrawAll(); });

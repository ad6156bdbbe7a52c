// Line plots as SVG. No library, no network.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

function niceTicks(low, high, count) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-6; k++) out.push(Number((k * step).toPrecision(10)));
  return out;
}

// series: [{values (null: a gap), colour or "" for the truth, dash, title}]; x: one place per value.
function linePlot(svg, x, series, xLabel, yLabel, floor) {
  const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
  const box = { left: 52, right: width - 12, top: 12, bottom: height - 40 };
  const all = series.flatMap((s) => s.values).filter((v) => v !== null && Number.isFinite(v));
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (!all.length) [low, high] = [0, 1];
  if (floor !== undefined) low = Math.min(low, floor);
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  [low, high] = [low === floor ? floor : low - margin, high + margin];
  const [first, last] = [Math.min(...x), Math.max(...x)];
  const px = (v) => (last > first ? box.left + ((v - first) / (last - first)) * (box.right - box.left) : (box.left + box.right) / 2);
  const py = (v) => box.bottom - ((v - low) / (high - low)) * (box.bottom - box.top);
  svg.replaceChildren();
  for (const tick of niceTicks(low, high, 5)) {
    svg.append(element("line", { class: "grid", x1: box.left, x2: box.right, y1: py(tick), y2: py(tick) }));
    svg.append(element("text", { x: box.left - 8, y: py(tick) + 4, "text-anchor": "end" }, String(tick).replace("-", "−")));
  }
  for (const tick of niceTicks(first, last, 8)) {
    svg.append(element("line", { class: "axis", x1: px(tick), x2: px(tick), y1: box.bottom, y2: box.bottom + 4 }));
    svg.append(element("text", { x: px(tick), y: box.bottom + 17, "text-anchor": "middle" }, String(tick)));
  }
  svg.append(element("line", { class: "axis", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }));
  svg.append(element("text", { x: box.right, y: height - 6, "text-anchor": "end" }, xLabel));
  svg.append(element("text", { x: box.left + 6, y: box.top + 4 }, yLabel));
  for (const s of series) {
    let path = "";
    s.values.forEach((v, k) => {
      if (v === null || !Number.isFinite(v)) return;
      const joined = k > 0 && s.values[k - 1] !== null && Number.isFinite(s.values[k - 1]);
      path += `${joined ? "L" : "M"}${px(x[k]).toFixed(1)},${py(v).toFixed(1)}`;
      if (s.values.length === 1) path += "h.01";
    });
    const line = element("path", { d: path || "M0,0", "stroke-dasharray": s.dash || "none" });
    if (s.colour) line.style.stroke = s.colour;
    else line.setAttribute("class", "truth");
    if (s.values.length === 1) line.style.cssText += ";stroke-width:9px;stroke-linecap:round";
    line.append(element("title", {}, s.title));
    svg.append(line);
  }
}

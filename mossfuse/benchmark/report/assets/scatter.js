// A scatter plot as SVG: points with intervals, names, and the Pareto front.
"use strict";

const SVG = "http://www.w3.org/2000/svg";

function svgNode(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

// The shapes of the methods, in the order of the report's markers, as paths around (0, 0).
const polygon = (corners, radius, turn) => `M${Array.from({ length: corners }, (_, k) => {
  const angle = turn + (2 * Math.PI * k) / corners;
  return `${(radius * Math.sin(angle)).toFixed(2)},${(-radius * Math.cos(angle)).toFixed(2)}`;
}).join("L")}Z`;
const CROSS = "M-2,-6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z";
const SHAPES = [
  polygon(24, 5.5, 0), "M-5,-5H5V5H-5Z", "M0,-6.5L6.5,0L0,6.5L-6.5,0Z", polygon(3, 6.8, 0), polygon(3, 6.8, Math.PI), CROSS,
  CROSS, polygon(5, 6.2, 0), polygon(6, 6, 0), polygon(3, 6.8, -Math.PI / 2), polygon(3, 6.8, Math.PI / 2), "M0,-7L4,0L0,7L-4,0Z",
];
const TURNED = 6; // this shape is the cross on its corner

// Indices of the points that no other beats in both, in order of cost.
function paretoFront(points, higher) {
  const order = points.map((_, k) => k).sort((a, b) => points[a].x - points[b].x || (higher ? points[b].y - points[a].y : points[a].y - points[b].y));
  const front = [];
  let best = null;
  for (const k of order) {
    if (best === null || (higher ? points[k].y > best : points[k].y < best)) {
      front.push(k);
      best = points[k].y;
    }
  }
  return front;
}

function niceTicks(low, high, count) {
  const raw = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
  const out = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-6; k++) out.push(Number((k * step).toPrecision(10)));
  return out;
}

function shortNumber(v) {
  for (const [size, unit] of [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " K"]]) if (v >= size) return `${Number((v / size).toPrecision(3))}${unit}`;
  return String(Number(v.toPrecision(3)));
}

// points: [{x, y, low, high, name, title, colour, shape}]; x on a logarithmic scale. Returns the names on the front.
function drawScatter(host, points, { xLabel, yLabel, higher }) {
  const [width, height] = [Math.max(320, Math.min(1100, host.clientWidth || 900)), innerWidth < 640 ? 380 : 460];
  const box = { left: 58, right: width - 14, top: 16, bottom: height - 46 };
  const svg = svgNode("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${yLabel} against ${xLabel}; ${points.length} methods` });
  host.replaceChildren(svg);
  if (!points.length) return [];
  const ends = points.flatMap((p) => [p.y, p.low, p.high]).filter((v) => v !== null);
  let [low, high] = [Math.min(...ends), Math.max(...ends)];
  const margin = (high - low || Math.abs(high) || 1) * 0.08;
  [low, high] = [low - margin, high + margin];
  const logs = points.map((p) => Math.log10(p.x));
  const [first, last] = [Math.min(...logs) - 0.25, Math.max(...logs) + 0.25];
  const px = (v) => box.left + ((Math.log10(v) - first) / (last - first)) * (box.right - box.left);
  const py = (v) => box.bottom - ((v - low) / (high - low)) * (box.bottom - box.top);
  for (const tick of niceTicks(low, high, 6)) {
    svg.append(svgNode("line", { class: "grid", x1: box.left, x2: box.right, y1: py(tick), y2: py(tick) }));
    svg.append(svgNode("text", { x: box.left - 8, y: py(tick) + 4, "text-anchor": "end" }, String(tick).replace("-", "−")));
  }
  const decades = last - first > 1.6 ? [1] : [1, 2, 5];
  for (let power = Math.floor(first); power <= last; power++) {
    for (const k of decades) {
      const value = k * 10 ** power;
      if (Math.log10(value) < first || Math.log10(value) > last) continue;
      svg.append(svgNode("line", { class: "grid", x1: px(value), x2: px(value), y1: box.top, y2: box.bottom }));
      svg.append(svgNode("text", { x: px(value), y: box.bottom + 18, "text-anchor": "middle" }, shortNumber(value)));
    }
  }
  svg.append(svgNode("text", { x: box.right, y: height - 8, "text-anchor": "end" }, xLabel));
  svg.append(svgNode("text", { x: box.left + 4, y: box.top - 3 }, yLabel));
  const front = paretoFront(points, higher);
  let path = "";
  front.forEach((k, n) => { path += n ? `H${px(points[k].x).toFixed(1)}V${py(points[k].y).toFixed(1)}` : `M${px(points[k].x).toFixed(1)},${py(points[k].y).toFixed(1)}`; });
  svg.append(svgNode("path", { class: "front", d: `${path}H${box.right}` }));
  const placed = [];
  const order = points.map((_, k) => k).sort((a, b) => py(points[b].y) - py(points[a].y));
  for (const k of order) {
    const p = points[k];
    const [x, y] = [px(p.x), py(p.y)];
    const group = svgNode("g", { class: "point", tabindex: 0, role: "img", "aria-label": p.text });
    group.dataset.tip = p.text;
    group.dataset.method = p.name;
    if (p.low !== null && p.high !== null) group.append(svgNode("line", { class: "interval", x1: x, x2: x, y1: py(p.low), y2: py(p.high), stroke: p.colour }));
    group.append(svgNode("path", { d: SHAPES[p.shape % SHAPES.length], transform: `translate(${x.toFixed(1)},${y.toFixed(1)})${p.shape === TURNED ? " rotate(45)" : ""}`, fill: p.colour }));
    const length = 6.4 * p.name.length;
    const leftward = x + 10 + length > box.right;
    const start = leftward ? x - 10 - length : x + 10;
    let level = y + 4;
    let free = false;
    for (let n = 0; n < 14 && !free; n++) {
      free = !placed.some((o) => start < o.end && o.start < start + length && Math.abs(level - o.level) < 13);
      if (!free) level -= 13;
    }
    if (free && level > box.top) {
      placed.push({ start, end: start + length, level });
      group.append(svgNode("text", { x: leftward ? x - 10 : x + 10, y: level, "text-anchor": leftward ? "end" : "start", class: "name" }, p.name));
    }
    svg.append(group);
  }
  return front.map((k) => points[k].name);
}

// The scene explorer: two methods under a swipe or a flicker, zoom and crops for all pictures, spectra of pixels and regions.
"use strict";

const source = document.getElementById("scene-data");
if (source) exploreScene(JSON.parse(source.textContent));

function exploreScene(scene) {
  const id = (name) => document.getElementById(name);
  const [rows, cols] = scene.shape;
  const explorer = id("explorer");
  const stage = id("stage");
  const axis = scene.wavelengths || Array.from({ length: scene.bands }, (_, k) => k + 1);
  const axisName = scene.wavelengths ? "Wavelength (nm)" : "Band";
  const spectra = spectraOf(scene);
  const gaps = new Set(scene.gaps); // pixels of the grid that were not measured
  const inputs = [["truth", "Ground truth"], ["hsi", "LR-HSI (input)"], ["msi", "HR-MSI (input)"]];
  const methods = new Map(scene.methods.map((m) => [m.name, { ...m, dash: m.dash.split(" ").filter(Boolean).map(Number) }]));
  const ordered = [...scene.methods].sort((a, b) => (a.rank ?? 1e9) - (b.rank ?? 1e9)).map((m) => m.name);
  const known = new Set([...methods.keys(), ...inputs.map(([name]) => name)]);
  const state = {
    mode: "colour", band: Math.ceil(scene.bands / 2), way: "swipe", tool: "pixel", zoom: 1, cx: 0.5, cy: 0.5,
    a: ordered[0] || "truth", b: methods.has("bicubic") && ordered[0] !== "bicubic" ? "bicubic" : ordered[1] || "hsi",
    row: 0, col: 0, pins: [], region: null, difference: false, plotted: null,
  };
  [state.row, state.col] = scene.pixels[0] || [0, 0];
  readAddress();
  state.plotted ||= new Set([state.a, state.b].filter((n) => methods.has(n)));

  // ---- address ----------------------------------------------------------------------------------------------------
  function readAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const whole = (text, high) => Math.min(high, Math.max(0, Math.round(Number(text)) || 0));
    const pixel = (text) => text.split(",").slice(0, 2).map((v, k) => whole(v, (k ? cols : rows) - 1));
    const pick = (key, allowed) => (allowed.includes(given.get(key)) ? given.get(key) : undefined);
    state.mode = pick("m", ["colour", "error", "sam", "bands", "errors"]) || state.mode;
    state.way = pick("w", ["swipe", "flicker"]) || state.way;
    if (known.has(given.get("a"))) state.a = given.get("a");
    if (known.has(given.get("v"))) state.b = given.get("v");
    if (given.has("b")) state.band = Math.max(1, whole(given.get("b"), scene.bands));
    if (given.has("p")) [state.row, state.col] = pixel(given.get("p"));
    if (given.has("z")) state.zoom = Math.min(32, Math.max(1, Number(given.get("z")) || 1));
    if (given.has("c")) [state.cx, state.cy] = given.get("c").split(",").map((v) => Math.min(1, Math.max(0, Number(v) || 0)));
    if (given.has("k")) state.pins = given.get("k").split(";").filter(Boolean).slice(0, 8).map(pixel);
    if (given.has("r")) {
      const r = given.get("r").split(",").map((v, k) => whole(v, (k % 2 ? cols : rows) - 1));
      if (r.length === 4) state.region = r;
    }
    if (given.has("s")) state.plotted = new Set(given.get("s").split(",").filter((n) => methods.has(n)));
    state.difference = given.get("d") === "1";
  }

  function writeAddress() {
    const parts = { m: state.mode, b: state.band, w: state.way, a: state.a, v: state.b, p: `${state.row},${state.col}`, z: "", c: "", r: "", d: "" };
    if (state.zoom > 1) Object.assign(parts, { z: Number(state.zoom.toFixed(3)), c: `${state.cx.toFixed(4)},${state.cy.toFixed(4)}` });
    parts.k = state.pins.map((p) => p.join(",")).join(";");
    if (state.region) parts.r = state.region.join(",");
    parts.s = [...state.plotted].join(",");
    if (state.difference) parts.d = 1;
    const all = window.mossfuseAddress.read(); // with the sorting of the tables
    for (const [key, value] of Object.entries(parts)) value === "" ? all.delete(key) : all.set(key, value);
    if (!state.plotted.size) all.set("s", "");
    history.replaceState(null, "", `#${all.toString().replace(/%2C/g, ",").replace(/%3B/g, ";")}`);
  }
  window.addEventListener("hashchange", () => location.reload());

  // ---- pictures ---------------------------------------------------------------------------------------------------
  const rootOf = (name) => (methods.has(name) ? methods.get(name).root : scene.root);
  const titleOf = (name) => (methods.has(name) ? methods.get(name).title : inputs.find(([n]) => n === name)[1]);

  // What a view of NAME shows in the present mode: {file, tile (a sprite's geometry), lut}; the inputs and the truth have no errors.
  function picture(name) {
    const own = methods.has(name);
    let mode = state.mode;
    if (!own && (mode === "error" || mode === "sam")) mode = "colour";
    if (!own && mode === "errors") mode = "bands";
    if (name === "msi") mode = "colour";
    const prefix = name === "hsi" ? (mode === "bands" ? "hsi_bands" : "hsi") : name === "msi" ? "msi" : mode;
    const tile = mode === "bands" ? scene.sprites[name === "hsi" ? "hsi" : "bands"] : mode === "errors" ? scene.sprites.errors : null;
    return { file: `${rootOf(name)}/${prefix}.webp`, tile, lut: mode === "sam" ? "sam" : mode.startsWith("error") ? "error" : "" };
  }

  function paint(view, name) {
    const { file, tile, lut } = picture(name);
    let layer = view.querySelector(".layer");
    if (!layer || (layer.tagName === "IMG") !== !tile) {
      layer?.remove();
      layer = document.createElement(tile ? "div" : "img");
      layer.className = tile ? "layer sprite" : "layer";
      if (!tile) [layer.loading, layer.draggable] = ["lazy", false];
      view.prepend(layer);
    }
    if (tile) {
      const lines = Math.ceil(tile.bands / tile.columns);
      const [width, height] = [tile.columns * tile.pitch_cols, lines * tile.pitch_rows];
      const [line, column] = [Math.floor((state.band - 1) / tile.columns), (state.band - 1) % tile.columns];
      const percent = (offset, whole, part) => (whole > part ? (100 * offset) / (whole - part) : 0);
      layer.style.backgroundImage = `url("${file}")`;
      layer.style.backgroundSize = `${(100 * width) / tile.cols}% ${(100 * height) / tile.rows}%`;
      layer.style.backgroundPosition = `${percent(column * tile.pitch_cols, width, tile.cols)}% ${percent(line * tile.pitch_rows, height, tile.rows)}%`;
      layer.setAttribute("role", "img");
      layer.setAttribute("aria-label", `${titleOf(name)}, band ${state.band}`);
    } else {
      if (layer.getAttribute("src") !== file) layer.src = file;
      layer.alt = titleOf(name);
    }
    view.classList.toggle("coarse", name === "hsi");
    layer.style.filter = lut ? `url(#lut-${lut})` : "";
  }

  function showPictures() {
    paint(id("view-a"), state.a);
    paint(id("view-b"), state.b);
    if (!id("view-truth").hidden) paint(id("view-truth"), "truth");
    if (id("gallery").open) for (const frame of id("frames").children) paint(frame.querySelector(".view"), frame.dataset.frame);
    for (const bar of document.querySelectorAll(".scale")) bar.hidden = bar.dataset.scale !== state.mode;
    const rank = (name) => (methods.get(name)?.rank ? `rank ${methods.get(name).rank}` : "");
    for (const [side, name] of [["a", state.a], ["b", state.b]]) {
      id(`corner-${side}`).textContent = [titleOf(name), rank(name)].filter(Boolean).join(" · ");
    }
    const nm = scene.wavelengths ? ` · ${Math.round(scene.wavelengths[state.band - 1] * 10) / 10} nm` : "";
    id("band-name").textContent = `${state.band} of ${scene.bands}${nm}`;
    id("band").value = state.band;
    id("band").setAttribute("aria-valuetext", id("band-name").textContent);
    for (const [name, value] of [["mode", state.mode], ["way", state.way], ["tool", state.tool], ["a", state.a], ["b", state.b]]) {
      for (const radio of document.querySelectorAll(`input[type="radio"][name="${name}"]`)) radio.checked = radio.value === value;
    }
    for (const box of document.querySelectorAll('input[name="plot"]')) box.checked = state.plotted.has(box.value);
    [id("first").value, id("second").value] = [state.a, state.b];
    stage.dataset.way = state.way;
    stage.dataset.tool = state.tool;
  }

  // All views share one zoom and one centre.
  function showPlace() {
    const half = 0.5 / state.zoom;
    state.cx = Math.min(1 - half, Math.max(half, state.cx));
    state.cy = Math.min(1 - half, Math.max(half, state.cy));
    const set = (name, value) => explorer.style.setProperty(name, value);
    set("--zoom", state.zoom);
    set("--cx", state.cx);
    set("--cy", state.cy);
    set("--px", (state.col + 0.5) / cols);
    set("--py", (state.row + 0.5) / rows);
    id("zoom-name").textContent = `${Number(state.zoom.toFixed(1))}×`;
    [id("row").value, id("col").value] = [state.row, state.col];
    const marks = [mark("mark", state.row, state.col, "")];
    state.pins.forEach(([row, col], k) => marks.push(mark("mark pin", row, col, String(k + 1))));
    if (state.region) marks.push(frameOf(state.region));
    id("marks").replaceChildren(...marks);
  }

  function mark(kind, row, col, text) {
    const node = Object.assign(document.createElement("div"), { className: kind, textContent: text });
    node.style.setProperty("--px", (col + 0.5) / cols);
    node.style.setProperty("--py", (row + 0.5) / rows);
    return node;
  }

  function frameOf([top, left, bottom, right]) {
    const node = mark("region", top, left, "");
    node.style.setProperty("--px", left / cols);
    node.style.setProperty("--py", top / rows);
    node.style.setProperty("--w", (right - left + 1) / cols);
    node.style.setProperty("--h", (bottom - top + 1) / rows);
    return node;
  }

  function zoomBy(factor, at = [0.5, 0.5]) {
    const before = state.zoom;
    state.zoom = Math.min(32, Math.max(1, before * factor));
    const keep = 1 / before - 1 / state.zoom;
    state.cx += (at[0] - 0.5) * keep;
    state.cy += (at[1] - 0.5) * keep;
    showPlace();
    writeAddress();
  }

  // ---- spectra ----------------------------------------------------------------------------------------------------
  const nearest = (list, value) => list.reduce((best, v, k) => (Math.abs(v - value) < Math.abs(list[best] - value) ? k : best), 0);
  const presetOf = (row, col) => scene.pixels.findIndex(([r, c]) => r === row && c === col);

  // A pixel as it is stored: a preset one, or the nearest of the grid.
  function snap(row, col) {
    if (presetOf(row, col) >= 0) return [row, col];
    return [scene.grid.rows[nearest(scene.grid.rows, row)], scene.grid.cols[nearest(scene.grid.cols, col)]];
  }

  const gridIndex = (row, col) => nearest(scene.grid.rows, row) * scene.grid.cols.length + nearest(scene.grid.cols, col);
  const spectrum = (name, row, col) => (presetOf(row, col) >= 0 ? spectra.chosen(name, presetOf(row, col)) : spectra.at(name, gridIndex(row, col)));

  function choose(row, col) {
    [state.row, state.col] = snap(row, col);
    state.region = null;
    refresh();
  }

  function refresh() {
    showPlace();
    writeAddress();
    return showSpectra();
  }

  let turn = 0;
  async function showSpectra() {
    const now = ++turn;
    const names = [...methods.keys()].filter((n) => state.plotted.has(n));
    try {
      const drawn = state.region ? await regionSeries(names) : await pixelSeries(names);
      if (now !== turn) return;
      id("dock-title").textContent = state.region ? "Spectra of the region" : `Spectra at row ${state.row}, column ${state.col}`;
      const yLabel = state.difference ? "Difference" : "Reflectance";
      drawLines(id("spectra"), drawn.series, { x: axis, xLabel: innerWidth < 900 ? "" : axisName, yLabel, height: plotHeight() }, drawn.areas);
      showLegend(names, drawn);
      id("said").textContent = `${state.region ? `Mean ± standard deviation of ${drawn.count} stored pixels, rows ${state.region[0]} to ${state.region[2]}, columns ${state.region[1]} to ${state.region[3]}. ` : ""}${!state.region && gaps.has(gridIndex(state.row, state.col)) ? "Not measured in the pair: this pixel counts in no score. " : ""}${names.length} of ${methods.size} methods plotted (choose them in the table below).`;
      explorer.dataset.ready = String(now);
    } catch (error) {
      if (now === turn) id("said").textContent = error.message;
    }
    showButtons();
  }

  const plotHeight = () => (innerWidth < 900 ? Math.min(190, Math.round(innerHeight * 0.2)) : 300);

  async function pixelSeries(names) {
    const truth = await spectrum("truth", state.row, state.col);
    const minus = (values, base) => (state.difference ? values.map((v, k) => v - base[k]) : values);
    const at = new Map();
    const series = [];
    for (const [number, [row, col]] of state.pins.entries()) {
      const base = await spectrum("truth", row, col);
      series.push({ values: minus(base, base), colour: "", dash: [1, 3], width: 1, title: `truth at pin ${number + 1}` });
      for (const name of new Set([state.a, state.b])) {
        if (methods.has(name)) series.push({ values: minus(await spectrum(name, row, col), base), colour: methods.get(name).colour, dash: [1, 3], width: 1, title: `${name} at pin ${number + 1}` });
      }
    }
    for (const name of names) {
      at.set(name, await spectrum(name, state.row, state.col));
      series.push({ values: minus(at.get(name), truth), ...lookOf(name) });
    }
    series.push({ values: minus(truth, truth), colour: "", width: 2.6, title: "ground truth" });
    return { series, areas: [], truth, at };
  }

  async function regionSeries(names) {
    const [top, left, bottom, right] = state.region;
    const inside = [];
    scene.grid.rows.forEach((r, i) => scene.grid.cols.forEach((c, j) => {
      const p = i * scene.grid.cols.length + j;
      if (r >= top && r <= bottom && c >= left && c <= right && !gaps.has(p)) inside.push(p);
    }));
    if (!inside.length) inside.push(gridIndex((top + bottom) / 2, (left + right) / 2));
    const truth = await spectra.region("truth", inside);
    const [series, areas, at] = [[], [], new Map()];
    const add = (mean, spread, look) => {
      const shown = state.difference ? mean.map((v, k) => v - truth.mean[k]) : mean;
      for (const sign of [1, -1]) series.push({ values: shown.map((v, k) => v + sign * spread[k]), colour: look.colour, width: 0.5, alpha: 0.5, title: `${look.title}, ${sign > 0 ? "+" : "−"} standard deviation` });
      areas.push([series.length - 2, series.length - 1, look.colour]);
      series.push({ values: shown, ...look });
    };
    for (const name of names) {
      const { mean, spread } = await spectra.region(name, inside);
      at.set(name, mean);
      add(mean, spread, lookOf(name));
    }
    add(truth.mean, truth.spread, { colour: "", width: 2.6, title: "ground truth" });
    return { series, areas, truth: truth.mean, at, count: inside.length };
  }

  const lookOf = (name) => ({ colour: methods.get(name).colour, dash: methods.get(name).dash, title: methods.get(name).title });

  // Every plotted line with its angle and RMSE to the truth at the pixel, or of the region's means.
  function showLegend(names, { truth, at }) {
    const entry = (look, text) => {
      const item = document.createElement("li");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      line.setAttribute("viewBox", "0 0 26 8");
      line.setAttribute("aria-hidden", "true");
      const stroke = document.createElementNS("http://www.w3.org/2000/svg", "line");
      for (const [key, value] of Object.entries({ x1: 1, x2: 25, y1: 4, y2: 4, "stroke-width": look.width || 1.8, "stroke-dasharray": (look.dash || []).join(" ") })) stroke.setAttribute(key, value);
      stroke.style.stroke = look.colour || "var(--ink)";
      line.append(stroke);
      item.append(line, text);
      return item;
    };
    id("legend").replaceChildren(entry({ width: 2.6 }, "Ground truth"), ...names.map((name) => {
      const clipped = at.get(name).map((v) => Math.min(1, Math.max(0, v)));
      const item = entry(lookOf(name), `${titleOf(name)} `);
      item.dataset.method = name;
      [item.dataset.angle, item.dataset.rmse] = [angleBetween(truth, clipped), rmsBetween(truth, clipped)];
      item.append(Object.assign(document.createElement("span"), { textContent: `${Number(item.dataset.angle).toFixed(2)}°, RMSE ${Number(item.dataset.rmse).toFixed(4)}` }));
      return item;
    }));
  }

  function showButtons() {
    id("pixels").replaceChildren(...scene.pixels.map(([row, col], k) => button(`Preset ${k + 1}`, () => choose(row, col), !state.region && row === state.row && col === state.col)));
    const pins = state.pins.map(([row, col], k) => button(`Pin ${k + 1} (${row}, ${col}) ×`, () => { state.pins.splice(k, 1); refresh(); }, undefined, `Remove pin ${k + 1} at row ${row}, column ${col}`));
    if (state.region) {
      pins.push(button("Zoom to region", zoomToRegion), button("Leave region ×", () => { state.region = null; refresh(); }));
    }
    id("pins").replaceChildren(...pins);
  }

  function button(text, act, pressed, label) {
    const node = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    if (pressed !== undefined) node.setAttribute("aria-pressed", String(pressed));
    if (label) node.setAttribute("aria-label", label);
    node.addEventListener("click", act);
    return node;
  }

  function zoomToRegion() {
    const [top, left, bottom, right] = state.region;
    state.zoom = Math.min(32, Math.max(1, Math.min(cols / (right - left + 1), rows / (bottom - top + 1))));
    [state.cx, state.cy] = [(left + right + 1) / 2 / cols, (top + bottom + 1) / 2 / rows];
    showPlace();
    writeAddress();
  }

  function pin() {
    if (state.pins.some(([r, c]) => r === state.row && c === state.col)) return;
    state.pins = [...state.pins, [state.row, state.col]].slice(-8);
    refresh();
  }

  // ---- pointer and keys -------------------------------------------------------------------------------------------
  function placeOf(event, view = stage) {
    const box = view.getBoundingClientRect();
    const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const [x, y] = [state.cx + (at[0] - 0.5) / state.zoom, state.cy + (at[1] - 0.5) / state.zoom];
    const whole = (v, n) => Math.min(n - 1, Math.max(0, Math.floor(v * n)));
    return { at, row: whole(y, rows), col: whole(x, cols) };
  }

  function onHandle(event) {
    if (state.way !== "swipe") return false;
    const box = id("slider").shadowRoot.getElementById("handle").getBoundingClientRect();
    return event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  }

  let drag = null;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || onHandle(event)) return;
    event.preventDefault();
    stage.focus({ preventScroll: true });
    const start = placeOf(event);
    drag = { tool: event.altKey ? "pan" : state.tool, start, cx: state.cx, cy: state.cy };
    stage.setPointerCapture(event.pointerId);
    if (drag.tool === "pixel") {
      choose(start.row, start.col);
      if (event.shiftKey) pin();
    }
  });
  stage.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const now = placeOf(event);
    if (drag.tool === "pixel" && !event.shiftKey) choose(now.row, now.col);
    if (drag.tool === "pan") {
      state.cx = drag.cx - (now.at[0] - drag.start.at[0]) / state.zoom;
      state.cy = drag.cy - (now.at[1] - drag.start.at[1]) / state.zoom;
      showPlace();
    }
    if (drag.tool === "region") {
      const [r, c] = [[drag.start.row, now.row], [drag.start.col, now.col]];
      state.region = [Math.min(...r), Math.min(...c), Math.max(...r), Math.max(...c)];
      showPlace();
    }
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    stage.addEventListener(kind, () => {
      if (drag && drag.tool !== "pixel") refresh();
      drag = null;
    });
  }
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomBy(2 ** (-event.deltaY / 200), placeOf(event).at);
  }, { passive: false });

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey) return;
    const step = steps[event.key];
    if (step && event.shiftKey) {
      state.cx += (0.1 * step[1]) / state.zoom;
      state.cy += (0.1 * step[0]) / state.zoom;
      showPlace();
      writeAddress();
    } else if (step) {
      const move = (list, value, by) => list[Math.min(list.length - 1, Math.max(0, nearest(list, value) + by))];
      choose(move(scene.grid.rows, state.row, step[0]), move(scene.grid.cols, state.col, step[1]));
    } else if (event.key === "Enter") pin();
    else if (event.key === "+" || event.key === "=") zoomBy(2);
    else if (event.key === "-") zoomBy(0.5);
    else if (event.key === "0") zoomBy(1e-9);
    else if (event.key.toLowerCase() === "t") showTruth(true);
    else return;
    event.preventDefault();
  });
  stage.addEventListener("keyup", (event) => { if (event.key.toLowerCase() === "t") showTruth(false); });
  stage.addEventListener("blur", () => showTruth(false));

  function showTruth(on) {
    const view = id("view-truth");
    if (view.hidden !== on) return;
    view.hidden = !on;
    id("press-truth").setAttribute("aria-pressed", String(on));
    stage.classList.toggle("truth", on);
    if (on) paint(view, "truth");
  }
  const press = id("press-truth");
  press.addEventListener("pointerdown", () => showTruth(true));
  for (const kind of ["pointerup", "pointerleave", "blur"]) press.addEventListener(kind, () => showTruth(false));
  press.addEventListener("keydown", (event) => { if (event.key === " " || event.key === "Enter") showTruth(true); });
  press.addEventListener("keyup", () => showTruth(false));

  // Flicker: the second picture covers the first for half of each second.
  let beat = null;
  function setWay() {
    clearInterval(beat);
    beat = null;
    const slider = id("slider");
    slider.value = state.way === "swipe" ? 50 : 100;
    if (state.way === "flicker") {
      const slow = matchMedia("(prefers-reduced-motion: reduce)").matches ? 2000 : 600;
      beat = setInterval(() => { slider.value = Number(slider.value) > 50 ? 0 : 100; stage.dataset.side = Number(slider.value) > 50 ? "a" : "b"; }, slow);
    }
    stage.dataset.side = "a";
  }
  id("slider").addEventListener("slide", () => {
    id("slider").setAttribute("aria-valuenow", String(Math.round(id("slider").value)));
  });

  // ---- controls ---------------------------------------------------------------------------------------------------
  function setMethod(side, name) {
    state[side] = name;
    if (methods.has(name)) state.plotted.add(name);
    showPictures();
    refresh();
  }
  for (const [select, side] of [[id("first"), "a"], [id("second"), "b"]]) {
    const options = [...inputs, ...ordered.map((name) => [name, `${methods.get(name).rank ?? "–"} · ${methods.get(name).title}`])];
    select.append(...options.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text })));
    select.addEventListener("change", () => setMethod(side, select.value));
  }
  document.addEventListener("change", (event) => {
    const { name, value, checked } = event.target;
    if (name === "mode") state.mode = value;
    else if (name === "tool") state.tool = value;
    else if (name === "way") { state.way = value; setWay(); }
    else if (name === "a" || name === "b") return setMethod(name, value);
    else if (name === "plot") { checked ? state.plotted.add(value) : state.plotted.delete(value); showSpectra(); }
    else return;
    showPictures();
    writeAddress();
  });
  for (const box of document.querySelectorAll("#scores .pick input")) box.disabled = !methods.has(box.value);
  id("band").addEventListener("input", () => {
    state.band = Number(id("band").value);
    if (state.mode !== "errors") state.mode = "bands";
    showPictures();
    writeAddress();
  });
  id("zoom-in").addEventListener("click", () => zoomBy(2));
  id("zoom-out").addEventListener("click", () => zoomBy(0.5));
  id("zoom-all").addEventListener("click", () => zoomBy(1e-9));
  id("difference").checked = state.difference;
  id("difference").addEventListener("change", () => { state.difference = id("difference").checked; refresh(); });
  for (const name of ["row", "col"]) {
    id(name).addEventListener("change", () => choose(
      Math.min(rows - 1, Math.max(0, Math.round(Number(id("row").value)))),
      Math.min(cols - 1, Math.max(0, Math.round(Number(id("col").value)))),
    ));
  }
  id("worst").addEventListener("click", async () => {
    if (!methods.has(state.a)) return;
    const p = await spectra.worst(state.a, gaps);
    choose(scene.grid.rows[Math.floor(p / scene.grid.cols.length)], scene.grid.cols[p % scene.grid.cols.length]);
  });

  // ---- all methods ------------------------------------------------------------------------------------------------
  id("gallery").addEventListener("toggle", () => {
    if (!id("gallery").open) return;
    if (!id("frames").children.length) {
      const names = [...inputs.map(([name]) => name), ...ordered];
      id("frames").append(...names.map((name) => {
        const figure = Object.assign(document.createElement("figure"), { className: "frame" });
        figure.dataset.frame = name;
        const view = Object.assign(document.createElement("div"), { className: "view" });
        view.append(Object.assign(document.createElement("div"), { className: "mark" }));
        view.addEventListener("click", (event) => { const { row, col } = placeOf(event, view); choose(row, col); });
        const caption = Object.assign(document.createElement("figcaption"), { textContent: titleOf(name) });
        if (methods.has(name)) {
          const dot = Object.assign(document.createElement("span"), { className: "dot" });
          dot.style.setProperty("--c", methods.get(name).colour);
          caption.prepend(`${methods.get(name).rank ?? "–"} `, dot);
        }
        figure.append(view, caption);
        return figure;
      }));
    }
    showPictures();
  });

  setWay();
  showPictures();
  refresh();

  // ---- plots below ------------------------------------------------------------------------------------------------
  const banded = [...methods.values()].filter((m) => m.bands.length);
  if (id("band-psnr") && banded.length) {
    drawLines(id("band-psnr"), banded.map((m) => ({ values: m.bands, colour: m.colour, dash: m.dash, title: m.title })), { x: axis, xLabel: axisName, yLabel: "PSNR (dB)" });
  }
  if (id("srf")) {
    const truth = scene.true_srf.map((values) => ({ values, colour: "", width: 2.6, title: "truth" }));
    const estimates = scene.srf.flatMap((s) => s.hat.map((values) => ({ values, colour: s.colour, dash: methods.get(s.name).dash, title: s.name })));
    drawLines(id("srf"), [...truth, ...estimates], { x: axis, xLabel: axisName, yLabel: "Response (each band sums to 1)" });
  }
  if (id("fit-curves")) {
    const joined = uPlot.join(scene.curves.map((c) => [c.steps, c.values]));
    const first = scene.curves[0].seed;
    drawLines(id("fit-curves"), scene.curves.map((c, k) => ({ values: joined[k + 1], colour: c.colour, dash: methods.get(c.name)?.dash, width: c.seed === first ? 1.6 : 0.8, joined: true, title: c.title })),
      { x: joined[0], xLabel: "Steps of all stages", yLabel: scene.curve_label, logX: joined[0][0] > 0 });
  }
}

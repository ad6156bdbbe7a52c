// The scene viewer: pictures, bands, spectra. No library, no network.
"use strict";

const source = document.getElementById("scene-data");
if (source) viewScene(JSON.parse(source.textContent));

function viewScene(scene) {
  const frames = document.getElementById("frames");
  const [rows, cols] = scene.shape;
  const axis = scene.wavelengths || Array.from({ length: scene.bands }, (_, k) => k + 1);
  const axisName = scene.wavelengths ? "nm" : "band";
  const state = { mode: "colour", band: Math.ceil(scene.bands / 2), row: 0, col: 0, zoom: 1, difference: false };
  const shown = new Set(scene.methods.map((m) => m.name));
  const control = Object.fromEntries(["band", "row", "col", "zoom", "difference"].map((id) => [id, document.getElementById(id)]));
  [state.row, state.col] = scene.pixels[0] || [0, 0];
  readHash();

  for (const frame of frames.querySelectorAll(".frame[data-root]")) {
    const sprite = document.createElement("div");
    sprite.className = "layer sprite";
    sprite.hidden = true;
    const picture = frame.querySelector(".pic");
    picture.insertBefore(sprite, picture.querySelector(".mark"));
    picture.addEventListener("click", (event) => {
      const box = picture.getBoundingClientRect();
      const place = (at, start, size, origin) => origin + ((at - start) / size - origin) / state.zoom;
      choose(
        Math.floor(place(event.clientY, box.top, box.height, (state.row + 0.5) / rows) * rows),
        Math.floor(place(event.clientX, box.left, box.width, (state.col + 0.5) / cols) * cols),
      );
    });
  }

  // Pictures: one image, or one tile of a sprite; band errors are grey in the file and coloured by a filter.
  function showPictures() {
    for (const frame of frames.querySelectorAll(".frame[data-root]")) {
      const modes = frame.dataset.modes.split(" ");
      let mode = modes.includes(state.mode) ? state.mode : state.mode === "errors" && modes.includes("bands") ? "bands" : "colour";
      const [image, sprite] = [frame.querySelector("img.layer"), frame.querySelector(".sprite")];
      const tiled = mode === "bands" || mode === "errors";
      image.hidden = tiled;
      sprite.hidden = !tiled;
      const hsi = frame.dataset.frame === "hsi";
      if (tiled) {
        const file = hsi ? "hsi_bands.png" : `${mode}.jpg`;
        showTile(sprite, `${frame.dataset.root}/${file}`, scene.sprites[hsi ? "hsi" : mode]);
        sprite.style.filter = mode === "errors" ? "url(#lut)" : "";
      } else {
        const file = hsi ? "hsi.png" : frame.dataset.frame === "msi" ? "msi.png" : `${mode}.png`;
        image.src = `${frame.dataset.root}/${file}`;
      }
      if (hsi) frame.querySelector(".pic").classList.add("pixelated");
    }
    for (const bar of document.querySelectorAll(".scale")) {
      bar.hidden = bar.dataset.scale !== state.mode;
    }
    const nm = scene.wavelengths ? ` · ${Math.round(scene.wavelengths[state.band - 1] * 10) / 10} nm` : "";
    document.getElementById("band-name").textContent = `${state.band} of ${scene.bands}${nm}`;
    control.band.setAttribute("aria-valuetext", document.getElementById("band-name").textContent);
  }

  function showTile(sprite, file, tile) {
    const lines = Math.ceil(tile.bands / tile.columns);
    const [width, height] = [tile.columns * tile.pitch_cols, lines * tile.pitch_rows];
    const [line, column] = [Math.floor((state.band - 1) / tile.columns), (state.band - 1) % tile.columns];
    const percent = (offset, whole, part) => (whole > part ? (100 * offset) / (whole - part) : 0);
    sprite.style.backgroundImage = `url("${file}")`;
    sprite.style.backgroundSize = `${(100 * width) / tile.cols}% ${(100 * height) / tile.rows}%`;
    sprite.style.backgroundPosition = `${percent(column * tile.pitch_cols, width, tile.cols)}% ${percent(line * tile.pitch_rows, height, tile.rows)}%`;
  }

  // Spectra: exact at the picked pixels, from a quantised grid (loaded on first use) elsewhere.
  let loading = null;
  function loadGrid() {
    loading ||= Promise.all([scene, ...scene.methods].map(({ root }) => new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `${root}/spectra.js`;
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    })));
    return loading;
  }

  const unpacked = {};
  function gridSpectrum(key, i, j) {
    const grid = window.mossfuseSpectra[key];
    unpacked[key] ||= { ends: new Uint16Array(bytes(grid.ends).buffer), steps: bytes(grid.steps) };
    const { ends, steps } = unpacked[key];
    const pixel = i * grid.cols.length + j;
    const end = (k) => grid.low + (ends[2 * pixel + k] / 65535) * (grid.high - grid.low);
    const [low, high] = [end(0), end(1)];
    return Array.from(steps.subarray(pixel * grid.bands, (pixel + 1) * grid.bands), (s) => low + (s / 255) * (high - low));
  }

  function bytes(base64) {
    return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  }

  const nearest = (list, value) => list.reduce((best, v, k) => (Math.abs(v - value) < Math.abs(list[best] - value) ? k : best), 0);

  async function choose(row, col) {
    const exact = scene.pixels.findIndex(([r, c]) => r === row && c === col);
    if (exact < 0) {
      const [i, j] = [nearest(scene.grid.rows, row), nearest(scene.grid.cols, col)];
      await loadGrid();
      [state.row, state.col] = [scene.grid.rows[i], scene.grid.cols[j]];
      const again = scene.pixels.findIndex(([r, c]) => r === state.row && c === state.col);
      if (again >= 0) return choose(state.row, state.col);
      state.spectra = { truth: gridSpectrum("truth", i, j), methods: scene.methods.map((m) => gridSpectrum(m.key, i, j)) };
    } else {
      [state.row, state.col] = [row, col];
      state.spectra = { truth: scene.truth[exact], methods: scene.methods.map((m) => m.chosen[exact]) };
    }
    showPlace();
    showSpectra();
    writeHash();
  }

  function showPlace() {
    frames.style.setProperty("--ox", `${(100 * (state.col + 0.5)) / cols}%`);
    frames.style.setProperty("--oy", `${(100 * (state.row + 0.5)) / rows}%`);
    frames.style.setProperty("--zoom", state.zoom);
    for (const mark of frames.querySelectorAll(".mark")) mark.hidden = false;
    [control.row.value, control.col.value] = [state.row, state.col];
    pixelButtons.forEach((b, k) => b.setAttribute("aria-pressed", String(scene.pixels[k][0] === state.row && scene.pixels[k][1] === state.col)));
  }

  function showSpectra() {
    const { truth, methods } = state.spectra;
    const minus = (values) => (state.difference ? values.map((v, k) => v - truth[k]) : values);
    const series = scene.methods.map((m, k) => ({ values: minus(methods[k]), colour: m.colour, title: m.title })).filter((_, k) => shown.has(scene.methods[k].name));
    series.push({ values: minus(truth), colour: "", title: "ground truth" });
    linePlot(document.getElementById("spectra"), axis, series, axisName, `${state.difference ? "difference at" : "value at"} row ${state.row}, column ${state.col}`, state.difference ? undefined : 0);
    const body = document.querySelector("#at-pixel tbody");
    body.replaceChildren(...scene.methods.map((m, k) => {
      const row = document.createElement("tr");
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: shown.has(m.name) });
      box.addEventListener("change", () => { box.checked ? shown.add(m.name) : shown.delete(m.name); showSpectra(); });
      const dot = Object.assign(document.createElement("span"), { className: "dot" });
      dot.style.setProperty("--c", m.colour);
      label.append(box, " ", dot, m.title);
      row.insertCell().append(label);
      const clipped = methods[k].map((v) => Math.min(1, Math.max(0, v)));
      for (const text of [`${angle(truth, clipped).toFixed(2)}°`, rms(truth, clipped).toFixed(4)]) {
        Object.assign(row.insertCell(), { className: "n", textContent: text });
      }
      return row;
    }));
  }

  function angle(a, b) {
    const dot = (x, y) => x.reduce((sum, v, k) => sum + v * y[k], 0);
    const norms = Math.sqrt(dot(a, a) * dot(b, b));
    return norms > 0 ? (Math.acos(Math.min(1, Math.max(-1, dot(a, b) / norms))) * 180) / Math.PI : 90;
  }

  function rms(a, b) {
    return Math.sqrt(a.reduce((sum, v, k) => sum + (v - b[k]) ** 2, 0) / a.length);
  }

  const pixelButtons = scene.pixels.map(([row, col], k) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${k + 1} · (${row}, ${col})` });
    button.addEventListener("click", () => choose(row, col));
    document.getElementById("pixels").append(button);
    return button;
  });

  // The address keeps mode, band, pixel and zoom, so that a view can be shared.
  function readHash() {
    const given = new URLSearchParams(location.hash.slice(1));
    const whole = (text, high) => Math.min(high, Math.max(0, Math.round(Number(text)) || 0));
    if (["colour", "error", "sam", "bands", "errors"].includes(given.get("m"))) state.mode = given.get("m");
    if (given.has("b")) state.band = Math.max(1, whole(given.get("b"), scene.bands));
    if (given.has("p")) [state.row, state.col] = given.get("p").split(",").map((v, k) => whole(v, (k ? cols : rows) - 1));
    if (["2", "4", "8"].includes(given.get("z"))) state.zoom = Number(given.get("z"));
  }

  function writeHash() {
    const text = `m=${state.mode}&b=${state.band}&p=${state.row},${state.col}&z=${state.zoom}`;
    history.replaceState(null, "", `#${text}`);
  }

  for (const radio of document.querySelectorAll('input[name="mode"]')) {
    radio.checked = radio.value === state.mode;
    radio.addEventListener("change", () => setMode(radio.value));
  }
  function setMode(mode) {
    state.mode = mode;
    for (const radio of document.querySelectorAll('input[name="mode"]')) radio.checked = radio.value === mode;
    showPictures();
    writeHash();
  }
  control.band.value = state.band;
  control.band.addEventListener("input", () => {
    state.band = Number(control.band.value);
    setMode(state.mode === "errors" ? "errors" : "bands");
  });
  control.zoom.value = state.zoom;
  control.zoom.addEventListener("change", () => { state.zoom = Number(control.zoom.value); showPlace(); writeHash(); });
  control.difference.addEventListener("change", () => { state.difference = control.difference.checked; showSpectra(); });
  for (const id of ["row", "col"]) {
    control[id].addEventListener("change", () => choose(
      Math.min(rows - 1, Math.max(0, Math.round(Number(control.row.value)))),
      Math.min(cols - 1, Math.max(0, Math.round(Number(control.col.value)))),
    ));
  }

  window.addEventListener("hashchange", () => location.reload());
  showPictures();
  choose(state.row, state.col);

  const bands = scene.methods.filter((m) => m.bands.length);
  if (document.getElementById("band-psnr") && bands.length) {
    linePlot(document.getElementById("band-psnr"), axis, bands.map((m) => ({ values: m.bands, colour: m.colour, title: m.title })), axisName, "PSNR (dB)");
  }
  if (scene.true_srf.length) {
    const truth = scene.true_srf.map((values) => ({ values, colour: "", title: "truth" }));
    const estimates = scene.srf.flatMap((s) => s.hat.map((values) => ({ values, colour: s.colour, title: s.name })));
    linePlot(document.getElementById("srf"), axis, [...truth, ...estimates], axisName, "response (each row sums to 1)", 0);
  }
}

// The page Across: quality against cost, metrics under every convention, pairs, sweeps, estimates, curves.
"use strict";

(async () => {
  const id = (name) => document.getElementById(name);
  const { boards, sweeps } = JSON.parse(id("across-data").textContent);
  const keep = window.mossfuseAddress;
  const tick = (text, title = "") => Object.assign(document.createElement("th"), { textContent: text, title, scope: "col" });
  const cell = (row, text, kind = "n") => Object.assign(row.insertCell(), { textContent: text, className: kind });
  let board = null;

  function fill(select, entries, wanted) {
    select.replaceChildren(...entries.map(([value, text]) => Object.assign(document.createElement("option"), { value, textContent: text })));
    if (entries.some(([value]) => String(value) === wanted)) select.value = wanted;
  }

  const shown = (metric, value, sign = false) => {
    if (value === null || value === undefined) return "–";
    if (value === "inf" || value === "-inf") return value === "inf" ? "∞" : "−∞";
    const text = value.toFixed(metric.decimals);
    if (Number(text) === 0) return text.replace("-", "");
    return `${sign && value > 0 ? "+" : ""}${text}`.replace("-", "−");
  };
  const number = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);

  async function load(slug) {
    if (window.mossfuseAcross?.[slug]) return window.mossfuseAcross[slug];
    await new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = boards.find((b) => b.slug === slug).script;
      script.onload = done;
      script.onerror = () => failed(new Error(`${script.src} is missing; build the report again`));
      document.head.append(script);
    });
    return window.mossfuseAcross[slug];
  }

  // ---- choices ----------------------------------------------------------------------------------------------------
  const hidden = () => new Set(keep.get("hide").split(",").filter(Boolean));

  function chosen() {
    const [text, knows, trained, out] = [id("name").value.toLowerCase(), id("knows").value, id("trained").value, hidden()];
    return board.methods.filter((m) => !out.has(m.name) && `${m.name} ${m.title}`.toLowerCase().includes(text) && (!knows || m.knows === knows) && (!trained || m.trained_on === trained));
  }

  async function openBoard() {
    board = await load(id("board").value);
    const unique = (key) => [["", "all"], ...[...new Set(board.methods.map((m) => m[key]))].sort().map((v) => [v, v])];
    fill(id("knows"), unique("knows"), keep.get("knows"));
    fill(id("trained"), unique("trained_on"), keep.get("trained"));
    const leading = board.values[board.conventions[0]];
    fill(id("metric"), board.metrics.filter((m) => leading[m.name]).map((m) => [m.name, m.title]), keep.get("y"));
    fill(id("convention"), board.conventions.map((c) => [c, c]), keep.get("convention"));
    fill(id("costs"), board.costs.map((c) => [c.name, c.title]), keep.get("x"));
    fill(id("curve"), board.curves.map((c, k) => [k, c.title]), keep.get("curve"));
    const ticks = (host, entries, off, act) => host.replaceChildren(...entries.map(([value, text]) => {
      const label = document.createElement("label");
      const box = Object.assign(document.createElement("input"), { type: "checkbox", value, checked: !off.has(value) });
      box.addEventListener("change", act);
      label.append(box, ` ${text}`);
      return label;
    }));
    const collect = (host, key) => { keep.set(key, [...host.querySelectorAll("input:not(:checked)")].map((b) => b.value).join(",")); show(); };
    ticks(id("methods"), board.methods.map((m) => [m.name, m.title]), hidden(), () => collect(id("methods"), "hide"));
    ticks(id("columns"), board.metrics.map((m) => [m.name, m.title]), new Set(keep.get("without").split(",")), () => collect(id("columns"), "without"));
    show();
  }

  function show() {
    id("how-many").textContent = `${chosen().length} of ${board.methods.length}`;
    for (const part of [showCost, showMatrix, showPairs, showSweep, showEstimates, showCurves]) part();
    document.body.dataset.ready = board.slug;
  }

  const metricNow = () => board.metrics.find((m) => m.name === id("metric").value);
  const withUnit = (metric) => metric.title + (metric.unit ? ` (${metric.unit})` : "");

  // ---- quality against cost ---------------------------------------------------------------------------------------
  function showCost() {
    const [metric, cost, convention] = [metricNow(), board.costs.find((c) => c.name === id("costs").value), id("convention").value];
    id("cost").parentElement.querySelector("label").hidden = !cost;
    if (!cost || !metric) {
      id("cost-plot").replaceChildren();
      id("cost-note").textContent = `Nothing to draw. ${board.missing_costs}`;
      return;
    }
    const values = board.values[convention][metric.name] || {};
    const ranked = chosen().filter((m) => m.rank !== null);
    const points = ranked.filter((m) => cost.values[m.name] && Number.isFinite(number(values[m.name]?.[0] ?? null) ?? NaN)).map((m) => {
      const [y, low, high] = values[m.name].map((v) => (v === "inf" || v === "-inf" ? null : v));
      const interval = low === null ? "" : `, 95 % interval ${shown(metric, low)} to ${shown(metric, high)}`;
      return { x: cost.values[m.name], y, low, high, name: m.name, colour: m.colour, shape: m.shape, text: `${m.title}: ${metric.title} ${shown(metric, y)} ${metric.unit}${interval}; ${cost.title} ${shortNumber(cost.values[m.name])}` };
    });
    const front = drawScatter(id("cost-plot"), points, { xLabel: cost.title, yLabel: withUnit(metric), higher: metric.better === "higher" });
    const without = ranked.filter((m) => !points.some((p) => p.name === m.name)).map((m) => m.title);
    const reason = cost.name === "parameters" ? "no learned parameters" : "no value recorded";
    id("cost-note").textContent = `Ranked methods; mean over ${board.scenes} scenes, bars: 95 % intervals where there are enough scenes. Dashed: Pareto front (${front.join(", ") || "none"}). ${without.length ? `Not drawn (${reason}): ${without.join(", ")}. ` : ""}${board.missing_costs}`;
  }

  // ---- metrics x methods, under a convention ----------------------------------------------------------------------
  function showMatrix() {
    const [convention, first] = [id("convention").value, board.conventions[0]];
    const off = new Set(keep.get("without").split(","));
    const values = board.values[convention];
    const base = board.values[first];
    const metrics = board.metrics.filter((m) => values[m.name] && !off.has(m.name));
    const reasons = convention === first ? {} : board.reasons[convention] || {};
    const order = keep.get("best") && metrics.some((m) => m.name === keep.get("best")) ? keep.get("best") : metrics[0]?.name;
    const table = id("metrics");
    const head = document.createElement("tr");
    head.append(tick("Method"), ...metrics.map((m) => {
      const th = Object.assign(document.createElement("th"), { className: "n", scope: "col" });
      const button = Object.assign(document.createElement("button"), { type: "button", textContent: `${m.title} ${m.better === "higher" ? "↑" : "↓"}` });
      if (reasons[m.name]) button.title = reasons[m.name];
      button.addEventListener("click", () => { keep.set("best", m.name); showMatrix(); id("metrics").querySelector(`th[data-metric="${m.name}"] button`).focus(); });
      if (m.name === order) th.setAttribute("aria-sort", m.better === "higher" ? "descending" : "ascending");
      th.dataset.metric = m.name;
      th.append(button, Object.assign(document.createElement("small"), { textContent: m.unit || "\u00a0" }));
      return th;
    }));
    table.tHead.replaceChildren(head);
    const mean = (m, name) => number(values[m.name]?.[name]?.[0] ?? null);
    const better = (m) => (a, b) => (m.better === "higher" ? b - a : a - b);
    const leading = metrics.find((m) => m.name === order);
    const rows = [...chosen()].sort((a, b) => {
      const [x, y] = [leading ? mean(leading, a.name) : null, leading ? mean(leading, b.name) : null];
      if (x === null || y === null) return (x === null) - (y === null);
      return x === y ? 0 : better(leading)(x, y);
    });
    const places = new Map(metrics.map((m) => {
      const levels = [...new Set(board.methods.filter((p) => p.rank !== null).map((p) => mean(m, p.name)).filter((v) => Number.isFinite(v)).map((v) => Number(v.toFixed(m.decimals))))].sort(better(m));
      return [m.name, (v) => levels.indexOf(Number(v.toFixed(m.decimals)))];
    }));
    table.tBodies[0].replaceChildren(...rows.map((method) => {
      const row = document.createElement("tr");
      row.dataset.method = method.name;
      if (method.rank === null) row.className = "outside";
      const th = Object.assign(document.createElement("th"), { scope: "row", textContent: method.title });
      row.append(th);
      for (const m of metrics) {
        const value = values[m.name]?.[method.name]?.[0] ?? null;
        const td = cell(row, "");
        const text = td.appendChild(Object.assign(document.createElement("span"), { textContent: shown(m, value) }));
        td.dataset.metric = m.name;
        const place = method.rank !== null && Number.isFinite(value) ? places.get(m.name)(value) : -1;
        if (place === 0) text.className = "best";
        if (place === 1) text.className = "second";
        if (convention !== first) {
          const before = base[m.name]?.[method.name]?.[0] ?? null;
          const change = Number.isFinite(value) && Number.isFinite(before) ? shown(m, value - before, true) : before === null ? `not in ${first}` : "–";
          td.append(Object.assign(document.createElement("span"), { className: "ci", textContent: change }));
        }
      }
      return row;
    }), ...limitRows(metrics, convention));
    const limited = Object.keys(board.limits).length ? " Last rows: limits that read the truth; no method can pass them under their assumption, and they have no rank." : "";
    id("matrix-note").textContent = (convention === first
      ? `Means over ${board.scenes} scenes under ${first}; sorted by ${leading?.title ?? "nothing"}, best first. Choose another convention above to see what it changes.`
      : `The same cubes under ${convention}; below each value its change from ${first}. The reasons are listed below the table.`) + limited;
    id("reasons").replaceChildren(...metrics.filter((m) => reasons[m.name]).map((m) => {
      const item = document.createElement("li");
      item.dataset.metric = m.name;
      item.append(Object.assign(document.createElement("b"), { textContent: m.title }), `: ${reasons[m.name]}`);
      return item;
    }));
    window.mossfuseTitles(table);
  }

  // Reconstructions that read the truth, below the methods.
  function limitRows(metrics, convention) {
    const found = board.limits[convention] || {};
    return [...new Set(Object.values(found).flatMap((values) => Object.keys(values)))].map((name) => {
      const row = document.createElement("tr");
      row.className = "outside limit";
      row.dataset.limit = name;
      row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: `Limit: ${name}` }));
      for (const m of metrics) cell(row, shown(m, found[m.name]?.[name]));
      return row;
    });
  }

  // ---- method against method --------------------------------------------------------------------------------------
  function showPairs() {
    const metric = board.pairs[id("metric").value] ? metricNow() : board.metrics.find((m) => board.pairs[m.name]);
    const pairs = metric && board.pairs[metric.name];
    const table = id("pair-table");
    if (!pairs || pairs.methods.length < 2) {
      table.tHead.replaceChildren();
      table.tBodies[0].replaceChildren();
      id("pair-note").textContent = "Fewer than two ranked methods: nothing to compare.";
      return;
    }
    const what = id("what").value;
    const visible = new Set(chosen().map((m) => m.name));
    const at = pairs.methods.map((name, k) => [name, k]).filter(([name]) => visible.has(name));
    const title = new Map(board.methods.map((m) => [m.name, m.title]));
    const head = document.createElement("tr");
    head.append(tick("Row against column"), ...at.map(([name]) => Object.assign(tick(""), { className: "n" })));
    at.forEach(([name], k) => { const span = Object.assign(document.createElement("span"), { textContent: name }); head.cells[k + 1].append(span); });
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...at.map(([name, i]) => {
      const row = document.createElement("tr");
      row.dataset.method = name;
      row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: title.get(name) }));
      for (const [other, j] of at) {
        if (i === j) { cell(row, ""); continue; }
        const record = `${pairs.wins[i][j]} / ${pairs.ties[i][j]} / ${pairs.losses[i][j]}`;
        const effect = pairs.effect[i][j];
        const gap = shown(metric, pairs.difference[i][j], true);
        const td = cell(row, what === "record" ? record : what === "effect" ? (effect === null ? "–" : effect.toFixed(2).replace("-", "−")) : gap);
        const p = pairs.p?.[i][j];
        td.title = `${name} against ${other} on ${pairs.scenes[i][j]} scenes: ${record} won / tied / lost; mean difference ${gap} ${metric.unit}; effect size ${effect === null ? "–" : effect.toFixed(2)}${p ? `; p (Holm) ${p}` : ""}`;
        if (effect !== null) td.style.setProperty("--share", Math.round(Math.abs(effect) * 100));
        td.className = `n ${effect > 0 ? "wins" : effect < 0 ? "loses" : ""}`;
      }
      return row;
    }));
    id("pair-note").textContent = `${metric.title}${metric.name === id("metric").value ? "" : " (the chosen metric has no comparisons)"}; ranked methods over the same scenes. Won, tied, lost: row against column; a tie is closer than ${pairs.tie} ${metric.unit}. Effect size: matched-pairs rank-biserial correlation, 1 where the row is better on every scene. It describes; the tests are on the statistics page.`;
    window.mossfuseTitles(table);
  }

  // ---- sweeps -----------------------------------------------------------------------------------------------------
  function legend(host, entries) {
    host.replaceChildren(...entries.map(({ title, colour, dash }) => {
      const item = document.createElement("li");
      const line = svgNode("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" });
      const stroke = svgNode("line", { x1: 1, x2: 25, y1: 4, y2: 4, "stroke-width": 2, "stroke-dasharray": dash || "none" });
      stroke.style.stroke = colour || "var(--ink)";
      line.append(stroke);
      item.append(line, title);
      return item;
    }));
  }
  const dashes = (text) => (text || "").split(" ").filter(Boolean).map(Number);

  function showSweep() {
    if (!sweeps.length) return;
    const sweep = sweeps[Number(id("sweep").value) || 0];
    const metric = board.metrics.find((m) => m.name === (sweep.metrics.includes(id("metric").value) ? id("metric").value : sweep.metrics[0]));
    const values = sweep.values[metric.name];
    const methods = chosen().filter((m) => values[m.name]?.some(Boolean));
    const numeric = sweep.levels.filter((v) => v !== null);
    const beyond = numeric.length > 1 ? numeric.at(-1) + (numeric.at(-1) - numeric[0]) / (numeric.length - 1) : (numeric[0] ?? 0) + 1;
    const x = sweep.levels.map((v) => (v === null ? beyond : v));
    const series = [];
    const areas = [];
    for (const m of methods) {
      const column = (k) => values[m.name].map((three) => { const v = three?.[k] ?? null; return Number.isFinite(v) ? v : null; });
      if (column(1).some((v) => v !== null)) {
        series.push({ values: column(2), colour: m.colour, width: 0, title: `${m.name}, upper` }, { values: column(1), colour: m.colour, width: 0, title: `${m.name}, lower` });
        areas.push([series.length - 2, series.length - 1, m.colour]);
      }
      series.push({ values: column(0), colour: m.colour, dash: dashes(m.dash), width: 1.8, title: m.title, dots: true });
    }
    const name = (v) => (v === null ? "none" : String(v));
    drawLines(id("sweep-plot"), series, { x, xLabel: sweep.label, yLabel: withUnit(metric), height: 380, ticks: x, tickNames: sweep.levels.map(name) }, areas);
    legend(id("sweep-legend"), methods);
    const head = document.createElement("tr");
    head.append(tick(`${metric.title}; ${sweep.label}`), ...sweep.levels.map((v) => Object.assign(tick(name(v)), { className: "n" })));
    id("sweep-table").tHead.replaceChildren(head);
    id("sweep-table").tBodies[0].replaceChildren(...methods.map((m) => {
      const row = document.createElement("tr");
      row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: m.title }));
      for (const three of values[m.name]) {
        const td = cell(row, shown(metric, three?.[0]));
        if (Number.isFinite(three?.[1])) td.append(Object.assign(document.createElement("span"), { className: "ci", textContent: `${shown(metric, three[1])}–${shown(metric, three[2])}` }));
      }
      return row;
    }));
  }

  // ---- estimates of the sensor ------------------------------------------------------------------------------------
  function showEstimates() {
    const { metrics, values } = board.estimates;
    const rows = chosen().filter((m) => values[m.name]);
    const head = document.createElement("tr");
    head.append(tick("Method"), ...metrics.map((m) => Object.assign(tick(withUnit(m)), { className: "n" })));
    id("estimate-table").tHead.replaceChildren(...(rows.length ? [head] : []));
    const three = (v) => (v === null || v === undefined ? "–" : String(Number(v.toPrecision(3))));
    id("estimate-table").tBodies[0].replaceChildren(...rows.map((m) => {
      const row = document.createElement("tr");
      row.append(Object.assign(document.createElement("th"), { scope: "row", textContent: m.title }));
      for (const metric of metrics) {
        const found = values[m.name][metric.name];
        const td = cell(row, three(found?.[0]));
        if (Number.isFinite(found?.[1])) td.append(Object.assign(document.createElement("span"), { className: "ci", textContent: `${three(found[1])}–${three(found[2])}` }));
      }
      return row;
    }));
    const page = Object.values(board.pages)[0];
    id("estimate-note").textContent = rows.length ? "Errors of the PSF and SRF that blind methods estimate; mean over the counted scenes, 95 % interval where there are enough. " : "No method of this choice estimates PSF or SRF. ";
    if (page && rows.length) id("estimate-note").append(Object.assign(document.createElement("a"), { href: page, textContent: "The estimates themselves, on a scene's page" }));
  }

  // ---- training and fitting ---------------------------------------------------------------------------------------
  function showCurves() {
    const curve = board.curves[Number(id("curve").value) || 0];
    id("curve-choice").hidden = !curve;
    id("curve-plot").hidden = !curve;
    id("curve-note").textContent = curve ? "Training losses (none uses the ground truth), on a logarithmic scale. Dashed: loss on held-out patches, used to select the weights. Thin lines: further seeds or scenes." : "No method logged a loss on this board.";
    if (!curve) { id("curve-legend").replaceChildren(); return; }
    const terms = [...new Set(curve.lines.map((l) => l.term))];
    const palette = [...new Set(board.methods.map((m) => m.colour))];
    const look = (term) => ({ colour: term === "held_out" ? "" : palette[terms.indexOf(term) % palette.length], dash: term === "held_out" ? "4 2" : "" });
    const joined = uPlot.join(curve.lines.map((l) => [l.steps, l.values]));
    const series = curve.lines.map((l, k) => ({ values: joined[k + 1], colour: look(l.term).colour, dash: dashes(look(l.term).dash), width: l.run ? 0.7 : 1.6, title: l.term, joined: true }));
    drawLines(id("curve-plot"), series, { x: joined[0], xLabel: "Step", yLabel: "Loss", height: 340, logY: true });
    legend(id("curve-legend"), terms.map((term) => ({ title: term.replace(/_/g, " "), ...look(term) })));
  }

  // ---- events -----------------------------------------------------------------------------------------------------
  id("choices").addEventListener("submit", (event) => event.preventDefault());
  const given = { board: keep.get("board"), what: keep.get("what"), sweep: keep.get("sweep") };
  if (boards.some((b) => b.slug === given.board)) id("board").value = given.board;
  if (["record", "effect", "difference"].includes(given.what)) id("what").value = given.what;
  if (id("sweep") && sweeps[Number(given.sweep)]) id("sweep").value = given.sweep || "0";
  id("name").value = keep.get("name");
  id("board").addEventListener("change", () => { keep.set("board", id("board").value); openBoard(); });
  for (const [name, key] of [["metric", "y"], ["convention", "convention"], ["costs", "x"], ["knows", "knows"], ["trained", "trained"], ["what", "what"], ["sweep", "sweep"], ["curve", "curve"]]) {
    id(name)?.addEventListener("change", () => { keep.set(key, id(name).value); show(); });
  }
  id("name").addEventListener("input", () => { keep.set("name", id("name").value); show(); });
  let width = innerWidth;
  window.addEventListener("resize", () => { if (innerWidth !== width) { width = innerWidth; showCost(); } });
  if (!boards.length) return;
  await openBoard();
})();

// Spectra that the pictures' rules wrote as scripts: loading them on demand, unpacking, angle and RMSE.
"use strict";

// {rows, cols, bands, root (of the truth), methods: [{name, key, root}]} -> an object that hands out spectra.
function spectraOf(scene) {
  const count = scene.grid.rows.length * scene.grid.cols.length;
  const loaded = {};

  function load(name) {
    loaded[name] ||= read(name);
    return loaded[name];
  }

  async function read(name) {
    const method = name === "truth" ? null : scene.methods.find((m) => m.name === name);
    const key = method ? method.key : "truth";
    await new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = `${method ? method.root : scene.root}/spectra.js`;
      script.onload = done;
      script.onerror = () => failed(new Error(`${script.src} is missing; build the report again`));
      document.head.append(script);
    });
    const content = window.mossfuseSpectra[key];
    const levels = await unpack(content.packed);
    return { chosen: content.chosen, step: content.step, levels };
  }

  // base64 of gzip of two planes of bytes (low, high); negative numbers are the odd ones.
  async function unpack(text) {
    if (!("DecompressionStream" in window)) {
      throw new Error("This browser cannot unpack the spectra (DecompressionStream: Chrome 80, Firefox 113, Safari 16.4 or later); preset pixels work.");
    }
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const planes = new Uint8Array(await new Response(stream).arrayBuffer());
    const levels = new Int16Array(planes.length / 2);
    for (let k = 0; k < levels.length; k++) {
      const folded = planes[k] + 256 * planes[levels.length + k];
      levels[k] = folded & 1 ? -((folded + 1) >> 1) : folded >> 1;
    }
    return levels;
  }

  // Spectra of grid pixel p: the truth's own, or the truth's plus the method's difference.
  const raw = (data, p) => Array.from({ length: scene.bands }, (_, b) => data.levels[b * count + p] * data.step);

  async function at(name, p) {
    const truth = raw(await load("truth"), p);
    if (name === "truth") return truth;
    return raw(await load(name), p).map((v, k) => v + truth[k]);
  }

  async function chosen(name, k) {
    try {
      return (await load(name)).chosen[k];
    } catch (error) {
      const method = scene.methods.find((m) => m.name === name);
      const content = (window.mossfuseSpectra || {})[method ? method.key : "truth"];
      if (content) return content.chosen[k];
      throw error;
    }
  }

  // Mean and standard deviation (n - 1) of every band over the grid's pixels.
  async function region(name, pixels) {
    const spectra = await Promise.all(pixels.map((p) => at(name, p)));
    const mean = spectra[0].map((_, b) => spectra.reduce((sum, s) => sum + s[b], 0) / spectra.length);
    const spread = mean.map((m, b) => (spectra.length > 1 ? Math.sqrt(spectra.reduce((sum, s) => sum + (s[b] - m) ** 2, 0) / (spectra.length - 1)) : 0));
    return { mean, spread };
  }

  // Grid pixel with the largest root mean square difference to the truth, of those that are not in ``gaps``.
  async function worst(name, gaps) {
    const { levels } = await load(name);
    let [best, place] = [-1, 0];
    for (let p = 0; p < count; p++) {
      if (gaps.has(p)) continue;
      let sum = 0;
      for (let b = 0; b < scene.bands; b++) sum += levels[b * count + p] ** 2;
      if (sum > best) [best, place] = [sum, p];
    }
    return place;
  }

  return { at, chosen, region, worst };
}

function angleBetween(a, b) {
  const dot = (x, y) => x.reduce((sum, v, k) => sum + v * y[k], 0);
  const norms = Math.sqrt(dot(a, a) * dot(b, b));
  return norms > 0 ? (Math.acos(Math.min(1, Math.max(-1, dot(a, b) / norms))) * 180) / Math.PI : 90;
}

function rmsBetween(a, b) {
  return Math.sqrt(a.reduce((sum, v, k) => sum + (v - b[k]) ** 2, 0) / a.length);
}

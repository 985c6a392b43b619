// The summary on top: counts, bars that filter, plots, and what is known about the run.

function drawSummary(changed) {
  const { summary } = data;
  const { counts } = summary;
  const tiles = [
    ["sentences", counts.sentences],
    ["words", counts.words],
    ["entities", counts.entities],
    counts.source_entities && ["source entities", counts.source_entities],
    counts.source_entities && ["projected", percent(projectedCount(), counts.source_entities)],
    counts.failed && ["failed", counts.failed],
    counts.warned && ["with warnings", counts.warned],
    summary.scores && ["F1", summary.scores.f1.toFixed(3)],
    summary.scores && ["precision", summary.scores.precision.toFixed(3)],
    summary.scores && ["recall", summary.scores.recall.toFixed(3)],
  ].filter(Boolean);
  const wide = window.matchMedia("(min-width: 45rem)").matches;
  put(
    byId("summary"),
    el(
      "dl",
      { class: "tiles" },
      tiles.map(([name, value]) =>
        el("div", {}, el("dt", {}, name), el("dd", {}, typeof value === "number" ? integers.format(value) : value)),
      ),
    ),
    el(
      "details",
      { class: "counts", open: wide && !summary.settings.server },
      el("summary", {}, "Counts and plots"),
      el(
        "div",
        { class: "plots" },
        labelBars(changed),
      bars("Reasons for dropped entities", "reason", summary.reasons, changed),
      bars("Translation warnings", "warning", summary.warnings, changed),
      errorTable(changed),
      confidencePlot(),
      lengthPlot(),
      ratePlot(),
      ratioPlot(),
      ),
    ),
    aboutRun(),
  );
}

function projectedCount() {
  return data.summary.counts.source_entities - data.summary.reasons.reduce((sum, [, count]) => sum + count, 0);
}

function plot(title, ...content) {
  return el("figure", {}, el("figcaption", {}, title), ...content);
}

function bar(share, extra = "") {
  const filled = el("span", { class: `filled ${extra}` });
  filled.style.width = `${100 * share}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, filled);
}

function facetButton(kind, value, changed) {
  const code = facetCode(kind, value);
  if (code < 0) return el("span", {}, ...shownText(value));
  return el(
    "button",
    {
      type: "button",
      class: kind === "label" ? `chip ${labelClass(value)}` : "plain",
      title: `Show only sentences with ${value}`,
      click: () => {
        toggleFacet(code);
        drawFilters(changed);
        changed();
      },
    },
    ...shownText(value),
  );
}

function bars(title, kind, rows, changed) {
  if (!rows.length) return null;
  const most = Math.max(...rows.map(([, count]) => count));
  return plot(
    title,
    el(
      "table",
      { class: "bars" },
      rows.map(([value, count]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, facetButton(kind, value, changed)),
          el("td", { class: "wide" }, bar(count / most)),
          el("td", { class: "number" }, integers.format(count)),
        ),
      ),
    ),
  );
}

function labelBars(changed) {
  const rows = data.summary.labels;
  if (!rows.length) return null;
  const most = Math.max(1, ...rows.map(([, entities]) => entities));
  const withSource = rows.some(([, , source]) => source);
  return plot(
    "Labels",
    el(
      "table",
      { class: "bars" },
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "label"),
        el("td", {}),
        el("th", { scope: "col", class: "number" }, "entities"),
        withSource && el("th", { scope: "col", class: "number" }, "of source projected"),
      ),
      rows.map(([label, entities, source, projected]) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, facetButton("label", label, changed)),
          el("td", { class: "wide" }, bar(entities / most, labelClass(label))),
          el("td", { class: "number" }, integers.format(entities)),
          withSource &&
            el("td", { class: "number" }, source ? `${integers.format(projected)} of ${integers.format(source)}` : "–"),
        ),
      ),
    ),
  );
}

function errorTable(changed) {
  const { kinds, gains } = data.summary;
  if (!kinds) return null;
  if (!kinds.length) return plot("Errors", el("p", {}, "No errors: every entity is as in the gold data."));
  const stages = [...new Set(kinds.map(([, stage]) => stage))];
  const count = (kind, stage) => kinds.find((row) => row[0] === kind && row[1] === stage)?.[2] ?? 0;
  const total = (kind) => stages.reduce((sum, stage) => sum + count(kind, stage), 0);
  const rows = [...new Set(kinds.map(([kind]) => kind))].sort((a, b) => total(b) - total(a));
  return plot(
    "Errors by kind and stage",
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "kind"),
          el("th", { scope: "col", class: "number" }, "errors"),
          stages.map((stage) =>
            el("th", { scope: "col", class: "number" }, stages.length > 1 ? facetButton("stage", stage, changed) : stage),
          ),
          el("th", { scope: "col", class: "number" }, "F1 gain"),
        ),
        rows.map((kind) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, facetButton("error", kind, changed)),
            el("td", { class: "number" }, integers.format(total(kind))),
            stages.map((stage) => el("td", { class: "number" }, integers.format(count(kind, stage)))),
            el("td", { class: "number" }, `+${(gains.find((gain) => gain[0] === kind)?.[1] ?? 0).toFixed(4)}`),
          ),
        ),
      ),
    ),
  );
}

// Columns of a histogram. The second height of a column is drawn in front of the first.
function columns(title, names, heights, front, describe, axis) {
  const most = Math.max(1, ...heights);
  const step = 300 / names.length;
  const picture = svg("svg", { viewBox: "0 0 300 120", role: "img", "aria-label": `${title}: ${describe.join("; ")}` });
  names.forEach((name, k) => {
    const height = (100 * heights[k]) / most;
    const group = svg("g", {}, svg("title", {}, describe[k]));
    const at = { x: k * step + 0.5, width: Math.max(step - 1, 1) };
    group.append(svg("rect", { ...at, y: 0, height: 100, class: "hit" }));
    group.append(svg("rect", { ...at, y: 100 - height, height, class: front ? "back" : "front" }));
    if (front) {
      const inner = (100 * front[k]) / most;
      group.append(svg("rect", { ...at, y: 100 - inner, height: inner, class: "front" }));
    }
    picture.append(group);
  });
  picture.append(svg("line", { x1: 0, x2: 300, y1: 100, y2: 100, class: "axis" }));
  axis.forEach((text, k) => {
    const x = axis.length > 1 ? (300 * k) / (axis.length - 1) : 150;
    const anchor = k === 0 ? "start" : k === axis.length - 1 ? "end" : "middle";
    picture.append(svg("text", { x, y: 116, "text-anchor": anchor }, text));
  });
  return plot(title, picture);
}

function confidencePlot() {
  if (!hasConfidences()) return null;
  const rows = data.summary.confidences;
  const judged = Boolean(data.summary.scores);
  const names = rows.map((_, k) => `${(k / rows.length).toFixed(2)} to ${((k + 1) / rows.length).toFixed(2)}`);
  return columns(
    judged ? "Confidence of entities (right ones in color)" : "Confidence of entities",
    names,
    rows.map(([count]) => count),
    judged ? rows.map(([, right]) => right) : null,
    rows.map(([count, right], k) => `${names[k]}: ${counted(count, "entity", "entities")}${judged ? `, ${right} right` : ""}`),
    ["0", "0.5", "1"],
  );
}

function lengthPlot() {
  const rows = data.summary.lengths;
  if (!rows.length) return null;
  return columns(
    "Words in a sentence",
    rows.map(([name]) => name),
    rows.map(([, sentences]) => sentences),
    null,
    rows.map(([name, sentences]) => `${name} words: ${counted(sentences, "sentence")}`),
    [rows[0][0].split(" ")[0], rows.length > 1 ? rows.at(-1)[0] : ""].filter(Boolean),
  );
}

function ratePlot() {
  const rows = data.summary.lengths;
  if (!rows.some(([, , source]) => source)) return null;
  return columns(
    "Projected share of source entities, by words in a sentence",
    rows.map(([name]) => name),
    rows.map(([, , source]) => (source ? 1 : 0)),
    rows.map(([, , source, projected]) => (source ? projected / source : 0)),
    rows.map(([name, , source, projected]) => `${name} words: ${projected} of ${counted(source, "entity", "entities")}`),
    [rows[0][0].split(" ")[0], rows.length > 1 ? rows.at(-1)[0] : ""].filter(Boolean),
  );
}

function ratioPlot() {
  const rows = data.summary.ratios;
  if (!rows.some(([, count]) => count)) return null;
  return columns(
    "Words of the source per word of the target",
    rows.map(([name]) => name),
    rows.map(([, count]) => count),
    null,
    rows.map(([name, count]) => `${name}: ${counted(count, "sentence")}`),
    ["less", "1", "more"],
  );
}

function aboutRun() {
  const { about, signature } = data.summary;
  const sections = [...about, ["Signature", [["of these results", signature]]]];
  return el(
    "details",
    { class: "about" },
    el("summary", {}, "Config, stages, licenses and signature"),
    sections.map(([title, rows]) => [
      el("h2", {}, title),
      el(
        "dl",
        {},
        rows.map(([name, value]) => [el("dt", {}, ...shownText(name)), el("dd", {}, ...shownText(value))]),
      ),
    ]),
  );
}

// What the list is filtered and sorted by.

const KINDS = { label: "Label", state: "State", reason: "Reason", warning: "Warning", error: "Error", stage: "Stage" };
const ORDERS = {
  given: "in the order of the file",
  unsure: "least sure first",
  long: "longest first",
  short: "shortest first",
};

const filters = { chosen: new Map(), low: 0, high: 1, pattern: null, where: "both", order: "given" };

function hasConfidences() {
  return data.summary.confidences.some(([count]) => count > 0);
}

function toggleFacet(code) {
  const kind = data.summary.facets[code][0];
  const codes = filters.chosen.get(kind) ?? new Set();
  if (codes.has(code)) codes.delete(code);
  else codes.add(code);
  if (codes.size) filters.chosen.set(kind, codes);
  else filters.chosen.delete(kind);
}

function isChosen(code) {
  return filters.chosen.get(data.summary.facets[code][0])?.has(code) ?? false;
}

function facetCode(kind, value) {
  return data.summary.facets.findIndex((facet) => facet[0] === kind && facet[1] === value);
}

function isFiltered() {
  return filters.chosen.size > 0 || filters.pattern !== null || filters.low > 0 || filters.high < 1;
}

function clearFilters() {
  Object.assign(filters, { chosen: new Map(), low: 0, high: 1, pattern: null, where: "both" });
}

// The rows that pass, in the chosen order.
function matchingRows() {
  if (!isFiltered()) return orderedRows();
  const bits = chosenBits();
  const limited = filters.low > 0 || filters.high < 1;
  const passes = new Uint8Array(data.size);
  for (let row = 0; row < data.size; row++) {
    passes[row] =
      (bits === null || (bits[row >> 5] >>> (row & 31)) & 1) &&
      (!limited || data.confidences[row].some((c) => c >= filters.low && c <= filters.high)) &&
      (filters.pattern === null || hasText(row))
        ? 1
        : 0;
  }
  return orderedRows().filter((row) => passes[row]);
}

// One bit per sentence that has one of the chosen facets of each kind; null if none is chosen.
function chosenBits() {
  let all = null;
  for (const codes of filters.chosen.values()) {
    const any = new Uint32Array(Math.ceil(data.size / 32));
    for (const code of codes) data.bits[code].forEach((word, k) => (any[k] |= word));
    if (all !== null) all.forEach((word, k) => (any[k] &= word));
    all = any;
  }
  return all;
}

function hasText(row) {
  const { pattern, where } = filters;
  return (
    (where !== "source" && pattern.test(data.targets[row])) ||
    (where !== "target" && data.sources[row] !== null && pattern.test(data.sources[row]))
  );
}

const sorted = new Map();

function orderedRows() {
  const { order } = filters;
  if (!sorted.has(order)) {
    const rows = Array.from({ length: data.size }, (_, row) => row);
    if (order === "unsure") rows.sort((a, b) => data.lowest[a] - data.lowest[b] || a - b);
    if (order === "long") rows.sort((a, b) => data.words[b] - data.words[a] || a - b);
    if (order === "short") rows.sort((a, b) => data.words[a] - data.words[b] || a - b);
    sorted.set(order, rows);
  }
  return sorted.get(order);
}

// A regular expression from what was typed, or a text that is looked for as it is.
function patternOf(text, isRegular) {
  if (!text) return null;
  return new RegExp(isRegular ? text : text.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"), "iu");
}

// The form. It is drawn again when the choice changes elsewhere, for instance in the summary.
function drawFilters(changed) {
  const form = byId("filters");
  const focused = form.contains(document.activeElement) ? document.activeElement.id : null;
  put(
    form,
    searchField(changed),
    hasConfidences() && confidenceFields(changed),
    orderField(changed),
    ...Object.entries(KINDS).map(([kind, title]) => facetFields(kind, title, changed)),
    el(
      "button",
      {
        type: "button",
        id: "clear",
        class: isFiltered() ? "" : "idle",
        click: () => {
          clearFilters();
          drawFilters(changed);
          changed();
        },
      },
      "Clear filters",
    ),
  );
  if (focused) byId(focused)?.focus();
}

const typed = { text: "", isRegular: false };

function searchField(changed) {
  const problem = el("span", { class: "problem", id: "search-problem", role: "alert" });
  let timer = null;
  const input = el("input", {
    type: "search",
    id: "search",
    placeholder: "words of source or target",
    "aria-describedby": "search-problem",
    spellcheck: "false",
    autocomplete: "off",
    input: () => {
      clearTimeout(timer);
      timer = setTimeout(apply, 120);
    },
  });
  const regular = el("input", { type: "checkbox", id: "regular", change: () => apply() });
  const where = el(
    "select",
    { id: "where", "aria-label": "Search in", change: () => apply() },
    ["both", "target", "source"].map((side) => el("option", { value: side }, side === "both" ? "in both" : `in ${side}`)),
  );
  input.value = filters.pattern === null ? "" : typed.text;
  if (filters.pattern === null) typed.text = "";
  regular.checked = typed.isRegular;
  where.value = filters.where;
  function apply() {
    Object.assign(typed, { text: input.value, isRegular: regular.checked });
    filters.where = where.value;
    try {
      filters.pattern = patternOf(typed.text, typed.isRegular);
      problem.textContent = "";
      input.removeAttribute("aria-invalid");
    } catch (error) {
      problem.textContent = error.message;
      input.setAttribute("aria-invalid", "true");
      return;
    }
    changed();
  }
  return el(
    "div",
    { class: "field search" },
    el("label", { for: "search" }, "Search"),
    input,
    where,
    el("label", { class: "check" }, regular, "regular expression"),
    problem,
  );
}

function confidenceFields(changed) {
  const field = (id, name, value, set) => {
    const input = el("input", {
      type: "number",
      id,
      min: "0",
      max: "1",
      step: "0.05",
      "aria-label": name,
      input: () => {
        if (input.value !== "" && input.checkValidity()) {
          set(Number(input.value));
          changed();
        }
      },
    });
    input.value = value;
    return input;
  };
  return el(
    "div",
    { class: "field" },
    el("span", {}, "Confidence"),
    field("low", "Lowest confidence", filters.low, (value) => (filters.low = value)),
    "to",
    field("high", "Highest confidence", filters.high, (value) => (filters.high = value)),
  );
}

function orderField(changed) {
  const select = el(
    "select",
    {
      id: "order",
      change: () => {
        filters.order = select.value;
        changed();
      },
    },
    Object.entries(ORDERS).map(([value, name]) => el("option", { value }, name)),
  );
  select.value = filters.order;
  return el("div", { class: "field" }, el("label", { for: "order" }, "Sort"), select);
}

function facetFields(kind, title, changed) {
  const codes = data.summary.facets.map((facet, code) => [facet, code]).filter(([facet]) => facet[0] === kind);
  if (!codes.length) return null;
  codes.sort(([a], [b]) => b[2] - a[2]);
  return el(
    "fieldset",
    { class: "field" },
    el("legend", {}, title),
    codes.map(([[, value, count], code]) =>
      el(
        "button",
        {
          type: "button",
          id: `facet-${code}`,
          class: kind === "label" ? `chip ${labelClass(value)}` : "chip",
          "aria-pressed": String(isChosen(code)),
          "data-facet": `${kind}:${value}`,
          click: () => {
            toggleFacet(code);
            drawFilters(changed);
            changed();
          },
        },
        ...shownText(value),
        el("span", { class: "count" }, integers.format(count)),
      ),
    ),
  );
}

// Labels keep their colors on every page; others take those that are left.
const FIXED_COLORS = ["PER", "ORG", "LOC", "MISC", "DATE"];
const COLORS = 8;
const colors = new Map(FIXED_COLORS.map((label, k) => [label, k]));

function labelClass(label) {
  if (!colors.has(label)) colors.set(label, colors.size);
  const number = colors.get(label);
  return `color-${number % COLORS} border-${Math.floor(number / COLORS) % 3}`;
}

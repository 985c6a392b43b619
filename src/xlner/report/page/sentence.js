// One sentence: its two lines with entities, what happened to each of them, and what is wrong.

const views = new Map(); // what is shown now, by number of the sentence
const selected = { number: null, side: "target", anchor: 0, focus: 0 };

const REASONS = {
  unaligned: "none of its words has a link",
  "no-candidate": "it has no candidate in the target sentence",
  "below-threshold": "all of its candidates score below the threshold",
  overlap: "its candidates overlap spans that other entities were projected to",
  discontinuous: "its words in the target sentence are around words of another entity",
  "over-limit": "the required number of projections cannot be met",
};
const WARNINGS = {
  empty: "the translation has no letters or digits",
  "too-short": "the translation is too short, compared with the run",
  "too-long": "the translation is too long, compared with the run",
  repeated: "words or letters in a loop that the text does not have",
  "wrong-script": "letters of a script that the language is not written in",
  "wrong-language": "another language",
  copied: "the words of the text, untranslated",
  "cut-off": "no end, although the text is a sentence with a full stop",
  sentences: "fewer sentences, and shorter",
  placeholders: "placeholders or tags missing or doubled",
  verbatim: "an address, @name, #tag, file path or code missing or changed",
};

async function sentenceView(row) {
  const record = await detail(row);
  const view = { row, number: data.numbers[row], record, words: { source: [], target: [] } };
  view.box = el("div", { class: "pair" });
  view.picture = svg("svg", { class: "links", "aria-hidden": "true", preserveAspectRatio: "none" });
  view.status = el("span", { class: "states" });
  view.notes = el("div", { class: "notes" });
  view.panel = el("div", { class: "panel", hidden: true });
  const source = data.sources[row];
  view.source = source === null ? null : line(view, "source");
  view.target = line(view, "target");
  view.box.append(...[view.source, view.target, view.picture].filter(Boolean));
  const title = `s${view.number}`;
  view.article = el(
    "article",
    { id: `sentence-${view.number}`, tabindex: "-1", "aria-labelledby": title },
    el(
      "header",
      {},
      el("h2", { id: title }, el("a", { href: `#sentence=${view.number}`, title: "Link to this sentence" }, `Sentence ${view.number}`)),
      record.id !== undefined && el("span", { class: "id" }, ...shownText(record.id)),
      view.status,
      store.settings.server && el("button", { type: "button", class: "done", click: () => finish(view) }, "Reviewed", el("kbd", {}, "R")),
    ),
    view.box,
    view.panel,
    view.notes,
    outcomeTable(view),
    memberTable(view),
  );
  fillLines(view);
  return view;
}

function line(view, side) {
  const { lang, rtl } = view.record[side];
  const name = side === "source" ? "Source" : "Target";
  return el("div", {
    class: `line ${side}`,
    role: "group",
    "aria-label": lang ? `${name} sentence, ${lang}` : `${name} sentence`,
    "data-side": side,
    lang: lang ?? "",
    dir: rtl ? "rtl" : "ltr",
  });
}

function fillLines(view) {
  const { entities, reviewed } = current(view.record, view.number);
  view.entities = entities;
  view.article.classList.toggle("reviewed", reviewed);
  if (view.source) fillLine(view, "source", view.record.source.entities.map(([start, end, label, score]) => ({ start, end, label, score })));
  fillLine(view, "target", entities);
  view.status.replaceChildren(
    ...(view.record.error !== undefined ? [el("span", { class: "state bad" }, "failed")] : []),
    ...(view.record.warnings ?? []).map((name) => el("span", { class: "state warn", title: WARNINGS[name] ?? "" }, ...shownText(name))),
    ...(view.record.others ? [el("span", { class: "state" }, `and ${counted(view.record.others, "other source")}`)] : []),
    ...(reviewed ? [el("span", { class: "state good" }, "reviewed")] : []),
  );
  view.notes.replaceChildren(...notes(view));
}

function fillLine(view, side, entities) {
  const node = view[side];
  const text = side === "source" ? data.sources[view.row] : data.targets[view.row];
  const { words: gaps } = view.record[side];
  const gold = side === "target" ? (view.record.gold ?? []) : [];
  const words = (view.words[side] = []);
  node.replaceChildren();
  let position = 0;
  let holder = node;
  for (let k = 0; 2 * k < gaps.length; k++) {
    const start = position + gaps[2 * k];
    if (start > position) holder.append(...shownText(text.slice(position, start)));
    position = start + gaps[2 * k + 1];
    const entity = entities.find((e) => e.start === k);
    if (entity) {
      holder = entitySpan(entity, side);
      node.append(holder);
    }
    const inGold = gold.some(([from, to]) => from <= k && k < to);
    const word = el("span", { class: inGold ? "word gold" : "word", tabindex: "-1", "data-word": k }, ...shownText(text.slice(start, position)));
    words.push(word);
    holder.append(word);
    const ended = entities.find((e) => e.start <= k && e.end === k + 1);
    if (ended) {
      holder.append(el("span", { class: "tag", "aria-hidden": "true" }, ...shownText(ended.label)));
      holder = node;
    }
  }
  if (position < text.length) node.append(...shownText(text.slice(position)));
  if (!words.length) node.append(el("span", { class: "nothing" }, "no words"));
  words[0]?.setAttribute("tabindex", "0");
  for (const entity of entities) {
    words[entity.start].setAttribute("role", "button");
    words[entity.start].setAttribute("aria-label", `${surface(view, side, entity.start, entity.end)}, ${entity.label}`);
  }
}

function entitySpan({ label, score, state }, side) {
  const about = [label, score === undefined ? "" : `confidence ${score}`, state && state !== "given" ? state : ""];
  const doubtful = side === "target" && score !== undefined && score < 0.5 ? "doubtful" : "";
  return el("span", {
    class: `entity ${labelClass(label)} ${state ?? ""} ${doubtful}`,
    "data-label": label,
    title: about.filter(Boolean).join(", "),
  });
}

// The text of words [from, to) as it is in the sentence.
function surface(view, side, from, to) {
  const text = side === "source" ? data.sources[view.row] : data.targets[view.row];
  const { words: gaps } = view.record[side];
  let position = 0;
  let [first, last] = [0, 0];
  for (let k = 0; k < to; k++) {
    position += gaps[2 * k];
    if (k === from) first = position;
    position += gaps[2 * k + 1];
    last = position;
  }
  return text.slice(first, last);
}

function quoted(view, side, [start, end, label]) {
  return el("span", {}, el("q", { dir: "auto", class: "isolated" }, ...shownText(surface(view, side, start, end))), " ", el("span", { class: `chip ${labelClass(label)}` }, ...shownText(label)));
}

function notes(view) {
  const { record } = view;
  const found = [];
  if (record.error !== undefined) found.push(el("p", { class: "note bad" }, "Error: ", ...shownText(record.error)));
  for (const { kind, stage, why, gold, predicted } of record.errors ?? []) {
    found.push(
      el(
        "p",
        { class: "note wrong" },
        el("strong", {}, kind),
        gold.length > 0 && [": gold ", gold.map((entity) => [quoted(view, "target", entity), " "])],
        predicted.length > 0 && [gold.length ? ", predicted " : ": predicted ", predicted.map((entity) => [quoted(view, "target", entity), " "])],
        stage && [" — from ", el("strong", {}, stage), ": ", ...shownText(why)],
      ),
    );
  }
  for (const outcome of record.outcomes ?? []) {
    if (outcome.reason) {
      found.push(
        el("p", { class: "note dropped" }, "Dropped ", quoted(view, "source", outcome.entity), ` — ${outcome.reason}: `, REASONS[outcome.reason] ?? "", scoresText(outcome.scores)),
      );
    }
  }
  for (const warning of record.warnings ?? []) {
    found.push(el("p", { class: "note warn" }, "Translation warning ", ...shownText(warning), WARNINGS[warning] ? `: ${WARNINGS[warning]}` : ""));
  }
  return found;
}

function scoresText(scores) {
  if (!scores) return "";
  return ` (${Object.entries(scores).map(([name, value]) => `${name} ${value}`).join(", ")})`;
}

function outcomeTable(view) {
  const outcomes = view.record.outcomes ?? [];
  if (!outcomes.length) return null;
  const names = [...new Set(outcomes.flatMap((outcome) => Object.keys(outcome.scores ?? {})))];
  const heads = ["source entity", "score", "outcome", ...names];
  return el(
    "details",
    { class: "outcomes" },
    el("summary", {}, counted(outcomes.length, "outcome")),
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        {},
        el("tr", {}, heads.map((name) => el("th", { scope: "col" }, ...shownText(name)))),
        outcomes.map((outcome) =>
          el(
            "tr",
            {},
            el("td", {}, quoted(view, "source", outcome.entity)),
            el("td", { class: "number" }, outcome.entity[3] ?? ""),
            el("td", {}, outcome.projected ? outcome.projected.map((entity) => [quoted(view, "target", entity), " "]) : `dropped: ${outcome.reason}`),
            names.map((name) => el("td", { class: "number" }, outcome.scores?.[name] ?? "")),
          ),
        ),
      ),
    ),
  );
}

const names = new Intl.ListFormat("en");

// What each member of an ensemble found by itself.
function memberTable(view) {
  const { members } = view.record;
  if (!members) return null;
  const found = new Set(members.map(({ entities }) => JSON.stringify(entities.map((entity) => entity.slice(0, 3)))));
  return el(
    "details",
    { class: "outcomes members" },
    el("summary", {}, ...shownText(names.format(members.map(({ name }) => name))), found.size > 1 ? " differ" : " agree"),
    el(
      "div",
      { class: "scroll" },
      el(
        "table",
        {},
        el("tr", {}, ["member", "weight", "entities by itself"].map((name) => el("th", { scope: "col" }, name))),
        members.map(({ name, weight, entities }) =>
          el("tr", {}, el("th", { scope: "row" }, ...shownText(name)), el("td", { class: "number" }, weight), el("td", {}, opinion(view, entities))),
        ),
      ),
    ),
  );
}

function opinion(view, entities) {
  if (!entities.length) return "none";
  return entities.map((entity, k) => [k ? "; " : "", quoted(view, "target", entity), entity[3] === undefined ? "" : ` ${entity[3]}`]);
}

// The words that are selected: [from, to).
function selection() {
  return [Math.min(selected.anchor, selected.focus), Math.max(selected.anchor, selected.focus) + 1];
}

// The entity that the selection is in; null if it is in none or spans more than it.
function entityAt(view, side, from, to) {
  const entities = side === "target" ? view.entities : view.record.source.entities.map(([start, end, label, score]) => ({ start, end, label, score }));
  return entities.find((entity) => entity.start <= from && to <= entity.end) ?? null;
}

function select(number, side, anchor, focus = anchor) {
  const before = views.get(selected.number);
  if (before && (selected.number !== number || selected.side !== side)) unmark(before);
  Object.assign(selected, { number, side, anchor, focus });
  const view = views.get(number);
  if (!view) return;
  mark(view);
}

function unselect() {
  const view = views.get(selected.number);
  selected.number = null;
  if (view) {
    unmark(view);
    drawLinks(view, []);
  }
}

function unmark(view) {
  for (const node of view.box.querySelectorAll(".selected")) node.classList.remove("selected");
  view.panel.hidden = true;
  drawLinks(view, []);
}

function mark(view) {
  const { side } = selected;
  const [from, to] = selection();
  const entity = entityAt(view, side, from, to);
  const [first, last] = markWords(view, side, selected.anchor, selected.focus);
  for (const word of view.words[side]) word.setAttribute("tabindex", "-1");
  view.words[side][selected.focus]?.setAttribute("tabindex", "0");
  view.panel.hidden = false;
  view.panel.replaceChildren(...panel(view, side, from, to, entity));
  drawLinks(view, linksOf(view.record, side, first, last));
}

// Marks the words between two, or the entity of a single one; [from, to) of what is marked.
function markWords(view, side, anchor, focus) {
  const [from, to] = [Math.min(anchor, focus), Math.max(anchor, focus) + 1];
  const entity = to - from === 1 ? entityAt(view, side, from, to) : null;
  const [first, last] = entity ? [entity.start, entity.end] : [from, to];
  for (const node of view.box.querySelectorAll(".selected")) node.classList.remove("selected");
  for (const word of view.words[side].slice(first, last)) word.classList.add("selected");
  return [first, last];
}

// What is known about the selection, and what can be done with it.
function panel(view, side, from, to, entity) {
  const [first, last] = entity ? [entity.start, entity.end] : [from, to];
  const rows = [];
  if (entity) {
    rows.push(["entity", quoted(view, side, [entity.start, entity.end, entity.label])]);
    if (entity.score !== undefined) rows.push([side === "target" ? "confidence" : "score of the recognizer", entity.score]);
    if (entity.state && entity.state !== "given") rows.push(["decision", entity.state]);
    for (const outcome of outcomesOf(view, side, entity)) rows.push(...outcomeRows(view, side, outcome));
  } else {
    rows.push([to - from === 1 ? "word" : "words", el("q", { dir: "auto", class: "isolated" }, ...shownText(surface(view, side, from, to)))]);
  }
  for (const { name, entities } of side === "target" ? (view.record.members ?? []) : []) {
    rows.push([`by ${name} alone`, el("span", {}, opinion(view, entities.filter(([start, end]) => start < last && first < end)))]);
  }
  const links = linksOf(view.record, side, first, last);
  if (view.source) rows.push(["links", linkText(view, side, links)]);
  return [
    el("dl", {}, rows.map(([name, value]) => [el("dt", {}, ...shownText(name)), el("dd", {}, value)])),
    side === "target" && editor(view, from, to, entity),
  ].filter(Boolean);
}

function linkText(view, side, links) {
  if (!links.length) return "none";
  const other = side === "source" ? "target" : "source";
  const words = [...new Set(links.map(([s, t]) => (side === "source" ? t : s)))].sort((a, b) => a - b);
  return words.flatMap((k, n) => [n ? ", " : "", el("bdi", {}, ...shownText(surface(view, other, k, k + 1)))]);
}

function outcomesOf(view, side, entity) {
  return (view.record.outcomes ?? []).filter((outcome) =>
    (side === "source" ? [outcome.entity] : (outcome.projected ?? [])).some(([start, end]) => start === entity.start && end === entity.end),
  );
}

function outcomeRows(view, side, { entity, projected, reason, scores }) {
  const rows = [];
  if (side === "target") rows.push(["projected from", quoted(view, "source", entity)]);
  else if (projected) rows.push(["projected to", projected.map((found) => [quoted(view, "target", found), " "])]);
  else rows.push(["dropped", `${reason}: ${REASONS[reason] ?? ""}`]);
  for (const [name, value] of Object.entries(scores ?? {})) if (name !== "confidence" || side === "source") rows.push([`score: ${name}`, value]);
  return rows.map(([name, value]) => [name, Array.isArray(value) ? el("span", {}, ...value.flat()) : value]);
}

// Draws a sentence again after a decision about it.
function refresh(number) {
  const view = views.get(number);
  if (view) {
    fillLines(view);
    if (selected.number === number) {
      mark(view);
      view.words[selected.side][selected.focus]?.focus();
    }
  }
  drawReview();
}

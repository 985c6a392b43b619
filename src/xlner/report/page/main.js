// The page as a whole: pages of the list, keys, addresses of sentences, colors.

const PAGE = 20;
const list = { rows: [], page: 0 };
const KEYS = [
  ["J, K", "next, previous sentence"],
  ["← →", "move along the words of a line; ↑ ↓ to the other line"],
  [". ,", "next, previous entity of a line"],
  ["Shift ← →", "select several words"],
  ["Escape", "select nothing"],
  ["N, P", "next, previous page"],
  ["/", "search"],
  ["E", "open the outcomes of a sentence"],
  ["A, D", "accept, delete the entity"],
  ["1 to 9", "give the words a label: change their entity, or add one"],
  ["Enter", "change the entity to the selected words"],
  ["R", "the sentence is reviewed; go to the next"],
  ["U", "undo"],
  ["T", "light, dark or like the system"],
  ["?", "these keys"],
];

function say(text) {
  byId("found").replaceChildren(...shownText(text));
}

function foundText() {
  const { summary } = data;
  const all = summary.shown < summary.counts.sentences ? `a random sample of ${integers.format(summary.shown)} of ${counted(summary.counts.sentences, "sentence")}` : counted(data.size, "sentence");
  if (filters.order === "picked" && !isFiltered()) return `${counted(list.rows.length, "sentence")} picked from ${all}`;
  return isFiltered() ? `${integers.format(list.rows.length)} of ${all}` : all;
}

async function changed() {
  list.rows = matchingRows();
  list.page = 0;
  await showPage();
  say(foundText());
}

let drawing = 0;

async function showPage() {
  const now = ++drawing;
  const rows = list.rows.slice(list.page * PAGE, (list.page + 1) * PAGE);
  const made = await Promise.all(rows.map(sentenceView));
  if (now !== drawing) return; // another page was asked for meanwhile
  views.clear();
  selected.number = null;
  for (const view of made) views.set(view.number, view);
  byId("list").replaceChildren(...(made.length ? made.map((view) => view.article) : [el("p", { class: "nothing" }, "No sentence passes the filters.")]));
  drawPages();
}

function drawPages() {
  const last = Math.max(0, Math.ceil(list.rows.length / PAGE) - 1);
  for (const id of ["pages-top", "pages-bottom"]) {
    const go = (page) => async () => {
      list.page = Math.min(Math.max(page, 0), last);
      await showPage();
      byId("list").scrollIntoView();
    };
    const button = (text, page, name) => el("button", { type: "button", "aria-label": name, click: go(page), disabled: page < 0 || page > last || page === list.page }, text);
    byId(id).hidden = last === 0;
    byId(id).replaceChildren(
      button("«", 0, "First page"),
      button("‹", list.page - 1, "Previous page"),
      el("span", {}, `page ${integers.format(list.page + 1)} of ${integers.format(last + 1)}`),
      button("›", list.page + 1, "Next page"),
      button("»", last, "Last page"),
    );
  }
}

async function turnPage(step) {
  const last = Math.max(0, Math.ceil(list.rows.length / PAGE) - 1);
  const page = Math.min(Math.max(list.page + step, 0), last);
  if (page === list.page) return;
  list.page = page;
  await showPage();
  byId("list").scrollIntoView();
}

// Goes to the page of a sentence, without the filters if these leave it out.
async function openSentence(number) {
  const row = data.rowOf.get(number);
  if (row === undefined) return;
  let place = list.rows.indexOf(row);
  if (place < 0) {
    clearFilters();
    if (filters.order === "picked") filters.order = "given";
    drawFilters(changed);
    list.rows = matchingRows();
    place = list.rows.indexOf(row);
    say(foundText());
  }
  if (!views.has(number)) {
    list.page = Math.floor(place / PAGE);
    await showPage();
  }
  const { article } = views.get(number);
  article.scrollIntoView({ block: "center" });
  article.focus({ preventScroll: true });
}

async function followAddress() {
  const number = Number(new URLSearchParams(location.hash.slice(1)).get("sentence"));
  if (!number) return;
  if (data.rowOf.has(number)) await openSentence(number);
  else say(`Sentence ${number} is not on this page.`);
}

function viewAround(node) {
  const article = node instanceof Element ? node.closest("article") : null;
  return article ? views.get(Number(article.id.slice("sentence-".length))) : undefined;
}

// The mouse: hover shows links, a click selects a word or its entity, dragging selects several words.
function watchMouse() {
  const area = byId("list");
  area.addEventListener("mouseover", (event) => {
    const word = event.target.closest(".word");
    const view = viewAround(event.target);
    if (!view) return;
    if (drag.from) {
      const place = wordAt(event.target);
      if (place?.number !== drag.from.number || place.side !== drag.from.side) return;
      drag.to = place.word;
      markWords(view, place.side, drag.from.word, drag.to);
      return;
    }
    if (!word) {
      restLinks(view);
      return;
    }
    const side = word.closest(".line").dataset.side;
    const k = Number(word.dataset.word);
    const entity = entityAt(view, side, k, k + 1);
    drawLinks(view, linksOf(view.record, side, entity?.start ?? k, entity?.end ?? k + 1));
  });
  area.addEventListener("mouseout", (event) => {
    const view = viewAround(event.target);
    if (view && !drag.from && !view.box.contains(event.relatedTarget)) restLinks(view);
  });
  area.addEventListener("mousedown", (event) => {
    const place = event.button === 0 ? wordAt(event.target) : null;
    if (!place) return;
    const extending = event.shiftKey && selected.number === place.number && selected.side === place.side;
    drag.from = { ...place, word: extending ? selected.anchor : place.word };
    drag.to = place.word;
    markWords(views.get(place.number), place.side, drag.from.word, drag.to);
  });
  document.addEventListener("mouseup", () => {
    if (!drag.from) return;
    const { number, side, word } = drag.from;
    drag.from = null;
    select(number, side, word, drag.to);
    views.get(number)?.words[side][drag.to].focus({ preventScroll: true });
  });
}

// While the button is down, only words are marked: a panel that opens or closes would move them.
const drag = { from: null, to: 0 };

function wordAt(node) {
  const word = node.closest(".word") ?? node.closest(".entity")?.querySelector(".word");
  const view = viewAround(node);
  if (!word || !view) return null;
  return { number: view.number, side: word.closest(".line").dataset.side, word: Number(word.dataset.word) };
}

function restLinks(view) {
  if (selected.number !== view.number) {
    drawLinks(view, []);
    return;
  }
  const [from, to] = markWords(view, selected.side, selected.anchor, selected.focus);
  drawLinks(view, linksOf(view.record, selected.side, from, to));
}

function watchKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.target;
    if (target.matches("input, select, textarea")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (byId("help").open) return;
    if (target.matches("button, summary, a") && ["Enter", " "].includes(event.key)) return;
    const view = views.get(selected.number);
    if ((target.classList.contains("word") && moveByKey(event, target)) || (view && editByKey(event, view)) || pageKey(event)) event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const word = event.target;
    if (drag.from || !word.classList?.contains("word")) return;
    const view = viewAround(word);
    const side = word.closest(".line").dataset.side;
    const k = Number(word.dataset.word);
    if (view && !(selected.number === view.number && selected.side === side && selected.focus === k)) select(view.number, side, k);
  });
}

function moveByKey(event, word) {
  const view = viewAround(word);
  const line = word.closest(".line");
  const side = line.dataset.side;
  const k = Number(word.dataset.word);
  const forward = line.dir === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = line.dir === "rtl" ? "ArrowRight" : "ArrowLeft";
  if (event.key === forward || event.key === backward) {
    const next = Math.min(Math.max(k + (event.key === forward ? 1 : -1), 0), view.words[side].length - 1);
    select(view.number, side, event.shiftKey ? selected.anchor : next, next);
    view.words[side][next].focus();
  } else if (event.key === "." || event.key === ",") {
    const starts = (side === "target" ? view.entities.map(({ start }) => start) : view.record.source.entities.map(([start]) => start)).filter((start) => (event.key === "." ? start > k : start < k));
    const next = event.key === "." ? starts[0] : starts.at(-1);
    if (next !== undefined) view.words[side][next].focus();
  } else if (event.key === "ArrowUp" && side === "target" && view.source) view.words.source[0]?.focus();
  else if (event.key === "ArrowDown" && side === "source") view.words.target[0]?.focus();
  else return false;
  return true;
}

function pageKey(event) {
  const actions = {
    j: () => step(1),
    k: () => step(-1),
    n: () => turnPage(1),
    p: () => turnPage(-1),
    "/": () => byId("search").focus(),
    "?": () => byId("help").showModal(),
    t: () => nextTheme(),
    u: () => undoLast(),
    e: () => {
      const details = here()?.article.querySelector("details.outcomes");
      if (details) details.open = !details.open;
    },
    r: () => finish(),
    Escape: () => unselect(),
  };
  if (!(event.key in actions) || !Object.hasOwn(actions, event.key)) return false;
  actions[event.key]();
  return true;
}

function here() {
  return viewAround(document.activeElement) ?? views.get(selected.number);
}

async function step(by, from = here()) {
  const shown = [...views.values()];
  const place = shown.indexOf(from);
  let next = place < 0 ? 0 : place + by;
  if (next >= shown.length || next < 0) {
    const { page } = list;
    await turnPage(by);
    if (page === list.page) return;
    next = by > 0 ? 0 : views.size - 1;
  }
  const view = [...views.values()][next];
  (view.words.target[view.entities[0]?.start ?? 0] ?? view.article).focus();
  view.article.scrollIntoView({ block: "nearest" });
}

async function finish(view = here()) {
  if (!view) return;
  if (!current(view.record, view.number).reviewed && !(await decide(view, "reviewed"))) return;
  await step(1, view);
}

const THEMES = ["system", "light", "dark"];

function setTheme(name) {
  if (name === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  byId("theme").textContent = { system: "◐ System", light: "☀ Light", dark: "☾ Dark" }[name];
  byId("theme").setAttribute("aria-label", `Colors: ${name}. Press for the next.`);
}

function nextTheme() {
  const name = THEMES[(THEMES.indexOf(document.documentElement.dataset.theme ?? "system") + 1) % THEMES.length];
  setTheme(name);
  try {
    localStorage.setItem("xlner theme", name);
  } catch {
    // the choice lives as long as the page
  }
}

function keptTheme() {
  try {
    const name = localStorage.getItem("xlner theme");
    return THEMES.includes(name) ? name : "system";
  } catch {
    return "system";
  }
}

function drawHelp() {
  byId("help").replaceChildren(
    el("h2", { id: "help-title" }, "Keys"),
    el("dl", {}, KEYS.map(([keys, what]) => [el("dt", {}, keys), el("dd", {}, what)])),
    el("button", { type: "button", id: "close-help", click: () => byId("help").close() }, "Close"),
  );
  byId("help-button").addEventListener("click", () => byId("help").showModal());
}

async function start() {
  setTheme(keptTheme());
  byId("theme").addEventListener("click", nextTheme);
  drawHelp();
  await loadSummary();
  const { title, counts } = data.summary;
  byId("title").replaceChildren(...shownText(title || "xlner"));
  byId("tagline").textContent = [counted(counts.sentences, "sentence"), counted(counts.entities, "entity", "entities")].join(", ");
  for (const [label] of data.summary.labels) labelClass(label);
  drawSummary(changed);
  await loadIndex();
  await store.start();
  if (store.settings.picked) {
    ORDERS.picked = "those most worth your time";
    filters.order = "picked";
    sorted.set("picked", store.settings.picked.map((number) => data.rowOf.get(number)));
  }
  drawFilters(changed);
  drawReview();
  watchMouse();
  watchKeys();
  await changed();
  await followAddress();
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => {
    if (!store.keeps && store.saved < everyDecision.length) event.preventDefault();
  });
  window.addEventListener("hashchange", followAddress);
  window.addEventListener("resize", () => views.forEach((view) => restLinks(view)));
  document.documentElement.dataset.ready = "yes";
}

// The data comes after the script.
document.addEventListener("DOMContentLoaded", () =>
  start().catch((error) => alertText(`This page cannot be shown: ${error.message}`)),
);

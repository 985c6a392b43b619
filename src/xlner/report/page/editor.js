// Corrections by mouse or by keyboard. Both act on the words that are selected in a target sentence.

function labelChoices() {
  const known = data.summary.labels.map(([label]) => label);
  const added = everyDecision.map((d) => d.after?.label).filter(Boolean);
  return [...new Set([...known, ...added])];
}

function editor(view, from, to, entity) {
  const chosen = entity ?? overlapped(view, from, to);
  const button = (text, action, key) => el("button", { type: "button", click: action, ...(key && { "aria-keyshortcuts": key }) }, text, key && el("kbd", {}, key));
  const other = el("input", { type: "text", class: "other-label", "aria-label": "Another label", placeholder: "another label", spellcheck: "false", autocomplete: "off" });
  other.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && other.value.trim()) setLabel(view, from, to, other.value.trim());
  });
  return el(
    "div",
    { class: "editor", role: "group", "aria-label": "Correct" },
    entity && [
      button("Accept", () => accept(view, entity), "A"),
      button("Delete", () => remove(view, entity), "D"),
    ],
    chosen && !entity && button("Change to these words", () => resize(view, chosen, from, to), "Enter"),
    entity && entity.end - entity.start !== to - from && to - from > 1 && button("Change to these words", () => resize(view, entity, from, to), "Enter"),
    el("span", { class: "hint" }, chosen ? "label:" : "add as:"),
    labelChoices().map((label, k) =>
      el(
        "button",
        { type: "button", class: `chip ${labelClass(label)}`, "aria-pressed": String(chosen?.label === label), click: () => setLabel(view, from, to, label) },
        ...shownText(label),
        k < 9 && el("kbd", {}, String(k + 1)),
      ),
    ),
    other,
  );
}

// The only entity that the selected words overlap; undefined if there is none, null if there are several.
function overlapped(view, from, to) {
  const found = view.entities.filter((entity) => entity.start < to && from < entity.end);
  return found.length > 1 ? null : found[0];
}

async function accept(view, entity) {
  if (entity.state === "given") await decide(view, "accept", { before: spanOf(entity) });
}

async function remove(view, entity) {
  await decide(view, "delete", { before: spanOf(entity) });
}

async function resize(view, entity, from, to) {
  await change(view, entity, { start: from, end: to, label: entity.label });
}

// Gives the selected words a label: a new one to their entity, or a new entity. The same label accepts the entity.
async function setLabel(view, from, to, label) {
  const chosen = overlapped(view, from, to);
  if (chosen === null) say("These words are in several entities: delete one of them first.");
  else if (chosen) {
    const inside = chosen.start <= from && to <= chosen.end && to - from === 1;
    const [start, end] = inside ? [chosen.start, chosen.end] : [from, to];
    if (isSpan(chosen, { start, end, label })) await accept(view, chosen);
    else await change(view, chosen, { start, end, label });
  } else await submit(view, "add", { after: { start: from, end: to, label } });
}

async function change(view, entity, after) {
  if (!isSpan(entity, after)) await submit(view, "change", { before: spanOf(entity), after });
}

async function submit(view, action, parts) {
  const problem = objection(view.entities, parts.after, parts.before);
  if (problem) say(problem);
  else if (await decide(view, action, parts)) select(view.number, "target", parts.after.start, parts.after.end - 1);
}

// Keys for the selected words. True if the key was one of them.
function editByKey(event, view) {
  if (selected.side !== "target") return false;
  const [from, to] = selection();
  const entity = entityAt(view, "target", from, to);
  const digit = /^[1-9]$/u.test(event.key) ? Number(event.key) : 0;
  if (digit && labelChoices()[digit - 1]) setLabel(view, from, to, labelChoices()[digit - 1]);
  else if (event.key === "a" && entity) accept(view, entity);
  else if ((event.key === "d" || event.key === "Delete") && entity) remove(view, entity);
  else if (event.key === "Enter" && to - from > 1 && (entity ?? overlapped(view, from, to))) resize(view, entity ?? overlapped(view, from, to), from, to);
  else return false;
  return true;
}

// Decisions of a person about entities. What they make of a sentence follows from all of them, in their order.

const decisions = new Map(); // by number of the sentence
const everyDecision = [];

function note(decision) {
  everyDecision.push(decision);
  if (!decisions.has(decision.sentence)) decisions.set(decision.sentence, []);
  decisions.get(decision.sentence).push(decision);
}

function standing(number) {
  const made = decisions.get(number) ?? [];
  const undone = new Set(made.filter((d) => d.action === "undo").map((d) => d.undoes));
  return made.filter((d) => d.action !== "undo" && !undone.has(d.key));
}

function isSpan(entity, span) {
  return entity.start === span.start && entity.end === span.end && entity.label === span.label;
}

// The entities of a sentence after the decisions, and whether a person has seen all of it.
function current(record, number) {
  let entities = record.target.entities.map(([start, end, label, score]) => ({ start, end, label, score, state: "given" }));
  let reviewed = false;
  for (const { action, before, after } of standing(number)) {
    const place = before ? entities.findIndex((entity) => isSpan(entity, before)) : -1;
    if (action === "reviewed") reviewed = true;
    else if (action === "add") entities.push({ ...after, state: "added" });
    else if (place < 0) continue;
    else if (action === "accept") entities[place] = { ...entities[place], state: "accepted" };
    else if (action === "change") entities[place] = { ...after, state: "changed" };
    else if (action === "delete") entities.splice(place, 1);
  }
  entities.sort((a, b) => a.start - b.start);
  return { entities, reviewed };
}

// Why an entity cannot be put there; null if it can.
function objection(entities, after, before = null) {
  if (!after.label || /\s/u.test(after.label)) return "A label has no spaces.";
  const other = entities.find((e) => !(before && isSpan(e, before)) && e.start < after.end && after.start < e.end);
  return other ? `It would overlap ${other.label}: change or delete that first.` : null;
}

function spanOf({ start, end, label }) {
  return { start, end, label };
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function decide(view, action, parts = {}) {
  const decision = {
    key: newKey(),
    time: new Date().toISOString(),
    who: store.who(),
    sentence: view.number,
    digest: view.record.digest,
    action,
    ...parts,
  };
  if (!(await store.save(decision))) return false;
  note(decision);
  say(foundText());
  refresh(view.number);
  return true;
}

// Takes back the last decision that stands, wherever it was made.
async function undoLast() {
  const undone = new Set(everyDecision.filter((d) => d.action === "undo").map((d) => d.undoes));
  const last = everyDecision.findLast((d) => d.action !== "undo" && !undone.has(d.key));
  if (!last) {
    say("Nothing to undo.");
    return;
  }
  const { sentence, digest } = last;
  const undo = { key: newKey(), time: new Date().toISOString(), who: store.who(), sentence, digest };
  const decision = { ...undo, action: "undo", undoes: last.key };
  if (!(await store.save(decision))) return;
  note(decision);
  say(`Undone: ${described(last)}.`);
  await openSentence(sentence);
  refresh(sentence);
}

function described({ action, before, after, sentence }) {
  const what = { accept: "accepted", change: "changed", add: "added", delete: "deleted", reviewed: "reviewed" }[action];
  const label = before && after && before.label !== after.label ? `${before.label} to ${after.label}` : (after ?? before)?.label;
  return `${what}${label ? ` ${label}` : ""} in sentence ${sentence}`;
}

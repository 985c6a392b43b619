// Where decisions are kept: by the server of a review, or in this browser until they are saved as a file.

const store = {
  settings: {},
  name: "",
  keeps: true, // whether the browser keeps decisions that are not saved as a file
  saved: 0, // how many decisions are in a file

  who() {
    return this.settings.who ?? (this.name || "unknown");
  },

  async start() {
    this.settings = data.summary.settings;
    if (this.settings.server) await this.fetchAll();
    else this.readBrowser();
  },

  // Keeps a decision. True when it is safe.
  async save(decision) {
    if (this.settings.server) return this.send(decision);
    try {
      const known = new Set(everyDecision.map(({ key }) => key));
      const others = this.kept().filter(({ key }) => !known.has(key)); // made meanwhile in another window
      localStorage.setItem(this.place(), JSON.stringify([...others, ...everyDecision, decision]));
    } catch {
      this.keeps = false; // the decisions live as long as the page
    }
    return true;
  },

  kept() {
    return JSON.parse(localStorage.getItem(this.place()) ?? "[]");
  },

  place() {
    return `xlner corrections ${data.summary.signature}`;
  },

  readBrowser() {
    try {
      this.kept().forEach(note);
      this.name = localStorage.getItem("xlner name") ?? "";
    } catch {
      // nothing was kept
    }
  },

  async fetchAll() {
    const answer = await this.ask("decisions");
    answer.decisions.forEach(note);
    this.progress = answer.progress;
  },

  async send(decision) {
    try {
      const answer = await this.ask("decisions", decision);
      this.progress = answer.progress;
      alertText("");
      return true;
    } catch (error) {
      alertText(error.refused ? `Not saved: ${error.message}` : "Not saved: the server does not answer. Start xlner review again and open the address that it prints; what was saved before is kept.");
      return false;
    }
  },

  async ask(path, body) {
    const token = new URLSearchParams(location.search).get("token") ?? "";
    const answer = await fetch(path, {
      method: body ? "POST" : "GET",
      headers: { Authorization: `Bearer ${token}`, ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      cache: "no-store",
    });
    const found = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(found.error), { refused: true });
    return found;
  },

  download() {
    const head = { xlner: "corrections", version: 1, file: data.summary.title };
    const lines = [head, ...everyDecision].map((record) => `${JSON.stringify(record)}\n`);
    this.saved = everyDecision.length;
    saveFile(new Blob(lines, { type: "application/x-ndjson" }), `${data.summary.title.replace(/[^\p{L}\p{N}._-]+/gu, "_") || "page"}.corrections.jsonl`);
  },

  async export(format) {
    const token = new URLSearchParams(location.search).get("token") ?? "";
    try {
      const answer = await fetch(`export?format=${format}`, { headers: { Authorization: `Bearer ${token}` }, cache: "no-store" });
      if (!answer.ok) throw new Error((await answer.json()).error);
      saveFile(await answer.blob(), this.settings.exports[format]);
    } catch (error) {
      alertText(`Not exported: ${error.message}`);
    }
  },
};

function saveFile(blob, name) {
  const address = URL.createObjectURL(blob);
  const link = el("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// What was decided so far, and how it is saved.
function drawReview() {
  const section = byId("review");
  const undone = new Set(everyDecision.filter((d) => d.action === "undo").map((d) => d.undoes));
  const made = everyDecision.filter((d) => d.action !== "undo" && !undone.has(d.key));
  section.hidden = !store.settings.server && !everyDecision.length;
  if (section.hidden) return;
  const count = (action) => made.filter((d) => d.action === action).length;
  const facts = ["accept", "change", "add", "delete"].map((action) => `${count(action)} ${{ accept: "accepted", change: "changed", add: "added", delete: "deleted" }[action]}`);
  section.replaceChildren(
    el("strong", {}, "Corrections: "),
    el("span", { id: "decided" }, facts.join(", ")),
    el("button", { type: "button", id: "undo", click: () => undoLast() }, "Undo", el("kbd", {}, "U")),
    ...(store.settings.server ? serverParts() : browserParts()),
  );
}

function serverParts() {
  const { progress, settings } = store;
  return [
    ...Object.keys(settings.exports).map((format) =>
      el("button", { type: "button", id: `export-${format}`, click: () => store.export(format) }, `Export ${settings.exports[format]}`),
    ),
    progress && el("p", { id: "progress" }, ...shownText(progress)),
  ].filter(Boolean);
}

function browserParts() {
  const name = el("input", { type: "text", id: "who", "aria-label": "Your name", placeholder: "your name", autocomplete: "off" });
  name.value = store.name;
  name.addEventListener("input", () => {
    store.name = name.value.trim();
    try {
      localStorage.setItem("xlner name", store.name);
    } catch {
      // the name lives as long as the page
    }
  });
  return [
    name,
    el("button", { type: "button", id: "save", click: () => store.download() }, "Save corrections"),
    el("p", {}, store.keeps ? "They are kept in this browser only." : "This browser does not keep them: they are lost when the page is closed.", " Save them, then run: ", el("code", {}, "xlner apply-corrections FILE CORRECTIONS -o OUT")),
  ];
}

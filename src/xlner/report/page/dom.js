// Elements from names, properties and texts. A text is never read as markup.

const SVG = "http://www.w3.org/2000/svg";
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;
const EACH_CONTROL = new RegExp(`(${CONTROL.source})`, "u");
const MARKS = { "\n": "↵", "\r": "↵", "\t": "⇥" };

function el(name, properties = {}, ...children) {
  return fill(document.createElement(name), properties, children);
}

function svg(name, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

function fill(node, properties, children) {
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value === true) node.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Replaces what is in a node. Parts that are left out are null or false.
function put(node, ...children) {
  node.replaceChildren();
  fill(node, {}, children);
}

function byId(id) {
  return document.getElementById(id);
}

// A text as nodes. Characters that would move, hide or break what is around them are shown as their code.
function shownText(text) {
  if (!CONTROL.test(text)) return [text];
  return text
    .split(EACH_CONTROL)
    .filter((part) => part !== "")
    .map((part) => (CONTROL.test(part) && part.length === 1 ? control(part) : part));
}

function control(character) {
  const code = `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
  return el("span", { class: "control", title: code }, MARKS[character] ?? code);
}

const integers = new Intl.NumberFormat("en-US");

function counted(number, one, many = `${one}s`) {
  return `${integers.format(number)} ${number === 1 ? one : many}`;
}

function percent(part, whole) {
  return whole ? `${((100 * part) / whole).toFixed(1)} %` : "none";
}

function alertText(text) {
  byId("alert").replaceChildren(...shownText(text));
  byId("alert").hidden = !text;
}

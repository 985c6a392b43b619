// Links between the words of a source and its target, as lines over the two.

function linksOf(record, side, from, to) {
  const found = [];
  const { links = [] } = record;
  for (let k = 0; k < links.length; k += 2) {
    const word = side === "source" ? links[k] : links[k + 1];
    if (word >= from && word < to) found.push([links[k], links[k + 1]]);
  }
  return found;
}

function drawLinks(view, links) {
  const { picture, box, words } = view;
  picture.replaceChildren();
  for (const linked of box.querySelectorAll(".linked")) linked.classList.remove("linked");
  if (!links.length) return;
  const frame = box.getBoundingClientRect();
  picture.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  for (const [s, t] of links) {
    const [source, target] = [words.source[s], words.target[t]];
    if (!source || !target) continue;
    source.classList.add("linked");
    target.classList.add("linked");
    const [a, b] = [source.getClientRects(), target.getClientRects()];
    if (!a.length || !b.length) continue;
    const [above, below] = [a[a.length - 1], b[0]];
    const [x1, x2] = [above.left + above.width / 2 - frame.left, below.left + below.width / 2 - frame.left];
    const [y1, y2] = [above.bottom - frame.top, below.top - frame.top];
    const middle = (y1 + y2) / 2;
    picture.append(svg("path", { d: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}` }));
  }
}

// Making and changing elements, so that only what differs is touched.

export function make(tag, className = "", ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function link(href, className, ...children) {
  const element = make("a", className, ...children);
  element.href = href;
  return element;
}

export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Writes only what differs, and says whether something did.
export function write(element, text) {
  if (element.textContent === text) return false;
  element.textContent = text;
  return true;
}

export function flash(element) {
  element.classList.remove("flash");
  void element.offsetWidth; // begins the animation anew
  element.classList.add("flash");
}

// Gives *parent* these children from place *first* on, touching only those out of place.
export function settle(parent, children, first = 0) {
  children.forEach((child, n) => {
    const there = parent.children[first + n];
    if (there !== child) parent.insertBefore(child, there ?? null);
  });
}

// A table with a caption for those who hear it; cells are words or elements, the first a heading.
export function table(caption, heads, rows) {
  const element = make("table", "figures", make("caption", "unseen", caption));
  const head = make("tr", "", ...heads.map((words) => {
    const cell = make("th", "", words);
    cell.scope = "col";
    return cell;
  }));
  const body = rows.map((cells) => make("tr", "", ...cells.map((cell, n) => {
    const made = make(n ? "td" : "th", "", cell ?? "–");
    if (!n) made.scope = "row";
    return made;
  })));
  element.append(make("thead", "", head), make("tbody", "", ...body));
  const scroller = make("div", "scroller", element);
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", caption);
  return scroller;
}

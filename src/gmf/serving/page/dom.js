// The few helpers that every module of the page uses.

export const byId = (id) => document.getElementById(id);

/** Make an element: h("p", {class: "hint"}, "text", child). Text is always text, never markup. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

export const percent = (share) => `${Math.round(100 * share)}%`;

export const plural = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

/** Put a box, in shares of the picture, over the picture. */
export function place(element, { x, y, width, height }) {
  element.style.left = `${100 * x}%`;
  element.style.top = `${100 * y}%`;
  element.style.width = `${100 * width}%`;
  element.style.height = `${100 * height}%`;
}

// The answer: entities in the text, the same without images and without context beside it, and tables of all.

import { byId, h, percent, plural } from "./dom.js";
import { hueOf } from "./hues.js";
import { renderUsed } from "./used.js";

let urls = [];

/** Show the answer to a post. */
export function renderResult(answer, post, model) {
  urls.forEach((url) => URL.revokeObjectURL(url));
  urls = post.images.map((image) => URL.createObjectURL(image.file));
  const explanation = answer.explanation;
  const usedImages = explanation.views.length > 0;
  const usedContext = Object.keys(post.context).length > 0;
  const used = usedImages && renderUsed(answer, post, urls);
  const hue = (type) => hueOf(type, model.types);
  const buttons = answer.entities.map((entity, number) =>
    used.tells
      ? h("button", { type: "button", class: `entity ${hue(entity.type)}`, "aria-pressed": "false", onclick: () => pick(number) }, ...label(entity))
      : h("mark", { class: `entity ${hue(entity.type)}` }, ...label(entity)),
  );
  function pick(number) {
    buttons.forEach((button, place) => button.setAttribute("aria-pressed", String(place === number)));
    used.pick(number);
  }
  const marks = (entities) => entities.map((entity) => h("mark", { class: `entity ${hue(entity.type)}` }, ...label(entity)));
  const all = ["text", usedImages && "images", usedContext && "context"].filter(Boolean);
  const others = [
    usedImages && [usedContext ? "Without images" : "Text alone", explanation.without_images],
    usedContext && [usedImages ? "Without context" : "Text alone", explanation.without_context],
  ].filter(Boolean);
  const title = listed(all);
  byId("found").replaceChildren(
    ...[
      h(
        "div",
        { class: "pair" },
        version(title, annotated(answer.text, answer.entities, buttons)),
        others.map(([name, entities]) => version(name, annotated(answer.text, entities, marks(entities)))),
      ),
      [answer.entities, ...others.map(([, entities]) => entities)].some((entities) => entities.length) && table(answer.entities, title, others),
      usedContext && answer.entities.length > 0 && byField(answer, title),
      answer.notes.length > 0 && h("ul", { class: "notes", "aria-label": "Notes" }, answer.notes.map((note) => h("li", {}, note))),
      used && used.element,
    ].filter(Boolean),
  );
  if (used.tells) pick(0);
  return answer.entities.length ? `${plural(answer.entities.length, "entity", "entities")} found.` : "No entity found.";
}

const version = (title, text) => h("div", { class: "version" }, h("h3", {}, title), text);

// No bdi in the text: it would hide the words by which dir="auto" finds the direction.
const label = ({ text, type, confidence }) => [
  text,
  h("span", { class: "tag" }, h("span", { class: "hidden" }, ", "), `${type} ${percent(confidence)}`),
];

/** The text with its entities; offsets count code points, as Array.from does. */
function annotated(text, entities, elements) {
  const characters = Array.from(text);
  const parts = [];
  let done = 0;
  entities.forEach((entity, number) => {
    parts.push(characters.slice(done, entity.char_start).join(""), elements[number]);
    done = entity.char_end;
  });
  parts.push(characters.slice(done).join(""));
  return h("p", { class: "text", dir: "auto" }, parts.filter((part) => part !== ""));
}

/** "Text", "Text and images", "Text, images and context". */
function listed(names) {
  const sentence = [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" and ");
  return sentence[0].toUpperCase() + sentence.slice(1);
}

/** What is found at each span, from everything and in each of `others`, pairs of a name and entities. */
function table(entities, title, others) {
  const key = (entity) => `${entity.char_start}-${entity.char_end}`;
  const bySpan = (found) => new Map(found.map((entity) => [key(entity), entity]));
  const versions = [entities, ...others.map(([, found]) => found)].map(bySpan);
  const spans = new Map(versions.flatMap((found) => [...found]));
  const say = (entity) => (entity ? `${entity.type} ${percent(entity.confidence)}` : "not found");
  const rows = [...spans.values()]
    .sort((a, b) => a.char_start - b.char_start || a.char_end - b.char_end)
    .map((span) => {
      const [one, ...rest] = versions.map((found) => found.get(key(span)));
      const cells = rest.map((other) => {
        const differs = one?.type !== other?.type;
        return h("td", { class: differs ? "changed" : null }, say(other), differs && " (differs)");
      });
      return h("tr", {}, h("th", { scope: "row" }, h("bdi", {}, span.text)), h("td", {}, say(one)), cells);
    });
  return grid("Entities", ["Entity", others.length ? title : "Type, confidence", ...others.map(([name]) => name)], rows);
}

/** The confidence of each entity without each field of the context. */
function byField({ entities, explanation: { evidence } }, title) {
  const fields = Object.keys(evidence[0].confidence_without_context);
  const rows = entities.map((entity, number) =>
    h(
      "tr",
      {},
      h("th", { scope: "row" }, h("bdi", {}, entity.text)),
      h("td", {}, `${entity.type} ${percent(entity.confidence)}`),
      fields.map((name) => h("td", {}, percent(evidence[number].confidence_without_context[name]))),
    ),
  );
  return grid("Confidence without one field", ["Entity", title, ...fields.map((name) => h("bdi", {}, `Without ${name}`))], rows);
}

/** A table of even columns, which scrolls where there are too many for a phone. */
function grid(caption, heads, rows) {
  const table = h(
    "table",
    { class: "even" },
    h("caption", {}, caption),
    h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows),
  );
  if (heads.length <= 3) return table;
  table.style.minWidth = `${6.5 * heads.length}rem`;
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);
}

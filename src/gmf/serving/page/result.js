// The answer: entities in the text, the same without images beside it, and a table of both.

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
  const alone = explanation.without_images.map((entity) => h("mark", { class: `entity ${hue(entity.type)}` }, ...label(entity)));
  byId("found").replaceChildren(
    ...[
      h(
        "div",
        { class: "pair" },
        version(usedImages ? "Text and images" : "Text", annotated(answer.text, answer.entities, buttons)),
        usedImages && version("Text alone", annotated(answer.text, explanation.without_images, alone)),
      ),
      answer.entities.length + alone.length > 0 && table(answer, usedImages),
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

function table({ entities, explanation }, usedImages) {
  const key = (entity) => `${entity.char_start}-${entity.char_end}`;
  const alone = new Map(explanation.without_images.map((entity) => [key(entity), entity]));
  const both = new Set(entities.map(key));
  const spans = [...entities, ...explanation.without_images.filter((entity) => !both.has(key(entity)))];
  const withImages = new Map(entities.map((entity) => [key(entity), entity]));
  const say = (entity) => (entity ? `${entity.type} ${percent(entity.confidence)}` : "not found");
  const rows = spans
    .sort((a, b) => a.char_start - b.char_start || a.char_end - b.char_end)
    .map((span) => {
      const [one, other] = [withImages.get(key(span)), alone.get(key(span))];
      const differs = usedImages && one?.type !== other?.type;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, h("bdi", {}, span.text)),
        h("td", {}, say(one)),
        usedImages && h("td", { class: differs ? "changed" : null }, say(other), differs && " (differs)"),
      );
    });
  const heads = ["Entity", usedImages ? "Text and images" : "Type, confidence", usedImages && "Text alone"];
  return h(
    "table",
    { class: "even" },
    h("caption", {}, "Entities"),
    h("thead", {}, h("tr", {}, heads.filter(Boolean).map((head) => h("th", { scope: "col" }, head)))),
    h("tbody", {}, rows),
  );
}

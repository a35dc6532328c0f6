// What the model used: where an entity's words look, and which visual stages informed the text.

import { h, percent, place } from "./dom.js";

/** Return `element`, and `pick(number)` that shows the attention of one entity. */
export function renderUsed(answer, post, urls) {
  const { views, evidence } = answer.explanation;
  const tells = answer.entities.length > 0 && evidence[0].view_attention !== null;
  const names = views.map((view) => nameOf(view, post));
  const picked = h("p", { class: "picked", "aria-live": "polite" });
  const shares = h("div", {});
  const labels = [];
  const figures = post.images.map((image, number) => {
    const stage = h("div", { class: "stage" }, h("img", { src: urls[number], alt: `Image ${number + 1}: ${image.name}` }));
    views.forEach((view, slot) => {
      if (view.image !== number) return;
      const label = h("span", {});
      labels[slot] = label;
      const box = h("div", { class: "region" }, label);
      place(box, shareOf(view.box, image.size));
      stage.append(box);
    });
    return h("figure", {}, stage, h("figcaption", { class: "hint" }, `Image ${number + 1}: ${image.name}`));
  });
  const short = (view) => (view.region === null ? "whole" : String(view.region + 1));

  function pick(number) {
    const entity = answer.entities[number];
    const { text_attention: text, view_attention: mass } = evidence[number];
    picked.replaceChildren("Attention of ", h("strong", {}, h("bdi", {}, entity.text)), `, ${entity.type}.`, answer.entities.length > 1 ? " Choose another entity in the text above." : "");
    shares.replaceChildren(bars([["Text", text], ...mass.map((share, slot) => [names[slot], share])]));
    const highest = Math.max(...mass, 1e-9);
    views.forEach((view, slot) => {
      if (!labels[slot]) return;
      labels[slot].textContent = `${short(view)}: ${percent(mass[slot])}`;
      labels[slot].parentElement.style.borderWidth = `${1.5 + (4.5 * mass[slot]) / highest}px`;
    });
  }
  labels.forEach((label, slot) => (label.textContent = short(views[slot])));

  const element = h(
    "section",
    { "aria-labelledby": "used-title" },
    h("h3", { id: "used-title" }, "What the model used"),
    tells && picked,
    h(
      "div",
      { class: "used" },
      h("div", {}, figures),
      h(
        "div",
        {},
        tells && [h("h4", {}, "Where it looked"), shares, h("p", { class: "hint" }, "Shares of attention. They do not prove what changed the answer; the answer without images does.")],
        views.map((view, slot) => view.gates && [h("h4", {}, `Visual stages of ${lower(names[slot])}`), bars(view.gates.map((share, stage) => [stageName(stage, view.gates.length), share]))]),
        views[0].gates && [h("p", { class: "hint" }, "Visual stages are levels of the image encoder, from fine detail to whole objects; shares tell how much each informed the text."), byLayer(views, names)],
      ),
    ),
  );
  return { element, pick, tells };
}

const lower = (name) => name[0].toLowerCase() + name.slice(1);

/** A box in pixels as shares of its picture; no box is all of it. */
function shareOf(box, size) {
  if (!box) return { x: 0, y: 0, width: 1, height: 1 };
  const [x1, y1, x2, y2] = box;
  return { x: x1 / size.width, y: y1 / size.height, width: (x2 - x1) / size.width, height: (y2 - y1) / size.height };
}

function nameOf(view, post) {
  if (view.image === null) return "Blank stand-in for an image";
  const image = post.images.length > 1 ? `Image ${view.image + 1}` : "Image";
  if (view.region === null) return `${image}, whole`;
  return `${image}, region ${view.region + 1}${view.label && ` (${view.label})`}`;
}

function stageName(stage, number) {
  const meaning = { 0: ", fine detail", [number - 1]: ", whole objects" }[stage] ?? "";
  return `Stage ${stage + 1}${meaning}`;
}

function bars(rows) {
  const highest = Math.max(...rows.map(([, share]) => share));
  return h(
    "dl",
    { class: "bars" },
    rows.map(([name, share]) => {
      const fill = h("span", { class: "fill" });
      fill.style.width = percent(share);
      const most = share === highest ? "most" : null;
      return [h("dt", {}, h("span", { class: most }, name), h("span", { class: "track", "aria-hidden": "true" }, fill)), h("dd", { class: most }, percent(share))];
    }),
  );
}

function byLayer(views, names) {
  const stages = () => views[0].gates.map((_, stage) => h("th", { scope: "col", class: "number" }, String(stage + 1)));
  return h(
    "details",
    {},
    h("summary", {}, "Stages in each text layer"),
    views.map((view, slot) =>
      h(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": `Stages by layer, ${names[slot]}` },
        h(
          "table",
          {},
          h("caption", {}, `${names[slot]}: layers down, stages across`),
          h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Layer"), stages())),
          h("tbody", {}, view.gates_by_layer.map((gates, layer) => h("tr", {}, h("th", { scope: "row" }, String(layer + 1)), gates.map((share) => h("td", { class: "number" }, percent(share)))))),
        ),
      ),
    ),
  );
}

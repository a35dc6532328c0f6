// Example posts; their pictures are drawn by the project and turned to pixels by the browser.

import { byId, h } from "./dom.js";

const DOG = { picture: "dog", alt: "drawing of a dog in the snow", region: { x: 0.19, y: 0.3, width: 0.65, height: 0.62 } };
const WOMAN = { picture: "woman", alt: "drawing of a woman with a scarf", region: { x: 0.26, y: 0.12, width: 0.48, height: 0.84 } };
const DESERT = { picture: "desert", alt: "drawing of red rocks in a desert", region: { x: 0.3, y: 0.22, width: 0.66, height: 0.56 } };
const PLAYER = { picture: "player", alt: "drawing of a basketball player", region: { x: 0.2, y: 0.08, width: 0.44, height: 0.88 } };

// `again`: the text of the one before, with another picture.
const EXAMPLES = [
  { text: "Rocky is ready for snow season", image: DOG },
  { text: "Rocky is ready for snow season", image: WOMAN, again: true },
  { text: "Jordan was amazing last night", image: PLAYER },
  { text: "Jordan was amazing last night", image: DESERT, again: true },
  { text: "RT @ann: Acme opens an office in Oslo ❄️ says Ann Lee #jobs", image: null },
];

/** List the examples; `use(text, files, regions)` takes the chosen one. */
export function listExamples(use) {
  let turn = 0;
  byId("examples").replaceChildren(
    ...EXAMPLES.map(({ text, image, again }) => {
      const thumbnail = image ? h("img", { class: "of-images", src: `page/${image.picture}.svg`, alt: image.alt }) : h("span", { class: "none of-images", "aria-hidden": "true" }, "no image");
      const choose = async () => {
        const mine = ++turn;
        const files = image ? [await fileOf(image)] : [];
        if (mine === turn) await use(text, files, image ? [image.region] : []);
      };
      return h("li", { class: again ? "of-images" : "" }, h("button", { type: "button", onclick: choose }, thumbnail, h("span", {}, text)));
    }),
  );
}

async function fileOf({ picture }) {
  const drawing = new Image();
  drawing.src = `page/${picture}.svg`;
  await drawing.decode();
  const canvas = h("canvas", { width: 320, height: 280 });
  canvas.getContext("2d").drawImage(drawing, 0, 0, 320, 280);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  return new File([blob], `${picture}.png`, { type: "image/png" });
}

// Regions of an image in the editor: drawn with a pointer, moved and sized with the keyboard.
// A region is {x, y, width, height} in shares of the picture.

import { h, percent, place } from "./dom.js";

const STEP = 0.02;
const SMALLEST = 0.03;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export class RegionEditor {
  /** `image` has `name` and `regions`; `stage` is the element that holds the picture. */
  constructor(image, stage, { most, announce }) {
    Object.assign(this, { image, stage, most, announce });
    stage.classList.add("editable");
    stage.addEventListener("pointerdown", (event) => this.#draw(event));
    this.render();
  }

  /** Add a region in the middle, for those who do not draw. */
  add() {
    if (this.#isFull()) return;
    this.image.regions.push({ x: 0.25, y: 0.25, width: 0.5, height: 0.5 });
    this.render();
    this.stage.querySelector("button:last-of-type").focus();
  }

  render() {
    this.stage.querySelectorAll(".region").forEach((element) => element.remove());
    this.image.regions.forEach((region, number) => {
      const element = h(
        "button",
        { type: "button", class: "region", onkeydown: (event) => this.#key(event, number) },
        h("span", {}, String(number + 1)),
      );
      this.#show(element, number);
      this.stage.append(element);
    });
  }

  #isFull() {
    const full = this.image.regions.length >= this.most;
    if (full) this.announce(`At most ${this.most} regions of an image.`);
    return full;
  }

  #show(element, number) {
    const region = this.image.regions[number];
    place(element, region);
    const where = `from left ${percent(region.x)}, from top ${percent(region.y)}, width ${percent(region.width)}, height ${percent(region.height)}`;
    element.setAttribute(
      "aria-label",
      `Region ${number + 1} of ${this.image.name}, ${where}. Arrow keys move it, Shift and arrow keys size it, Delete removes it.`,
    );
  }

  #key(event, number) {
    const region = this.image.regions[number];
    if (event.key === "Delete" || event.key === "Backspace") {
      this.image.regions.splice(number, 1);
      this.render();
      (this.stage.querySelector(".region") ?? this.stage.parentElement.querySelector("button")).focus();
      this.announce(`Region ${number + 1} removed.`);
    } else {
      const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (!step) return;
      if (event.shiftKey) {
        region.width = clamp(region.width + step[0], SMALLEST, 1 - region.x);
        region.height = clamp(region.height + step[1], SMALLEST, 1 - region.y);
      } else {
        region.x = clamp(region.x + step[0], 0, 1 - region.width);
        region.y = clamp(region.y + step[1], 0, 1 - region.height);
      }
      this.#show(event.currentTarget, number);
    }
    event.preventDefault();
  }

  #draw(event) {
    // On a touch screen a drag scrolls the page; there the button adds a region.
    if (event.button !== 0 || event.pointerType === "touch" || event.target.closest(".region")) return;
    event.preventDefault();
    const bounds = this.stage.getBoundingClientRect();
    const point = ({ clientX, clientY }) => ({
      x: clamp((clientX - bounds.left) / bounds.width, 0, 1),
      y: clamp((clientY - bounds.top) / bounds.height, 0, 1),
    });
    const start = point(event);
    const ghost = h("div", { class: "region" });
    let drawn = null;
    const move = (moved) => {
      const end = point(moved);
      drawn = { x: Math.min(start.x, end.x), y: Math.min(start.y, end.y), width: Math.abs(end.x - start.x), height: Math.abs(end.y - start.y) };
      place(ghost, drawn);
      this.stage.append(ghost);
    };
    const end = () => {
      removeEventListener("pointermove", move);
      ghost.remove();
      const isRegion = drawn && drawn.width >= SMALLEST && drawn.height >= SMALLEST;
      if (isRegion && !this.#isFull()) {
        this.image.regions.push(drawn);
        this.render();
      }
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end, { once: true });
  }
}

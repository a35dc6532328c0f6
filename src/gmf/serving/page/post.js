// The post in the making: its text, its images, and how images come in (chosen, dropped, pasted).

import { byId, h } from "./dom.js";
import { RegionEditor } from "./regions.js";

export class PostEditor {
  #images = [];
  #limits = null;
  #regionsRead = 0;
  #readsImages = true;
  #turn = 0;
  #adding = Promise.resolve();

  /** `announce(message)` tells people something; `trouble(title, message)` what went wrong. */
  constructor({ announce, trouble }) {
    Object.assign(this, { announce, trouble });
    this.text = byId("text");
    this.list = byId("images");
    this.text.addEventListener("input", () => this.#count());
    byId("files").addEventListener("change", (event) => {
      this.add(event.target.files);
      event.target.value = "";
    });
    this.#listenForDrops(byId("drop"));
    document.addEventListener("paste", (event) => {
      const { files } = event.clipboardData;
      // Office programs add a picture of what they copy; its text is what is meant.
      if (!files.length || !this.#readsImages || event.clipboardData.getData("text/plain")) return;
      event.preventDefault();
      this.add(files);
    });
  }

  /** Take the limits of the service; a model that reads no images gets no room for them. */
  use(model) {
    this.#limits = model.limits;
    this.#regionsRead = model.regions_read;
    this.#readsImages = model.reads_images;
    byId("pictures").hidden = !model.reads_images;
    byId("context").hidden = !model.context.length;
    byId("context-fields").replaceChildren(
      ...model.context.map((name) => h("label", { class: "field" }, name, h("textarea", { name, dir: "auto", rows: 2, autocomplete: "off" }))),
    );
    this.#count();
  }

  /** The post as it stands. */
  get post() {
    return { text: this.text.value, context: this.#context, images: this.#images.map(({ name, file, size, regions }) => ({ name, file, size, regions: structuredClone(regions) })) };
  }

  /** Text by field, as far as something is written. */
  get #context() {
    const fields = [...byId("context-fields").querySelectorAll("textarea")];
    return Object.fromEntries(fields.filter(({ value }) => value.trim()).map(({ name, value }) => [name, value]));
  }

  /** Title and message of what is wrong with the text; nothing when it can be sent. */
  get fault() {
    const most = this.#limits?.text_characters ?? Infinity;
    const number = this.#length;
    if (!this.text.value.trim()) return ["There is no text.", "Type or paste a post first; images alone hold no entities."];
    if (number > most) return ["The text is too long.", `A post has at most ${most} characters; this one has ${number}. Shorten it, or send its parts one by one.`];
    return null;
  }

  clear() {
    this.#turn += 1;
    this.#images.forEach((image) => URL.revokeObjectURL(image.url));
    this.#images = [];
    this.text.value = "";
    byId("context-fields").querySelectorAll("textarea").forEach((field) => (field.value = ""));
    this.list.replaceChildren();
    this.#count();
  }

  /** Resolves when all images given so far are listed. */
  get settled() {
    return this.#adding;
  }

  /** Add image files; `regions` are those of an example. */
  add(files, regions = []) {
    // A list of files is emptied with its input; one call must end before the next begins.
    const kept = [...files];
    const turn = this.#turn;
    this.#adding = this.#adding.then(() => turn === this.#turn && this.#addAll(kept, regions));
    return this.#adding;
  }

  async #addAll(files, regions) {
    const turn = this.#turn;
    for (const file of files) {
      if (turn !== this.#turn) return;
      const most = this.#limits?.images ?? Infinity;
      if (this.#images.length >= most) {
        this.trouble("Too many images.", `A post has at most ${most}; remove one first.`);
        return;
      }
      const total = this.#images.reduce((sum, image) => sum + image.file.size, file.size);
      if (this.#limits && total > 0.98 * this.#limits.body_bytes) {
        const megabytes = Math.floor(this.#limits.body_bytes / 2 ** 20);
        this.trouble(`${file.name} is too large.`, `All images together may have ${megabytes} MB.`);
        return;
      }
      const image = { name: file.name || "pasted image", file, url: URL.createObjectURL(file), size: { width: 1, height: 1 }, regions: structuredClone(regions) };
      this.#images.push(image);
      await this.#show(image);
      this.announce(`${image.name} added.`);
    }
  }

  /** List an image and wait until its size is known. */
  async #show(image) {
    const picture = h("img", { src: image.url, alt: `Preview of ${image.name}`, draggable: "false" });
    const stage = h("div", { class: "stage" }, picture);
    const mark = h("button", { type: "button", class: "small", hidden: true }, "Mark region");
    const remove = h("button", { type: "button", class: "small", "aria-label": `Remove ${image.name}` }, "Remove");
    const item = h("li", {}, h("p", { class: "name", title: image.name }, image.name), stage, h("div", { class: "row" }, mark, remove));
    remove.addEventListener("click", () => {
      this.#images.splice(this.#images.indexOf(image), 1);
      URL.revokeObjectURL(image.url);
      item.remove();
      byId("files").focus();
      this.announce(`${image.name} removed.`);
    });
    this.list.append(item);
    try {
      await picture.decode();
    } catch {
      // The service says whether it can be used; a browser does not show all that it reads.
      picture.alt = `${image.name}: no preview`;
      return;
    }
    image.size = { width: picture.naturalWidth, height: picture.naturalHeight };
    if (!this.#regionsRead) return;
    const editor = new RegionEditor(image, stage, { most: this.#limits.regions, announce: this.announce });
    mark.hidden = false;
    mark.addEventListener("click", () => editor.add());
  }

  /** Characters as the service counts them: code points. */
  get #length() {
    return Array.from(this.text.value).length;
  }

  #count() {
    const number = this.#length;
    const isTooLong = this.#limits && number > this.#limits.text_characters;
    this.text.setAttribute("aria-invalid", String(Boolean(isTooLong)));
    byId("count").classList.toggle("too-many", Boolean(isTooLong));
    const most = this.#limits ? ` of ${this.#limits.text_characters}` : "";
    byId("count").textContent = `${number}${most} characters`;
  }

  #listenForDrops(zone) {
    const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
    document.addEventListener("dragover", (event) => {
      if (!carriesFiles(event)) return;
      event.preventDefault();
      zone.classList.add("over");
    });
    document.addEventListener("dragleave", (event) => {
      if (!event.relatedTarget) zone.classList.remove("over");
    });
    document.addEventListener("drop", (event) => {
      // Else the browser would open the file in the place of this page.
      if (!carriesFiles(event)) return;
      event.preventDefault();
      zone.classList.remove("over");
      if (this.#readsImages) this.add(event.dataTransfer.files);
      else this.announce("This model reads no images; nothing was added.");
    });
  }
}

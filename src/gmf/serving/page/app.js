// Brings the parts of the page together.

import { fetchModel, findEntities, Trouble } from "./api.js";
import { byId, h } from "./dom.js";
import { listExamples } from "./examples.js";
import { PostEditor } from "./post.js";
import { renderResult } from "./result.js";

const status = byId("status");
const error = byId("error");
const result = byId("result");
let model = null;
let running = null;

const MEANINGS = { PER: "people", LOC: "places", ORG: "organisations", MISC: "other names" };
const explained = (type) => (MEANINGS[type] ? `${type} (${MEANINGS[type]})` : type);

const announce = (message) => (status.textContent = message);

function showTrouble(title, message) {
  error.replaceChildren(h("strong", {}, title), h("p", {}, message));
  error.hidden = false;
  error.scrollIntoView({ block: "nearest" });
}

const editor = new PostEditor({ announce, trouble: showTrouble });

async function meet() {
  model = await fetchModel(byId("key").value);
  editor.use(model);
  document.body.classList.toggle("text-only", !model.reads_images);
  byId("model").textContent = `Model ${model.title}, finds ${model.types.map(explained).join(", ")}`;
}

function failed(trouble) {
  if (trouble.name === "AbortError") return;
  if (!(trouble instanceof Trouble)) throw trouble;
  announce("No result.");
  byId("found").replaceChildren();
  showTrouble(trouble.title, trouble.message);
  if (trouble.status === 401) {
    byId("key-row").hidden = false;
    byId("key").focus();
  }
}

/** Forget what is shown and what is asked: a slow answer never follows a newer question. */
function forget(message) {
  running?.abort();
  running = new AbortController();
  result.removeAttribute("aria-busy");
  error.hidden = true;
  byId("found").replaceChildren();
  announce(message);
}

async function ask() {
  running?.abort();
  const mine = (running = new AbortController());
  error.hidden = true;
  await editor.settled;
  if (running !== mine) return;
  const post = editor.post;
  const fault = editor.fault;
  if (fault) {
    forget("No result.");
    showTrouble(...fault);
    byId("text").focus();
    return;
  }
  result.setAttribute("aria-busy", "true");
  announce("Working…");
  try {
    if (!model) await meet();
    const answer = await findEntities(post, { key: byId("key").value, signal: mine.signal });
    if (running !== mine) return;
    announce(renderResult(answer, post, model));
    const top = result.getBoundingClientRect().top;
    if (top > innerHeight * 0.7) result.scrollIntoView();
  } catch (trouble) {
    if (running === mine) failed(trouble);
  } finally {
    if (running === mine) result.removeAttribute("aria-busy");
  }
}

byId("form").addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
byId("form").addEventListener("reset", (event) => {
  // Only the post goes, not the key.
  event.preventDefault();
  editor.clear();
  forget("Write a post, or choose an example.");
});
byId("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) ask();
});
listExamples(async (text, files, regions) => {
  editor.clear();
  byId("text").value = text;
  byId("text").dispatchEvent(new Event("input"));
  if (model?.reads_images !== false) await editor.add(files, regions);
  await ask();
});
meet().catch((trouble) => running || failed(trouble));

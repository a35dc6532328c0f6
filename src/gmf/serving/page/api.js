// Talks to the service; what goes wrong becomes a sentence that says what to do.

/** An error for people: `title` says what happened, the message what to do. */
export class Trouble extends Error {
  constructor(title, message, status = 0) {
    super(message);
    this.title = title;
    this.status = status;
  }
}

const authorization = (key) => (key ? { Authorization: `Bearer ${key}` } : {});

export async function fetchModel(key) {
  return answerOf(await reach("v1/model", { headers: authorization(key) }), []);
}

/** Find the entities of a post: {text, context: {field: text}, images: [{file, regions: [{x, y, width, height}]}]}. */
export async function findEntities(post, { key, signal }) {
  const form = new FormData();
  // A file, since the line breaks of a field would be changed on the way.
  form.append("text", new Blob([post.text], { type: "text/plain;charset=utf-8" }), "text");
  form.append("explain", "true");
  form.append("context", JSON.stringify(post.context));
  form.append("regions", JSON.stringify(post.images.map(boxesOf)));
  for (const image of post.images) form.append("image", image.file, "image");
  const names = post.images.map((image) => image.name);
  const request = { method: "POST", body: form, headers: authorization(key), signal };
  return answerOf(await reach("v1/entities", request), names);
}

function boxesOf({ regions, size }) {
  return regions.map(({ x, y, width, height }) => ({
    box: [x * size.width, y * size.height, (x + width) * size.width, (y + height) * size.height],
  }));
}

async function reach(path, request) {
  if (/[^\x20-\x7e]/.test(request.headers.Authorization ?? "")) {
    throw new Trouble("This API key cannot be right.", "A key has letters, digits and signs of ASCII alone.", 401);
  }
  try {
    return await fetch(path, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble(
      "The service cannot be reached.",
      "It may have stopped, or the connection is broken. Your post is still here: try again in a moment.",
    );
  }
}

async function answerOf(response, names) {
  if (response.ok) {
    return response.json().catch((error) => {
      if (error.name === "AbortError") throw error;
      throw new Trouble("The answer is none of this service.", "Something between it and you answered, such as a login page: open this page anew.");
    });
  }
  const problem = await response.json().catch(() => ({}));
  throw troubleOf(response, problem, names);
}

function troubleOf(response, problem, names) {
  const status = response.status;
  const wait = Number(response.headers.get("Retry-After")) || 1;
  const again = `Try again in ${wait === 1 ? "a second" : `${wait} seconds`}.`;
  switch (status) {
    case 401:
      return new Trouble("This service asks for an API key.", "Enter the key below the images.", status);
    case 408:
      return new Trouble("Sending took too long.", "Send fewer or smaller images.", status);
    case 413:
      return new Trouble("The images are too large.", problem.detail ?? "Send smaller ones.", status);
    case 422: {
      const faults = (problem.faults ?? []).map((fault) => faultText(fault, names));
      return new Trouble("This post cannot be used.", faults.join(" ") || problem.detail, status);
    }
    case 429:
      return new Trouble("The service is busy.", again, status);
    case 503:
      return new Trouble("The service could not answer now.", again, status);
    default:
      return new Trouble("The service failed.", "Its log says why; your post is still here.", status);
  }
}

function faultText({ field, message }, names) {
  const match = /^images\.(\d+)\.(?:data|regions\.(\d+))/.exec(field);
  if (!match) return `${field ? `${field}: ` : ""}${message}.`;
  const [, image, region] = match;
  const what = `Image ${Number(image) + 1} (${names[image] ?? "unnamed"})`;
  if (region !== undefined) return `${what}, region ${Number(region) + 1}: ${message}.`;
  const [kind] = message.split(":");
  const known = {
    "not an image": "is no image that can be read. Use JPEG, PNG, GIF, WebP, BMP or TIFF.",
    broken: "is damaged or cut off. Save or download it again.",
    "too large": `has too many pixels (${message.slice(kind.length + 2)}). Scale it down.`,
  };
  return `${what} ${known[kind] ?? message}`;
}

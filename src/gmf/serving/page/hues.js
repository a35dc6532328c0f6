// One hue a type; the type is always written beside it.

const NUMBER = 6;

/** Return the class that carries a type's hue. */
export function hueOf(type, types) {
  const place = types.indexOf(type);
  return `h${(place < 0 ? 0 : place) % NUMBER}`;
}

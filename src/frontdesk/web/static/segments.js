// Counts the texts that words take, as carriers bill them (3GPP TS 23.038): the same rule as the server's.
const BASIC =
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENSION = "\f^{}\\[~]|€";
const BASIC_LETTERS = new Set(BASIC);
const EXTENSION_LETTERS = new Set(EXTENSION);
// What the server writes plainly before it sends.
const PLAIN = [[/[“”„«»]/g, '"'], [/[‘’‚`´]/g, "'"], [/[‐‑‒–—―•]/g, "-"], [/…/g, "..."], [/[\t\u00a0]/g, " "]];

export function count(words) {
  let body = words.trim();
  for (const [letters, plain] of PLAIN) body = body.replace(letters, plain);
  if ([...body].every((one) => BASIC_LETTERS.has(one) || EXTENSION_LETTERS.has(one))) {
    const sizes = [...body].map((one) => (EXTENSION_LETTERS.has(one) ? 2 : 1));
    return { ...fill(sizes, 160, 153), plain: true };
  }
  return { ...fill([...words.trim()].map((one) => one.length), 70, 67), plain: false };
}

// A letter of two units never stands in two texts.
function fill(sizes, alone, joined) {
  const units = sizes.reduce((sum, size) => sum + size, 0);
  if (units <= alone) return { parts: 1, units, room: alone };
  let parts = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > joined) {
      parts += 1;
      used = 0;
    }
    used += size;
  }
  return { parts, units, room: parts * joined };
}

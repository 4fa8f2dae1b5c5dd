/**
 * Whether a policy's pattern is `text`: `*` is any text, `?` any one character. Never more than
 * `pattern.length * text.length` steps; a regular expression of many `.*` would take exponentially many, and
 * clients write the patterns.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let starText = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      starText = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star !== -1) {
      // The last star takes one character more; earlier ones need not be tried again.
      p = star + 1;
      t = ++starText;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

/**
 * Whether an object in the JSON names a member twice. Reading JSON keeps the last and says nothing: of two
 * `StringEquals` in one Condition the first would be gone, and the policy wider than it reads.
 *
 * @param json text that was read as JSON without an error
 */
export function hasRepeatedMember(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [token, name] of json.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (name !== undefined) {
      const members = open.at(-1);
      // Escapes are two spellings of one name.
      const spelled = String(JSON.parse(name));
      if (members?.has(spelled)) return true;
      members?.add(spelled);
    }
  }
  return false;
}

/** Braces, strings, and strings that a colon makes the name of a member. */
const tokens = /[{}]|("[^"\\]*(?:\\.[^"\\]*)*")\s*:|"[^"\\]*(?:\\.[^"\\]*)*"/g;

/**
 * Which message attributes a consumer asked for with MessageAttributeNames: `All`, `.*` or `*` for all, `Foo.*`
 * for names that start with `Foo`, else the very name. SQS takes the dot for part of the pattern, so `Hel.*`
 * finds `Hello`; selectors that fit nothing are ignored, whatever they look like.
 */
export function attributeSelector(selectors: readonly string[]): (name: string) => boolean {
  if (selectors.length === 0) return () => false;
  if (selectors.includes("All") || selectors.includes("*")) return () => true;
  const exact = new Set<string>();
  const prefixes: string[] = [];
  for (const selector of selectors) {
    if (selector.endsWith(".*")) prefixes.push(selector.slice(0, -".*".length));
    else exact.add(selector);
  }
  return (name) => exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
}

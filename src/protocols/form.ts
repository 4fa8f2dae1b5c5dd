import { limits } from "../queue/limits.ts";

/**
 * The parameters of a form as a tree, because their names are paths: `Attribute.1.Name=Policy` is the value
 * `Policy` at Attribute, 1, Name.
 */
export interface FormNode {
  value: string | undefined;
  /** Undefined for most nodes: only names with more parts make it. */
  children: Map<string, FormNode> | undefined;
}

export function emptyForm(): FormNode {
  return { value: undefined, children: undefined };
}

export function childOf(node: FormNode, name: string): FormNode | undefined {
  return node.children?.get(name);
}

/** Sets a parameter unless it is there: of a repeated one the first counts, and the URL comes before the body. */
export function setParameter(form: FormNode, name: string, value: string): void {
  let node = form;
  let from = 0;
  for (let part = 1; part <= limits.formNameParts; part++) {
    const dot = name.indexOf(".", from);
    node = makeChild(node, dot === -1 ? name.slice(from) : name.slice(from, dot));
    if (dot === -1) {
      node.value ??= value;
      return;
    }
    from = dot + 1;
  }
}

/**
 * Adds the parameters of a query string or form body to `form`.
 *
 * @returns false if it cannot be read: a broken percent escape, text that is not UTF-8, too many parameters.
 */
export function readForm(form: FormNode, text: string): boolean {
  let parameters = 0;
  for (let from = 0; from < text.length; ) {
    let to = text.indexOf("&", from);
    if (to === -1) to = text.length;
    if (to > from) {
      if (++parameters > limits.formParameters) return false;
      const equals = text.indexOf("=", from);
      const nameEnd = equals === -1 || equals > to ? to : equals;
      const name = unescaped(text.slice(from, nameEnd));
      const value = unescaped(text.slice(nameEnd + 1, Math.max(to, nameEnd + 1)));
      if (name === undefined || value === undefined) return false;
      setParameter(form, name, value);
    }
    from = to + 1;
  }
  return true;
}

/**
 * The numbered elements of a flattened list or map, in the order of their numbers; gaps do not matter. What
 * has no number comes first, the way very old clients write a list of one: `AttributeName=All`. An empty value
 * without a number is how SDKs write an empty list.
 */
export function elementsOf(node: FormNode): FormNode[] {
  const numbered: { readonly index: number; readonly element: FormNode }[] = [];
  let isElement = node.value !== undefined && node.value !== "";
  for (const [part, element] of node.children ?? []) {
    if (isIndex(part)) numbered.push({ index: Number(part), element });
    else isElement = true;
  }
  numbered.sort((a, b) => a.index - b.index);
  const elements = numbered.map(({ element }) => element);
  if (isElement) elements.unshift(node);
  return elements;
}

function makeChild(node: FormNode, part: string): FormNode {
  node.children ??= new Map();
  let child = node.children.get(part);
  if (child === undefined) {
    child = emptyForm();
    node.children.set(part, child);
  }
  return child;
}

function isIndex(part: string): boolean {
  for (let i = 0; i < part.length; i++) {
    const code = part.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return false;
  }
  return part !== "";
}

function unescaped(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}

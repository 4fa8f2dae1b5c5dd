import type { ConditionContext } from "./question.ts";

/** What the signs in a text mean. */
export interface Spelling {
  /** `*` is any text, colons included, and `?` is any one character. */
  readonly wildcards: boolean;
  /** `${key}` is the request's value of that condition key, `${key, 'x'}` is x if it has none. */
  readonly variables: boolean;
  /** The pattern is kept in lower case; the text to match must come in lower case too. */
  readonly ignoreCase?: boolean;
}

/** Texts with wildcards and variables, read once and matched often. */
export interface Patterns {
  readonly everything: boolean;
  /** Those without any sign: most of them. */
  readonly exact: ReadonlySet<string>;
  readonly others: readonly Pattern[];
}

export interface Pattern {
  /** Cut up already, unless variables have to be filled in first. */
  readonly glob: Glob | undefined;
  /** Empty if it is cut up. */
  readonly tokens: readonly Token[];
  readonly ignoreCase: boolean;
}

export type Token =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "anyText" | "anyCharacter" }
  | { readonly kind: "variable"; readonly key: string; readonly fallback: string | undefined };

export function readPatterns(texts: readonly string[], spelling: Spelling): Patterns {
  const exact: string[] = [];
  const others: Pattern[] = [];
  let everything = false;
  for (const text of texts) {
    const tokens = readTokens(text, spelling);
    const [first] = tokens;
    if (first !== undefined && tokens.every(({ kind }) => kind === "anyText")) everything = true;
    else if (tokens.length > 1 || first?.kind !== "text") others.push(patternOf(tokens, spelling));
    else exact.push(first.text);
  }
  return { everything, exact: setOf(exact), others };
}

/** A variable without a value makes its pattern match nothing. */
export function matchesAny(patterns: Patterns, text: string, context: ConditionContext): boolean {
  if (patterns.everything || patterns.exact.has(text)) return true;
  return patterns.others.some((pattern) => matches(pattern, text, context));
}

export function matches(pattern: Pattern, text: string, context: ConditionContext): boolean {
  const glob = pattern.glob ?? globOf(pattern.tokens, pattern.ignoreCase, context);
  return glob !== undefined && matchesGlob(glob, text);
}

export function patternOf(tokens: readonly Token[], { ignoreCase = false }: Partial<Spelling>): Pattern {
  if (tokens.some(({ kind }) => kind === "variable")) return { glob: undefined, tokens, ignoreCase };
  return { glob: globOf(tokens, ignoreCase, nothingKnown), tokens: [], ignoreCase };
}

/** Linear in the length of `text`, whatever a client puts into it. */
export function readTokens(given: string, { wildcards, variables, ignoreCase = false }: Spelling): Token[] {
  const text = ignoreCase ? given.toLowerCase() : given;
  const lastBrace = text.lastIndexOf("}");
  const tokens: Token[] = [];
  let literal = "";
  let from = 0;
  /** What was read up to `at` is text, and `token` stands between it and `next`. */
  const push = (at: number, next: number, token: Token) => {
    literal += text.slice(from, at);
    if (literal !== "") tokens.push({ kind: "text", text: literal });
    tokens.push(token);
    literal = "";
    from = next;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (wildcards && character === "*") push(at, at + 1, { kind: "anyText" });
    else if (wildcards && character === "?") push(at, at + 1, { kind: "anyCharacter" });
    else if (variables && at < lastBrace && text.startsWith("${", at)) {
      const end = text.indexOf("}", at);
      const content = text.slice(at + 2, end);
      if (content === "*" || content === "?" || content === "$") {
        literal += text.slice(from, at) + content;
        from = end + 1;
      } else push(at, end + 1, variableOf(content));
      at = end;
    }
  }
  literal += text.slice(from);
  if (literal !== "" || tokens.length === 0) tokens.push({ kind: "text", text: literal });
  return tokens;
}

/** The condition keys whose values fill in the variables of `text`. */
export function variablesOf(text: string): string[] {
  return readTokens(text, { wildcards: true, variables: true }).flatMap((token) =>
    token.kind === "variable" ? [token.key] : [],
  );
}

/** Empty sets are one and the same: a policy has a dozen of them, and most of them are empty. */
export function setOf(texts: readonly string[]): ReadonlySet<string> {
  return texts.length === 0 ? emptySet : new Set(texts);
}

const emptySet: ReadonlySet<string> = new Set();

/** Pieces of which any text may stand between. */
type Glob = readonly Piece[];

/** Literals between which stands one character each. */
interface Piece {
  readonly literals: readonly string[];
  readonly length: number;
}

const nothingKnown: ConditionContext = { get: () => undefined };

function variableOf(content: string): Token {
  const comma = content.indexOf(",");
  const key = (comma === -1 ? content : content.slice(0, comma)).trim().toLowerCase();
  const given = comma === -1 ? "" : content.slice(comma + 1).trim();
  const isQuoted = given.length >= 2 && given.startsWith("'") && given.endsWith("'");
  return { kind: "variable", key, fallback: isQuoted ? given.slice(1, -1) : undefined };
}

/**
 * Wildcards are cuts and not characters, so a tag's value that holds a `*` stays the text it is: whoever sets
 * the tag does not write the policy.
 *
 * @returns undefined if a variable has no value; one of several values is none
 */
function globOf(tokens: readonly Token[], ignoreCase: boolean, context: ConditionContext): Glob | undefined {
  const glob: Piece[] = [];
  let literals: string[] = [];
  let literal = "";
  const endPiece = () => {
    literals.push(literal);
    const length = literals.reduce((sum, { length }) => sum + length, literals.length - 1);
    glob.push({ literals, length });
    literals = [];
    literal = "";
  };
  for (const token of tokens) {
    if (token.kind === "text") literal += token.text;
    else if (token.kind === "variable") {
      const values = context.get(token.key);
      const value = values?.length === 1 ? values[0] : token.fallback;
      if (value === undefined) return undefined;
      literal += ignoreCase ? value.toLowerCase() : value;
    } else if (token.kind === "anyText") endPiece();
    else {
      literals.push(literal);
      literal = "";
    }
  }
  endPiece();
  return glob;
}

/** Each piece is taken where it first fits; a later place could only leave less room for the rest. */
function matchesGlob(glob: Glob, text: string): boolean {
  const first = glob[0];
  const last = glob[glob.length - 1];
  if (first === undefined || last === undefined || !fits(first, text, 0)) return false;
  if (glob.length === 1) return first.length === text.length;
  let at = first.length;
  for (let index = 1; index < glob.length - 1; index++) {
    const piece = glob[index];
    const found = piece === undefined ? -1 : find(piece, text, at);
    if (piece === undefined || found === -1) return false;
    at = found + piece.length;
  }
  const lastAt = text.length - last.length;
  return lastAt >= at && fits(last, text, lastAt);
}

function find(piece: Piece, text: string, from: number): number {
  const { literals, length } = piece;
  if (literals.length === 1 && literals[0] !== undefined) return text.indexOf(literals[0], from);
  for (let at = from; at + length <= text.length; at++) {
    if (fits(piece, text, at)) return at;
  }
  return -1;
}

/** Whether the piece stands there, as far as the text goes. */
function fits(piece: Piece, text: string, from: number): boolean {
  let at = from;
  for (const literal of piece.literals) {
    if (!text.startsWith(literal, at)) return false;
    at += literal.length + 1;
  }
  return true;
}

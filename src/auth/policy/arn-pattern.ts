import { matches, type Pattern, patternOf, readTokens, type Token } from "./pattern.ts";
import type { ConditionContext } from "./question.ts";

/**
 * An ARN's six parts, each matched on its own: a `*` never reaches across a colon, save in the last part, which
 * may hold colons itself.
 */
export type ArnPattern = readonly Pattern[];

/**
 * A pattern of fewer parts is completed if it ends in `*`: by `arn:aws:sns:*` people mean every topic, and AWS
 * does not say what it makes of it.
 *
 * @returns undefined for what can be no ARN
 */
export function readArnPattern(text: string, variables: boolean): ArnPattern | undefined {
  const parts: Token[][] = [[]];
  for (const token of readTokens(text, { wildcards: true, variables })) {
    if (token.kind !== "text") parts.at(-1)?.push(token);
    else {
      const [first = "", ...rest] = splitArn(token.text, partsOfArn + 1 - parts.length);
      if (first !== "") parts.at(-1)?.push({ kind: "text", text: first });
      parts.push(...rest.map((text): Token[] => (text === "" ? [] : [{ kind: "text", text }])));
    }
  }
  if (parts.length < partsOfArn && parts.at(-1)?.at(-1)?.kind !== "anyText") return undefined;
  while (parts.length < partsOfArn) parts.push([{ kind: "anyText" }]);
  return parts.map((tokens) => patternOf(tokens, {}));
}

/** @returns undefined if `text` is no ARN */
export function matchesArn(
  pattern: ArnPattern,
  text: string,
  context: ConditionContext,
): boolean | undefined {
  const parts = splitArn(text, partsOfArn);
  if (parts.length < partsOfArn) return undefined;
  return pattern.every((part, index) => matches(part, parts[index] ?? "", context));
}

const partsOfArn = 6;

/** At most `max` parts, the last with all colons that are left. */
function splitArn(text: string, max: number): string[] {
  const parts = text.split(":");
  return parts.length <= max ? parts : [...parts.slice(0, max - 1), parts.slice(max - 1).join(":")];
}

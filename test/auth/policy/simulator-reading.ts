import type { Case, Document, Statement } from "./simulator-cases.ts";

/** One key of a condition in a case, beside what the case's request says of it. */
export interface WrittenCondition {
  readonly effect: Statement["Effect"];
  /** Without quantifier and `IfExists`. */
  readonly operator: string;
  readonly quantifier: string | undefined;
  /** In lower case. */
  readonly key: string;
  readonly wanted: readonly string[];
  /** Empty if nothing. */
  readonly said: readonly string[];
}

export function documentsOf({ identity, session, policy }: Case): Document[] {
  return [...identity, session, policy].filter((document) => document !== undefined);
}

export function statementsOf(...documents: readonly (Document | undefined)[]): Statement[] {
  return documents.flatMap((document) => document?.Statement ?? []);
}

export function resourcesOf(...documents: readonly (Document | undefined)[]): string[] {
  return statementsOf(...documents).flatMap(({ Resource = [], NotResource = [] }) => [
    ...Resource,
    ...NotResource,
  ]);
}

export function notResourcesOf(given: Case): string[] {
  return statementsOf(...documentsOf(given)).flatMap(({ NotResource = [] }) => NotResource);
}

export function conditionsOf(given: Case): WrittenCondition[] {
  return statementsOf(...documentsOf(given)).flatMap(({ Effect, Condition = {} }) =>
    Object.entries(Condition).flatMap(([written, keys]) => {
      const [, quantifier, operator = ""] = /^(?:(\w+):)?(\w+?)(?:IfExists)?$/.exec(written) ?? [];
      return Object.entries(keys).map(([name, wanted]) => {
        const key = name.toLowerCase();
        return { effect: Effect, operator, quantifier, key, wanted, said: saidOf(given, key) };
      });
    }),
  );
}

/** Whether the text has a variable without a value. */
export function hasUnknown(given: Case, text: string): boolean {
  return Array.from(text.matchAll(/\$\{([^*?$},]+)(,[^}]*)?\}/g)).some(
    ([, key = "", fallback]) => fallback === undefined && saidOf(given, key.toLowerCase()).length !== 1,
  );
}

export function isShortArn(text: string): boolean {
  return text !== "*" && text.replaceAll(/\$\{[^}]*\}/g, "").split(":").length < 6;
}

function saidOf({ context }: Case, key: string): readonly string[] {
  const found = Object.entries(context).find(([name]) => name.toLowerCase() === key)?.[1] ?? [];
  return typeof found === "string" ? [found] : found;
}

import { isJsonObject, parseJsonObject } from "../../lib/json.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import { hasRepeatedMember } from "./repeated-member.ts";
import { type PolicyKind, readStatement, type Statement } from "./statement.ts";

export type { PolicyKind, Statement } from "./statement.ts";

/** A policy that was read: ready to be decided by. */
export interface Policy {
  readonly kind: PolicyKind;
  /** 2008-10-17 if the document names none. Only the later one knows variables. */
  readonly version: "2008-10-17" | "2012-10-17";
  readonly statements: readonly Statement[];
  /** Condition keys that it reads, in lower case: whether it has `aws:resourcetag/…`. */
  readonly keys: ReadonlySet<string>;
}

/**
 * Reads a policy document, all of it checked: a misspelled element is refused, for ignored it could open what it
 * was to close. How long it may be is the caller's to say.
 *
 * @param kind An identity's policy names no principal, a resource's names principals and resources, a role's
 *   trust policy principals alone.
 * @returns what is wrong, in IAM's words where they are known
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
export function parsePolicy(text: string, kind: PolicyKind): Result<Policy, string> {
  const document = parseJsonObject(text);
  if (document === undefined || hasRepeatedMember(text)) return err(notJson[kind]);
  if (!Object.keys(document).every((key) => elements.has(key))) return syntaxError;
  const { Version: version = "2008-10-17", Id: id, Statement: given } = document;
  if (id !== undefined && typeof id !== "string") return syntaxError;
  if (version !== "2008-10-17" && version !== "2012-10-17") {
    return err("Policy document must be version 2012-10-17 or greater.");
  }
  const list: readonly unknown[] = Array.isArray(given) ? given : given === undefined ? [] : [given];
  if (list.length === 0) {
    return kind === "trust" ? err("Could not parse the policy: Statement is empty!") : syntaxError;
  }
  const statements: Statement[] = [];
  for (const each of list) {
    const statement = readStatement(each, kind, version === "2012-10-17");
    if (!statement.ok) return statement;
    statements.push(statement.value);
  }
  const sidProblem = kind === "resource" ? undefined : problemOfSids(list);
  if (sidProblem !== undefined) return err(sidProblem);
  return ok({ kind, version, statements, keys: new Set(statements.flatMap(({ keys }) => keys)) });
}

/**
 * Of text that was checked when it was stored; read once and kept. Text that cannot be read denies everything:
 * it may have denied something, and what cannot be read cannot be obeyed otherwise.
 */
export function policyOf(text: string, kind: PolicyKind): Policy {
  const kept = keptOf[kind];
  const known = kept.policies.get(text);
  if (known !== undefined) return known;
  const parsed = parsePolicy(text, kind);
  const policy = parsed.ok ? parsed.value : { ...denyEverything, kind };
  for (const [oldest] of kept.policies) {
    if (kept.characters + text.length <= limits.readPolicyCharacters) break;
    kept.policies.delete(oldest);
    kept.characters -= oldest.length;
  }
  kept.policies.set(text, policy);
  kept.characters += text.length;
  return policy;
}

const elements = new Set(["Version", "Id", "Statement"]);

const syntaxError = err("Syntax errors in policy.");

const notJson: Readonly<Record<PolicyKind, string>> = {
  identity: "Syntax errors in policy.",
  resource: "The policy is not in the valid JSON format.",
  trust: "This policy contains invalid Json",
};

/** What was read, by its text. */
interface Kept {
  readonly policies: Map<string, Policy>;
  characters: number;
}

const keptOf: Readonly<Record<PolicyKind, Kept>> = {
  identity: { policies: new Map(), characters: 0 },
  resource: { policies: new Map(), characters: 0 },
  trust: { policies: new Map(), characters: 0 },
};

const denyEverything: Policy = {
  kind: "identity",
  version: "2012-10-17",
  statements: [
    {
      effect: "Deny",
      principals: undefined,
      actions: { isNot: false, listed: { everything: true, exact: new Set(), others: [] } },
      resources: undefined,
      conditions: [],
      keys: [],
    },
  ],
  keys: new Set(),
};

/** SQS's own AddPermission writes ids with dashes, so only IAM's own policies are held to IAM's rule. */
function problemOfSids(statements: readonly unknown[]): string | undefined {
  const sids = statements.flatMap((each) => (isJsonObject(each) && each["Sid"] ? [String(each["Sid"])] : []));
  if (!sids.every((sid) => /^[0-9A-Za-z]*$/.test(sid))) {
    return "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
  }
  return new Set(sids).size < sids.length
    ? "Statement IDs (SID) in a single policy must be unique."
    : undefined;
}

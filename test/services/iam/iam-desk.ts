import type { Caller } from "../../../src/auth/caller.ts";
import { rootCaller } from "../../../src/auth/caller.ts";
import { Catalog } from "../../../src/catalog/catalog.ts";
import { Identities } from "../../../src/catalog/identities/identities.ts";
import { SettingsCache } from "../../../src/catalog/settings-cache.ts";
import { sealSecret } from "../../../src/encryption/secrets.ts";
import { decodeForm } from "../../../src/protocols/aws-query.ts";
import { emptyForm, setParameter } from "../../../src/protocols/form.ts";
import type { RequestContext } from "../../../src/services/action.ts";
import { iamActions } from "../../../src/services/iam/actions.ts";
import { iamInputError } from "../../../src/services/iam/errors.ts";
import { runAction } from "../../../src/services/run-action.ts";
import { policyTo, someFacts, userCaller } from "../../support/callers.ts";
import { testRootKeys } from "../../support/encryption.ts";
import { sqliteD1 } from "../../support/sqlite-d1.ts";

/** Parameters as a form has them: `Tags.member.1.Key`. */
export type Parameters = Readonly<Record<string, string | number>>;

/** Whatever an action answers: tests look into it. */
export type Answer = Readonly<Record<string, unknown>>;

export const ours = "000000000000";
export const theirs = "111111111111";

/** IAM of one endpoint over a true database. The caller is the root of our account unless said otherwise. */
export class IamDesk {
  readonly d1 = sqliteD1("0001_queues.sql", "0002_access_keys.sql", "0005_identities.sql");
  readonly identities = new Identities(this.d1);
  readonly catalog = new Catalog(this.d1, new SettingsCache());
  readonly forgotten: string[] = [];
  caller: Caller = rootCaller(ours, "test");
  nowMs = Date.UTC(2026, 10, 22, 19, 34, 5);

  async perform(action: string, parameters: Parameters = {}) {
    const declared = iamActions.get(action);
    if (!declared) throw new Error(`there is no action ${action}`);
    const form = emptyForm();
    for (const [name, value] of Object.entries(parameters)) setParameter(form, name, String(value));
    const input = decodeForm(declared.input, form);
    if (!input.ok) return { ok: false, error: iamInputError(input.error) } as const;
    return await runAction(declared, this.#context(), input.value);
  }

  /** The answer of a call that must succeed. */
  async get(action: string, parameters: Parameters = {}): Promise<Answer> {
    const result = await this.perform(action, parameters);
    if (!result.ok) throw new Error(`${action}: ${JSON.stringify(result.error)}`);
    return result.value as Answer;
  }

  /** `Code status: message` of a call that must fail. */
  async refusal(action: string, parameters: Parameters = {}): Promise<string> {
    const result = await this.perform(action, parameters);
    if (result.ok) throw new Error(`${action} succeeded`);
    const { error } = result;
    return error.kind === "ServiceError"
      ? `${error.code} ${error.status}: ${error.message}`
      : `${error.kind}: ${error.message}`;
  }

  /** As somebody else from now on. */
  as(caller: Caller): this {
    this.caller = caller;
    return this;
  }

  /** As a user whose one policy allows these actions on these resources. */
  asUserWho(actions: string | readonly string[], Resource: string | readonly string[] = "*"): this {
    return this.as(userCaller(ours, "clerk", policyTo("Allow", actions, { Resource })));
  }

  asRoot(account = ours): this {
    return this.as(rootCaller(account, "test"));
  }

  async sql(text: string, ...values: readonly (string | number)[]): Promise<readonly unknown[]> {
    const statement = this.d1.prepare(text);
    return (await statement.bind(...values).all()).results;
  }

  #context(): RequestContext {
    const context: Partial<RequestContext> = {
      caller: this.caller,
      facts: { ...someFacts, nowMs: this.nowMs },
      rootAccount: ours,
      nowMs: this.nowMs,
      identities: this.identities,
      catalog: this.catalog,
      sealSecret: (secret) => sealSecret(testRootKeys, secret),
      forgetIdentity: (account) => this.forgotten.push(account),
    };
    return context as RequestContext;
  }
}

export const allowAll = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }],
});

/** A policy of exactly so many characters that are not blanks. */
export function policyOfSize(size: number): string {
  const document = (queue: string) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "sqs:*", Resource: `arn:aws:sqs:*:*:${queue}` }],
    });
  return document("".padEnd(size - document("").length, "a"));
}

export function trustOf(...principals: readonly string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: principals }, Action: "sts:AssumeRole" }],
  });
}

/** What a principal of another service may assume: no principal of ours. */
export const lambdaTrust = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

import type { Caller } from "../../../src/auth/caller.ts";
import { type Credentials, createCredentials } from "../../../src/auth/credentials.ts";
import { accessKeyOwner, newAccessKey } from "../../../src/auth/identity.ts";
import { sessionKeys } from "../../../src/auth/session-token.ts";
import { accessKeySql, createAccessKey, createRootParameters } from "../../../src/catalog/access-keys.ts";
import { principalsIn } from "../../../src/catalog/principals.ts";
import { rootKeys, sealSecret } from "../../../src/encryption/secrets.ts";
import type { RequestContext } from "../../../src/services/action.ts";
import { runAction } from "../../../src/services/run-action.ts";
import { stsActions } from "../../../src/services/sts/actions.ts";
import { someFacts } from "../../support/callers.ts";
import { sqliteD1 } from "../../support/sqlite-d1.ts";

const roots = rootKeys("ZWRnZS1zcXMgbG9jYWwgcm9vdCBrZXksIG5vdCBzZWM=");
const tokenKeys = sessionKeys(roots);

export interface Issued {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: number;
}

/** Who is found behind a key. */
export interface Found {
  readonly secretAccessKey: string;
  readonly caller: Caller;
}

/** STS over true SQL in plain Node: identities in the hand, and its own answers to sign with. */
export class StsDesk {
  nowMs = someFacts.nowMs;
  readonly d1: D1Database;
  readonly credentials: Credentials;

  constructor() {
    this.d1 = sqliteD1("0001_queues.sql", "0002_access_keys.sql", "0005_identities.sql");
    const root = { rootAccountId: "000000000000", rootAccessKeyId: "test", rootSecretAccessKey: "test" };
    const keys = { rootKeys: roots, sessionKeys: tokenKeys };
    this.credentials = createCredentials(root, principalsIn(this.d1), keys);
  }

  sql(text: string, ...values: readonly (string | number)[]): Promise<unknown> {
    return this.d1
      .prepare(text)
      .bind(...values)
      .run();
  }

  /** A user with a key and an inline policy. */
  async addUser(account: string, userName: string, policy?: object): Promise<Caller> {
    const { accessKeyId, secretAccessKey } = newAccessKey();
    const key = this.#row(account, accessKeyId, secretAccessKey);
    await createAccessKey(this.d1, { ...key, userName, userId: uniqueId("AIDA", userName) });
    if (policy) await this.addInlinePolicy(account, "user", userName, policy);
    return this.callerOf(accessKeyId);
  }

  async addRoot(account: string): Promise<Caller> {
    const { accessKeyId, secretAccessKey } = newAccessKey();
    const key = this.#row(account, accessKeyId, secretAccessKey);
    await this.sql(accessKeySql.createRoot, ...createRootParameters(key));
    return this.callerOf(accessKeyId);
  }

  /** @returns its ARN */
  async addRole(
    account: string,
    roleName: string,
    trust: object,
    {
      policy = {} as object | undefined,
      maxSeconds = 3600,
      path = "/",
      roleId = uniqueId("AROA", roleName),
    } = {},
  ): Promise<string> {
    await this.sql(
      "INSERT INTO roles VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, 1, '{}')",
      ...[account, roleName, roleId, path, JSON.stringify(trust), maxSeconds],
    );
    if (policy && Object.keys(policy).length > 0)
      await this.addInlinePolicy(account, "role", roleName, policy);
    return `arn:aws:iam::${account}:role${path}${roleName}`;
  }

  addInlinePolicy(account: string, kind: "user" | "role", name: string, policy: object): Promise<unknown> {
    return this.sql(
      "INSERT INTO inline_policies VALUES (?1, ?2, ?3, 'p', ?4)",
      ...[account, kind, name, JSON.stringify(policy)],
    );
  }

  async callerOf(accessKeyId: string, token?: string): Promise<Caller> {
    const found = await this.credentials.find(accessKeyId, token, this.nowMs);
    if (found === undefined || found === "expired") throw new Error(`no caller: ${found}`);
    return found.caller;
  }

  /** Who the credentials of an answer stand for. */
  async session(answer: unknown): Promise<Found> {
    const { AccessKeyId, SessionToken } = (answer as { Credentials: Issued }).Credentials;
    const found = await this.credentials.find(AccessKeyId, SessionToken, this.nowMs);
    if (found === undefined || found === "expired") throw new Error(`no session: ${found}`);
    return found;
  }

  /** The answer of an action, or `code: message`. */
  async perform(caller: Caller, name: string, input: object = {}): Promise<unknown> {
    const action = stsActions.get(name);
    if (!action) throw new Error(`no action ${name}`);
    const context = {
      caller,
      facts: { ...someFacts, nowMs: this.nowMs },
      nowMs: this.nowMs,
      principals: principalsIn(this.d1),
      sessionKeys: tokenKeys,
    } as RequestContext;
    const result = await runAction(action, context, input);
    if (result.ok) return result.value;
    const { error } = result;
    return `${error.kind === "ServiceError" ? error.code : error.kind}: ${error.message}`;
  }

  assume(caller: Caller, roleArn: string, more: object = {}): Promise<unknown> {
    return this.perform(caller, "AssumeRole", { RoleArn: roleArn, RoleSessionName: "one", ...more });
  }

  /** The caller that assuming the role makes. */
  async assumed(caller: Caller, roleArn: string, more: object = {}): Promise<Caller> {
    return (await this.session(await this.assume(caller, roleArn, more))).caller;
  }

  #row(account: string, accessKeyId: string, secretAccessKey: string) {
    const sealedSecret = sealSecret(roots, { text: secretAccessKey, owner: accessKeyOwner(accessKeyId) });
    return { accessKeyId, account, sealedSecret, status: "Active", createdAtSeconds: 1 } as const;
  }
}

/** The unique id of a user or role of this name. */
export function uniqueId(kind: "AIDA" | "AROA", name: string): string {
  return kind + name.toUpperCase().padEnd(17, "X");
}

/** Whom a role trusts. */
export function trusting(
  principal: unknown,
  condition?: object,
  action: string | readonly string[] = "sts:AssumeRole",
): object {
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: principal, Action: action, ...(condition && { Condition: condition }) },
    ],
  };
}

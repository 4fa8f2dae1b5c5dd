import { type Caller, rootCaller } from "../../../src/auth/caller.ts";
import { Catalog } from "../../../src/catalog/catalog.ts";
import { KmsKeyStore } from "../../../src/catalog/kms/key-store.ts";
import { SettingsCache } from "../../../src/catalog/settings-cache.ts";
import { fromUtf8, toBase64, utf8 } from "../../../src/lib/bytes.ts";
import { awsJson11, decodeJson } from "../../../src/protocols/aws-json.ts";
import type { RequestContext } from "../../../src/services/action.ts";
import { kmsActions } from "../../../src/services/kms/actions.ts";
import { kmsInputError } from "../../../src/services/kms/errors.ts";
import type { ExternalKms } from "../../../src/services/kms/external.ts";
import type { Kms } from "../../../src/services/kms/kms.ts";
import { runAction } from "../../../src/services/run-action.ts";
import { someFacts } from "../../support/callers.ts";
import { testRootKeys } from "../../support/encryption.ts";
import { sqliteD1 } from "../../support/sqlite-d1.ts";

export const account = "000000000000";
export const region = "us-east-1";
export const dayMs = 86_400_000;

/** What a client is told: the members of an answer, or an error. */
export type Answer = Readonly<Record<string, unknown>> & {
  readonly error?: string;
  readonly message?: string;
};

/** One endpoint of KMS with its true tables, and a clock in the hand. */
export class KmsDesk {
  nowMs = 1_700_000_000_000;
  region = region;
  /** D1 is away. */
  away = false;
  /** How often D1 was asked. */
  asked = 0;
  readonly d1 = this.#watched(sqliteD1("0002_access_keys.sql", "0005_identities.sql", "0007_kms.sql"));
  kms: Kms = this.anotherIsolate();

  /** A KMS of the same tables, with no memory of its own. */
  anotherIsolate(external?: ExternalKms): Kms {
    return { keys: new KmsKeyStore(this.d1, testRootKeys, () => this.nowMs), external };
  }

  /** Asks as a client does, in JSON, and is answered so. Without a caller it is the account's root. */
  async call(
    name: string,
    input: Readonly<Record<string, unknown>> = {},
    caller: Caller = rootCaller(account, "test"),
  ): Promise<Answer> {
    const action = kmsActions.get(name);
    if (!action) throw new Error(`there is no ${name}`);
    const decoded = decodeJson(action.input, utf8(JSON.stringify(input)));
    const output = decoded.ok
      ? await runAction(action, this.context(caller), decoded.value)
      : { ok: false as const, error: kmsInputError(decoded.error) };
    if (!output.ok) {
      const { message } = output.error;
      return { error: "code" in output.error ? output.error.code : output.error.kind, message };
    }
    const { body } = awsJson11.encode(name, action.output, output.value, {
      requestId: "",
      nowMs: this.nowMs,
    });
    return body === "" ? {} : JSON.parse(body);
  }

  context(caller: Caller): RequestContext {
    const { nowMs, kms } = this;
    const context = {
      ...{ caller, nowMs, kms, region: this.region, rootAccount: account },
      facts: { ...someFacts, nowMs, region: this.region },
      catalog: new Catalog(this.d1, new SettingsCache(), () => nowMs),
    };
    return context as unknown as RequestContext;
  }

  /** @returns the key's id */
  async createKey(input: Readonly<Record<string, unknown>> = {}, caller?: Caller): Promise<string> {
    const answer = await this.call("CreateKey", input, caller);
    if (answer.error) throw new Error(`${answer.error}: ${answer.message}`);
    return (answer["KeyMetadata"] as { KeyId: string }).KeyId;
  }

  /** @returns the ciphertext in base64 */
  async encrypt(KeyId: string, text = "secret", more: object = {}, caller?: Caller): Promise<string> {
    const answer = await this.call("Encrypt", { KeyId, Plaintext: base64(text), ...more }, caller);
    if (answer.error) throw new Error(`${answer.error}: ${answer.message}`);
    return String(answer["CiphertextBlob"]);
  }

  /** A user, so that policies may name it. */
  async addUser(of: string, userName: string): Promise<void> {
    await this.d1
      .prepare("INSERT OR IGNORE INTO accounts (account_id, name, created_at) VALUES (?1, '', 0)")
      .bind(of)
      .run();
    await this.d1
      .prepare(
        "INSERT INTO users (account, user_name, user_id, path, created_at, tags) VALUES (?1, ?2, ?3, '/', 0, '{}')",
      )
      .bind(of, userName, `AIDA${userName.toUpperCase().padEnd(17, "X")}`)
      .run();
  }

  #watched(db: D1Database): D1Database {
    const look = () => {
      this.asked++;
      if (this.away) throw new Error("D1 is away");
    };
    return {
      prepare: (sql: string) => {
        look();
        return db.prepare(sql);
      },
      batch: (statements: D1PreparedStatement[]) => db.batch(statements),
    } as unknown as D1Database;
  }
}

export function base64(text: string): string {
  return toBase64(utf8(text));
}

export function textOf(base64: unknown): string {
  return fromUtf8(new Uint8Array(Buffer.from(String(base64), "base64")));
}

export function keyArn(keyId: string, of = account): string {
  return `arn:aws:kms:${region}:${of}:key/${keyId}`;
}

/** A key policy of these statements, each about every key. */
export function keyPolicy(...statements: readonly object[]): string {
  const all = statements.map((statement) => ({ Effect: "Allow", Resource: "*", ...statement }));
  return JSON.stringify({ Version: "2012-10-17", Statement: all });
}

/** The statement that lets an account's own policies decide. */
export const delegation = {
  Sid: "root",
  Principal: { AWS: `arn:aws:iam::${account}:root` },
  Action: "kms:*",
};

import { randomBytes } from "node:crypto";
import { openSecret, type RootKeys, sealSecret } from "../encryption/secrets.ts";
import { fromBase64, toBase64 } from "../lib/bytes.ts";
import { assert } from "../lib/result.ts";

/** What a secret of the deployment is sealed for, under the root key. */
export function deploymentSecretOwner(name: string): string {
  return `deployment-secret/${name}`;
}

/** 32 random bytes that a deployment makes for itself when they are first asked for, and keeps for ever. */
export class DeploymentSecret {
  readonly #db: D1Database;
  readonly #keys: RootKeys;
  readonly #name: string;
  #opened: Uint8Array | undefined;

  constructor(db: D1Database, keys: RootKeys, name: string) {
    this.#db = db;
    this.#keys = keys;
    this.#name = name;
  }

  /** The same for every isolate, whichever asked first. Throws for one that does not open: it is never made anew. */
  async read(): Promise<Uint8Array> {
    this.#opened ??= this.#open((await this.#stored()) ?? (await this.#make()));
    return this.#opened;
  }

  /** Index: primary key. */
  async #stored(): Promise<string | undefined> {
    const found = this.#db.prepare("SELECT sealed FROM deployment_secrets WHERE name = ?1").bind(this.#name);
    return (await found.first<{ sealed: string }>())?.sealed;
  }

  /** Of several at once the first is stored. Index: primary key. */
  async #make(): Promise<string> {
    const owner = deploymentSecretOwner(this.#name);
    const sealed = sealSecret(this.#keys, { text: toBase64(randomBytes(SECRET_BYTES)), owner });
    await this.#db
      .prepare("INSERT INTO deployment_secrets (name, sealed) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING")
      .bind(this.#name, sealed)
      .run();
    const stored = await this.#stored();
    assert(stored !== undefined, `the deployment's secret ${this.#name} was not stored`);
    return stored;
  }

  #open(sealed: string): Uint8Array {
    const text = openSecret(this.#keys, sealed, deploymentSecretOwner(this.#name));
    assert(text.ok, `the deployment's secret ${this.#name} does not open: ${text.ok ? "" : text.error}`);
    const bytes = fromBase64(text.value);
    assert(bytes?.length === SECRET_BYTES, `the deployment's secret ${this.#name} is none`);
    return bytes;
  }
}

const SECRET_BYTES = 32;

import {
  type KmsMaterial,
  type KmsMaterialName,
  newKmsMaterial,
  openKmsMaterial,
} from "../../encryption/kms-material.ts";
import type { RootKeys } from "../../encryption/secrets.ts";
import { assert, ok, type Result } from "../../lib/result.ts";
import { limits } from "../../queue/limits.ts";
import {
  type AliasId,
  type AliasPage,
  type AliasRow,
  aliasOf,
  deleteAlias,
  deleteGoneAlias,
  insertAlias,
  insertManagedAlias,
  type KmsAlias,
  selectAlias,
  selectAliases,
  selectAliasesOfKey,
  updateAlias,
} from "./aliases.ts";
import { Copies } from "./copies.ts";
import {
  eraseKeys,
  insertKey,
  insertManagedKey,
  type KeyPage,
  type KeyRow,
  type KmsKey,
  keyOf,
  selectKey,
  selectKeyIds,
  selectKeysToRotate,
  updateKey,
  updateMaterialVersion,
} from "./keys.ts";
import {
  insertFirstMaterial,
  insertRotatedMaterial,
  type MaterialEntry,
  type MaterialPage,
  type MaterialRow,
  materialEntryOf,
  type NewMaterial,
  type RotationType,
  selectMaterial,
  selectMaterials,
} from "./materials.ts";

/**
 * KMS keys, what they encrypt with, and their aliases: D1, and this isolate's copies. Whether a key is gone by now is
 * the caller's to ask. A failure of D1 is thrown, except where a copy can answer.
 */
export class KmsKeyStore {
  readonly #db: D1Database;
  readonly #rootKeys: RootKeys;
  /** By key id. Material goes with its key: it never changes, but must not outlive it. */
  readonly #keys: Copies<RememberedKey>;
  readonly #aliases: Copies<KmsAlias>;

  /** @param clock milliseconds; ages the copies, and nothing else */
  constructor(db: D1Database, rootKeys: RootKeys, clock: () => number = Date.now) {
    this.#db = db;
    this.#rootKeys = rootKeys;
    this.#keys = new Copies(limits.cachedKmsKeys, clock);
    this.#aliases = new Copies(limits.cachedKmsAliases, clock);
  }

  /** At most 60 s old. */
  async findKey(keyId: string): Promise<KmsKey | undefined> {
    return (await this.#keys.find(keyId, () => this.#fetchKey(keyId)))?.key;
  }

  /** From D1. */
  async readKey(keyId: string): Promise<KmsKey | undefined> {
    return (await this.#keys.read(keyId, () => this.#fetchKey(keyId)))?.key;
  }

  /** At most 60 s old. */
  async findAlias(id: AliasId): Promise<KmsAlias | undefined> {
    return await this.#aliases.find(textOf(id), () => this.#fetchAlias(id));
  }

  /** From D1. */
  async readAlias(id: AliasId): Promise<KmsAlias | undefined> {
    return await this.#aliases.read(textOf(id), () => this.#fetchAlias(id));
  }

  /** Undefined if the key has no material of this version. Throws for material that does not open. */
  async findMaterial(name: KmsMaterialName): Promise<KmsMaterial | undefined> {
    const known = this.#keys.peek(name.keyId)?.materials.get(name.version);
    if (known !== undefined) return known;
    const row = await selectMaterial(this.#db, name).first<{ sealed_material: string }>();
    if (row === null) return undefined;
    const material = openKmsMaterial(this.#rootKeys, row.sealed_material, name);
    this.#keys.peek(name.keyId)?.materials.set(name.version, material);
    return material;
  }

  /** @returns false if the account has too many keys in that region */
  async createKey(key: KmsKey): Promise<boolean> {
    const [created] = await this.#db.batch([
      insertKey(this.#db, key),
      insertFirstMaterial(this.#db, this.#newMaterial(key, key.createdAtMs)),
    ]);
    return created?.results.length === 1;
  }

  /**
   * Makes a key that AWS keeps, with its alias; of several at once one does.
   *
   * @returns the alias, whose key is this one or the one that was there
   */
  async ensureManagedKey(key: KmsKey, name: string): Promise<KmsAlias> {
    const { account, region, keyId, createdAtMs } = key;
    const id = { account, region, name };
    await this.#db.batch([
      insertManagedAlias(this.#db, {
        ...id,
        targetKeyId: keyId,
        createdAtMs,
        updatedAtMs: createdAtMs,
      }),
      insertManagedKey(this.#db, key),
      insertFirstMaterial(this.#db, this.#newMaterial(key, createdAtMs)),
    ]);
    const alias = await this.readAlias(id);
    assert(alias !== undefined, `there is no ${name} in ${account}, ${region}`);
    return alias;
  }

  /**
   * Changes a key. Concurrent changes are made one upon the other: none undoes another.
   *
   * @param key as the caller knows it; an outdated copy costs a second read
   * @param change may be asked again, when the key has changed meanwhile
   * @returns the key as it is now, the change's own refusal, or undefined if the key was erased
   */
  async changeKey<E>(
    key: KmsKey,
    change: (current: KmsKey) => Result<KmsKey, E>,
  ): Promise<Result<KmsKey, E> | undefined> {
    return await this.#changed(key, change, (next) => [updateKey(this.#db, next)]);
  }

  /**
   * Gives a key new material, likewise.
   *
   * @param change refuses, or says when the next rotation is due and how many were asked for
   */
  async rotateKey<E>(
    key: KmsKey,
    { type, nowMs }: { readonly type: RotationType; readonly nowMs: number },
    change: (current: KmsKey) => Result<KmsKey, E>,
  ): Promise<Result<KmsKey, E> | undefined> {
    const next = (current: KmsKey) => {
      const changed = change(current);
      return changed.ok ? ok({ ...changed.value, materialVersion: current.materialVersion + 1 }) : changed;
    };
    return await this.#changed(key, next, (rotated) => [
      insertRotatedMaterial(this.#db, this.#newMaterial(rotated, nowMs), {
        rotation: type,
        revision: rotated.revision,
      }),
      updateMaterialVersion(this.#db, rotated),
    ]);
  }

  /** @returns `refused` if the key is not there, is about to be deleted, or has too many aliases */
  async createAlias(alias: KmsAlias): Promise<"created" | "exists" | "refused"> {
    const [, created, found] = await this.#db.batch([
      deleteGoneAlias(this.#db, alias, alias.createdAtMs),
      insertAlias(this.#db, alias),
      selectAlias(this.#db, alias),
    ]);
    this.#forgetAlias(alias, alias.targetKeyId);
    if (created?.results.length === 1) return "created";
    return found?.results.length === 1 ? "exists" : "refused";
  }

  /** @returns false if it is not there any more, or its new key is not, is about to be deleted, or has too many */
  async updateAlias(alias: KmsAlias, to: { readonly targetKeyId: string; readonly nowMs: number }) {
    const row = await updateAlias(this.#db, alias, to).first();
    this.#forgetAlias(alias, alias.targetKeyId, to.targetKeyId);
    return row !== null;
  }

  async deleteAlias(alias: KmsAlias): Promise<void> {
    await deleteAlias(this.#db, alias).run();
    this.#forgetAlias(alias, alias.targetKeyId);
  }

  /** Ids in order. */
  async listKeys(page: KeyPage): Promise<readonly string[]> {
    const { results } = await selectKeyIds(this.#db, page).all<{ key_id: string }>();
    return results.map(({ key_id }) => key_id);
  }

  /** By name. */
  async listAliases(page: AliasPage): Promise<readonly KmsAlias[]> {
    const { targetKeyId } = page;
    const select =
      targetKeyId === undefined
        ? selectAliases(this.#db, page)
        : selectAliasesOfKey(this.#db, { ...page, targetKeyId });
    const { results } = await select.all<AliasRow>();
    return results.map(aliasOf);
  }

  /** What a key has encrypted with, the oldest first. */
  async listMaterials(page: MaterialPage): Promise<readonly MaterialEntry[]> {
    const { results } = await selectMaterials(this.#db, page).all<MaterialRow>();
    return results.map(materialEntryOf);
  }

  /** Enabled keys whose rotation is due, some of them. */
  async keysToRotate(nowMs: number): Promise<readonly KmsKey[]> {
    return (await selectKeysToRotate(this.#db, nowMs).all<KeyRow>()).results.map(keyOf);
  }

  /** Erases keys whose time has come, some at a time. @returns their ids */
  async eraseDueKeys(nowMs: number): Promise<readonly string[]> {
    const erased = (await this.#db.batch<{ key_id: string }>(eraseKeys(this.#db, nowMs))).at(-1);
    const ids = erased?.results.map(({ key_id }) => key_id) ?? [];
    for (const id of ids) this.#keys.forget(id);
    return ids;
  }

  /** @param write the statements that store what `change` made; the last returns a row if they did */
  async #changed<E>(
    key: KmsKey,
    change: (current: KmsKey) => Result<KmsKey, E>,
    write: (next: KmsKey) => D1PreparedStatement[],
  ): Promise<Result<KmsKey, E> | undefined> {
    let current: KmsKey | undefined = key;
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt++) {
      const next = change(current);
      if (!next.ok) return next;
      const written = (await this.#db.batch(write(next.value))).at(-1);
      this.#keys.forget(key.keyId);
      if (written?.results.length === 1) return ok({ ...next.value, revision: next.value.revision + 1 });
      current = await this.readKey(key.keyId);
      if (current === undefined) return undefined;
    }
    throw new Error(`kms: ${CHANGE_ATTEMPTS} attempts at changing key ${key.keyId} met other changes`);
  }

  #newMaterial({ keyId, materialVersion: version }: KmsKey, createdAtMs: number): NewMaterial {
    const name = { keyId, version };
    return { ...name, sealed: newKmsMaterial(this.#rootKeys, name), createdAtMs };
  }

  async #fetchKey(keyId: string): Promise<RememberedKey | undefined> {
    const row = await selectKey(this.#db, keyId).first<KeyRow>();
    if (row === null) return undefined;
    return { key: keyOf(row), materials: this.#keys.peek(keyId)?.materials ?? new Map() };
  }

  async #fetchAlias(id: AliasId): Promise<KmsAlias | undefined> {
    const row = await selectAlias(this.#db, id).first<AliasRow>();
    return row === null ? undefined : aliasOf(row);
  }

  /** The keys know the names of their aliases. */
  #forgetAlias(id: AliasId, ...keyIds: readonly string[]): void {
    this.#aliases.forget(textOf(id));
    for (const keyId of keyIds) this.#keys.forget(keyId);
  }
}

interface RememberedKey {
  readonly key: KmsKey;
  /** By version. */
  readonly materials: Map<number, KmsMaterial>;
}

/** Each round of concurrent changes lets one through, so this many may be made to one key at once. */
const CHANGE_ATTEMPTS = 20;

function textOf({ account, region, name }: AliasId): string {
  return `${account}/${region}/${name}`;
}

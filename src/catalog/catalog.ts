import { assert, err, ok, type Result } from "../lib/result.ts";
import { queueDoesNotExist, type SqsError } from "../queue/errors.ts";
import type { QueueAttributes, QueueId, QueueSettings } from "../queue/settings.ts";
import type { Tags } from "../queue/tags.ts";
import { insertFirstKey, type SealedDataKey } from "./data-keys.ts";
import { claimDeletions, eraseDeletion, moveToDeleted } from "./deletions.ts";
import {
  deleteMoveTasks,
  insertMoveTask,
  type KnownMoveTask,
  type MoveTaskRow,
  moveTaskOf,
  type NewMoveTask,
  selectMoveTasks,
} from "./move-tasks.ts";
import {
  type NamedPrincipal,
  selectAccounts,
  selectLivingIds,
  selectPrincipalIds,
} from "./policy-principals.ts";
import { mergeTags, removeTags } from "./queue-tags.ts";
import {
  insertQueue,
  type ListRequest,
  type QueueRow,
  type SourcesRequest,
  selectNames,
  selectQueue,
  selectSourceNames,
  selectSources,
  settingsOf,
  updateQueue,
} from "./queues.ts";
import { SettingsCache } from "./settings-cache.ts";

export type Creation =
  | { readonly kind: "created"; readonly settings: QueueSettings }
  /** The name was taken; these are the settings of the queue that has it. */
  | { readonly kind: "exists"; readonly settings: QueueSettings }
  | { readonly kind: "deletedRecently" };

/** Computes attributes from the current ones, or refuses. It may be asked again when those have changed. */
export type AttributeChange = (current: QueueAttributes) => Result<QueueAttributes, SqsError>;

/**
 * The truth about queues: D1, and an isolate's copies of what it has read there. A failure of D1 is thrown,
 * except where a copy can answer.
 */
export class Catalog {
  readonly #db: D1Database;
  readonly #cache: SettingsCache;
  readonly #clock: () => number;

  /** @param clock milliseconds; ages the copies, and nothing else */
  constructor(db: D1Database, cache: SettingsCache = isolateCache, clock: () => number = Date.now) {
    this.#db = db;
    this.#cache = cache;
    this.#clock = clock;
  }

  /** From this isolate's copy if that is fresh enough, or if D1 is away. Absence is never remembered. */
  async findQueue(id: QueueId): Promise<QueueSettings | undefined> {
    const known = this.#cache.get(id);
    if (known === undefined) return this.readQueue(id);
    const nowMs = this.#clock();
    if (nowMs < known.freshUntilMs) return known.settings;
    // One request asks D1; those that come meanwhile, or while D1 is away, go on with the copy.
    known.freshUntilMs = nowMs + refreshMs;
    try {
      return await this.readQueue(id);
    } catch (cause) {
      console.warn("catalog: D1 failed, a queue's settings are used past their time", id, cause);
      return known.settings;
    }
  }

  /** From D1. */
  async readQueue(id: QueueId): Promise<QueueSettings | undefined> {
    const row = await selectQueue(this.#db, id).first<QueueRow>();
    if (row === null) {
      this.#cache.delete(id);
      return undefined;
    }
    const settings = settingsOf(row);
    this.remember(settings);
    return settings;
  }

  /** Takes over what a shard handed back, unless this isolate knows newer. */
  remember(settings: QueueSettings): void {
    this.#cache.put(settings, this.#clock());
  }

  forget(id: QueueId): void {
    this.#cache.delete(id);
  }

  /**
   * Creates a queue unless its name is taken; of several at once exactly one creates it.
   *
   * @param deletedAfterMs refuses a name that was deleted after this instant; undefined: none
   * @param dataKey the one that the settings name; it is stored with the queue, or not at all
   */
  async createQueue(
    settings: QueueSettings,
    tags: Tags,
    deletedAfterMs?: number,
    dataKey?: SealedDataKey,
  ): Promise<Creation> {
    assert(settings.dataKeyId === dataKey?.id, "a queue is stored with the data key that it names");
    const results = await this.#db.batch<QueueRow>([
      insertQueue(this.#db, settings, tags, deletedAfterMs ?? Number.MAX_SAFE_INTEGER),
      ...(dataKey ? [insertFirstKey(this.#db, dataKey)] : []),
      selectQueue(this.#db, settings),
    ]);
    const row = results.at(-1)?.results[0];
    if (row === undefined) return { kind: "deletedRecently" };
    const current = settingsOf(row);
    this.remember(current);
    return { kind: current.uid === settings.uid ? "created" : "exists", settings: current };
  }

  /**
   * Changes a queue's attributes. Concurrent changes are made one upon the other: none undoes another.
   *
   * @param settings the queue as the caller knows it; an outdated copy costs a second read
   * @returns the new settings, the change's own refusal, or `QueueDoesNotExist`
   */
  async updateAttributes(
    settings: QueueSettings,
    change: AttributeChange,
    nowSeconds: number,
  ): Promise<Result<QueueSettings, SqsError>> {
    let current: QueueSettings | undefined = settings;
    for (let attempt = 0; attempt < updateAttempts; attempt++) {
      const attributes = change(current.attributes);
      if (!attributes.ok) return attributes;
      const next: QueueSettings = {
        ...current,
        version: current.version + 1,
        modifiedAtSeconds: nowSeconds,
        attributes: attributes.value,
      };
      if ((await updateQueue(this.#db, next).first()) !== null) {
        this.remember(next);
        return ok(next);
      }
      current = await this.readQueue(settings);
      if (current === undefined) return err(queueDoesNotExist);
    }
    throw new Error(`catalog: ${updateAttempts} attempts at changing one queue met other changes`);
  }

  /**
   * Deletes the queue of this name, whichever creation it is; its shards remain to be emptied.
   *
   * @returns its last settings, or undefined if there was none
   */
  async deleteQueue(id: QueueId, nowMs: number): Promise<QueueSettings | undefined> {
    const results = await this.#db.batch<QueueRow>(moveToDeleted(this.#db, id, nowMs));
    this.forget(id);
    const row = results.at(-1)?.results[0];
    return row && settingsOf(row);
  }

  /** Queue names in lexical order. */
  async listQueues(request: ListRequest): Promise<readonly string[]> {
    const { results } = await selectNames(this.#db, request).all<{ name: string }>();
    return results.map((row) => row.name);
  }

  /**
   * Queues whose dead letters this one takes: names in lexical order, all of its own account and region.
   *
   * @returns undefined if there is no such queue
   */
  async deadLetterSources(target: QueueId, page: SourcesRequest): Promise<readonly string[] | undefined> {
    const [found, sources] = await this.#db.batch<{ name: string }>([
      selectQueue(this.#db, target),
      selectSourceNames(this.#db, target, page),
    ]);
    return found?.results.length === 1 ? sources?.results.map(({ name }) => name) : undefined;
  }

  /** The same queues with their settings, from D1. */
  async deadLetterSourceQueues(target: QueueId, page: SourcesRequest): Promise<readonly QueueSettings[]> {
    const { results } = await selectSources(this.#db, target, page).all<QueueRow>();
    return results.map(settingsOf);
  }

  /**
   * Notes a move task that is about to begin.
   *
   * @returns false if as many as `bound` queues of the account have one that may be running
   */
  async admitMoveTask(task: NewMoveTask, bound: number): Promise<boolean> {
    return (await insertMoveTask(this.#db, task, bound).first()) !== null;
  }

  /** Tasks of an account that may be running: only the shards of their source queues know. */
  async moveTasks(account: string): Promise<readonly KnownMoveTask[]> {
    const { results } = await selectMoveTasks(this.#db, account).all<MoveTaskRow>();
    return results.map(moveTaskOf);
  }

  /** These have ended. */
  async forgetMoveTasks(account: string, taskIds: readonly string[]): Promise<void> {
    await deleteMoveTasks(this.#db, account, taskIds).run();
  }

  /** Unique ids of users and roles by ARN, and which of their accounts exist besides the root account. */
  async principalIds(
    named: readonly NamedPrincipal[],
  ): Promise<{ readonly ids: ReadonlyMap<string, string>; readonly accounts: ReadonlySet<string> }> {
    const accounts = [...new Set(named.map(({ account }) => account))];
    const [found, known] = await this.#db.batch<{ arn: string; id: string; account_id: string }>([
      selectPrincipalIds(this.#db, named),
      selectAccounts(this.#db, accounts),
    ]);
    return {
      ids: new Map(found?.results.map(({ arn, id }) => [arn, id])),
      accounts: new Set(known?.results.map(({ account_id }) => account_id)),
    };
  }

  /** Those of the unique ids whose user or role still exists. */
  async livingIds(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { results } = await selectLivingIds(this.#db, ids).all<{ id: string }>();
    return new Set(results.map(({ id }) => id));
  }

  /** Adds and overwrites, and answers with the new settings. With `tooMany` nothing was changed. */
  async mergeTags(id: QueueId, tags: Tags): Promise<QueueSettings | "tooMany" | "noQueue"> {
    const [merged, found] = await this.#db.batch<QueueRow>([
      mergeTags(this.#db, id, tags),
      selectQueue(this.#db, id),
    ]);
    const row = merged?.results[0];
    if (row) return this.#changed(row);
    return found?.results.length === 1 ? "tooMany" : "noQueue";
  }

  /** @returns the new settings */
  async removeTags(id: QueueId, keys: readonly string[]): Promise<QueueSettings | "noQueue"> {
    const row = await removeTags(this.#db, id, keys).first<QueueRow>();
    return row === null ? "noQueue" : this.#changed(row);
  }

  #changed(row: QueueRow): QueueSettings {
    const settings = settingsOf(row);
    this.remember(settings);
    return settings;
  }

  /**
   * Hands out deleted queues whose shards are still to be emptied, the longest untried first. Each is handed
   * out again after a minute unless `deletionDone` is called for it.
   */
  async pendingDeletions(limit: number, nowMs: number): Promise<readonly QueueSettings[]> {
    const { results } = await claimDeletions(this.#db, limit, nowMs).all<QueueRow>();
    return results.map(settingsOf);
  }

  async deletionDone(uid: string): Promise<void> {
    await eraseDeletion(this.#db, uid).run();
  }
}

/** What all requests of an isolate share. */
const isolateCache = new SettingsCache();

/** How often an isolate with an outdated copy asks D1 for a newer one: a bound on requests that wait for it. */
const refreshMs = 1000;

/** Each round of concurrent changes lets one through, so this many may be made to one queue at once. */
const updateAttempts = 20;

import { limits } from "../queue/limits.ts";
import type { QueueId, QueueSettings } from "../queue/settings.ts";

interface Entry {
  readonly settings: QueueSettings;
  /** Until when it is used unasked. */
  freshUntilMs: number;
}

/** The settings that an isolate remembers, the longest unused forgotten first. */
export class SettingsCache {
  /** In the order of use: a Map keeps the order of insertion. */
  readonly #entries = new Map<string, Entry>();
  readonly #capacity: number;

  constructor(capacity: number = limits.cachedQueues) {
    this.#capacity = capacity;
  }

  get(id: QueueId): Entry | undefined {
    const key = keyOf(id);
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Unless it knows newer settings of the very same queue. */
  put(settings: QueueSettings, nowMs: number): void {
    const key = keyOf(settings);
    const known = this.#entries.get(key)?.settings;
    if (known !== undefined && known.uid === settings.uid && known.version > settings.version) return;
    this.#entries.delete(key);
    this.#entries.set(key, { settings, freshUntilMs: nowMs + limits.cachedQueueMs });
    if (this.#entries.size > this.#capacity) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
  }

  delete(id: QueueId): void {
    this.#entries.delete(keyOf(id));
  }
}

/** Accounts have twelve digits and names no slash, so no two queues share a key. */
function keyOf(id: QueueId): string {
  return `${id.account}/${id.region}/${id.name}`;
}

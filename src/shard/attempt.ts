/** The shard did not answer, or asked to be left alone; the client should come again. */
export class ShardUnavailable extends Error {
  constructor(cause: unknown) {
    super("the shard is overloaded, full or out of reach", { cause });
  }
}

/**
 * Asks a shard, again if the platform says that it is worth it. Never after an overload: the next one to ask
 * would only add to it.
 *
 * @param ask makes the call with a fresh stub: one that failed stays broken
 * @throws ShardUnavailable when it is no use
 */
export async function attempt<T>(ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await ask();
    } catch (error) {
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      if (overloaded) throw new ShardUnavailable(error);
      if (!retryable) throw error;
      if (tried === ATTEMPTS) throw new ShardUnavailable(error);
      await scheduler.wait(BACKOFF_MS * tried * (1 + Math.random()));
    }
  }
}

const ATTEMPTS = 3;
const BACKOFF_MS = 20;

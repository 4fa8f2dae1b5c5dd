import type { Miniflare } from "miniflare";

/** When a deployment does its scheduled work: the cron trigger of `wrangler.toml`. */
export const cron = "*/5 * * * *";

/** Runs what it is given every now and then, until the returned function is called. */
export type Schedule = (run: () => Promise<void>) => () => void;

/** As often as `cron` says, if not at the same minutes. */
export const everyFiveMinutes: Schedule = (run) => {
  const timer = setInterval(run, 5 * 60_000);
  return () => clearInterval(timer);
};

/**
 * Does the Worker's scheduled work whenever it is due, one at a time; a failure is logged and the next goes on.
 * Miniflare itself calls the Worker's handler, so there is no route to it that a client could find.
 *
 * @returns ends it
 */
export function keepSchedule(miniflare: Miniflare, schedule: Schedule): () => void {
  let ended = false;
  let running = false;
  const cancel = schedule(async () => {
    if (running) return;
    running = true;
    try {
      await runScheduled(miniflare);
    } catch (error) {
      // A server that stops breaks off what is running.
      if (!ended) console.error("The scheduled work failed.", error);
    } finally {
      running = false;
    }
  });
  return () => {
    ended = true;
    cancel();
  };
}

async function runScheduled(miniflare: Miniflare): Promise<void> {
  const worker = await miniflare.getWorker();
  const { outcome } = await worker.scheduled({ scheduledTime: new Date(), cron });
  if (outcome !== "ok") throw new Error(`the scheduled handler ended with "${outcome}"`);
}

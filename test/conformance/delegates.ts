import type { Log } from "../../src/shard/log.ts";
import type { Core } from "./shard-run.ts";

/** `core`, except for what `changes` does in its place. */
export function delegatingCore(core: Core, changes: Partial<Core>): Core {
  return {
    get settings() {
      return core.settings;
    },
    configure: (settings, nowMs) => core.configure(settings, nowMs),
    execute: (call, nowMs, nonce) => core.execute(call, nowMs, nonce),
    commit: (nowMs) => core.commit(nowMs),
    housekeep: (nowMs) => core.housekeep(nowMs),
    nextWakeAtMs: (nowMs, waiting) => core.nextWakeAtMs(nowMs, waiting),
    visibleCount: (nowMs, enough) => core.visibleCount(nowMs, enough),
    ...changes,
  };
}

/** `log`, except for what `changes` does in its place. */
export function delegatingLog(log: Log, changes: Partial<Log>): Log {
  return {
    epochs: () => log.epochs(),
    openEpoch: (epoch, firstLsn) => log.openEpoch(epoch, firstLsn),
    dropEpoch: (epoch) => log.dropEpoch(epoch),
    append: (record) => log.append(record),
    read: (lsn) => log.read(lsn),
    readOps: (lsn) => log.readOps(lsn),
    replay: (afterLsn) => log.replay(afterLsn),
    loadSnapshot: () => log.loadSnapshot(),
    saveSnapshot: (snapshot) => log.saveSnapshot(snapshot),
    clear: () => log.clear(),
    ...changes,
  };
}

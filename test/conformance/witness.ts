import { decodeRecord } from "../../src/shard/codec.ts";
import type { Log } from "../../src/shard/log.ts";
import { delegatingLog } from "./delegates.ts";

/** Notes down what happens, by name. */
export type Saw = (what: string) => void;

/** How often each thing was seen. */
export function tally(): { readonly saw: Saw; often(times: number): string[] } {
  const counts = new Map<string, number>();
  return {
    saw: (what) => counts.set(what, (counts.get(what) ?? 0) + 1),
    often: (times) => [...counts].filter(([, count]) => count >= times).map(([what]) => what),
  };
}

/** `log`, with a witness of what a shard that comes back from it finds, and of what it does to it. */
export function witnessedLog(log: Log, saw: Saw): Log {
  if (log.epochs().length > 2) saw("a recovery with several tables");
  if (log.loadSnapshot() !== undefined) saw("a recovery with a snapshot");
  return delegatingLog(log, {
    append: (record) => {
      for (const op of decodeRecord(record.lsn, record.ops).ops) {
        if (op.kind === "relocate") for (const _ of op.messages) saw("a message relocated");
      }
      log.append(record);
    },
    dropEpoch: (epoch) => {
      saw("a table dropped");
      log.dropEpoch(epoch);
    },
    saveSnapshot: (snapshot) => {
      saw("a snapshot saved");
      log.saveSnapshot(snapshot);
    },
  });
}

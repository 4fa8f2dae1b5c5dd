import { freshCount } from "../queue/backlog.ts";
import { isFifo } from "../queue/fifo.ts";
import { horizonMs } from "../queue/horizon.ts";
import { limits } from "../queue/limits.ts";
import type { Op, RelocatedMessage } from "../queue/ops.ts";
import { indexOf, lsnOf, type Position } from "../queue/position.ts";
import type { QueueState } from "../queue/state.ts";
import type { EpochInfo, Log } from "./log.ts";
import type { Record } from "./record.ts";
import type { ShardLimits } from "./shard-limits.ts";
import { encodeSnapshot } from "./snapshot.ts";

/** What a shard remembers of its log's shape; all of it is known again after a replay. */
export interface House {
  /** The last record that the newest snapshot covers. */
  snapshotLsn: number;
  recordsBehind: number;
  opsBytesBehind: number;
  /** Bytes in the newest epoch's table, and since when it is there. */
  epochBytes: number;
  epochBornMs: number;
  /** Whether a message was ever written to it. */
  epochHoldsMessages: boolean;
  tidyAfterPurge: boolean;
}

export interface Housekeeping {
  readonly state: QueueState;
  readonly log: Log;
  readonly house: House;
  readonly limits: ShardLimits;
  readonly nowMs: number;
  sentUntilMs(lsn: number): number;
  record(lsn: number): Record | undefined;
  relocate(op: Op, bodies: readonly Uint8Array[]): void;
}

/**
 * One slice of what keeps a log short: a snapshot when replay would take long, tables dropped in which nothing
 * lives, the last few messages of an old table moved forward. Replay needs every record behind the newest
 * snapshot, so a table goes only once a snapshot covers it.
 *
 * @returns true if there is more to do
 */
export function keepHouse(h: Housekeeping): boolean {
  const { house, limits, state } = h;
  if (house.recordsBehind >= limits.snapshotRecords || house.opsBytesBehind >= limits.snapshotOpsBytes) {
    snapshot(h);
    return true;
  }

  if (rejoinWoken(h)) return true;

  const epochs = h.log.epochs();
  const live = liveMessages(h, epochs);
  // With nothing alive anywhere a new table lets all the others go, the newest included.
  const newest = epochs[epochs.length - 1];
  const allDead = [...live.values()].every((messages) => messages.length === 0);
  const worthIt =
    house.epochBytes > limits.idleBytes ||
    (house.epochHoldsMessages && state.lastSentAtMs <= horizonMs(state, h.nowMs));
  house.tidyAfterPurge = false;
  if (newest && allDead && worthIt) {
    h.log.openEpoch(newest.epoch + 1, state.openLsn);
    house.epochBytes = 0;
    house.epochBornMs = h.nowMs;
    house.epochHoldsMessages = false;
    snapshot(h);
    return true;
  }

  const dead = epochs.slice(0, -1).find(({ epoch }) => live.get(epoch)?.length === 0);
  if (dead) {
    const next = epochs[epochs.indexOf(dead) + 1];
    if (next && next.firstLsn - 1 > house.snapshotLsn) snapshot(h);
    h.log.dropEpoch(dead.epoch);
    return true;
  }
  return relocateStragglers(h, epochs, live);
}

function snapshot({ state, log, house }: Housekeeping): void {
  const lsn = state.openLsn - 1;
  log.saveSnapshot({ lsn, data: encodeSnapshot(state, house) });
  house.snapshotLsn = lsn;
  house.recordsBehind = 0;
  house.opsBytesBehind = 0;
}

/** The touched messages whose bodies each table holds; `BACKLOG` stands for untouched ones. */
function liveMessages(h: Housekeeping, epochs: readonly EpochInfo[]): Map<number, Position[]> {
  const { state } = h;
  const live = new Map(epochs.map(({ epoch }) => [epoch, [] as Position[]]));
  const add = (at: Position, position: Position) => {
    const epoch = epochs.findLast(({ firstLsn }) => firstLsn <= lsnOf(at))?.epoch;
    if (epoch !== undefined) live.get(epoch)?.push(position);
  };
  for (const [position, message] of state.touched) add(message.at, position);
  for (const [, position = 0] of state.delayed.rows()) add(position, BACKLOG);
  for (const [position = 0] of state.woken.rows()) add(position, BACKLOG);
  for (const { message } of state.outbox.values()) add(message.at, BACKLOG);

  const horizon = horizonMs(state, h.nowMs);
  // The log is a FIFO queue's memory of deduplication ids: five minutes of it stay, whatever lives there.
  const knownSinceMs = isFifo(state) ? h.nowMs - limits.dedupMs : Infinity;
  for (const [i, { epoch, firstLsn }] of epochs.entries()) {
    const lastLsn = (epochs[i + 1]?.firstLsn ?? state.openLsn) - 1;
    const holdsBacklog = freshCount(state) > 0 && lastLsn >= lsnOf(state.cursor);
    const holdsOriginals =
      knownSinceMs < Infinity && lastLsn >= Math.max(firstLsn, lsnOf(state.purgedBefore));
    if (!holdsBacklog && !holdsOriginals) continue;
    const sentUntilMs = h.sentUntilMs(lastLsn);
    if ((holdsBacklog && sentUntilMs > horizon) || (holdsOriginals && sentUntilMs > knownSinceMs)) {
      live.get(epoch)?.push(BACKLOG);
    }
  }
  return live;
}

const BACKLOG = -1;

/** Moves the few messages that hold an old table, when two newer ones have been filled since. */
function relocateStragglers(
  h: Housekeeping,
  epochs: readonly EpochInfo[],
  live: ReadonlyMap<number, readonly Position[]>,
): boolean {
  for (const { epoch } of epochs.slice(0, -2)) {
    const positions = live.get(epoch) ?? [];
    if (positions.length > h.limits.stragglers || positions.includes(BACKLOG)) continue;
    const { messages, bodies } = copyMessages(h, positions);
    h.relocate({ kind: "relocate", messages }, bodies);
    return true;
  }
  return false;
}

/** Writes the oldest messages whose delay is over as part of the backlog, when there are too many to remember. */
function rejoinWoken(h: Housekeeping): boolean {
  const { limits, state } = h;
  if (state.woken.size <= limits.wokenMessages) return false;
  const oldest = state.woken.smallest(limits.rejoinedAtOnce, () => true).map(([position]) => position);
  const { messages, bodies } = copyMessages(h, oldest);
  h.relocate({ kind: "rejoin", messages }, bodies);
  return true;
}

/** As many of the messages as fit in one record, as they are. */
function copyMessages(h: Housekeeping, positions: readonly Position[]) {
  const messages: RelocatedMessage[] = [];
  const bodies: Uint8Array[] = [];
  let bytes = 0;
  for (const position of positions) {
    const at = h.state.touched.get(position)?.at ?? position;
    const record = h.record(lsnOf(at));
    const message = record?.messages[indexOf(at)];
    if (!record || !message) throw new Error(`message ${position} is not where it should be, at ${at}`);
    bytes += message.bodyBytes;
    if (bytes > h.limits.openRecordBytes && messages.length > 0) break;
    const { batch, batchIndex, sentAtMs, bodyBytes, groupId, dedupId, sourceArn, sealedAs } = message;
    messages.push({
      position,
      batch,
      batchIndex,
      sentAtMs,
      bodyBytes,
      ...(groupId === undefined ? undefined : { groupId }),
      ...(dedupId === undefined ? undefined : { dedupId }),
      ...(sourceArn === undefined ? undefined : { sourceArn }),
      ...(sealedAs === undefined ? undefined : { sealedAs }),
    });
    bodies.push(record.bodies.slice(message.bodyOffset, message.bodyOffset + bodyBytes));
  }
  return { messages, bodies };
}

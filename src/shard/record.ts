import type { BacklogMessage, BacklogRecord } from "../queue/backlog.ts";
import type { Op } from "../queue/ops.ts";

/** One record with the messages in it found: what a delivery needs. */
export interface Record extends BacklogRecord {
  readonly epoch: number;
  readonly messages: readonly RecordMessage[];
  readonly bodies: Uint8Array;
}

export interface RecordMessage extends BacklogMessage {
  readonly bodyOffset: number;
  readonly bodyBytes: number;
  readonly dedupId: string | undefined;
  /** The queue whose dead letter it is. */
  readonly sourceArn: string | undefined;
  /** The id that its body was sealed under, as 16 characters, where that is not its own. */
  readonly sealedAs: string | undefined;
}

/** Adds the messages that `op` brings to those of its record, in the order of their indexes. */
export function listMessages(op: Op, into: RecordMessage[]): void {
  const last = into[into.length - 1];
  let bodyOffset = last ? last.bodyOffset + last.bodyBytes : 0;
  const add = (message: Omit<RecordMessage, "bodyOffset">) => {
    into.push({ ...message, bodyOffset });
    bodyOffset += message.bodyBytes;
  };
  switch (op.kind) {
    case "send":
    case "moveIn":
      for (const [index, message] of op.messages.entries()) {
        const { bodyBytes, delayMs, groupId, dedupId, place = index, sealedAs } = message;
        const { sentAtMs, batch } = op;
        const fresh = delayMs === 0;
        add({
          sentAtMs,
          fresh,
          batch,
          batchIndex: place,
          bodyBytes,
          groupId,
          dedupId,
          past: undefined,
          sourceArn: undefined,
          sealedAs,
        });
      }
      break;
    case "deadLetterIn":
      for (const {
        id,
        bodyBytes,
        sentAtMs,
        receiveCount,
        firstReceivedAtMs,
        groupId,
        dedupId,
        sealedAs,
      } of op.messages) {
        const past = { receiveCount, firstReceivedAtMs };
        const { sourceArn } = op;
        add({
          sentAtMs,
          fresh: true,
          batch: id,
          batchIndex: 0,
          bodyBytes,
          groupId,
          dedupId,
          past,
          sourceArn,
          sealedAs,
        });
      }
      break;
    case "relocate":
    case "rejoin":
      for (const message of op.messages) {
        const { sentAtMs, batch, batchIndex, bodyBytes, groupId, dedupId, sourceArn, sealedAs } = message;
        add({
          sentAtMs,
          fresh: op.kind === "rejoin",
          batch,
          batchIndex,
          bodyBytes,
          groupId,
          dedupId,
          past: undefined,
          sourceArn,
          sealedAs,
        });
      }
      break;
  }
}

/** Records read or written lately, by number, up to a number of bytes; the least recently used go first. */
export class RecordCache {
  readonly #capacityBytes: number;
  readonly #records = new Map<number, Record>();
  #bytes = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  get(lsn: number): Record | undefined {
    const record = this.#records.get(lsn);
    if (record && this.#bytes > this.#capacityBytes / 2) {
      this.#records.delete(lsn);
      this.#records.set(lsn, record);
    }
    return record;
  }

  put(lsn: number, record: Record): void {
    this.#records.set(lsn, record);
    this.#bytes += cost(record);
    for (const [oldest, dropped] of this.#records) {
      if (this.#bytes <= this.#capacityBytes) return;
      this.#records.delete(oldest);
      this.#bytes -= cost(dropped);
    }
  }
}

/** A message's entry takes about 150 bytes of heap beside its body. */
function cost(record: Record): number {
  return record.bodies.length + 150 * record.messages.length + 200;
}

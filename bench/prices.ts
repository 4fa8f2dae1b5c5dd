/** List prices in dollars, beyond what is included in the plan. */
export const cloudflarePrices = {
  /** @see https://developers.cloudflare.com/workers/platform/pricing/ */
  millionWorkerRequests: 0.3,
  millionCpuMs: 0.02,
  /** @see https://developers.cloudflare.com/durable-objects/platform/pricing/ */
  millionObjectRequests: 0.15,
  millionGigabyteSeconds: 12.5,
  millionRowsWritten: 1,
  /** Flat, whatever an object uses. */
  objectGigabytes: 0.128,
};

/** @see https://aws.amazon.com/sqs/pricing/ — standard queues; each 64 KiB of a call's payload is a request. */
export const sqsPrices = { millionRequests: 0.4, bytesPerRequest: 65_536 };

/** What was used for some messages, all of them sent, received and deleted. */
export interface Usage {
  readonly messages: number;
  readonly workerRequests: number;
  readonly objectRequests: number;
  readonly rowsWritten: number;
  /** Undefined where the system does not tell. */
  readonly cpuMs: number | undefined;
  /** How long one object was at work. */
  readonly activeMs: number;
}

/** Dollars for a million messages that are sent, received and deleted as those of `usage` were. */
export interface Bill {
  readonly workerRequests: number;
  readonly cpu: number;
  readonly objectRequests: number;
  readonly duration: number;
  readonly rows: number;
  readonly total: number;
}

export function cloudflareBill(usage: Usage): Bill {
  const { messages } = usage;
  const p = cloudflarePrices;
  const parts = {
    workerRequests: (usage.workerRequests / messages) * p.millionWorkerRequests,
    cpu: ((usage.cpuMs ?? 0) / messages) * p.millionCpuMs,
    objectRequests: (usage.objectRequests / messages) * p.millionObjectRequests,
    duration: (usage.activeMs / 1000 / messages) * p.objectGigabytes * p.millionGigabyteSeconds,
    rows: (usage.rowsWritten / messages) * p.millionRowsWritten,
  };
  return { ...parts, total: Object.values(parts).reduce((sum, part) => sum + part, 0) };
}

/** Dollars for a million messages in SQS, in calls of `batch` messages. */
export function sqsBill({
  batch,
  bodyBytes,
}: {
  readonly batch: number;
  readonly bodyBytes: number;
}): number {
  const perCallWithBodies = Math.ceil((batch * bodyBytes) / sqsPrices.bytesPerRequest);
  return ((2 * perCallWithBodies + 1) / batch) * sqsPrices.millionRequests;
}

import { percentile } from "./closed-loop.ts";
import type { ColdStart } from "./cold-start.ts";
import type { Economy } from "./economy.ts";
import type { FifoBacklogOptions, FifoBacklogResults } from "./fifo-backlog.ts";
import type { CellResult } from "./matrix.ts";
import type { Micros } from "./micros.ts";
import type { Polling } from "./pollers.ts";
import { plainSend, type SecurityResult, unsigned } from "./security.ts";
import type { Cell, Measured } from "./side.ts";
import { dollars, megabytes, number, printTable } from "./table.ts";

/** Throughput and latency of every cell, beside the floor where there is one. */
export function reportLoad(results: readonly CellResult[], backlog: number): void {
  const withFloor = results.some(({ floor }) => floor);
  const withBacklog = results.some((result) => result.backlog);
  const head = [
    ...["operation", "batch", "body", "conn."],
    ...(withFloor ? ["floor msg/s", "p50", "p99"] : []),
    ...["msg/s", "p50", "p99"],
    ...(withFloor ? ["of floor", "CPU"] : []),
    ...(withBacklog ? ["backlog msg/s", "p50", "p99", "of empty"] : []),
    ...(withFloor && withBacklog ? ["of floor"] : []),
  ];
  const rows = results.map(({ cell, floor, empty, backlog: full }) => [
    ...describe(cell),
    ...(withFloor ? speed(floor) : []),
    ...speed(empty),
    ...(withFloor
      ? [ratio(empty.perSecond, floor?.perSecond), ratio(floor?.cpuMicros, empty.cpuMicros)]
      : []),
    ...(withBacklog ? [...speed(full), ratio(full?.perSecond, empty.perSecond)] : []),
    ...(withFloor && withBacklog ? [ratio(full?.perSecond, floor?.perSecond)] : []),
  ]);
  const beside = withFloor ? ", beside the floor" : "";
  const and = withBacklog ? `, and with ${backlog} messages waiting` : "";
  printTable(`Throughput (messages a second) and latency (ms)${beside}${and}`, head, rows);

  reportFifo(results);
  reportGenerator(results.flatMap(({ floor, empty, backlog: full, fifo }) => [floor, empty, full, fifo]));
}

/** FIFO queues of many groups, beside the standard queue's row of the same rounds. */
function reportFifo(results: readonly CellResult[]): void {
  const head = ["operation", "batch", "body", "conn.", "FIFO msg/s", "p50", "p99"];
  const ratios = ["of floor", "CPU", "of standard", "CPU"];
  const rows = results.flatMap(({ cell, floor, empty, fifo }) =>
    fifo
      ? [
          [
            ...[...describe(cell), ...speed(fifo)],
            ...[ratio(fifo.perSecond, floor?.perSecond), ratio(floor?.cpuMicros, fifo.cpuMicros)],
            ...[ratio(fifo.perSecond, empty.perSecond), ratio(empty.cpuMicros, fifo.cpuMicros)],
          ],
        ]
      : [],
  );
  if (rows.length > 0) {
    printTable(
      "FIFO queues of many groups, by the floor and by a standard queue",
      [...head, ...ratios],
      rows,
    );
  }
}

/** @param options what waited */
export function reportFifoBacklog(
  { cells, firstLookMs }: FifoBacklogResults,
  options: FifoBacklogOptions,
): void {
  const rows = cells.flatMap(({ cell, empty, blocked, spread }) => {
    const row = (queue: string, side: Measured) => [
      ...[queue, `${cell.batch}`, `${cell.connections}`, ...speed(side)],
      ...[ratio(side.perSecond, empty.perSecond), ratio(empty.cpuMicros, side.cpuMicros)],
    ];
    return [
      row("otherwise empty", empty),
      row(`behind ${options.blocked} messages of a blocked group`, blocked),
      row(`${options.spread} messages of ${options.groups} groups`, spread),
    ];
  });
  const head = ["FIFO queue", "batch", "conn.", "msg/s", "p50", "p99", "of empty", "CPU"];
  printTable("Receiving stays fast with a deep backlog: receive+delete at FIFO queues", head, rows);
  console.log(`\nThe first receive that looks past the blocked group takes ${number(firstLookMs)} ms.`);
  reportGenerator(cells.flatMap(({ empty, blocked, spread }) => [empty, blocked, spread]));
}

function reportGenerator(all: readonly (Measured | undefined)[]): void {
  const sides = all.filter((side) => !!side);
  const failures = sides.reduce((sum, side) => sum + side.failures, 0);
  const busy = Math.max(...sides.map(({ generatorBusy }) => generatorBusy));
  console.log(`\nThe load generator was busy for at most ${(busy * 100).toFixed(0)} % of a slice.`);
  if (failures > 0) {
    const first = sides.find(({ firstFailure }) => firstFailure !== undefined)?.firstFailure;
    console.log(`${failures} calls failed; the first: ${first}`);
  }
}

/** What is billed for a message that is sent, received and deleted, and what a million cost. */
export function reportEconomy(measured: readonly Economy[]): void {
  const head = [
    ...["batch", "body", "conn.", "Worker calls", "object calls", "rows", "CPU ms"],
    ...["$ Worker", "$ CPU", "$ objects", "$ duration", "$ rows", "$ per million", "$ SQS"],
  ];
  const rows = measured.map(({ cell, usage, bill, sqs }) => [
    ...describe(cell).slice(1),
    number(usage.workerRequests / usage.messages),
    number(usage.objectRequests / usage.messages),
    number(usage.rowsWritten / usage.messages),
    number(usage.cpuMs === undefined ? undefined : usage.cpuMs / usage.messages),
    ...[bill.workerRequests, bill.cpu, bill.objectRequests, bill.duration, bill.rows, bill.total, sqs].map(
      dollars,
    ),
  ]);
  printTable("What one message costs: life cycle, per message, and the price of a million", head, rows);
}

export interface Memory {
  readonly when: string;
  readonly bytes: number;
}

export function reportMemory(memory: readonly Memory[]): void {
  printTable(
    "Memory of the server's process",
    ["when", "MB"],
    memory.map(({ when, bytes }) => [when, megabytes(bytes)]),
  );
}

export function reportColdStart(measured: ColdStart, backlog: number, replayed: number): void {
  printTable(
    "Cold start (ms)",
    ["what", "ms"],
    [
      [`first receive, object not in memory, ${backlog} messages waiting`, number(measured.backlogMs)],
      ["first receive, object not in memory, empty queue", number(measured.emptyMs)],
      ["receive, object awake", number(measured.warmMs)],
      ["start of the whole server to its first answer", number(measured.serverMs)],
    ],
  );
  console.log(`\n${replayed} records stood behind the newest snapshot and were replayed.`);
}

export function reportPolling(polling: Polling): void {
  const side = (name: string, sample: Polling["with"]) => [
    name,
    number(sample.perSecond),
    number(percentile(sample.latenciesMs, 0.5)),
    number(percentile(sample.latenciesMs, 0.99)),
  ];
  printTable(
    `Sends to one queue while ${polling.pollers} clients wait at another (16 connections, ms)`,
    ["", "msg/s", "p50", "p99"],
    [side("nobody waits", polling.without), side(`${polling.pollers} wait`, polling.with)],
  );
  console.log(
    `\nA message sent to the queue they wait at is with one of them after ${number(polling.wakeP50Ms)} ms ` +
      `(p99 ${number(polling.wakeP99Ms)} ms). Each takes ${number(polling.bytesPerPoller / 1000)} kB of the server.`,
  );
}

/** The same send with one more check or seal in each row. */
export function reportSecurity(results: readonly SecurityResult[]): void {
  const at = (what: string, connections: number) =>
    results.find((result) => result.what === what && result.connections === connections)?.calls.perSecond;
  const rows = results.map(({ what, connections, calls }) => [
    ...[what, `${connections}`, ...speed(calls)],
    ratio(calls.perSecond, at(unsigned, connections)),
    ratio(calls.perSecond, at(plainSend, connections)),
    number(calls.cpuMicros),
  ]);
  const head = ["what is checked", "conn.", "calls/s", "p50", "p99", "of health", "of plain", "CPU µs"];
  printTable("What security costs: calls with bodies of 200 B, latency in ms", head, rows);
  reportGenerator(results.map(({ calls }) => calls));
}

export function reportPureCosts(measured: readonly Micros[]): void {
  const rows = measured.map(({ what, micros, lowest, highest }) => [
    what,
    ...[micros, lowest, highest].map(number),
  ]);
  printTable("What security costs by itself, inside the Worker (µs)", ["what", "µs", "least", "most"], rows);
}

function describe({ operation, batch, bodyBytes, connections }: Cell): string[] {
  const body = bodyBytes >= 1024 ? `${bodyBytes / 1024} KiB` : `${bodyBytes} B`;
  return [operation, `${batch}`, body, `${connections}`];
}

function speed(side: Measured | undefined): string[] {
  return side ? [number(side.perSecond), number(side.p50Ms), number(side.p99Ms)] : ["-", "-", "-"];
}

function ratio(part: number | undefined, whole: number | undefined): string {
  return part === undefined || whole === undefined ? "-" : (part / whole).toFixed(2);
}

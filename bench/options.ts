import { parseArgs } from "node:util";
import { UserError } from "../scripts/user-error.ts";
import { type FifoBacklogOptions, MAX_BLOCKED } from "./fifo-backlog.ts";
import type { Slices } from "./side.ts";

export interface Options {
  /** Another SQS endpoint to load instead of ours; undefined: ours, beside the floor. */
  readonly endpoint: string | undefined;
  /** Messages that wait in the queue of the "backlog" columns; 0 leaves these columns out. */
  readonly backlog: number;
  /** What waits in FIFO queues; undefined with another endpoint, or without a backlog. */
  readonly fifoBacklog: FifoBacklogOptions | undefined;
  readonly bodyBytes: readonly number[];
  readonly slices: Slices;
  /** Longer ones: the rows of that table differ by a few percent only. */
  readonly securitySlices: Slices;
  /** Only what security costs. */
  readonly securityOnly: boolean;
  readonly pollers: number;
  readonly restarts: number;
  /** The built Worker to be measured. */
  readonly worker: string | undefined;
}

const usage = `npm run bench -- [options]

  --quick           about two minutes: 200 B bodies, a small backlog, one round
  --backlog N       messages that wait in the backlog queue (1000000; with --quick 20000; with --endpoint 0)
  --endpoint URL    the same load on another SQS endpoint, with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
                    AWS_SESSION_TOKEN and AWS_REGION
  --security        only what security costs
  --worker FILE     the built Worker to measure, instead of dist/index.js`;

/** @throws UserError on anything it does not know, and for --help */
export function readOptions(args: readonly string[]): Options {
  const given = parse(args);
  if (given.help) throw new UserError(usage);
  const quick = given.quick ?? false;
  const defaultBacklog = given.endpoint !== undefined ? 0 : quick ? 20_000 : 1_000_000;
  const backlog = given.backlog === undefined ? defaultBacklog : Number(given.backlog);
  if (!Number.isSafeInteger(backlog) || backlog < 0) {
    throw new UserError(`--backlog must be a number of messages, not "${given.backlog}".`);
  }
  return {
    endpoint: given.endpoint?.replace(/\/+$/, ""),
    backlog,
    fifoBacklog: given.endpoint === undefined ? fifoBacklog(backlog, quick) : undefined,
    bodyBytes: quick ? [200] : [65_536, 200],
    slices: quick ? { rounds: 1, measureMs: 200, warmUpMs: 50 } : { rounds: 3, measureMs: 300, warmUpMs: 60 },
    securitySlices: { rounds: quick ? 5 : 15, measureMs: 500, warmUpMs: 60 },
    securityOnly: given.security ?? false,
    pollers: quick ? 300 : 2000,
    restarts: quick ? 2 : 5,
    worker: given.worker,
  };
}

function fifoBacklog(backlog: number, quick: boolean): FifoBacklogOptions | undefined {
  if (backlog === 0) return undefined;
  // Twice as far as a receive looks ahead: what lies deeper is not read, and would only take longer to send.
  const spread = Math.min(backlog, quick ? 5000 : 250_000);
  return { blocked: Math.min(spread, MAX_BLOCKED), spread, groups: quick ? 500 : 100_000 };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        backlog: { type: "string" },
        endpoint: { type: "string" },
        worker: { type: "string" },
        security: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new UserError(`${error instanceof Error ? error.message : error}\n\n${usage}`);
  }
}

import type { Buffer } from "node:buffer";
import { performance } from "node:perf_hooks";
import { localSettings } from "../scripts/local-settings.ts";
import { median } from "./closed-loop.ts";
import { getRequest, HttpConnection } from "./http-connection.ts";
import { createPrincipals } from "./principals.ts";
import { exchangeOk, QueueClient } from "./queue-client.ts";
import type { Account } from "./signer.ts";

/** How long one thing takes in the Worker, by name. */
export interface Micros {
  readonly what: string;
  /** The median of the rounds. */
  readonly micros: number;
  /** Of the rounds: how far the machine's other work shows. */
  readonly lowest: number;
  readonly highest: number;
}

/**
 * What signatures, decisions, encryption and tokens take by themselves.
 *
 * @param root of a server that runs `counted-worker.ts`
 */
export async function measurePureCosts(root: Account): Promise<Micros[]> {
  const { roleSession } = await createPrincipals(root, localSettings({}).worker.ROOT_ACCOUNT_ID);
  const connection = await HttpConnection.open(root.endpoint);
  const listed = await exchangeOk(connection, getRequest(root.endpoint, "/bench/costs"));
  const names = JSON.parse(listed.toString()) as readonly string[];
  const verify = (by: Account, bodyBytes: number) => {
    const client = new QueueClient(by);
    const input = { MessageBody: "x".repeat(bodyBytes) };
    return (times: number) => client.request(`BenchVerify${times}`, input);
  };
  const runCost = (what: string) => (times: number) =>
    getRequest(root.endpoint, `/bench/costs/${encodeURIComponent(what)}/${times}`);
  const all: readonly (readonly [what: string, request: (times: number) => Buffer])[] = [
    ["check a signature, 200 B", verify(root, 200)],
    ["check a signature, 64 KiB", verify(root, 65_536)],
    ["check a signature and find its role session, 200 B", verify(roleSession, 200)],
    ...names.map((what) => [what, runCost(what)] as const),
  ];
  const measured: Micros[] = [];
  for (const [what, request] of all) measured.push({ what, ...(await microsOf(connection, request)) });
  connection.close();
  return measured;
}

/** A Worker's clock stands still while it computes, so it is timed from outside, less an empty request. */
async function microsOf(
  connection: HttpConnection,
  request: (times: number) => Buffer,
): Promise<Omit<Micros, "what">> {
  const elapsedMs = async (times: number) => {
    const bytes = request(times);
    const startMs = performance.now();
    await exchangeOk(connection, bytes);
    return performance.now() - startMs;
  };
  // Until V8 has compiled it: code that is still interpreted takes twice as long, and would tell too few `times`.
  const warmFromMs = performance.now();
  let lastMs = 0;
  while (performance.now() < warmFromMs + WARM_UP_MS) lastMs = await elapsedMs(PROBE);
  const times = Math.max(PROBE, Math.round((SLICE_MS * PROBE) / lastMs));
  await elapsedMs(times);
  const rounds: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const emptyMs = await elapsedMs(0);
    rounds.push((((await elapsedMs(times)) - emptyMs) * 1000) / times);
  }
  return { micros: median(rounds), lowest: Math.min(...rounds), highest: Math.max(...rounds) };
}

const PROBE = 100;
const WARM_UP_MS = 500;
const SLICE_MS = 50;
const ROUNDS = 9;

import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { localSettings } from "../scripts/local-settings.ts";
import { queueArn } from "../src/queue/queue-arn.ts";
import type { Step } from "./closed-loop.ts";
import { teachFloor } from "./floor.ts";
import { getRequest } from "./http-connection.ts";
import { queuePolicy, queuePrefix } from "./policies.ts";
import { clientConfig, createPrincipals } from "./principals.ts";
import { exchangeOk, QueueClient } from "./queue-client.ts";
import { driveSlice, type Measured, type Side, type Slices, summarize, type Timed } from "./side.ts";
import type { Account } from "./signer.ts";
import { prepareRequests, stepOf } from "./workload.ts";

/** One kind of call over so many connections. */
export interface SecurityResult {
  readonly what: string;
  readonly connections: number;
  readonly calls: Measured;
}

/** What the others are compared with. */
export const unsigned = "nothing: GET /health, unsigned";
export const plainSend = "send by root, plain queue";

const load = { operation: "send", batch: 1, bodyBytes: 200 } as const;

interface Servers {
  /** Of a fresh server, signed for by root. */
  readonly root: Account;
  readonly pid: number | undefined;
  readonly floor: { readonly url: string; readonly pid: number | undefined };
}

/** The same send with one more check or seal in each row, all rows in turn. */
export async function measureSecurity(servers: Servers, slices: Slices): Promise<SecurityResult[]> {
  const sides = await securitySides(servers);
  const results: SecurityResult[] = [];
  for (const connections of [16, 64]) {
    const samples = new Map([...sides.keys()].map((what) => [what, [] as Timed[]]));
    const cell = { ...load, connections };
    // One round more, which is not kept: it compiles the code, and fills the caches of keys and principals.
    for (let round = -1; round < slices.rounds; round++) {
      // In a new order each time: whoever comes right after `/health` each round would look slower than it is.
      for (const [what, side] of shuffled([...sides])) {
        const sample = await driveSlice(side, cell, slices);
        if (round >= 0) samples.get(what)?.push(sample);
      }
    }
    for (const [what, taken] of samples) results.push({ what, connections, calls: summarize(taken) });
  }
  return results;
}

function shuffled<T>(items: readonly T[]): T[] {
  const drawn = items.map((item) => ({ item, lot: Math.random() }));
  return drawn.sort((a, b) => a.lot - b.lot).map(({ item }) => item);
}

async function securitySides({ root, pid, floor }: Servers): Promise<Map<string, Side>> {
  const client = new QueueClient(root);
  const account = localSettings({}).worker.ROOT_ACCOUNT_ID;
  const { user, roleSession } = await createPrincipals(root, account);
  const sse = { SqsManagedSseEnabled: "true" };
  const plainUrl = await client.createQueue(`${queuePrefix}plain`, { SqsManagedSseEnabled: "false" });
  const sealedUrl = await client.createQueue(`${queuePrefix}sealed`, sse);
  const KmsMasterKeyId = await createKey(root);
  const kmsUrl = await client.createQueue(`${queuePrefix}kms`, { KmsMasterKeyId });
  const guarded = async (name: string) => {
    const Policy = queuePolicy(queueArn({ account, region: root.region, name }), account);
    return await client.createQueue(name, { ...sse, Policy });
  };
  const ofUserUrl = await guarded(`${queuePrefix}of-user`);
  const ofRoleUrl = await guarded(`${queuePrefix}of-role`);

  const ours = (step: Step): Side => ({ url: root.endpoint, pid, step });
  const sends = (by: Account, queueUrl: string) =>
    ours(stepOf(load, prepareRequests(new QueueClient(by), queueUrl, load)));
  const requests = prepareRequests(client, plainUrl, load);
  await teachFloor({ ours: root.endpoint, floor: floor.url }, requests, load);
  return new Map([
    ["nothing: the floor", { ...floor, step: stepOf(load, requests) }],
    [unsigned, ours(getHealth(root.endpoint))],
    [plainSend, sends(root, plainUrl)],
    ["send by root, SSE-SQS", sends(root, sealedUrl)],
    ["send by root, SSE-KMS, a key of its own", sends(root, kmsUrl)],
    ["send by a user, SSE-SQS, policies", sends(user, ofUserUrl)],
    ["send by a role session, SSE-SQS, policies", sends(roleSession, ofRoleUrl)],
  ]);
}

/** A customer's key of our own KMS. @returns its id */
async function createKey(root: Account): Promise<string> {
  const kms = new KMSClient(clientConfig(root));
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  kms.destroy();
  if (KeyMetadata?.KeyId === undefined) throw new Error("CreateKey answered no key");
  return KeyMetadata.KeyId;
}

function getHealth(endpoint: string): Step {
  const request = getRequest(endpoint, "/health");
  return async (connection) => {
    await exchangeOk(connection, request);
    return 1;
  };
}

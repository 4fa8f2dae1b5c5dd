import { randomBytes, randomUUID } from "node:crypto";
import { authorize } from "../src/auth/authorize.ts";
import { type Caller, rootCaller } from "../src/auth/caller.ts";
import { policyOf } from "../src/auth/policy/document.ts";
import type { RequestFacts } from "../src/auth/request-facts.ts";
import { openSession, type Session, sealSession, sessionKeys } from "../src/auth/session-token.ts";
import { createBlinding } from "../src/encryption/blinding.ts";
import { QUEUE_KEY } from "../src/encryption/bodies.ts";
import type { DataKey } from "../src/encryption/data-key.ts";
import { Envelopes } from "../src/encryption/envelope.ts";
import { rootKeys } from "../src/encryption/secrets.ts";
import { toBase64 } from "../src/lib/bytes.ts";
import { assert } from "../src/lib/result.ts";
import { inlinePolicy, managedPolicies, queuePolicy, queuePrefix, team } from "./policies.ts";

/** Does one thing once, with all that it needs at hand: as in an isolate that is warm. */
export type Operation = () => unknown;

/** What is done for security, by name. Run in the Worker: another runtime has another cryptography. */
export async function pureCosts(): Promise<ReadonlyMap<string, Operation>> {
  const blind = await createBlinding(() => randomBytes(32)).of(account);
  return new Map<string, Operation>([
    ...decisions(),
    ...[200, 8192, 262_144].flatMap(sealing),
    ["blind a group id", () => blind("group", "customer-4711")],
    ["open a session token", opening()],
  ]);
}

const account = "000000000000";
const region = "us-east-1";

function decisions(): [string, Operation][] {
  const policies = [...Object.values(managedPolicies), inlinePolicy(`arn:aws:iam::${account}:role/r`)];
  const shared = {
    account,
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    tags: new Map([[team.Key, team.Value]]),
    policies: policies.map((text) => policyOf(text, "identity")),
  };
  const userName = "bench-user";
  const user: Caller = {
    ...shared,
    kind: "user",
    arn: `arn:aws:iam::${account}:user/${userName}`,
    userId: "AIDAIOSFODNN7EXAMPLE",
    userName,
  };
  const role: Caller = {
    ...shared,
    kind: "role",
    arn: `arn:aws:sts::${account}:assumed-role/bench-role/bench`,
    roleArn: `arn:aws:iam::${account}:role/bench-role`,
    userId: "AROAIOSFODNN7EXAMPLE:bench",
    session: { issuingKeyId: shared.accessKeyId },
    tokenIssuedAtMs: nowMs,
  };
  const arn = `arn:aws:sqs:${region}:${account}:${queuePrefix}1`;
  const policy = queuePolicy(arn, account);
  const decide = (caller: Caller, own: { readonly policy?: string }) => () => {
    const access = { permission: "sqs:SendMessage", resource: { arn, account, ...own }, resourceTags: {} };
    assert(authorize(caller, access, facts).ok, "what is timed is allowed");
  };
  return [
    ["decide a send: root, plain queue", decide(rootCaller(account, "test"), {})],
    ["decide a send: user, four policies, the queue's", decide(user, { policy })],
    ["decide a send: role session, likewise", decide(role, { policy })],
  ];
}

const nowMs = Date.UTC(2026, 10, 1);

const facts: RequestFacts = {
  nowMs,
  region,
  sourceIp: "203.0.113.7",
  secure: true,
  userAgent: "edge-sqs-bench",
  referer: undefined,
};

function sealing(bodyBytes: number): [string, Operation][] {
  const dataKey: DataKey = { id: randomUUID(), queueUid: randomUUID(), bytes: randomBytes(32) };
  const messageId = randomUUID();
  const envelopes = new Envelopes();
  const body = new Uint8Array(bodyBytes).fill(120);
  const seal = () => envelopes.seal(dataKey, body, { form: QUEUE_KEY, messageId });
  const sealed = seal();
  const size = bodyBytes < 1024 ? `${bodyBytes} B` : `${bodyBytes / 1024} KiB`;
  return [
    [`seal ${size}`, seal],
    [`open ${size}`, () => envelopes.open(dataKey, sealed, messageId)],
  ];
}

/** Once for each token and isolate: afterwards it is remembered. */
function opening(): Operation {
  const keys = sessionKeys(rootKeys(toBase64(randomBytes(32))));
  const accessKeyId = "ASIAIOSFODNN7EXAMPLE";
  const issuedAtSeconds = nowMs / 1000;
  const session: Session = {
    secretAccessKey: toBase64(randomBytes(30)),
    issuingKeyId: "AKIAIOSFODNN7EXAMPLE",
    issuedAtSeconds,
    expiresAtSeconds: issuedAtSeconds + 3600,
    holder: {
      kind: "role",
      account,
      roleName: "bench-role",
      roleId: "AROAIOSFODNN7EXAMPLE",
      sessionName: "bench",
    },
  };
  const token = sealSession(keys, accessKeyId, session);
  return () => assert(openSession(keys, accessKeyId, token), "the token opens");
}

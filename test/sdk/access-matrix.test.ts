import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import {
  Accounts,
  identityPolicies,
  json,
  type Key,
  nameOf,
  ours,
  policyOf,
  query,
  queueArn,
  theirs,
} from "../support/accounts.ts";
import { policyTo } from "../support/callers.ts";
import { exchange, getExchange, presigned } from "../support/raw-http.ts";
import { faultOf, type Sqs } from "../support/sdks.ts";
import { startTestServer } from "../support/server.ts";
import { everythingOf, removableLabel, type SqsCall, sqsCalls, type Target } from "../support/sqs-calls.ts";

/*
 * Who gets in, asked from outside: each kind of caller under each pair of policies, for all 23 actions. What must come
 * of it is computed by the few lines of `mayAsUser` and by the tables; what comes of it is asked of the served
 * Worker. Whoever is denied must have had no effect: everything that there is to see of the queue stays the same.
 *
 * To get in is to meet no denial: an error that only comes after it counts as in.
 */

let server: RunningServer;
let accounts: Accounts;

beforeAll(async () => {
  server = await startTestServer();
  accounts = await Accounts.on(server);
});
afterAll(() => server.stop());

/** What one side's policy says of the caller. */
type Says = "allows" | "is silent" | "denies";

/** Two sides of one account: one of them has to allow. Of two accounts: both. What either denies is denied. */
function mayAsUser(call: SqsCall, identity: Says, queue: Says | "is none", isOurs: boolean): boolean {
  // No queue's policy is about the account.
  if (call.on === "account") return identity === "allows";
  if (identity === "denies" || queue === "denies") return false;
  if (isOurs) return identity === "allows" || queue === "allows";
  return !call.ownerOnly && identity === "allows" && queue === "allows";
}

const everyPair = (["allows", "is silent", "denies"] as const).flatMap((identity) =>
  (["is none", "is silent", "allows", "denies"] as const).flatMap((queue) =>
    [ours, theirs].map((account) => ({ identity, queue, account })),
  ),
);

it("all actions of SQS are asked for", () => {
  const commands = Object.keys(json.module).filter((name) => /^[A-Z]\w+Command$/.test(name));
  const names = sqsCalls.map(({ name }) => `${name}Command`);
  expect(names.sort()).toEqual(commands.sort());
  expect(names).toHaveLength(23);
});

describe.each([
  { sdk: json, pairs: everyPair },
  // Nothing that decides sees the protocol: these show that it answers in each.
  { sdk: query, pairs: everyPair.filter(({ identity, queue }) => identity === queue) },
])("a user, through the $sdk.name SDK", ({ sdk, pairs }) => {
  it.each(pairs)("of $account whose policy $identity where the queue's $queue", async (pair) => {
    const { identity, queue, account } = pair;
    const user = await addUser(identity, account);
    const target = await openTarget(queuePolicy(queue, { AWS: user.arn }));
    await judge(target, accounts.sqs(user, sdk), {
      mayCall: (call) => mayAsUser(call, identity, queue, account === ours),
      isOurs: account === ours,
    });
  });
});

describe("a presigned URL, of a user", () => {
  it.each(everyPair)("of $account whose policy $identity where the queue's $queue", async (pair) => {
    const { identity, queue, account } = pair;
    const user = await addUser(identity, account);
    const target = await openTarget(queuePolicy(queue, { AWS: user.arn }));
    for (const Action of ["SendMessage", "ReceiveMessage"]) {
      const call = sqsCalls.find(({ name }) => name === Action);
      const isIn = call && mayAsUser(call, identity, queue, account === ours);
      const before = await everything(target);
      const answer = await exchange(server.url, presignedTo(target, user, Action));
      if (isIn) {
        expect(answer).toMatchObject({ status: 200 });
      } else {
        expect(answer.status).toBe(403);
        expect(answer.body).toContain("<Code>AccessDenied</Code>");
        expect(await everything(target)).toEqual(before);
      }
    }
  });
});

/** Of a queue's policy that allows `sqs:*` to others than the very user. */
describe("a user who is not named alone", () => {
  it.each([
    { account: ours, identity: "is silent", principal: ours, isIn: false },
    { account: ours, identity: "is silent", principal: `arn:aws:iam::${ours}:root`, isIn: false },
    { account: ours, identity: "allows", principal: ours, isIn: true },
    { account: ours, identity: "is silent", principal: "*", isIn: true },
    { account: ours, identity: "denies", principal: "*", isIn: false },
    { account: theirs, identity: "allows", principal: theirs, isIn: true },
    { account: theirs, identity: "is silent", principal: theirs, isIn: false },
    { account: theirs, identity: "allows", principal: ours, isIn: false },
    { account: theirs, identity: "allows", principal: "*", isIn: true },
    { account: theirs, identity: "is silent", principal: "*", isIn: false },
    { account: theirs, identity: "denies", principal: "*", isIn: false },
  ] as const)("$account, policy $identity, queue allows $principal: $isIn", async (row) => {
    const { account, identity, principal, isIn } = row;
    const user = await addUser(identity, account);
    const target = await openTarget(queuePolicy("allows", { AWS: principal }));
    await judge(target, accounts.sqs(user), {
      mayCall: (call) =>
        call.on === "account" ? identity === "allows" : isIn && (account === ours || !call.ownerOnly),
      isOurs: account === ours,
    });
  });
});

describe("an account's root", () => {
  const root = (account: string) => `arn:aws:iam::${account}:root`;
  const deniesRoot = (account: string) => ({
    ...statement("Deny", "*"),
    Condition: { ArnEquals: { "aws:PrincipalArn": root(account) } },
  });

  it.each([
    { account: ours, name: "nobody", policy: undefined, isIn: true },
    { account: ours, name: "others", policy: [], isIn: true },
    { account: ours, name: "and denies it", policy: [deniesRoot(ours)], isIn: false },
    { account: theirs, name: "nobody", policy: undefined, isIn: false },
    { account: theirs, name: "others", policy: [], isIn: false },
    { account: theirs, name: "it", policy: [statement("Allow", { AWS: theirs })], isIn: true },
    { account: theirs, name: "everyone", policy: [statement("Allow", "*")], isIn: true },
    {
      account: theirs,
      name: "everyone and denies it",
      policy: [statement("Allow", "*"), deniesRoot(theirs)],
      isIn: false,
    },
  ])("$account, where the queue allows $name: $isIn", async ({ account, policy, isIn }) => {
    const key = account === ours ? accounts.root : accounts.theirRoot;
    const target = await openTarget(policy);
    await judge(target, accounts.sqs(key), {
      mayCall: (call) => call.on === "account" || (isIn && (account === ours || !call.ownerOnly)),
      isOurs: account === ours,
    });
  });
});

/** The session's own policies limit what it has of its role, and what is given to the role; not what is given to itself. */
describe("a role's session", () => {
  /** Policies that a session begins with. */
  const limits = {
    none: undefined,
    "another queue": policyTo("Allow", "sqs:*", { Resource: "arn:aws:sqs:*:*:another" }),
    denied: identityPolicies.denies,
  };

  it.each([
    { account: ours, role: "allows", limit: "none", queue: "is none", to: "role", isIn: true },
    { account: ours, role: "is silent", limit: "none", queue: "is silent", to: "role", isIn: false },
    { account: ours, role: "is silent", limit: "none", queue: "allows", to: "role", isIn: true },
    { account: ours, role: "is silent", limit: "none", queue: "allows", to: "session", isIn: true },
    { account: ours, role: "is silent", limit: "none", queue: "allows", to: "another", isIn: false },
    { account: ours, role: "allows", limit: "none", queue: "denies", to: "role", isIn: false },
    { account: ours, role: "allows", limit: "none", queue: "denies", to: "session", isIn: false },
    { account: ours, role: "denies", limit: "none", queue: "allows", to: "session", isIn: false },
    { account: ours, role: "allows", limit: "another queue", queue: "is none", to: "role", isIn: false },
    { account: ours, role: "allows", limit: "another queue", queue: "allows", to: "role", isIn: false },
    { account: ours, role: "allows", limit: "another queue", queue: "allows", to: "session", isIn: true },
    {
      account: ours,
      role: "allows",
      limit: "denied",
      queue: "allows",
      to: "session",
      isIn: false,
    },
    { account: theirs, role: "allows", limit: "none", queue: "is none", to: "role", isIn: false },
    { account: theirs, role: "allows", limit: "none", queue: "allows", to: "role", isIn: true },
    { account: theirs, role: "allows", limit: "none", queue: "allows", to: "session", isIn: true },
    { account: theirs, role: "allows", limit: "none", queue: "allows", to: "another", isIn: false },
    { account: theirs, role: "is silent", limit: "none", queue: "allows", to: "session", isIn: false },
    { account: theirs, role: "allows", limit: "none", queue: "denies", to: "role", isIn: false },
    { account: theirs, role: "allows", limit: "another queue", queue: "allows", to: "session", isIn: false },
  ] as const)("$account, role $role, limits $limit, queue $queue the $to: $isIn", async (row) => {
    const { account, role: says, limit, queue, to, isIn } = row;
    const sessionPolicy = limits[limit];
    const by = account === ours ? accounts.admin : accounts.theirAdmin;
    const role = await accounts.addRole({ by, policy: identityPolicies[wordOf(says)] });
    const session = await accounts.assume(role, "one", { by, ...(sessionPolicy && { sessionPolicy }) });
    const sessionArn = (name: string) => `arn:aws:sts::${account}:assumed-role/${role.name}/${name}`;
    const arn = { role: role.arn, session: sessionArn("one"), another: sessionArn("two") }[to];
    const target = await openTarget(queuePolicy(queue, { AWS: arn }));
    await judge(target, accounts.sqs(session), {
      mayCall: (call) =>
        call.on === "account"
          ? says === "allows" && limit === "none"
          : isIn && (account === ours || !call.ownerOnly),
      isOurs: account === ours,
    });
  });
});

describe.each([json, query])("nobody, through the $name SDK", (sdk) => {
  const plain = { SqsManagedSseEnabled: "false" };
  const everyone = statement("Allow", "*");
  /** Not for its admin, who is to look into it all the same. */
  const deniesNobody = {
    ...statement("Deny", "*"),
    Condition: { StringEquals: { "aws:PrincipalType": "Anonymous" } },
  };

  it.each([
    { where: "there is no policy", policy: undefined, attributes: plain, isIn: false },
    { where: "it is silent", policy: [], attributes: plain, isIn: false },
    {
      where: "it allows the account",
      policy: [statement("Allow", { AWS: ours })],
      attributes: plain,
      isIn: false,
    },
    {
      where: "it allows a service",
      policy: [statement("Allow", { Service: "sns.amazonaws.com" })],
      attributes: plain,
      isIn: false,
    },
    { where: "it allows everyone", policy: [everyone], attributes: plain, isIn: true },
    {
      where: "it allows every caller",
      policy: [statement("Allow", { AWS: "*" })],
      attributes: plain,
      isIn: true,
    },
    { where: "it denies nobody again", policy: [everyone, deniesNobody], attributes: plain, isIn: false },
    // Who does not sign does not use an encrypted queue, though it be open to everyone.
    { where: "it allows everyone, encrypted", policy: [everyone], attributes: {}, isIn: false },
    {
      where: "it allows everyone, encrypted under a KMS key",
      policy: [everyone],
      attributes: { KmsMasterKeyId: "alias/aws/sqs" },
      isIn: false,
    },
  ])("$where: $isIn", async ({ policy, attributes, isIn }) => {
    const target = await openTarget(policy, attributes);
    await judge(target, accounts.anonymous(sdk), {
      mayCall: (call) => call.on === "queue" && isIn && !call.ownerOnly,
      isOurs: false,
      refusal: "MissingAuthenticationToken",
    });
  });
});

interface Expected {
  readonly mayCall: (call: SqsCall) => boolean;
  readonly isOurs: boolean;
  readonly refusal?: string;
}

/** Makes every call and compares who got in, and that nothing came of the others. */
async function judge(target: Target, sqs: Sqs, { mayCall, isOurs, refusal }: Expected): Promise<void> {
  const refused = (call: SqsCall) => {
    if (refusal !== undefined) return refusal;
    // Whether another account has such a queue is not told.
    return call.name === "GetQueueUrl" && !isOurs
      ? "AWS.SimpleQueueService.NonExistentQueue"
      : "AccessDenied";
  };
  const expected: Record<string, string> = {};
  const outcomes: Record<string, string> = {};
  let before: unknown;
  for (const call of sqsCalls) {
    const isIn = mayCall(call);
    expected[call.name] = isIn ? "in" : refused(call);
    if (!isIn) before ??= await everything(target);
    const code = await outcomeOf(call.run(sqs, target));
    outcomes[call.name] = code === refused(call) ? code : "in";
    expect(code, call.name).not.toMatch(/^(InternalFailure|ServiceUnavailable)$/);
    if (isIn) before = undefined;
    else expect(await everything(target), call.name).toEqual(before);
  }
  expect(outcomes).toEqual(expected);
  const created = await outcomeOf(accounts.sqs().getQueueUrl({ QueueName: target.freshName }));
  const mayCreate = isOurs && expected["CreateQueue"] === "in";
  expect(created).toBe(mayCreate ? "done" : "AWS.SimpleQueueService.NonExistentQueue");
}

const everything = (target: Target) => everythingOf({ serverUrl: server.url, key: accounts.admin }, target);

/** Its code, or `done`. */
function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "done",
    async (error: unknown) => (await faultOf(Promise.reject(error))).code,
  );
}

function wordOf(says: Says): keyof typeof identityPolicies {
  return says === "is silent" ? "silent" : says;
}

function statement(Effect: "Allow" | "Deny", Principal: unknown) {
  return { Effect, Principal, Action: "sqs:*" };
}

/** Statements of a queue's policy; undefined: none. A denial wins over what is allowed beside it. */
function queuePolicy(says: Says | "is none", principal: object): readonly object[] | undefined {
  const allows = statement("Allow", principal);
  return {
    "is none": undefined,
    "is silent": [],
    allows: [allows],
    denies: [allows, statement("Deny", principal)],
  }[says];
}

async function addUser(identity: Says, account: string) {
  const by = account === ours ? accounts.admin : accounts.theirAdmin;
  return accounts.addUser({ by, policy: identityPolicies[wordOf(identity)] });
}

/** A queue of ours with this policy, in which everything is in place for every action to have an effect. */
async function openTarget(
  statements: readonly object[] | undefined,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Target> {
  const sqs = accounts.sqs();
  const name = accounts.fresh("target");
  const arn = queueArn(name);
  const url = await accounts.createQueue(name, attributes);
  await sqs.tagQueue({ QueueUrl: url, Tags: { kept: "tag" } });
  // Open to all who sign: a move task is to be a question of the target's policy alone.
  await accounts.createQueue(`${name}-source`, {
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount: 1 }),
    Policy: policyOf({ ...statement("Allow", "*"), Action: "sqs:SendMessage", Resource: "*" }),
  });
  for (const MessageBody of ["in flight", "waiting"]) await sqs.sendMessage({ QueueUrl: url, MessageBody });
  const { Messages } = await sqs.receiveMessage({ QueueUrl: url, VisibilityTimeout: 600 });
  if (statements) {
    const removable = { ...statement("Allow", { AWS: "222222222222" }), Sid: removableLabel };
    const Policy = policyOf(...[removable, ...statements].map((each) => ({ ...each, Resource: arn })));
    await sqs.setQueueAttributes({ QueueUrl: url, Attributes: { Policy } });
  }
  const handle = Messages?.[0]?.ReceiptHandle ?? "";
  return { url, arn, account: ours, name: nameOf(url), handle, freshName: `${name}-new` };
}

function presignedTo({ name }: Target, key: Key, Action: string) {
  const parameters = {
    Action,
    Version: "2012-11-05",
    ...(Action === "SendMessage" && { MessageBody: "presigned" }),
    ...(key.sessionToken !== undefined && { "X-Amz-Security-Token": key.sessionToken }),
  };
  const wire = getExchange(parameters, `/${ours}/${name}`);
  return presigned(server.url, wire, 60, { ...key, region: "us-east-1" });
}

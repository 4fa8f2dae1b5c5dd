import { beforeEach, describe, expect, it, test } from "vitest";
import { type Caller, rootCaller } from "../../../src/auth/caller.ts";
import { Catalog } from "../../../src/catalog/catalog.ts";
import { SettingsCache } from "../../../src/catalog/settings-cache.ts";
import { fromBase64, fromUtf8, toBase64, utf8 } from "../../../src/lib/bytes.ts";
import { ok, type Result } from "../../../src/lib/result.ts";
import type { ActionError } from "../../../src/queue/errors.ts";
import { defaultFifoAttributes } from "../../../src/queue/fifo-attributes.ts";
import { limits } from "../../../src/queue/limits.ts";
import type { QueueSettings } from "../../../src/queue/settings.ts";
import type { Action, RequestContext } from "../../../src/services/action.ts";
import { runAction } from "../../../src/services/run-action.ts";
import { cancelMessageMoveTask } from "../../../src/services/sqs/cancel-message-move-task.ts";
import { listMessageMoveTasks } from "../../../src/services/sqs/list-message-move-tasks.ts";
import { startMessageMoveTask } from "../../../src/services/sqs/start-message-move-task.ts";
import { readTaskHandle, writeTaskHandle } from "../../../src/services/sqs/task-handle.ts";
import type { Refusal, ShardCall } from "../../../src/shard/calls.ts";
import { MemoryLog } from "../../../src/shard/memory-log.ts";
import { ShardCore } from "../../../src/shard/shard-core.ts";
import { policyTo, someFacts, userCaller } from "../../support/callers.ts";
import { testSettings } from "../../support/fake-queue.ts";
import { sqliteD1 } from "../../support/sqlite-d1.ts";

const NOW_MS = 1_700_000_000_000;
const REGION = "us-east-1";
const ACCOUNT = "000000000000";

let catalog: Catalog;
let cores: Map<string, ShardCore>;
let calls: ShardCall[];
/** What shards refuse calls with, the next one first. */
let refusals: Refusal[];
/** Shards, by uid, that cannot be reached. */
let unreachable: Set<string>;
let requests: number;
let caller: Caller;

beforeEach(async () => {
  catalog = new Catalog(
    sqliteD1(
      "0001_queues.sql",
      "0002_access_keys.sql",
      "0003_dead_letter_sources.sql",
      "0004_move_tasks.sql",
      "0006_data_keys.sql",
    ),
    new SettingsCache(),
    () => NOW_MS,
  );
  cores = new Map();
  calls = [];
  refusals = [];
  unreachable = new Set();
  requests = 0;
  caller = rootCaller(ACCOUNT, "test");
  await create("dead");
  await create("jobs", "dead");
  await create("other");
});

const arnOf = (name: string) => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;

async function create(name: string, deadLetterQueue?: string): Promise<QueueSettings> {
  const base = testSettings(name.endsWith(".fifo") ? { fifo: defaultFifoAttributes } : {});
  const redrivePolicy = JSON.stringify({
    maxReceiveCount: 3,
    deadLetterTargetArn: deadLetterQueue === undefined ? "" : arnOf(deadLetterQueue),
  });
  const settings: QueueSettings = {
    ...base,
    name,
    uid: `uid of ${name}`,
    attributes: { ...base.attributes, ...(deadLetterQueue === undefined ? undefined : { redrivePolicy }) },
  };
  await catalog.createQueue(settings, new Map());
  return settings;
}

function coreOf(settings: QueueSettings): ShardCore {
  const core = cores.get(settings.uid) ?? new ShardCore(new MemoryLog());
  cores.set(settings.uid, core);
  core.configure(settings, NOW_MS);
  return core;
}

const shards = {
  async call(settings: QueueSettings, call: ShardCall) {
    if (unreachable.has(settings.uid)) throw new Error("no shard");
    calls.push(call);
    return refusals.shift() ?? coreOf(settings).execute(call, NOW_MS, 1);
  },
  configure: async (settings: QueueSettings) => coreOf(settings) !== undefined,
};

async function perform(action: Action, input: object): Promise<Result<unknown, ActionError>> {
  const context = {
    caller,
    facts: someFacts,
    region: REGION,
    baseUrl: "http://localhost:8787",
    batchId: `00000000-0000-4000-8000-${String(++requests).padStart(12, "0")}`,
    nowMs: NOW_MS,
    catalog,
    shards,
  };
  return await runAction(action, context as unknown as RequestContext, input);
}

const start = (input: object = {}) => perform(startMessageMoveTask, { SourceArn: arnOf("dead"), ...input });
const list = (input: object = {}) => perform(listMessageMoveTasks, { SourceArn: arnOf("dead"), ...input });
const cancel = (TaskHandle: string) => perform(cancelMessageMoveTask, { TaskHandle });

async function handleOf(starting: Promise<Result<unknown, ActionError>>): Promise<string> {
  const result = await starting;
  if (!result.ok) throw new Error(result.error.message);
  return (result.value as { TaskHandle: string }).TaskHandle;
}

const fails = (kind: string, message: string) => ({ ok: false, error: { kind, message } });
const invalid = (message: string) => fails("InvalidParameterValue", message);
const notFound = (parameter: string) =>
  fails(
    "ResourceNotFoundException",
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
  );
const noTask = fails("ResourceNotFoundException", "Task does not exist.");
const badArn = (parameter: string) =>
  invalid(
    `You must use this format to specify the ${parameter}: arn:<partition>:<service>:<region>:<account-id>:<resource-id>`,
  );
const badRate = invalid(
  "Value for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: You must enter a number that's between 1 and 500.",
);

/** No ARN at all. */
const noArns = [
  "",
  "dead",
  "arn:aws:sqs",
  `${arnOf("")}`,
  "arn:aws:sqs::000000000000:dead",
  "urn:aws:sqs:us-east-1:000000000000:dead",
];
/** An ARN, but not that of a queue that is here. */
const foreignArns = [
  arnOf("never"),
  arnOf("a b"),
  `arn:aws:sqs:eu-west-1:${ACCOUNT}:dead`,
  `arn:aws-cn:sqs:${REGION}:${ACCOUNT}:dead`,
  `arn:aws:sns:${REGION}:${ACCOUNT}:dead`,
  `${arnOf("dead")}:more`,
];

describe("StartMessageMoveTask", () => {
  it("begins a task, and gives its handle in SQS's own form", async () => {
    const handle = await handleOf(start());
    expect(fromUtf8(fromBase64(handle) ?? new Uint8Array())).toBe(
      `{"taskId":"00000000-0000-4000-8000-000000000001","sourceArn":"${arnOf("dead")}"}`,
    );
    expect(calls).toEqual([{ kind: "startMove", taskId: "00000000-0000-4000-8000-000000000001" }]);
  });

  it("hands over a destination and a rate", async () => {
    await handleOf(start({ DestinationArn: arnOf("other"), MaxNumberOfMessagesPerSecond: 7 }));
    expect(calls).toMatchObject([{ kind: "startMove", targetArn: arnOf("other"), rate: 7 }]);
  });

  test.each(noArns)("refuses %j, which is no ARN", async (arn) => {
    expect(await start({ SourceArn: arn })).toEqual(badArn("SourceArn"));
    expect(await start({ DestinationArn: arn })).toEqual(badArn("DestinationArn"));
  });

  test.each(foreignArns)("knows no queue %j", async (arn) => {
    expect(await start({ SourceArn: arn })).toEqual(notFound("SourceArn"));
    expect(await start({ DestinationArn: arn })).toEqual(notFound("DestinationArn"));
  });

  it.each([
    [
      "a queue that takes no dead letters",
      { SourceArn: arnOf("jobs") },
      "Source queue must be configured as a Dead Letter Queue.",
    ],
    [
      "the source as destination",
      { DestinationArn: arnOf("dead") },
      "Source queue arn and destination queue arn cannot be the same.",
    ],
    [
      "a FIFO queue for a standard one's messages",
      { DestinationArn: arnOf("jobs.fifo") },
      "The source queue and destination queue must be of the same queue type.",
    ],
  ])("refuses %s", async (_, input, message) => {
    await create("jobs.fifo", "dead.fifo");
    expect(await start(input)).toEqual(invalid(message));
    expect(calls).toEqual([]);
  });

  it("refuses a standard queue for a FIFO one's messages, and takes a FIFO one", async () => {
    await create("dead.fifo");
    await create("jobs.fifo", "dead.fifo");
    const SourceArn = arnOf("dead.fifo");
    expect(await start({ SourceArn, DestinationArn: arnOf("other") })).toEqual(
      invalid("The source queue and destination queue must be of the same queue type."),
    );
    await handleOf(start({ SourceArn, DestinationArn: arnOf("jobs.fifo") }));
  });

  it("moves between 1 and 500 messages a second", async () => {
    for (const rate of [0, 501, -1]) {
      expect(await start({ MaxNumberOfMessagesPerSecond: rate })).toEqual(badRate);
    }
    for (const rate of [1, 500]) {
      await create(`dead${rate}`);
      await create(`jobs${rate}`, `dead${rate}`);
      await handleOf(start({ SourceArn: arnOf(`dead${rate}`), MaxNumberOfMessagesPerSecond: rate }));
    }
  });

  it("answers the first of several problems", async () => {
    const wrong = { SourceArn: arnOf("jobs"), MaxNumberOfMessagesPerSecond: 0 };
    expect(await start({ ...wrong, SourceArn: arnOf("never"), DestinationArn: "x" })).toEqual(
      notFound("SourceArn"),
    );
    expect(await start({ ...wrong, DestinationArn: arnOf("never") })).toEqual(notFound("DestinationArn"));
    expect(await start({ ...wrong, DestinationArn: arnOf("jobs") })).toEqual(
      invalid("Source queue must be configured as a Dead Letter Queue."),
    );
  });

  it("knows that a queue has just been deleted elsewhere", async () => {
    expect((await list()).ok).toBe(true);
    await catalog.deleteQueue({ account: ACCOUNT, region: REGION, name: "dead" }, NOW_MS);
    expect(await start()).toEqual(notFound("SourceArn"));
    expect(await list()).toEqual(notFound("SourceArn"));
  });

  it("runs one task on a queue at a time", async () => {
    const handle = await handleOf(start());
    expect(await start()).toEqual(
      invalid(
        "There is already a task running. Only one active task is allowed for a source queue arn at a given time.",
      ),
    );
    expect(await list()).toMatchObject({ value: { Results: [{ TaskHandle: handle, Status: "RUNNING" }] } });
  });

  it("is the same task when the shard makes it begin again", async () => {
    const settings = await catalog.findQueue({ account: ACCOUNT, region: REGION, name: "dead" });
    if (!settings) throw new Error("no queue");
    refusals = [{ kind: "unconfigured" }, { kind: "stale", settings }];
    await handleOf(start());
    expect(calls).toHaveLength(3);
    expect(new Set(calls.map((call) => "taskId" in call && call.taskId)).size).toBe(1);
  });

  it("is for the owner of both queues alone", async () => {
    const denied = { ok: false, error: { kind: "AccessDenied" } };
    const foreign = arnOf("other").replace(ACCOUNT, "111111111111");
    expect(await start({ DestinationArn: foreign })).toMatchObject(denied);
    caller = { ...caller, account: "111111111111" };
    const handle = writeTaskHandle({ taskId: "x", sourceArn: arnOf("dead") });
    for (const answer of [await start(), await list(), await cancel(handle)]) {
      expect(answer).toMatchObject(denied);
    }
  });
});

describe("who starts a task", () => {
  const onSource = ["StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"];
  const may = (actions: readonly string[], queues: readonly string[]) =>
    policyTo(
      "Allow",
      actions.map((action) => `sqs:${action}`),
      { Resource: queues.map(arnOf) },
    );
  const whole = [may(onSource, ["dead"]), may(["SendMessage"], ["jobs", "other"])];
  const denied = (action: string, queue: string) =>
    fails(
      "AccessDenied",
      `User: ${caller.arn} is not authorized to perform: sqs:${action.toLowerCase()} on resource: ${arnOf(queue)} ` +
        `because no identity-based policy allows the sqs:${action.toLowerCase()} action`,
    );

  it("may do so with all that moving takes", async () => {
    caller = userCaller(ACCOUNT, "mover", ...whole);
    await handleOf(start());
    finish("dead");
    await handleOf(start({ DestinationArn: arnOf("other") }));
  });

  it.each(onSource)("needs the permission of %s on the queue that is emptied", async (action) => {
    const others = onSource.filter((each) => each !== action);
    caller = userCaller(ACCOUNT, "mover", may(others, ["dead"]), may(["SendMessage"], ["jobs", "other"]));
    expect(await start()).toEqual(denied(action, "dead"));
    expect(await start({ DestinationArn: arnOf("other") })).toEqual(denied(action, "dead"));
    expect(calls).toEqual([]);
  });

  it("needs that to send on the queue that is named", async () => {
    caller = userCaller(ACCOUNT, "mover", may(onSource, ["dead"]), may(["SendMessage"], ["jobs"]));
    expect(await start({ DestinationArn: arnOf("other") })).toEqual(denied("SendMessage", "other"));
    expect(calls).toEqual([]);
  });

  it("needs that to send on every queue that messages go back to", async () => {
    caller = userCaller(ACCOUNT, "mover", ...whole);
    await create("more-jobs", "dead");
    expect(await start()).toEqual(denied("SendMessage", "more-jobs"));
    await handleOf(start({ DestinationArn: arnOf("other") }));
  });

  it("needs it on the last of more queues than are read at once", async () => {
    const names = Array.from(
      { length: limits.sourcesAtOnce },
      (_, i) => `jobs-${String(i).padStart(4, "0")}`,
    );
    for (const name of names) await create(name, "dead");
    const last = names.at(-1) ?? "";
    caller = userCaller(ACCOUNT, "mover", ...whole, may(["SendMessage"], names.slice(0, -1)));
    expect(await start()).toEqual(denied("SendMessage", last));
    caller = userCaller(ACCOUNT, "mover", ...whole, may(["SendMessage"], names));
    await handleOf(start());
  });
});

describe("ListMessageMoveTasks", () => {
  it("shows no tasks where there were none", async () => {
    expect(await list()).toEqual(ok({ Results: [] }));
  });

  it("shows all there is to know of a running task", async () => {
    const TaskHandle = await handleOf(
      start({ DestinationArn: arnOf("other"), MaxNumberOfMessagesPerSecond: 7 }),
    );
    expect(await list()).toEqual(
      ok({
        Results: [
          {
            TaskHandle,
            Status: "RUNNING",
            SourceArn: arnOf("dead"),
            DestinationArn: arnOf("other"),
            MaxNumberOfMessagesPerSecond: 7,
            ApproximateNumberOfMessagesMoved: 0,
            ApproximateNumberOfMessagesToMove: 0,
            FailureReason: undefined,
            StartedTimestamp: NOW_MS,
          },
        ],
      }),
    );
  });

  it("shows the newest alone, or as many as are asked for, and a handle only while a task runs", async () => {
    for (let task = 0; task < 11; task++) {
      await handleOf(start());
      if (task < 10) finish("dead");
    }
    const results = async (input: object) => {
      const answer = await list(input);
      return answer.ok ? (answer.value as { Results: Record<string, unknown>[] }).Results : [];
    };
    expect(await results({})).toMatchObject([{ Status: "RUNNING", TaskHandle: expect.any(String) }]);
    const all = await results({ MaxResults: 10 });
    expect(all.map(({ Status }) => Status)).toEqual(["RUNNING", ...Array(9).fill("COMPLETED")]);
    expect(all.map(({ TaskHandle }) => TaskHandle !== undefined)).toEqual([true, ...Array(9).fill(false)]);
    expect(await results({ MaxResults: 2 })).toEqual(all.slice(0, 2));
  });

  it("says why a task failed", async () => {
    await handleOf(start());
    core("dead").failMove();
    expect(await list()).toMatchObject({
      value: { Results: [{ Status: "FAILED", FailureReason: "AWS.SimpleQueueService.NonExistentQueue" }] },
    });
  });

  test.each([0, 11, -1])("shows 1 to 10 tasks, not %d", async (MaxResults) => {
    expect(await list({ MaxResults })).toEqual(
      invalid(
        "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10.",
      ),
    );
  });

  it("refuses what is no queue of this account and region", async () => {
    for (const SourceArn of noArns) expect(await list({ SourceArn })).toEqual(badArn("SourceArn"));
    for (const SourceArn of foreignArns) expect(await list({ SourceArn })).toEqual(notFound("SourceArn"));
  });
});

describe("CancelMessageMoveTask", () => {
  it("ends a running task, and says how many messages were moved", async () => {
    const handle = await handleOf(start());
    expect(await cancel(handle)).toEqual(ok({ ApproximateNumberOfMessagesMoved: 0 }));
    expect(await list()).toMatchObject({
      value: { Results: [{ Status: "CANCELLING", TaskHandle: undefined }] },
    });
    finish("dead");
    expect(await list()).toMatchObject({ value: { Results: [{ Status: "CANCELLED" }] } });
    expect(await cancel(handle)).toEqual(noTask);
  });

  it("knows neither tasks that never were nor those of other queues", async () => {
    const handle = await handleOf(start());
    const { taskId } = readTaskHandle(handle) ?? { taskId: "" };
    expect(await cancel(writeTaskHandle({ taskId: "never", sourceArn: arnOf("dead") }))).toEqual(noTask);
    expect(await cancel(writeTaskHandle({ taskId, sourceArn: arnOf("other") }))).toEqual(noTask);
    expect(await cancel(writeTaskHandle({ taskId, sourceArn: arnOf("never") }))).toEqual(
      notFound("SourceArn"),
    );
  });

  test.each([
    "",
    "foobared",
    "not base64!",
    toBase64(utf8("not JSON")),
    toBase64(utf8("[]")),
    toBase64(utf8('{"taskId":"a"}')),
    toBase64(utf8('{"taskId":1,"sourceArn":"b"}')),
    toBase64(new Uint8Array([0xff])),
  ])("refuses the handle %j", async (handle) => {
    expect(await cancel(handle)).toEqual(invalid("Value for parameter TaskHandle is invalid."));
  });
});

describe("an account", () => {
  const tooMany = fails(
    "OverLimit",
    "100 message move tasks are active, which is the maximum for an account.",
  );

  beforeEach(async () => {
    for (let i = 1; i <= 101; i++) {
      await create(`dead${i}`);
      await create(`jobs${i}`, `dead${i}`);
    }
    for (let i = 1; i <= 100; i++) await handleOf(start({ SourceArn: arnOf(`dead${i}`) }));
    calls = [];
  });
  const startLast = () => start({ SourceArn: arnOf("dead101") });

  it("has a hundred active tasks at most", async () => {
    expect(await startLast()).toEqual(tooMany);
    expect(calls.every(({ kind }) => kind === "listMoves")).toBe(true);
    expect(calls).toHaveLength(100);
  });

  it("is told of a running task before it is told of too many", async () => {
    expect(await start({ SourceArn: arnOf("dead1") })).toMatchObject({
      error: { message: expect.stringMatching(/^There is already a task running\./) },
    });
  });

  it("may begin another when one has ended", async () => {
    finish("dead50");
    await handleOf(startLast());
    expect(await start()).toEqual(tooMany);
  });

  it("may begin another when the queue of one is gone", async () => {
    await catalog.deleteQueue({ account: ACCOUNT, region: REGION, name: "dead50" }, NOW_MS);
    await handleOf(startLast());
    expect(await start()).toEqual(tooMany);
  });

  it("counts a task whose shard cannot be asked", async () => {
    finish("dead50");
    unreachable.add("uid of dead50");
    expect(await startLast()).toEqual(tooMany);
    unreachable.clear();
    await handleOf(startLast());
  });

  it("has nothing to do with the tasks of another", async () => {
    const rows = await catalog.moveTasks(ACCOUNT);
    expect(rows).toHaveLength(100);
    expect(await catalog.moveTasks("111111111111")).toEqual([]);
    const source = { account: "111111111111", region: REGION, name: "dead" };
    expect(await catalog.admitMoveTask({ taskId: "x", source, startedAtMs: NOW_MS }, 1)).toBe(true);
  });
});

function core(name: string): ShardCore {
  const found = cores.get(`uid of ${name}`);
  if (!found) throw new Error(`the shard of ${name} was never called`);
  return found;
}

/** What the shard's loop does when there is nothing more to move. */
function finish(name: string): void {
  core(name).moveSlice(NOW_MS, 1);
}

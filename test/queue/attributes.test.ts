import { describe, expect, it } from "vitest";
import type { Result } from "../../src/lib/result.ts";
import {
  applyChanges,
  defaultAttributes,
  firstDifference,
  parseAttributes,
  readAttribute,
} from "../../src/queue/attributes.ts";
import type { SqsError } from "../../src/queue/errors.ts";
import type { FifoAttributes } from "../../src/queue/settings.ts";

const queue = { account: "000000000000", region: "us-east-1", name: "jobs" };
const fifo = { ...queue, name: "jobs.fifo" };
const policy = `{ "Statement": {"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"} }`;
const redrive = `{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"5"}`;

type Request = Record<string, string>;
const parse = (request: Request, of = queue) => parseAttributes(new Map(Object.entries(request)), of);
const unwrap = <T>(result: Result<T, SqsError>): T => {
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
};
const changes = (request: Request, of = queue) => unwrap(parse(request, of));
const set = (request: Request, current = defaultAttributes) =>
  unwrap(applyChanges(current, changes(request)));
const refused = (kind: string, message: string) => ({ ok: false, error: { kind, message } });
const badValue = (name: string) =>
  refused("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
const unknown = (name: string) => refused("InvalidAttributeName", `Unknown Attribute ${name}.`);

describe("a number", () => {
  it.each([
    ["DelaySeconds", 0, 900],
    ["MaximumMessageSize", 1024, 1_048_576],
    ["MessageRetentionPeriod", 60, 1_209_600],
    ["ReceiveMessageWaitTimeSeconds", 0, 20],
    ["VisibilityTimeout", 0, 43_200],
    ["KmsDataKeyReusePeriodSeconds", 60, 86_400],
  ] as const)("%s is from %d to %d", (name, min, max) => {
    expect(readAttribute(set({ [name]: String(min) }), name)).toBe(String(min));
    expect(readAttribute(set({ [name]: String(max) }), name)).toBe(String(max));
    expect(parse({ [name]: String(min - 1) })).toEqual(badValue(name));
    expect(parse({ [name]: String(max + 1) })).toEqual(badValue(name));
  });

  it.each(["", " 5", "5 ", "5.0", "+5", "-1", "0x5", "5e0", "five", "true", "9".repeat(400)])(
    "is digits only, not %.20j",
    (value) => {
      expect(parse({ DelaySeconds: value })).toEqual(badValue("DelaySeconds"));
    },
  );

  it("is read back in its shortest spelling", () => {
    expect(readAttribute(set({ DelaySeconds: "007" }), "DelaySeconds")).toBe("7");
  });
});

describe("names", () => {
  it.each([
    "delaySeconds",
    "",
    "constructor",
    "__proto__",
    "All",
    "QueueArn",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
    "FifoQueue",
    "ContentBasedDeduplication",
  ])("a standard queue takes no attribute %j", (name) => {
    expect(parseAttributes(new Map([[name, "true"]]), queue)).toEqual(unknown(name));
  });

  it.each(["DeduplicationScope", "FifoThroughputLimit"])("%s needs a FIFO queue", (name) => {
    expect(parse({ [name]: "x" })).toEqual(
      refused("InvalidAttributeName", `You can specify the ${name} only when FifoQueue is set to true.`),
    );
  });

  it("are checked before values, and each in the order of the request", () => {
    expect(parse({ DelaySeconds: "x", Foo: "", Bar: "" })).toEqual(unknown("Foo"));
    expect(parse({ VisibilityTimeout: "x", DelaySeconds: "x" })).toEqual(badValue("VisibilityTimeout"));
  });
});

describe("a FIFO queue", () => {
  const setFifo = (request: Request, current = defaultAttributes) =>
    applyChanges(current, changes(request, fifo));
  const fifoAttributes = (request: Request, current?: FifoAttributes) =>
    unwrap(setFifo(request, current ? { ...defaultAttributes, fifo: current } : defaultAttributes)).fifo;
  const plain = fifoAttributes({ FifoQueue: "true" });

  it("deduplicates by id alone, over all groups, unless it is told otherwise", () => {
    expect(plain).toEqual({
      contentBasedDeduplication: false,
      deduplicationScope: "queue",
      throughputLimit: "perQueue",
    });
    expect(defaultAttributes.fifo).toBeUndefined();
  });

  it("is created with its own attributes and those of all queues, in any order", () => {
    const request = {
      FifoThroughputLimit: "perMessageGroupId",
      DeduplicationScope: "messageGroup",
      DelaySeconds: "5",
      ContentBasedDeduplication: "True",
      FifoQueue: "TRUE",
    };
    expect(setFifo(request)).toEqual({
      ok: true,
      value: {
        ...defaultAttributes,
        delaySeconds: 5,
        fifo: {
          contentBasedDeduplication: true,
          deduplicationScope: "messageGroup",
          throughputLimit: "perMessageGroupId",
        },
      },
    });
  });

  it.each([
    ["FifoQueue", "true", {}],
    ["ContentBasedDeduplication", "True", { contentBasedDeduplication: true }],
    ["DeduplicationScope", "messageGroup", { deduplicationScope: "messageGroup" }],
    ["FifoThroughputLimit", "perQueue", {}],
  ] as const)("set to %s=%s keeps all else as it was", (name, value, changed) => {
    expect(fifoAttributes({ [name]: value }, plain)).toEqual({ ...plain, ...changed });
    expect(plain).toEqual(fifoAttributes({ FifoQueue: "true" }));
  });

  it("has what was set taken back", () => {
    const own = { ContentBasedDeduplication: "true", DeduplicationScope: "messageGroup" };
    const back = { ContentBasedDeduplication: "FALSE", DeduplicationScope: "queue" };
    expect(fifoAttributes(back, fifoAttributes(own))).toEqual(plain);
  });

  it("shows each attribute in SQS's spelling, a standard queue none", () => {
    const made = unwrap(setFifo({ FifoQueue: "TRUE", ContentBasedDeduplication: "TRUE" }));
    const shown = {
      FifoQueue: "true",
      ContentBasedDeduplication: "true",
      DeduplicationScope: "queue",
      FifoThroughputLimit: "perQueue",
    };
    for (const [name, value] of Object.entries(shown)) {
      expect(readAttribute(made, name as keyof typeof shown)).toBe(value);
      expect(readAttribute(defaultAttributes, name as keyof typeof shown)).toBeUndefined();
    }
  });

  it.each([
    ["FifoQueue", "yes"],
    ["FifoQueue", ""],
    ["ContentBasedDeduplication", "1"],
    ["ContentBasedDeduplication", " true"],
    ["DeduplicationScope", "Queue"],
    ["DeduplicationScope", "messagegroup"],
    ["FifoThroughputLimit", ""],
    ["FifoThroughputLimit", "perqueue"],
  ])("takes no %s=%s", (name, value) => {
    expect(parse({ [name]: value }, fifo)).toEqual(badValue(name));
  });

  it.each(["false", "False"])("stays one: FifoQueue may not be %s", (value) => {
    expect(parse({ FifoQueue: value }, fifo)).toEqual(
      refused(
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
      ),
    );
  });

  describe("has a throughput limit per group only with deduplication per group", () => {
    const problem = refused(
      "InvalidAttributeValue",
      "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup",
    );
    const perGroup = { FifoThroughputLimit: "perMessageGroupId" };
    const wide = unwrap(setFifo({ FifoQueue: "true" }));
    const narrow = unwrap(setFifo({ DeduplicationScope: "messageGroup" }, wide));
    const high = unwrap(setFifo(perGroup, narrow));

    it("when both come together", () => {
      expect(setFifo({ FifoQueue: "true", ...perGroup })).toEqual(problem);
      expect(setFifo({ ...perGroup, DeduplicationScope: "queue" }, narrow)).toEqual(problem);
      expect(setFifo({ ...perGroup, DeduplicationScope: "messageGroup" }, wide).ok).toBe(true);
    });

    it("when one of them was set before", () => {
      expect(setFifo(perGroup, wide)).toEqual(problem);
      expect(setFifo(perGroup, narrow)).toEqual({ ok: true, value: high });
      expect(setFifo({ DeduplicationScope: "queue" }, high)).toEqual(problem);
      expect(setFifo({ DeduplicationScope: "queue" }, narrow)).toEqual({ ok: true, value: wide });
      expect(setFifo({ DeduplicationScope: "queue", FifoThroughputLimit: "perQueue" }, high)).toEqual({
        ok: true,
        value: wide,
      });
    });
  });

  it("created again is compared by its own attributes, too", () => {
    const current = unwrap(setFifo({ FifoQueue: "true", ContentBasedDeduplication: "true" }));
    const differs = (request: Request) => firstDifference(current, changes(request, fifo));
    expect(differs({ FifoQueue: "True", ContentBasedDeduplication: "TRUE" })).toBeUndefined();
    expect(differs({ DeduplicationScope: "queue", FifoThroughputLimit: "perQueue" })).toBeUndefined();
    expect(differs({ ContentBasedDeduplication: "false" })).toBe("ContentBasedDeduplication");
    expect(differs({ FifoQueue: "true", DeduplicationScope: "messageGroup" })).toBe("DeduplicationScope");
    expect(differs({ FifoThroughputLimit: "perMessageGroupId" })).toBe("FifoThroughputLimit");
  });
});

describe("encryption", () => {
  const kms = set({ KmsMasterKeyId: "alias/mine", KmsDataKeyReusePeriodSeconds: "60" });

  it.each([
    ["TRUE", true],
    ["False", false],
  ])("SqsManagedSseEnabled may be %s", (value, sqsManagedSse) => {
    expect(set({ SqsManagedSseEnabled: value })).toEqual({ ...defaultAttributes, sqsManagedSse });
  });

  it.each(["", "1", "yes", " true"])("SqsManagedSseEnabled may not be %j", (value) => {
    expect(parse({ SqsManagedSseEnabled: value })).toEqual(badValue("SqsManagedSseEnabled"));
  });

  it("is of one kind at a time", () => {
    expect(parse({ KmsMasterKeyId: "k", SqsManagedSseEnabled: "true" })).toEqual(
      refused(
        "InvalidAttributeName",
        "You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.",
      ),
    );
    expect(set({ SqsManagedSseEnabled: "false", KmsMasterKeyId: "k" })).toMatchObject({
      kmsMasterKeyId: "k",
    });
  });

  it("by a KMS key turns that by SQS off", () => {
    expect(kms).toEqual({
      ...defaultAttributes,
      kmsMasterKeyId: "alias/mine",
      kmsDataKeyReuseSeconds: 60,
      sqsManagedSse: false,
    });
  });

  it("by SQS takes the KMS key away", () => {
    expect(set({ SqsManagedSseEnabled: "true" }, kms)).toEqual(defaultAttributes);
  });

  it("without its KMS key is off", () => {
    expect(set({ KmsMasterKeyId: "" }, kms)).toEqual({ ...defaultAttributes, sqsManagedSse: false });
  });

  it("changes from KMS to SQS in one request", () => {
    expect(set({ KmsMasterKeyId: "", SqsManagedSseEnabled: "true" }, kms)).toEqual(defaultAttributes);
  });

  it("takes a key id of any form up to 2048 characters", () => {
    expect(parse({ KmsMasterKeyId: "k".repeat(2048) }).ok).toBe(true);
    expect(parse({ KmsMasterKeyId: "k".repeat(2049) })).toEqual(badValue("KmsMasterKeyId"));
    expect(parse({ KmsMasterKeyId: "a key" })).toEqual(badValue("KmsMasterKeyId"));
  });
});

describe("JSON attributes", () => {
  it.each([
    ["Policy", policy],
    ["RedrivePolicy", redrive],
    ["RedriveAllowPolicy", '{ "redrivePermission" : "denyAll" }'],
  ] as const)("%s is kept to the character and removed by an empty text", (name, text) => {
    const attributes = set({ [name]: text });
    expect(readAttribute(attributes, name)).toBe(text);
    expect(set({ [name]: "" }, attributes)).toEqual(defaultAttributes);
  });

  it.each(["Policy", "RedrivePolicy", "RedriveAllowPolicy"])("%s is checked", (name) => {
    expect(parse({ [name]: "{" })).toMatchObject({ ok: false, error: { kind: "InvalidAttributeValue" } });
  });
});

describe("a change", () => {
  it("leaves everything else as it was", () => {
    const before = set({ Policy: policy, DelaySeconds: "5" });
    expect(set({ VisibilityTimeout: "7" }, before)).toEqual({ ...before, visibilitySeconds: 7 });
    expect(before.visibilitySeconds).toBe(30);
  });
});

describe("a repeated CreateQueue", () => {
  const current = set({ DelaySeconds: "5", Policy: policy, RedrivePolicy: redrive });
  const differs = (request: Request) => firstDifference(current, changes(request));

  it.each([
    {},
    { DelaySeconds: "05", VisibilityTimeout: "30" },
    { SqsManagedSseEnabled: "True", KmsDataKeyReusePeriodSeconds: "300" },
    { Policy: JSON.stringify(JSON.parse(policy)) },
    { Policy: "", RedrivePolicy: "", KmsMasterKeyId: "" },
    { RedrivePolicy: redrive.replace('"5"', "5") },
  ])("agrees with %j", (request: Request) => {
    expect(differs(request)).toBeUndefined();
  });

  it.each([
    [{ DelaySeconds: "6" }, "DelaySeconds"],
    [{ DelaySeconds: "5", VisibilityTimeout: "31", MaximumMessageSize: "1024" }, "VisibilityTimeout"],
    [{ SqsManagedSseEnabled: "false" }, "SqsManagedSseEnabled"],
    [{ KmsMasterKeyId: "k" }, "KmsMasterKeyId"],
    [{ Policy: policy.replace("Allow", "Deny") }, "Policy"],
    [{ RedrivePolicy: redrive.replace('"5"', "6") }, "RedrivePolicy"],
    [{ RedriveAllowPolicy: '{"redrivePermission":"allowAll"}' }, "RedriveAllowPolicy"],
  ])("differs by %j", (request: Request, name) => {
    expect(differs(request)).toBe(name);
  });
});

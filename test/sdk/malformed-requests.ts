import type { Random } from "../support/random.ts";
import { type Exchange, formExchange, jsonExchange, type Signer, signed } from "../support/raw-http.ts";

/** What malformed requests are about: a queue that no request may change. */
export interface Witness {
  /** Of the server, without a trailing slash. */
  readonly serverUrl: string;
  readonly queueUrl: string;
  /** Of a message in flight. */
  readonly handle: string;
  readonly signer: Signer;
}

export interface MalformedRequest {
  readonly wire: Exchange;
  /** What was done to it, for whoever reads of a failure. */
  readonly how: string;
  /** True for what no server may accept; others only read, so that their success changes nothing. */
  readonly mustFail: boolean;
}

/** A request that is wrong in one of many ways; the same random numbers make the same one. */
export function malformedRequest(random: Random, witness: Witness): MalformedRequest {
  const spoil = random.pickWeighted<(random: Random, witness: Witness) => MalformedRequest>([
    [4, spoiledValue],
    [2, brokenBytes],
    [3, editedBytes],
    [2, badSignature],
    [1, wrongEnvelope],
    [1, oddForm],
  ]);
  return spoil(random, witness);
}

type Json = Readonly<Record<string, unknown>>;

interface Sample {
  readonly action: string;
  readonly input: Json;
  /** Members whose absence is an error. */
  readonly required: readonly string[];
  /** Values that are an error each, whatever else the request says. */
  readonly wrong: readonly Json[];
}

const nowhere = { QueueUrl: "http://localhost/000000000000/there-is-no-such-queue-here" };
const foreign = { QueueUrl: "http://localhost/999999999999/witness" };
const badUrls: readonly Json[] = [
  nowhere,
  foreign,
  { QueueUrl: "" },
  { QueueUrl: "http://localhost/" },
  { QueueUrl: "http://localhost/000000000000/a%2" },
  { QueueUrl: `/${"9".repeat(4000)}` },
];

/** One valid request for every action that changes something, and what is wrong in each. */
function samples({ queueUrl: QueueUrl, handle }: Witness): readonly Sample[] {
  const badHandles = ["", "x", `${handle}A`, handle.slice(1), flipped(handle), "\u0000".repeat(36)];
  const badAttributes = [
    { DelaySeconds: "901" },
    { DelaySeconds: "" },
    { VisibilityTimeout: "-1" },
    { Nonsense: "1" },
    { QueueArn: "x" },
    { ContentBasedDeduplication: "true" },
    { Policy: "{" },
    { Policy: `{"a":${'{"a":'.repeat(2000)}` },
    { RedrivePolicy: '{"deadLetterTargetArn":"x","maxReceiveCount":0}' },
    { RedriveAllowPolicy: "[]" },
    { KmsMasterKeyId: "k", SqsManagedSseEnabled: "true" },
    { ["__proto__"]: "x", constructor: "y" },
  ].map((Attributes) => ({ Attributes }));
  const wrongIds = [[], ["a", "a"], [""], ["\u00fc"], ["x".repeat(81)], [..."abcdefghijk"]];
  const entries = (ids: readonly string[], entry: Json) => ({
    Entries: ids.map((Id) => ({ Id, ...entry })),
  });
  const send = { MessageBody: "never stored" };
  const lease = { ReceiptHandle: handle };
  return [
    {
      action: "CreateQueue",
      input: { QueueName: "must-not-appear", Attributes: { DelaySeconds: "1" }, tags: { a: "b" } },
      required: ["QueueName"],
      wrong: [
        ...badAttributes,
        { QueueName: "" },
        { QueueName: "a.b" },
        { QueueName: "x".repeat(81) },
        { QueueName: "witness.fifo" },
        { QueueName: "witness", Attributes: { DelaySeconds: "900" } },
        { tags: { "aws:a": "b" } },
        { tags: { "": "b" } },
      ],
    },
    {
      action: "SetQueueAttributes",
      input: { QueueUrl, Attributes: { DelaySeconds: "900" } },
      required: ["QueueUrl", "Attributes"],
      wrong: [...badUrls, ...badAttributes],
    },
    { action: "DeleteQueue", input: { QueueUrl }, required: ["QueueUrl"], wrong: badUrls },
    { action: "PurgeQueue", input: { QueueUrl }, required: ["QueueUrl"], wrong: badUrls },
    {
      action: "TagQueue",
      input: { QueueUrl, Tags: { new: "tag" } },
      required: ["QueueUrl", "Tags"],
      wrong: [
        ...badUrls,
        { Tags: { "": "x" } },
        { Tags: { ok: "x", ["k".repeat(129)]: "x" } },
        { Tags: { ok: "x", long: "v".repeat(257) } },
        { Tags: { ok: "x", odd: "\u0007" } },
        { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, "v"])) },
      ],
    },
    {
      action: "UntagQueue",
      input: { QueueUrl, TagKeys: ["kept"] },
      required: ["QueueUrl", "TagKeys"],
      wrong: [...badUrls, { TagKeys: ["kept", "k".repeat(129)] }],
    },
    {
      action: "SendMessage",
      input: { QueueUrl, ...send },
      required: ["QueueUrl", "MessageBody"],
      wrong: [
        ...badUrls,
        { MessageBody: "" },
        { MessageBody: "a\u0000b" },
        { MessageBody: "\uffff" },
        { MessageBody: "x".repeat(1_048_577) },
        { DelaySeconds: 901 },
        { DelaySeconds: -1 },
        { MessageDeduplicationId: "x" },
        { MessageGroupId: "with space" },
        ...[
          { a: { DataType: "String" } },
          { a: { StringValue: "x" } },
          { a: { DataType: "Number", StringValue: "NaN" } },
          { "": { DataType: "String", StringValue: "x" } },
          { "AWS.x": { DataType: "String", StringValue: "x" } },
          { a: { DataType: "Binary", StringValue: "x" } },
          { a: { DataType: "String", StringValue: "\u0001" } },
        ].map((MessageAttributes) => ({ MessageAttributes })),
      ],
    },
    {
      action: "SendMessageBatch",
      input: { QueueUrl, ...entries(["a", "b"], send) },
      required: ["QueueUrl", "Entries"],
      wrong: [
        ...badUrls,
        ...wrongIds.map((ids) => entries(ids, send)),
        entries(["a", "b"], {}),
        entries(["a", "b"], { MessageBody: "" }),
        entries(["a", "b"], { MessageBody: "x".repeat(600_000) }),
      ],
    },
    {
      action: "ReceiveMessage",
      input: { QueueUrl },
      required: ["QueueUrl"],
      wrong: [
        ...badUrls,
        { MaxNumberOfMessages: 0 },
        { MaxNumberOfMessages: 11 },
        { WaitTimeSeconds: 21 },
        { VisibilityTimeout: 43_201 },
        { VisibilityTimeout: -1 },
        { AttributeNames: ["Nonsense"] },
        { ReceiveRequestAttemptId: "x" },
      ],
    },
    {
      action: "DeleteMessage",
      input: { QueueUrl, ...lease },
      required: ["QueueUrl", "ReceiptHandle"],
      wrong: [...badUrls, ...badHandles.map((ReceiptHandle) => ({ ReceiptHandle }))],
    },
    {
      action: "DeleteMessageBatch",
      input: { QueueUrl, ...entries(["a"], lease) },
      required: ["QueueUrl", "Entries"],
      wrong: [...badUrls, ...wrongIds.map((ids) => entries(ids, lease)), entries(["a"], {})],
    },
    {
      action: "ChangeMessageVisibility",
      input: { QueueUrl, ...lease, VisibilityTimeout: 0 },
      required: ["QueueUrl", "ReceiptHandle", "VisibilityTimeout"],
      wrong: [
        ...badUrls,
        ...badHandles.map((ReceiptHandle) => ({ ReceiptHandle })),
        { VisibilityTimeout: 43_201 },
        { VisibilityTimeout: -1 },
        { VisibilityTimeout: 43_200 },
      ],
    },
    {
      action: "ChangeMessageVisibilityBatch",
      input: { QueueUrl, ...entries(["a"], { ...lease, VisibilityTimeout: 0 }) },
      required: ["QueueUrl", "Entries"],
      wrong: [
        ...badUrls,
        ...wrongIds.map((ids) => entries(ids, { ...lease, VisibilityTimeout: 0 })),
        entries(["a"], { VisibilityTimeout: 0 }),
      ],
    },
  ];
}

/** Requests that only read. */
function questions({ queueUrl: QueueUrl }: Witness): readonly { action: string; input: Json }[] {
  return [
    { action: "ListQueues", input: { QueueNamePrefix: "wit", MaxResults: 1, NextToken: "x" } },
    { action: "GetQueueUrl", input: { QueueName: "witness", QueueOwnerAWSAccountId: "000000000000" } },
    { action: "GetQueueAttributes", input: { QueueUrl, AttributeNames: ["All"] } },
    { action: "ListQueueTags", input: { QueueUrl } },
  ];
}

/** One value is missing, of the wrong type, or out of bounds. */
function spoiledValue(random: Random, witness: Witness): MalformedRequest {
  const { action, input, required, wrong } = random.pick(samples(witness));
  if (random.chance(0.6)) {
    const values = random.pick(wrong);
    const spoiled = { ...input, ...values };
    return finish(random.chance(0.5) ? jsonExchange(action, spoiled) : query(action, spoiled), {
      how: `${action} with ${JSON.stringify(values).slice(0, 200)}`,
      witness,
    });
  }
  const name = random.pick(required);
  if (random.chance(0.4)) {
    const { [name]: _, ...rest } = input;
    const wire = random.chance(0.5) ? jsonExchange(action, rest) : query(action, rest);
    return finish(wire, { how: `${action} without ${name}`, witness });
  }
  const value = random.pick(["{}", "[{}]", "[[]]", '[null,{"a":1}]', '{"a":{"b":{}}}', deep]);
  const body = JSON.stringify({ ...input, [name]: "?" }).replace('"?"', value);
  return finish(jsonExchange(action, body), {
    how: `${action} with ${name} = ${value.slice(0, 60)}`,
    witness,
  });
}

/** Deeper than a parser that calls itself can go. */
const deep = "[".repeat(200_000) + "]".repeat(200_000);

/** Cut off, or with a byte that no text has. */
function brokenBytes(random: Random, witness: Witness): MalformedRequest {
  const { action, input } = random.pick(samples(witness));
  const wire = jsonExchange(action, input);
  const text = String(wire.body);
  if (random.chance(0.5)) {
    const length = random.between(1, text.length - 1);
    return finish({ ...wire, body: text.slice(0, length) }, { how: `${action} cut off`, witness });
  }
  const bytes = [...Buffer.from(text)];
  bytes.splice(random.between(0, bytes.length), 0, random.pick([0xff, 0xc0, 0x80, 0xfe]));
  return finish({ ...wire, body: Buffer.from(bytes) }, { how: `${action} with a broken byte`, witness });
}

/**
 * Bytes changed, added and removed anywhere. What changes something names a queue so far from any that exists,
 * or a queue name so far from any allowed one, that no few edits mend it.
 */
function editedBytes(random: Random, witness: Witness): MalformedRequest {
  const reads = random.chance(0.4);
  const { action, input } = reads ? random.pick(questions(witness)) : random.pick(samples(witness));
  const harmless = reads ? input : { ...input, ...nowhere, QueueName: "!".repeat(40) };
  const wire = random.chance(0.5) ? jsonExchange(action, harmless) : query(action, harmless);
  const bytes = [...Buffer.from(wire.body)];
  for (let edits = random.between(1, 8); edits > 0; edits--) {
    const at = random.between(0, bytes.length);
    const byte = random.chance(0.5) ? random.between(0, 255) : random.pick(punctuation).charCodeAt(0);
    random.pick([
      () => bytes.splice(at, 1, byte),
      () => bytes.splice(at, 0, byte),
      () => bytes.splice(at, random.between(1, 10)),
      () => bytes.splice(at, 0, ...bytes.slice(0, random.between(0, 60))),
    ])();
  }
  // An edit of the parameter Action may make another action of it, but none that finds something to change.
  return finish(
    { ...wire, body: Buffer.from(bytes) },
    {
      how: `${action} with edited bytes`,
      witness,
      mustFail: !reads,
    },
  );
}

const punctuation = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ":",
  ",",
  "\\",
  "&",
  "=",
  "%",
  "+",
  ".",
  "0",
  "-",
  "\u0000",
  "\n",
];

/** A whole request that nobody signed, or not this way. */
function badSignature(random: Random, witness: Witness): MalformedRequest {
  const { action, input } = random.pick(samples(witness));
  const wire = random.chance(0.5) ? jsonExchange(action, input) : query(action, input);
  const { serverUrl, signer } = witness;
  const whole = signed(serverUrl, wire, signer);
  const authorization = whole.headers["authorization"] ?? "";
  const withHeaders = (headers: Record<string, string>) => ({
    ...whole,
    headers: { ...whole.headers, ...headers },
  });
  const at = random.between(0, authorization.length - 1);
  const spoilt = random.pick<[how: string, wire: Exchange]>([
    ["unsigned", wire],
    ["a wrong secret", signed(serverUrl, wire, { ...signer, secretAccessKey: "wrong" })],
    ["an unknown key", signed(serverUrl, wire, { ...signer, accessKeyId: "AKIAAAAAAAAAAAAAAAAA" })],
    ["an odd key", signed(serverUrl, wire, { ...signer, accessKeyId: "' OR 1=1 --" })],
    ["an old date", signed(serverUrl, wire, { ...signer, atMs: Date.now() - 1_000_000 })],
    ["an early date", signed(serverUrl, wire, { ...signer, atMs: Date.now() + 1_000_000 })],
    ["a region that is none", signed(serverUrl, wire, { ...signer, region: "Mars/Base" })],
    ["another body", { ...whole, body: `${whole.body} ` }],
    ["a session token", withHeaders({ "x-amz-security-token": "x" })],
    ["a wrong payload hash", withHeaders({ "x-amz-content-sha256": "0".repeat(64) })],
    ["another host", withHeaders({ host: "elsewhere.example" })],
    ["no date", withHeaders({ "x-amz-date": "" })],
    ["a signature twice", { ...whole, path: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256" }],
    [
      "no header signed",
      withHeaders({ authorization: authorization.replace(/SignedHeaders=[^,]*/, "SignedHeaders=") }),
    ],
    ["odd headers signed", withHeaders({ authorization: authorization.replace("host;", "host;\u00e9 ;;") })],
    ["a cut authorization", withHeaders({ authorization: authorization.slice(0, at).trim() || "x" })],
    ["another scheme", withHeaders({ authorization: `Basic ${authorization.slice(17)}` })],
    ["an empty authorization", withHeaders({ authorization: "," })],
  ]);
  return { wire: spoilt[1], how: `${action} with ${spoilt[0]}`, mustFail: true };
}

/** The target, method or path is another. */
function wrongEnvelope(random: Random, witness: Witness): MalformedRequest {
  const { action, input } = random.pick(samples(witness));
  const wire = jsonExchange(action, input);
  const target = wire.headers["x-amz-target"] ?? "";
  const at = random.between(0, target.length - 1);
  const form = query(action, input);
  return random.pick<() => MalformedRequest>([
    () => {
      const changed = `${target.slice(0, at)}_${target.slice(at + 1)}`;
      const headers = { ...wire.headers, "x-amz-target": changed };
      return finish({ ...wire, headers }, { how: `target ${changed}`, witness });
    },
    () => {
      const { "x-amz-target": _, ...headers } = wire.headers;
      return finish({ ...wire, headers }, { how: `${action} without a target`, witness });
    },
    () => {
      const headers = { ...form.headers, "content-type": "application/json" };
      return finish({ ...form, headers }, { how: `${action} as a form that says it is JSON`, witness });
    },
    () => {
      const method = random.pick(["PUT", "PATCH", "DELETE", "OPTIONS"]);
      const path = `/?${form.body}`;
      return finish({ method, path, headers: {}, body: "" }, { how: `${method} ${action}`, witness });
    },
    () => {
      const body = String(form.body).replace(`Action=${action}`, `Action=${action}s`);
      return finish({ ...form, body }, { how: `Action=${action}s`, witness });
    },
  ])();
}

/** Parameters that are too many, too deep, numbered oddly or not escaped well. */
function oddForm(random: Random, witness: Witness): MalformedRequest {
  const { action, input } = random.pick(samples(witness));
  const body = String(query(action, { ...input, ...nowhere, QueueName: "!".repeat(40) }).body);
  const extra = random.pick([
    "a&".repeat(10_001),
    `${"a.".repeat(100_000)}=x`,
    "Attribute.99999999999999999999.Name=x&Attribute.-1.Value=y",
    "Attribute=x&Attribute.=y&Attribute..Name=z",
    "__proto__=x&constructor.prototype.y=z&Tag.__proto__.Key=w",
    "%",
    "%E0%A4%A",
    "=&=&=",
    "QueueUrl.1=x&QueueUrl=y",
    "MessageBody.a.b.c.d.e.f.g.h.i.j=x",
    `Entry.1.Id=${"%00".repeat(1000)}`,
  ]);
  const path = "/";
  const { headers } = formExchange({});
  const parts = random.chance(0.5) ? `${extra}&${body}` : `${body}&${extra}`;
  return finish(
    { method: "POST", path, headers, body: parts },
    {
      how: `${action} and ${extra.slice(0, 40)}`,
      witness,
    },
  );
}

/** Signs it, so that only what is malformed stands between it and its effect. */
function finish(
  wire: Exchange,
  { how, witness, mustFail = true }: { how: string; witness: Witness; mustFail?: boolean },
): MalformedRequest {
  const protocol = wire.headers["x-amz-target"] === undefined ? "Query" : "JSON";
  return { wire: signed(witness.serverUrl, wire, witness.signer), how: `${protocol}: ${how}`, mustFail };
}

/** The input as a form, in SQS's flattened names. */
function query(action: string, input: Json): Exchange {
  const parameters: Record<string, string> = { Action: action };
  const put = (name: string, value: unknown) => {
    if (value !== undefined) parameters[name] = String(value);
  };
  const putMembers = (at: string, members: Json) => {
    for (const [name, value] of Object.entries(members)) {
      const flat = flattened[name];
      if (flat === undefined) put(at + name, value);
      else if (Array.isArray(value)) {
        for (const [i, item] of value.entries()) {
          const itemAt = `${at}${flat === entryName ? `${action}RequestEntry` : flat}.${i + 1}`;
          if (typeof item === "object") putMembers(`${itemAt}.`, item as Json);
          else put(itemAt, item);
        }
      } else {
        const [element = "", key = ""] = flat.split(" ");
        for (const [i, [entry, item]] of Object.entries(value as Json).entries()) {
          put(`${at}${element}.${i + 1}.${key}`, entry);
          if (typeof item === "object") putMembers(`${at}${element}.${i + 1}.Value.`, item as Json);
          else put(`${at}${element}.${i + 1}.Value`, item);
        }
      }
    }
  };
  putMembers("", input);
  return formExchange(parameters);
}

const entryName = "{action}RequestEntry";

/** A list's element, or a map's element and the name of its key. */
const flattened: Readonly<Record<string, string>> = {
  Entries: entryName,
  TagKeys: "TagKey",
  AttributeNames: "AttributeName",
  Attributes: "Attribute Name",
  Tags: "Tag Key",
  tags: "Tag Key",
  MessageAttributes: "MessageAttribute Name",
};

/** A handle with one character changed, which its MAC tells. */
function flipped(handle: string): string {
  const middle = handle.length >> 1;
  return `${handle.slice(0, middle)}${handle[middle] === "A" ? "B" : "A"}${handle.slice(middle + 1)}`;
}

import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RunningServer } from "../../scripts/server.ts";
import { signInHeader } from "../auth/signer.ts";
import { Accounts, type Key, ours, policyOf } from "../support/accounts.ts";
import { answerOf, rawCall } from "../support/raw-calls.ts";
import {
  type Exchange,
  exchange,
  formExchange,
  getExchange,
  jsonExchange,
  presigned,
  signed,
} from "../support/raw-http.ts";
import { startTestServer } from "../support/server.ts";
import { openVictim, type Victim } from "../support/victim.ts";

/*
 * Requests that somebody has got hold of, or has made up, and changed. Each is refused in the words that stand here, and
 * after each the queue that it was aimed at is what it was.
 */

let server: RunningServer;
let accounts: Accounts;
let victim: Victim;
let before: unknown;

beforeAll(async () => {
  server = await startTestServer();
  accounts = await Accounts.on(server);
  victim = await openVictim(accounts);
  before = await victim.everything();
});
afterAll(() => server.stop());
afterEach(async () => {
  expect(await victim.everything()).toEqual(before);
});

const region = "us-east-1";
const ask = async (wire: Exchange) => answerOf(await exchange(server.url, wire));
const signedBy = (key: Key, wire: Exchange, atMs?: number) =>
  signed(server.url, wire, { ...key, region, ...(atMs !== undefined && { atMs }) });
const version = { Version: "2012-11-05" };
const minutes = 60_000;
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

const refusals = {
  mismatch: {
    status: 403,
    code: "SignatureDoesNotMatch",
    message:
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
  },
  unknownKey: {
    status: 403,
    code: "InvalidClientTokenId",
    message: "The security token included in the request is invalid.",
  },
  noToken: {
    status: 403,
    code: "MissingAuthenticationToken",
    message: "Request is missing Authentication Token",
  },
} as const;
const incomplete = (message: string) => ({ status: 400, code: "IncompleteSignature", message });
const mismatch = (message: string) => ({ ...refusals.mismatch, message });

describe("a captured request", () => {
  it("is good for a quarter of an hour, as often as it is sent: then it is over", async () => {
    const QueueUrl = await accounts.createQueue();
    const wire = (atMs: number) =>
      signedBy(accounts.admin, jsonExchange("SendMessage", { QueueUrl, MessageBody: "once more" }), atMs);
    const fresh = wire(Date.now() - 14 * minutes);
    for (let n = 0; n < 3; n++) expect(await ask(fresh)).toMatchObject({ status: 200 });
    expect(await ask(wire(Date.now() - 16 * minutes))).toEqual({
      ...refusals.mismatch,
      message: expect.stringMatching(/^Signature expired: \d{8}T\d{6}Z is now earlier than /),
    });
    expect(await ask(wire(Date.now() + 16 * minutes))).toEqual({
      ...refusals.mismatch,
      message: expect.stringMatching(/^Signature not yet current: /),
    });
    const { Messages } = await accounts.sqs().receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    expect(Messages).toHaveLength(3);
  });

  it("to a FIFO queue is stored once, however often it is sent", async () => {
    const QueueUrl = await accounts.createQueue("replay.fifo", { FifoQueue: "true" });
    const message = { MessageBody: "once", MessageGroupId: "g", MessageDeduplicationId: "1" };
    const wire = signedBy(accounts.admin, jsonExchange("SendMessage", { QueueUrl, ...message }));
    for (let n = 0; n < 3; n++) expect(await ask(wire)).toMatchObject({ status: 200 });
    const { Messages } = await accounts.sqs().receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 });
    expect(Messages).toHaveLength(1);
  });

  const withHeaders = (wire: Exchange, headers: Record<string, string>): Exchange => ({
    ...wire,
    headers: { ...wire.headers, ...headers },
  });
  const withAuthorization = (wire: Exchange, change: (header: string) => string): Exchange => {
    const header = wire.headers["authorization"] ?? "";
    expect(change(header)).not.toBe(header);
    return withHeaders(wire, { authorization: change(header) });
  };
  const flipped = (hex: string) => (hex.startsWith("0") ? "1" : "0") + hex.slice(1);
  const inSignature = (change: (hex: string) => string) => (wire: Exchange) =>
    withAuthorization(wire, (header) =>
      header.replace(/(Signature=)(\w+)/, (_, name, hex) => name + change(hex)),
    );
  const inScope = (from: string | RegExp, to: string) => (wire: Exchange) =>
    withAuthorization(wire, (header) => header.replace(from, to));

  it.each<[what: string, change: (wire: Exchange) => Exchange, refusal: object]>([
    ["its body", (wire) => ({ ...wire, body: `${wire.body} ` }), refusals.mismatch],
    ["no body", (wire) => ({ ...wire, body: "" }), refusals.mismatch],
    [
      "its target",
      (wire) => withHeaders(wire, { "x-amz-target": "AmazonSQS.PurgeQueue" }),
      refusals.mismatch,
    ],
    ["its content type", (wire) => withHeaders(wire, { "content-type": "text/plain" }), refusals.mismatch],
    ["a parameter", (wire) => ({ ...wire, path: "/?Action=DeleteQueue" }), refusals.mismatch],
    ["its path", (wire) => ({ ...wire, path: `/${ours}/victim` }), refusals.mismatch],
    ["its host", (wire) => withHeaders(wire, { host: "sqs.us-east-1.amazonaws.com" }), refusals.mismatch],
    ["its instant", (wire) => withHeaders(wire, { "x-amz-date": shifted(wire) }), refusals.mismatch],
    ["its region", inScope(`/${region}/`, "/eu-west-1/"), refusals.mismatch],
    [
      "its service",
      inScope("/sqs/", "/sns/"),
      mismatch("Credential should be scoped to correct service: 'sqs'. "),
    ],
    [
      "its day",
      inScope(/\/\d{8}\//, "/20200101/"),
      mismatch(expect.stringMatching(/^Date in Credential scope does not match YYYYMMDD/)),
    ],
    [
      "its scope's end",
      inScope("aws4_request", "aws4_reques"),
      mismatch("Credential should be scoped with a valid terminator: 'aws4_request', not 'aws4_reques'. "),
    ],
    [
      "its key for another's",
      (wire) => inScope(accounts.admin.accessKeyId, accounts.theirAdmin.accessKeyId)(wire),
      refusals.mismatch,
    ],
    ["its key for none", inScope(/AKIA\w{4}/, "AKIAAAAA"), refusals.unknownKey],
    ["its key's letters", inScope(/AKIA\w+/, "akiaaaaaaaaaaaaaaaaa"), refusals.unknownKey],
    ["a digit of its signature", inSignature(flipped), refusals.mismatch],
    ["its signature's letters", inSignature((hex) => hex.toUpperCase()), refusals.mismatch],
    ["half its signature", inSignature((hex) => hex.slice(0, 32)), refusals.mismatch],
    ["twice its signature", inSignature((hex) => hex + hex), refusals.mismatch],
    [
      "no signature",
      inSignature(() => ""),
      incomplete(expect.stringContaining("Authorization header requires 'Signature' parameter. ")),
    ],
    ["the target not signed", inScope(";x-amz-target", ""), refusals.mismatch],
    [
      "the host not signed",
      inScope("host;", ""),
      mismatch("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."),
    ],
    ["a header signed that is not there", inScope("host;", "host;x-a;"), refusals.mismatch],
    [
      "another algorithm",
      inScope("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
      incomplete("Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'."),
    ],
    [
      "a second authorization",
      (wire) => withAuthorization(wire, (header) => `${header}, ${header}`),
      incomplete(expect.stringMatching(/^'AWS4-HMAC-SHA256' not a valid key=value pair/)),
    ],
    [
      "a bearer's token",
      (wire) => withHeaders(wire, { authorization: "Bearer abc" }),
      incomplete(
        "'abc' not a valid key=value pair (missing equal-sign) in Authorization header: 'Bearer abc'.",
      ),
    ],
    [
      "a signature of version 2",
      (wire) => withHeaders(wire, { authorization: `AWS ${accounts.admin.accessKeyId}:c2ln` }),
      incomplete(expect.stringMatching(/ not a valid key=value pair \(missing equal-sign\)/)),
    ],
    [
      "both kinds of signature",
      (wire) => ({ ...wire, path: "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0" }),
      mismatch("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."),
    ],
    [
      "a session token",
      (wire) => withHeaders(wire, { "x-amz-security-token": "made up" }),
      refusals.unknownKey,
    ],
    [
      "its body, said to be unsigned",
      (wire) => ({
        ...withHeaders(wire, { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" }),
        body: JSON.stringify({ QueueUrl: victim.url, MessageBody: "another" }),
      }),
      refusals.mismatch,
    ],
    [
      "its body and the hash of it",
      (wire) => ({ ...withHeaders(wire, { "x-amz-content-sha256": hashOf("{}") }), body: "{}" }),
      refusals.mismatch,
    ],
    [
      "its body, said to be a stream",
      (wire) => withHeaders(wire, { "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" }),
      refusals.mismatch,
    ],
  ])("is refused with %s", async (_what, change, refusal) => {
    const genuine = jsonExchange("SendMessage", { QueueUrl: victim.url, MessageBody: "captured" });
    expect(await ask(change(signedBy(accounts.admin, genuine)))).toEqual(refusal);
  });

  function shifted(wire: Exchange): string {
    const date = wire.headers["x-amz-date"] ?? "";
    return `${date.slice(0, -2)}${date.endsWith("0Z") ? "1" : "0"}Z`;
  }
});

describe("a signature", () => {
  /** Signed as the client says, on purpose. */
  const made = (more: object, wire = jsonExchange("PurgeQueue", { QueueUrl: victim.url })): Exchange => {
    const now = `${new Date().toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
    const { headers } = signInHeader({
      ...{ method: "POST", path: "/", query: "", timestamp: now, region, service: "sqs" },
      ...accounts.admin,
      headers: { host: new URL(server.url).host, ...wire.headers },
      body: String(wire.body),
      ...more,
    });
    return { ...wire, headers: Object.fromEntries(headers as Headers) };
  };

  it.each([
    ["another service", { service: "iam" }, "Credential should be scoped to correct service: 'sqs'. "],
    ["a service of ours", { service: "kms" }, "Credential should be scoped to correct service: 'sqs'. "],
    ["no region", { region: "" }, "Credential should be scoped to a valid region, not ''. "],
    ["a path", { region: "us_east" }, "Credential should be scoped to a valid region, not 'us_east'. "],
    [
      "another day",
      { date: "20200101" },
      expect.stringMatching(/^Date in Credential scope does not match YYYYMMDD from ISO-8601/),
    ],
  ])("for %s is refused", async (_what, more, message) => {
    expect(await ask(made(more))).toEqual(mismatch(message));
  });

  it("for another region is for that region's queue", async () => {
    expect(await ask(made({ region: "eu-west-1" }))).toEqual({
      status: 400,
      code: "AWS.SimpleQueueService.NonExistentQueue",
      message: "The specified queue does not exist.",
    });
  });

  it("that covers no body is refused over plain HTTP, though it be right", async () => {
    const wire = jsonExchange("PurgeQueue", { QueueUrl: victim.url });
    const headers = { ...wire.headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    const unsigned = made({}, { ...wire, headers });
    expect(await ask(unsigned)).toEqual(refusals.mismatch);
    expect(
      await ask({ ...unsigned, headers: { ...unsigned.headers, "x-forwarded-proto": "https" } }),
    ).toEqual(refusals.mismatch);
  });
});

describe("a presigned URL", () => {
  const genuine = (expiresSeconds = 60, atMs = Date.now()) =>
    presigned(
      server.url,
      getExchange({ ...version, Action: "SendMessage", MessageBody: "presigned" }, `/${ours}/victim`),
      expiresSeconds,
      { ...accounts.admin, region, atMs },
    );
  const target = { "x-amz-target": "AmazonSQS.PurgeQueue" };
  const purge = JSON.stringify({ QueueUrl: "victim" });
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const headersOf = (wire: Exchange, more: Record<string, string>) => ({ ...wire.headers, ...more });

  it.each<[what: string, change: (wire: Exchange) => Exchange, refusal: object]>([
    [
      "with a target added",
      (wire) => ({ ...wire, headers: headersOf(wire, target) }),
      {
        status: 404,
        code: "UnknownOperation",
        message: "The action AmazonSQS.PurgeQueue is not valid for this endpoint.",
      },
    ],
    [
      "posted, with a target added",
      (wire) => ({ ...wire, method: "POST", headers: headersOf(wire, target), body: purge }),
      refusals.mismatch,
    ],
    [
      "posted, with a form",
      (wire) => ({ ...wire, method: "POST", headers: headersOf(wire, form), body: "Action=PurgeQueue" }),
      refusals.mismatch,
    ],
    ["posted", (wire) => ({ ...wire, method: "POST" }), refusals.mismatch],
    [
      "with a body",
      (wire) => ({
        ...wire,
        headers: headersOf(wire, { "content-length": "17" }),
        body: "Action=PurgeQueue",
      }),
      refusals.mismatch,
    ],
    [
      "with a parameter more",
      (wire) => ({ ...wire, path: `${wire.path}&Action=PurgeQueue` }),
      refusals.mismatch,
    ],
    [
      "with a parameter before it",
      (wire) => ({ ...wire, path: wire.path.replace("?", "?Action=PurgeQueue&") }),
      refusals.mismatch,
    ],
    [
      "with another action",
      (wire) => ({ ...wire, path: wire.path.replace("SendMessage", "PurgeQueue") }),
      refusals.mismatch,
    ],
    [
      "with a longer life",
      (wire) => ({ ...wire, path: wire.path.replace("X-Amz-Expires=60", "X-Amz-Expires=600") }),
      refusals.mismatch,
    ],
    [
      "with more than a week's life",
      (wire) => ({ ...wire, path: wire.path.replace("X-Amz-Expires=60", "X-Amz-Expires=604801") }),
      incomplete("X-Amz-Expires must be a whole number of seconds from 1 to 604800."),
    ],
    [
      "without its signature",
      (wire) => ({ ...wire, path: wire.path.replace(/&X-Amz-Signature=\w+/, "") }),
      incomplete(
        "AWS query-string parameters must include 'X-Amz-Signature'. Re-examine the query-string parameters.",
      ),
    ],
    [
      "with its algorithm in other letters, which is no signature",
      (wire) => ({ ...wire, path: wire.path.replace("X-Amz-Algorithm", "x-amz-algorithm") }),
      refusals.noToken,
    ],
  ])("%s is refused", async (_what, change, refusal) => {
    expect(await ask(change(genuine()))).toEqual(refusal);
  });

  it("that has expired is refused, and so is one from the future", async () => {
    expect(await ask(genuine(60, Date.now() - 2 * minutes))).toEqual({
      status: 400,
      code: "RequestExpired",
      message: "Request has expired.",
    });
    expect(await ask(genuine(60, Date.now() + 16 * minutes))).toMatchObject(mismatch(expect.any(String)));
  });
});

describe("a request that says two things", () => {
  const url = () => encodeURIComponent(victim.url);
  const asAdmin = (wire: Exchange) => ask(signedBy(accounts.admin, wire));

  it("does what its target says, whatever its parameters say", async () => {
    const wire = jsonExchange("ListQueues", { QueueNamePrefix: "victim" });
    const path = `/?Action=DeleteQueue&QueueUrl=${url()}&Version=2012-11-05`;
    expect(JSON.parse((await asAdmin({ ...wire, path })).message)).toEqual({ QueueUrls: [victim.url] });
    const form = formExchange({ ...version, Action: "DeleteQueue", QueueUrl: victim.url });
    const both = { ...form, headers: { ...form.headers, "x-amz-target": "AmazonSQS.ListQueues" } };
    expect(await asAdmin(both)).toEqual({
      status: 400,
      code: "MalformedInput",
      message: "The request body is not a JSON object.",
    });
  });

  it("does the first of two actions, the URL's before the form's", async () => {
    const form = formExchange({ ...version, Action: "DeleteQueue", QueueUrl: victim.url });
    const listing = await asAdmin({ ...form, path: "/?Action=ListQueues" });
    expect(listing.message).toContain("<ListQueuesResult>");
    const twice = { ...form, body: `Action=ListQueues&${form.body}` };
    expect((await asAdmin(twice)).message).toContain("<ListQueuesResult>");
  });

  it("is about the queue that it names, and not the one that it is sent to", async () => {
    const other = await accounts.createQueue();
    const purging = formExchange({ ...version, Action: "PurgeQueue", QueueUrl: other }, `/${ours}/victim`);
    expect(await asAdmin(purging)).toMatchObject({ status: 200 });
  });

  it("by two targets names none", async () => {
    const wire = jsonExchange("ListQueues", {});
    const headers = { ...wire.headers, "x-amz-target": "AmazonSQS.ListQueues, AmazonSQS.DeleteQueue" };
    expect(await asAdmin({ ...wire, headers })).toEqual({
      status: 404,
      code: "UnknownOperation",
      message: "The action ListQueues, AmazonSQS.DeleteQueue is not valid for this endpoint.",
    });
  });

  it("has a body that is no form when it says that it is JSON", async () => {
    const form = formExchange({ ...version, Action: "DeleteQueue", QueueUrl: victim.url });
    const wire = { ...form, headers: { "content-type": "application/json" } };
    expect(await asAdmin(wire)).toMatchObject({ status: 404, code: "UnknownOperation" });
  });
});

it("an address that a client claims opens nothing where no proxy is trusted", async () => {
  const Condition = { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } };
  const Policy = policyOf({ Effect: "Allow", Principal: "*", Action: "sqs:*", Resource: "*", Condition });
  const QueueUrl = await accounts.createQueue(undefined, { Policy, SqsManagedSseEnabled: "false" });
  const claims = [
    "cf-connecting-ip",
    "x-forwarded-for",
    "x-real-ip",
    "true-client-ip",
    "forwarded",
    "x-client-ip",
  ];
  for (const claim of claims) {
    const headers = { [claim]: claim === "forwarded" ? "for=10.0.0.1" : "10.0.0.1" };
    const call = { action: "ReceiveMessage", input: { QueueUrl }, headers };
    expect(await rawCall(server.url, accounts.theirAdmin, call), claim).toMatchObject({
      status: 403,
      code: "AccessDenied",
    });
    const unsigned = jsonExchange("ReceiveMessage", { QueueUrl });
    expect(await ask({ ...unsigned, headers: { ...unsigned.headers, ...headers } }), claim).toEqual(
      refusals.noToken,
    );
  }
});

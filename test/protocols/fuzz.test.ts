import { expect, test } from "vitest";
import { detect } from "../../src/protocols/detect.ts";
import { wireErrors } from "../../src/protocols/errors.ts";
import type { WireRequest } from "../../src/protocols/protocol.ts";
import { isKnown } from "../support/decode.ts";
import { type Random, randomFrom } from "../support/random.ts";
import { sqsShapes } from "../support/sqs-shapes.ts";
import { request, stamp } from "../support/wire.ts";

const ROUNDS = 20_000;

test("no request makes decoding throw or blame ourselves", () => {
  const outcomes = new Map<string, number>();
  for (let seed = 1; seed <= ROUNDS; seed++) {
    const random = randomFrom(seed);
    const wire = random.chance(0.5) ? jsonLike(random) : formLike(random);
    const outcome = `${wire.headers.get("x-amz-target") === null ? "query" : "json"} ${decodeGuarded(wire, seed)}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  // The mutations are worth something only if they leave some requests whole and break others in every way.
  for (const outcome of [
    "json decoded",
    "json MissingParameter",
    "json SerializationException",
    "json UnknownOperation",
    "query decoded",
    "query MissingParameter",
    "query SerializationException",
    "query MalformedQueryString",
    "query MissingAction",
    "query UnknownOperation",
    "query InvalidAction",
  ]) {
    expect(outcomes.get(outcome) ?? 0, outcome).toBeGreaterThan(20);
  }
});

function decodeGuarded(wire: WireRequest, seed: number): string {
  const text = `seed ${seed}: ${wire.method} ${wire.path}?${wire.query} ${new TextDecoder().decode(wire.body)}`;
  try {
    const call = detect(wire);
    const protocol = call.ok ? call.value.protocol : call.error.protocol;
    let error = call.ok ? undefined : call.error.error;
    if (call.ok && !isKnown(call.value.action)) error = protocol.unknownAction(call.value.action);
    else if (call.ok && isKnown(call.value.action)) {
      const input = call.value.decode(sqsShapes[call.value.action].input);
      if (!input.ok) error = input.error;
    }
    if (error === undefined) return "decoded";
    expect(wireErrors[error.kind].status, text).toBeLessThan(500);
    expect(protocol.encodeError(error, stamp).body, text).not.toBe("");
    return error.kind;
  } catch (cause) {
    throw new Error(text, { cause });
  }
}

const jsonBodies = [
  '{"QueueUrl":"http://h/1/q","MessageBody":"b","DelaySeconds":5,"MessageAttributes":{"a":{"DataType":"Binary","BinaryValue":"AQID"}}}',
  '{"QueueUrl":"q","Entries":[{"Id":"1","MessageBody":"one"},{"Id":"2","MessageBody":"two","DelaySeconds":0}]}',
  '{"QueueName":"q","Attributes":{"DelaySeconds":"5","Policy":""},"tags":{"__proto__":"b"}}',
  '{"QueueUrl":"q","AttributeNames":["All"],"MaxNumberOfMessages":10,"WaitTimeSeconds":0}',
  "{}",
];

const jsonPieces = [
  "null",
  "[]",
  "{}",
  "-1",
  "1e999",
  '"\\ud800"',
  "true",
  '"x"',
  "[[",
  "}}",
  ",",
  ":",
  '"',
  "\\",
];

function jsonLike(random: Random): WireRequest {
  const action = random.pick(Object.keys(sqsShapes));
  const headers = random.pickWeighted<Record<string, string>>([
    [8, { "x-amz-target": `AmazonSQS.${action}` }],
    [1, { "x-amz-target": mutated(random, `AmazonSQS.${action}`, ["S", ".", "a"]) }],
    [1, { "content-type": "application/x-amz-json-1.0" }],
  ]);
  const body = mutated(random, random.pick(jsonBodies), jsonPieces);
  return request(
    random.pick(["POST", "POST", "GET", "PUT"]),
    path(random),
    "",
    bytesOf(random, body),
    headers,
  );
}

const forms = [
  "QueueUrl=q&MessageBody=b&DelaySeconds=5&MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.BinaryValue=AQID",
  "QueueUrl=q&SendMessageBatchRequestEntry.1.Id=1&SendMessageBatchRequestEntry.1.MessageBody=one&SendMessageBatchRequestEntry.2.Id=2",
  "QueueName=q&Attribute.1.Name=DelaySeconds&Attribute.1.Value=5&Tag.1.Key=a&Tag.1.Value=b",
  "QueueUrl=q&AttributeName.1=All&MaxNumberOfMessages=10&WaitTimeSeconds=0",
  "QueueUrl=q&TagKey.1=a&TagKey.2=b&AttributeName=All",
];

const formPieces = [
  "&",
  "=",
  ".",
  "%",
  "%zz",
  "%00",
  "%C3",
  "+",
  "..",
  ".1.",
  ".-1.",
  "99999999999",
  "__proto__",
  "x",
];

function formLike(random: Random): WireRequest {
  const action = random.pickWeighted([
    [8, `Action=${random.pick(Object.keys(sqsShapes))}&Version=2012-11-05`],
    [1, "Action=Nonsense"],
    [1, "Action="],
  ]);
  const form = mutated(random, random.pick(forms), formPieces);
  const inUrl = random.chance(0.3);
  return request(
    random.pickWeighted([
      [5, "POST"],
      [3, "GET"],
      [1, "DELETE"],
    ]),
    path(random),
    inUrl ? `${action}&${form}` : "",
    inUrl ? "" : bytesOf(random, `${action}&${form}`),
    random.chance(0.8) ? { "content-type": "application/x-www-form-urlencoded; charset=utf-8" } : {},
  );
}

function path(random: Random): string {
  return random.pick(["/", "/", "/000000000000/q", "//", "/%2e/%00", "/a/b/c/", ""]);
}

/** Cuts, repeats and inserts a few times; sometimes not at all. */
function mutated(random: Random, text: string, pieces: readonly string[]): string {
  let result = text;
  for (let left = random.between(0, 3); left > 0; left--) {
    const from = random.between(0, result.length);
    const to = Math.min(result.length, from + random.between(0, 12));
    const middle = random.pick(["", random.pick(pieces), result.slice(from, to).repeat(3)]);
    result = result.slice(0, from) + middle + result.slice(to);
  }
  return result;
}

/** The text's bytes; once in a while one of them is flipped. */
function bytesOf(random: Random, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > 0 && random.chance(0.1))
    bytes[random.between(0, bytes.length - 1)] = random.between(0, 255);
  return bytes;
}

import { fromBase64, fromUtf8Strict, toBase64 } from "../lib/bytes.ts";
import { err, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import type { Shape, StructureShape } from "../shapes/shape.ts";
import { wireErrorOf } from "./errors.ts";
import { decodeWith, type Findings, malformed, setMember, wrongType } from "./findings.ts";
import type { Protocol, Stamp, WireResponse } from "./protocol.ts";

/**
 * AWS JSON: a POST with the action in `X-Amz-Target` and one JSON object each way.
 *
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 * @see https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
function jsonProtocol(version: "1.0" | "1.1"): Protocol {
  const contentType = `application/x-amz-json-${version}`;
  return {
    name: "aws-json",
    opening: "{",

    encode(_action, output, value, stamp) {
      const body = output.fields.length === 0 ? "" : JSON.stringify(toJson(output, value));
      return answer(200, stamp, body, { "Content-Type": contentType });
    },

    encodeError(error, stamp) {
      const { json, query, status, fault } = wireErrorOf(error);
      const body = JSON.stringify({ __type: json, message: error.message });
      const headers = { "x-amzn-query-error": `${query};${fault}`, "Content-Type": contentType };
      return answer(status, stamp, body, headers);
    },

    unknownAction(action) {
      return sqsError("UnknownOperation", `The action ${action} is not valid for this endpoint.`);
    },
  };
}

/** As SQS speaks it. */
export const awsJson = jsonProtocol("1.0");
/** As KMS speaks it: only the name differs. */
export const awsJson11 = jsonProtocol("1.1");

/** No body at all is an input without members, which is how hand-made requests write it. */
export function decodeJson(input: StructureShape, body: Uint8Array): Result<unknown, SqsError> {
  const json = body.length === 0 ? {} : parse(body);
  if (Array.isArray(json)) return err(malformed(wrongType.list));
  if (!isObject(json)) return err(malformed("The request body is not a JSON object."));
  return decodeWith((findings) => readStructure(input, json, "", findings));
}

type JsonObject = Readonly<Record<string, unknown>>;

function parse(body: Uint8Array): unknown {
  const text = fromUtf8Strict(body);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param at where the value stands, spelled as in Query, because SQS names parameters so in both protocols */
function read(shape: Shape, json: unknown, at: string, findings: Findings): unknown {
  switch (shape.type) {
    case "string":
      if (typeof json === "string") return json;
      if (typeof json === "number" || typeof json === "boolean") return String(json);
      break;
    case "integer":
      // A fraction is cut off, as AWS does it; adding 0 turns -0 into 0.
      if (typeof json === "number" && Number.isSafeInteger(Math.trunc(json))) return Math.trunc(json) + 0;
      break;
    case "boolean":
      if (typeof json === "boolean") return json;
      break;
    case "timestamp":
      if (typeof json === "number" && Number.isFinite(json)) return Math.round(json * 1000);
      break;
    case "blob": {
      const bytes = typeof json === "string" ? fromBase64(json) : undefined;
      if (bytes !== undefined) return bytes;
      break;
    }
    case "list":
      if (Array.isArray(json)) {
        const values: unknown[] = [];
        for (const item of json) {
          if (item === null) continue;
          values.push(read(shape.member, item, `${at}${shape.queryName}.${values.length + 1}.`, findings));
        }
        return values;
      }
      break;
    case "map":
      if (isObject(json)) {
        const values = new Map<string, unknown>();
        for (const key of Object.keys(json)) {
          const item = json[key];
          if (item === null) continue;
          const itemAt = `${at}${shape.queryName}.${values.size + 1}.${shape.queryValue}.`;
          values.set(key, read(shape.value, item, itemAt, findings));
        }
        return values;
      }
      break;
    case "structure":
      if (isObject(json)) return readStructure(shape, json, at, findings);
      break;
  }
  findings.malformed ??= mismatch(shape, json);
  return undefined;
}

function readStructure(shape: StructureShape, json: JsonObject, at: string, findings: Findings): unknown {
  const structure: Record<string, unknown> = {};
  for (const field of shape.fields) {
    const [name, member] = field;
    let item = json[name] ?? undefined;
    for (const alias of member.aliases) item ??= json[alias] ?? undefined;
    const value = item === undefined ? undefined : read(member.shape, item, at, findings);
    setMember(structure, field, value, at, findings);
  }
  return structure;
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}

/** The texts of AWS's own parser, as far as they were seen. */
function mismatch(shape: Shape, json: unknown): string {
  if (Array.isArray(json)) return wrongType.list;
  if (typeof json === "object") return wrongType.structure;
  switch (shape.type) {
    case "list":
      return "Expected list or null";
    case "map":
      return "Expected map or null";
    case "structure":
      return "Expected null";
    case "integer":
      return `${tokenOf(json)} can not be converted to an Integer`;
    case "boolean":
      return `${tokenOf(json)} can not be converted to a Boolean`;
    case "timestamp":
      return `${tokenOf(json)} can not be converted to a Timestamp`;
    case "blob":
      return `${tokenOf(json)} can not be converted to a Blob`;
    case "string":
      return `${tokenOf(json)} can not be converted to a String`;
  }
}

/** STRING_VALUE, NUMBER_VALUE, TRUE_VALUE or FALSE_VALUE. */
function tokenOf(json: unknown): string {
  const token = typeof json === "boolean" ? String(json) : typeof json;
  return `${token.toUpperCase()}_VALUE`;
}

/** The value as `JSON.stringify` wants it. */
function toJson(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case "timestamp":
      return (value as number) / 1000;
    case "blob":
      return toBase64(value as Uint8Array);
    case "list":
      return (value as readonly unknown[]).map((item) => toJson(shape.member, item));
    case "map": {
      // Without a prototype, a client's key `__proto__` is a key like any other.
      const entries: Record<string, unknown> = Object.create(null);
      for (const [key, item] of value as ReadonlyMap<string, unknown>)
        entries[key] = toJson(shape.value, item);
      return entries;
    }
    case "structure": {
      const members: Record<string, unknown> = {};
      for (const [name, { shape: memberShape }] of shape.fields) {
        const item = (value as JsonObject)[name];
        if (item !== undefined && !isLeftOut(memberShape, item)) members[name] = toJson(memberShape, item);
      }
      return members;
    }
    default:
      return value;
  }
}

function isLeftOut(shape: Shape, value: unknown): boolean {
  if (shape.type === "list") return !shape.keepEmpty && (value as readonly unknown[]).length === 0;
  return shape.type === "map" && (value as ReadonlyMap<string, unknown>).size === 0;
}

function answer(status: number, stamp: Stamp, body: string, more: Record<string, string>): WireResponse {
  return {
    status,
    headers: {
      "x-amzn-RequestId": stamp.requestId,
      ...more,
      Date: new Date(stamp.nowMs).toUTCString(),
    },
    body,
  };
}

import { fromUtf8Strict } from "../lib/bytes.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type SqsError, sqsError } from "../queue/errors.ts";
import { awsJson, decodeJson } from "./aws-json.ts";
import { decodeForm } from "./aws-query.ts";
import { jsonDialectOf, queryDialectOf } from "./dialects.ts";
import { childOf, emptyForm, type FormNode, readForm, setParameter } from "./form.ts";
import type { Protocol, WireCall, WireRequest } from "./protocol.ts";

/** A request that names no action we could look for, and the protocol to say so in. */
export interface Undetected {
  readonly error: SqsError;
  readonly protocol: Protocol;
}

/**
 * Which protocol a request speaks and which action it asks for. `X-Amz-Target` makes it AWS JSON, on every
 * path; otherwise it is Query, with its parameters in the URL, the body, or both.
 *
 * @returns `UnknownOperation`, `MissingAction` or `MalformedQueryString` otherwise.
 */
export function detect(request: WireRequest): Result<WireCall, Undetected> {
  const target = request.headers.get("x-amz-target");
  return target === null ? detectQuery(request) : detectJson(request, target);
}

function detectJson(request: WireRequest, target: string): Result<WireCall, Undetected> {
  const dialect = request.method === "POST" ? jsonDialectOf(target) : undefined;
  if (!dialect) return err({ error: awsJson.unknownAction(target), protocol: awsJson });
  return ok({
    protocol: dialect.protocol,
    service: dialect.service,
    action: target.slice(dialect.prefix.length),
    onQueuePath: false,
    decode: (input) => decodeJson(input, request.body),
  });
}

function detectQuery(request: WireRequest): Result<WireCall, Undetected> {
  const isPost = request.method === "POST";
  const isJson = (request.headers.get("content-type") ?? "").toLowerCase().includes("json");
  const form = emptyForm();
  if (!readParameters(form, request.query, isPost && !isJson ? request.body : undefined)) {
    return err({ error: malformedQuery, protocol: queryDialectOf(undefined, undefined).protocol });
  }
  const version = childOf(form, "Version")?.value;
  const { protocol, service } = queryDialectOf(version, version ? undefined : scopeOf(request));
  const action = childOf(form, "Action")?.value ?? "";
  if (action === "" || (!isPost && request.method !== "GET")) {
    if (isPost && isJson) return err({ error: noTarget, protocol: awsJson });
    return err({ error: isPost ? missingAction : unknownOperation, protocol });
  }
  const queuePath = service === "sqs" ? queuePathOf(request.path) : undefined;
  if (queuePath !== undefined) setParameter(form, "QueueUrl", queuePath);
  return ok({
    protocol,
    service,
    action,
    onQueuePath: queuePath !== undefined,
    decode: (input) => decodeForm(input, form),
  });
}

const malformedQuery = sqsError("MalformedQueryString", "The query string contains a syntax error.");
const missingAction = sqsError("MissingAction", "The request must contain the parameter Action.");
const unknownOperation = sqsError("UnknownOperation", "The request names no action.");
const noTarget = sqsError("UnknownOperation", "The request must contain the header X-Amz-Target.");

function readParameters(form: FormNode, query: string, body: Uint8Array | undefined): boolean {
  if (!readForm(form, query)) return false;
  if (body === undefined) return true;
  const text = fromUtf8Strict(body);
  return text !== undefined && readForm(form, text);
}

/** The service in the scope of a signature, which is not looked at any further here. */
function scopeOf({ headers, query }: WireRequest): string | undefined {
  const signed = headers.get("authorization") ?? query;
  return /(?:\/|%2F)([a-z]+)(?:\/|%2F)aws4_request/i.exec(signed)?.[1];
}

/** `/{account}/{name}` of a queue's URL; a proxy may have put more in front of it. */
function queuePathOf(path: string): string | undefined {
  const [account, name] = path
    .split("/")
    .filter((part) => part !== "")
    .slice(-2);
  return account === undefined || name === undefined ? undefined : `/${account}/${name}`;
}

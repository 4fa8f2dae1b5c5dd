import { awsJson, awsJson11 } from "./aws-json.ts";
import { awsQuery } from "./aws-query.ts";
import type { Protocol, ServiceName } from "./protocol.ts";

/** How a client that speaks AWS JSON names a service, and which version of the protocol it expects. */
export interface JsonDialect {
  readonly service: ServiceName;
  /** What `X-Amz-Target` begins with. */
  readonly prefix: string;
  readonly protocol: Protocol;
}

const jsonDialects: readonly JsonDialect[] = [
  { service: "sqs", prefix: "AmazonSQS.", protocol: awsJson },
  { service: "kms", prefix: "TrentService.", protocol: awsJson11 },
];

/** @returns undefined for a target of no service, or without an action */
export function jsonDialectOf(target: string): JsonDialect | undefined {
  return jsonDialects.find(({ prefix }) => target.startsWith(prefix) && target.length > prefix.length);
}

export interface QueryDialect {
  readonly service: ServiceName;
  readonly protocol: Protocol;
}

const iam = query("iam", "https://iam.amazonaws.com/doc/2010-05-08/");
const sts = query("sts", "https://sts.amazonaws.com/doc/2011-06-15/");
const sns = query("sns", "http://sns.amazonaws.com/doc/2010-03-31/");
const sqs = query("sqs", sqsNamespace("2012-11-05"));

const byVersion = new Map([
  ["2010-05-08", iam],
  ["2011-06-15", sts],
  ["2010-03-31", sns],
  ["2012-11-05", sqs],
]);
const byService = new Map([iam, sts, sns, sqs].map((dialect) => [dialect.service as string, dialect]));

/**
 * Which service a Query request is for: its `Version` tells, for no two services have the same; without one the
 * scope of its signature; else it is SQS, which answers in the namespace of whatever version it was asked for.
 *
 * @param scope the service that the signature names, if there is one
 */
export function queryDialectOf(version: string | undefined, scope: string | undefined): QueryDialect {
  if (version === undefined) return byService.get(scope ?? "") ?? sqs;
  const known = byVersion.get(version);
  if (known) return known;
  return /^\d{4}-\d\d-\d\d$/.test(version) ? query("sqs", sqsNamespace(version)) : sqs;
}

function query(service: ServiceName, namespace: string): QueryDialect {
  return { service, protocol: awsQuery(namespace) };
}

function sqsNamespace(version: string): string {
  return `http://queue.amazonaws.com/doc/${version}/`;
}

/**
 * Where a queue's objects live, by the AWS region its clients chose.
 *
 * @see https://developers.cloudflare.com/durable-objects/reference/data-location/
 */
export function locationHintOf(region: string): DurableObjectLocationHint {
  const known = hints.find(([prefix]) => region.startsWith(prefix));
  return known ? known[1] : "enam";
}

/** An object's name: the queue's uid and the shard's number. */
export function shardName(uid: string): string {
  return `${uid}:0`;
}

/** The first prefix that fits decides. */
const hints: readonly [string, DurableObjectLocationHint][] = [
  ["us-east-", "enam"],
  ["us-west-", "wnam"],
  ["us-gov-east-", "enam"],
  ["us-gov-west-", "wnam"],
  ["ca-west-", "wnam"],
  ["ca-", "enam"],
  ["mx-", "wnam"],
  ["sa-", "sam"],
  ["eu-central-", "eeur"],
  ["eu-north-", "eeur"],
  ["eu-", "weur"],
  ["il-", "me"],
  ["me-", "me"],
  ["af-", "afr"],
  ["ap-southeast-2", "oc"],
  ["ap-southeast-4", "oc"],
  ["ap-southeast-6", "oc"],
  ["ap-", "apac"],
  ["cn-", "apac"],
];

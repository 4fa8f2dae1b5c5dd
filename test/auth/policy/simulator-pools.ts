import type { Principal } from "../../../src/auth/policy/decide.ts";
import {
  alice,
  away,
  awayRoot,
  bob,
  guest,
  home,
  nobody,
  root,
  sns,
  stranger,
  strangerRole,
  variable,
  worker,
  workerRole,
} from "./asking.ts";

/** What cases are made of: what the simulator takes as we do, and what it may not. */
export interface Pool<T> {
  readonly plain: readonly T[];
  readonly odd: readonly T[];
}

/** A condition key with what a request may say of it, and what a policy may want. */
export interface Key {
  readonly name: string;
  readonly said: Pool<string>;
  readonly wanted: Pool<string>;
  readonly several?: true;
}

export const principals: Pool<Principal> = {
  plain: [alice, alice, bob, worker, worker, stranger, sns, nobody],
  odd: [root, awayRoot, guest],
};

export type NamedPrincipals = "*" | Readonly<Record<string, readonly string[]>>;

export const named: Pool<NamedPrincipals> = {
  plain: [
    "*",
    { AWS: ["*"] },
    { AWS: [home] },
    { AWS: [`arn:aws:iam::${home}:root`] },
    { AWS: [away] },
    { AWS: [alice.arn] },
    { AWS: [alice.arn, bob.arn] },
    { AWS: [worker.arn] },
    { AWS: [workerRole] },
    { AWS: [workerRole, worker.arn] },
    { AWS: [strangerRole] },
    { AWS: [stranger.arn, alice.arn] },
    { Service: ["sns.amazonaws.com"] },
    { Service: ["s3.amazonaws.com"], AWS: [alice.arn] },
  ],
  odd: [
    { AWS: [alice.arn, home] },
    { AWS: [bob.arn, away] },
    { AWS: [guest.arn] },
    { AWS: [`arn:aws:iam::${home}:user/guest`] },
  ],
};

export const queue = { arn: `arn:aws:sqs:us-east-1:${home}:jobs-alice`, account: home };
export const key = {
  arn: `arn:aws:kms:us-east-1:${home}:key/1234abcd-12ab-34cd-56ef-1234567890ab`,
  account: home,
};
const role = { arn: `arn:aws:iam::${home}:role/trusted`, account: home };

export const questions = [
  { action: "sqs:SendMessage", resource: queue },
  { action: "sqs:SendMessage", resource: queue },
  { action: "sqs:ReceiveMessage", resource: queue },
  { action: "sqs:DeleteQueue", resource: queue },
  { action: "sqs:ListQueues", resource: { arn: "*", account: home } },
  { action: "kms:Decrypt", resource: key },
  { action: "sts:AssumeRole", resource: role },
];

export const actions: Pool<string> = {
  plain: [
    ...["*", "*", "sqs:*", "sqs:*", "SQS:sendmessage", "sqs:Receive*", "sqs:?endMessage"],
    ...["kms:*", "kms:Decrypt", "sts:Assume*", "s3:GetObject"],
  ],
  odd: [],
};

export const resources: Pool<string> = {
  plain: [
    ...["*", "*", "*", queue.arn, queue.arn, "arn:aws:sqs:*", key.arn, role.arn],
    `arn:aws:sqs:*:${home}:jobs-*`,
    `arn:aws:sqs:us-east-1:${home}:jobs-?lice`,
    `arn:aws:sqs:us-east-1:${home}:Jobs-alice`,
    `arn:aws:sqs:us-east-1:${away}:*`,
    `arn:aws:kms:us-east-1:${home}:key/${variable("aws:PrincipalTag/key")}-*`,
    `arn:aws:kms:us-east-1:${home}:key/${variable("aws:PrincipalTag/none, '1234abcd'")}-*`,
    `arn:aws:kms:us-east-1:${home}:key/${variable("aws:PrincipalTag/none")}-*`,
  ],
  odd: [
    "arn:aws:sqs",
    "arn:aws:*:jobs-alice",
    `arn:aws:SQS:us-east-1:${home}:*`,
    `arn:aws:sqs:us-east-1:${home}:jobs-${variable("aws:username")}`,
  ],
};

const text: Omit<Key, "name"> = {
  said: { plain: ["red", "Red", "blue", "r*d", "?$", "reed"], odd: [] },
  wanted: {
    plain: [
      ...["red", "RED", "re?", "r*", "*e*", "*", "blue", "r.d", "r*d"],
      ...[variable("aws:PrincipalTag/wish"), variable("aws:PrincipalTag/none, 'red'")],
    ],
    odd: [`r${variable("*")}d`, variable("?") + variable("$"), variable("aws:PrincipalTag/none")],
  },
};
const texts: readonly Key[] = [
  { name: "aws:PrincipalTag/team", ...text },
  { name: "aws:PrincipalTag/color", ...text },
  { name: "aws:UserAgent", ...text },
];
const lists: readonly Key[] = [{ name: "aws:TagKeys", ...text, several: true }];
const arn: Omit<Key, "name"> = {
  said: {
    plain: [
      `arn:aws:sns:us-east-1:${home}:news`,
      `arn:aws:sns:us-east-1:${home}:news:sub:1`,
      `arn:aws:sns:eu-west-1:${away}:news`,
      "arn:aws:s3:::bucket",
    ],
    odd: ["news"],
  },
  wanted: {
    plain: [
      `arn:aws:sns:us-east-1:${home}:news`,
      `arn:aws:sns:*:${home}:*`,
      "arn:aws:*:*:*:*",
      "arn:aws:s3:::buck?t",
      "arn:aws:sns:us-east-?:1*1:news",
      `arn:aws:sns:us-east-1:${home}:${variable("aws:PrincipalTag/topic")}`,
    ],
    odd: ["arn:aws:sns:*:news", "arn:aws:sns:*"],
  },
};
const arns: readonly Key[] = [
  { name: "aws:SourceArn", ...arn },
  { name: "aws:PrincipalArn", ...arn },
];
const numbers: readonly Key[] = [
  {
    name: "aws:MultiFactorAuthAge",
    said: { plain: ["60", "60.0", "0", "3600", "-1"], odd: ["never"] },
    wanted: { plain: ["60", "59.5", "3600", "0"], odd: [] },
  },
];
const dates = ["2026-11-22T10:00:00Z", "2026-11-22T19:00:00+09:00", "2026-11-22", "2026-12-01T00:00:00.5Z"];
const seconds = ["1795341600", "1795341601", "0"];
const instants: readonly Key[] = [
  { name: "aws:CurrentTime", said: { plain: dates, odd: [] }, wanted: { plain: dates, odd: seconds } },
  { name: "aws:EpochTime", said: { plain: seconds, odd: [] }, wanted: { plain: seconds, odd: dates } },
];
const bools: readonly Key[] = ["aws:SecureTransport", "aws:MultiFactorAuthPresent"].map((name) => ({
  name,
  said: { plain: ["true", "false"], odd: [] },
  wanted: { plain: ["true", "false", "True"], odd: [] },
}));
const addresses: readonly Key[] = [
  {
    name: "aws:SourceIp",
    said: { plain: ["10.1.2.3", "192.0.2.1", "2001:db8::1"], odd: ["2001:db8:0:0:0:0:0:1"] },
    wanted: {
      plain: ["10.0.0.0/8", "192.0.2.0/31", "2001:db8::/32", "::/0"],
      odd: ["10.1.2.3", "2001:db8::1", "0.0.0.0/0"],
    },
  },
];
const blobs: readonly Key[] = [
  {
    name: "aws:PrincipalTag/blob",
    said: { plain: ["QmluYXJ5", "AAAA"], odd: [] },
    wanted: { plain: ["QmluYXJ5", "AAAB"], odd: [] },
  },
];
export const keys = [texts, lists, arns, numbers, instants, bools, addresses, blobs].flat();

const ofTexts = ["Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike"];
const ofOrder = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"];

/** Every operator, with keys of its type. */
export const operators: readonly (readonly [name: string, keys: readonly Key[]])[] = [
  ...ofTexts.map((name) => [`String${name}`, texts] as const),
  ...ofTexts.map((name) => [`String${name}`, lists] as const),
  ...ofOrder.map((name) => [`Numeric${name}`, numbers] as const),
  ...ofOrder.map((name) => [`Date${name}`, instants] as const),
  ...["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"].map((name) => [name, arns] as const),
  ...["IpAddress", "NotIpAddress"].map((name) => [name, addresses] as const),
  ["Bool", bools],
  ["BinaryEquals", blobs],
  ["Null", keys],
];

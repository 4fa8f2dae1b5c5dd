/*
 * Policies such as a team writes that shares an account with others. None of them ends the search early: what allows a
 * send stands in the last one, and every Deny before it has to be looked into.
 */

/** The tag that they ask for. */
export const team = { Key: "team", Value: "orders" };

/** Three managed policies, by name: what the organization forbids, other services, and the reading side. */
export const managedPolicies: Readonly<Record<string, string>> = {
  GuardRails: policy([
    {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: {
        StringNotEquals: { "aws:RequestedRegion": ["us-east-1", "eu-west-1", "ap-northeast-2"] },
      },
    },
    {
      Effect: "Deny",
      Action: "*",
      Resource: "*",
      Condition: { IpAddress: { "aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"] } },
    },
    {
      Effect: "Deny",
      NotAction: ["sqs:*", "sns:*", "sts:*", "kms:*"],
      Resource: "*",
      Condition: { StringNotLike: { "aws:PrincipalArn": "arn:aws:iam::*:role/admin/*" } },
    },
  ]),
  OtherServices: policy([
    {
      Effect: "Allow",
      Action: ["s3:GetObject", "s3:PutObject", "s3:List*"],
      Resource: ["arn:aws:s3:::orders-*", "arn:aws:s3:::orders-*/*"],
    },
    {
      Effect: "Allow",
      Action: ["dynamodb:*Item", "dynamodb:Query"],
      Resource: "arn:aws:dynamodb:*:*:table/orders-*",
    },
    { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: "*" },
  ]),
  ReadingSide: policy([
    {
      Effect: "Allow",
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:Get*"],
      Resource: "arn:aws:sqs:*:*:orders-*",
    },
    { Effect: "Allow", Action: "sqs:List*", Resource: "*" },
  ]),
};

/** An inline policy: only it allows to send, and to assume the role of `roleArn`. */
export function inlinePolicy(roleArn: string): string {
  return policy([
    {
      Effect: "Allow",
      Action: ["sqs:SendMessage", "sqs:GetQueueUrl"],
      // A variable is looked up with each request.
      Resource: `arn:aws:sqs:*:\${aws:PrincipalAccount}:${queuePrefix}*`,
      Condition: {
        StringEquals: { "aws:PrincipalTag/team": team.Value },
        DateGreaterThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" },
      },
    },
    { Effect: "Allow", Action: "sts:AssumeRole", Resource: roleArn },
  ]);
}

/** How the names of queues begin that the inline policy is about. */
export const queuePrefix = "orders-";

/** A queue's policy with conditions: it opens the queue to the account's own policies, and closes it to strangers. */
export function queuePolicy(queueArn: string, account: string): string {
  const Resource = queueArn;
  return policy([
    {
      Effect: "Deny",
      Principal: "*",
      Action: "sqs:*",
      Resource,
      Condition: { StringNotEquals: { "aws:PrincipalAccount": account } },
    },
    {
      Effect: "Deny",
      Principal: "*",
      Action: "sqs:SendMessage",
      Resource,
      Condition: { DateLessThan: { "aws:CurrentTime": "2020-01-01T00:00:00Z" } },
    },
    {
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${account}:root` },
      Action: ["sqs:SendMessage", "sqs:ReceiveMessage"],
      Resource,
      Condition: { ArnLike: { "aws:PrincipalArn": ["arn:aws:iam::*:user/*", "arn:aws:iam::*:role/*"] } },
    },
  ]);
}

/** Whoever is of the account may assume the role, if their own policies say so, too. */
export function trustPolicy(account: string): string {
  return policy([
    { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: "sts:AssumeRole" },
  ]);
}

function policy(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

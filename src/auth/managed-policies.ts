/**
 * The policies of AWS itself that users of queues attach. They are here for everyone and nobody can change them.
 *
 * What they say of services that are not served here is left out: it could allow nothing.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 */
export interface ManagedPolicy {
  readonly arn: string;
  /** `ANPA…`, the same as at AWS. */
  readonly policyId: string;
  readonly name: string;
  readonly path: string;
  readonly description: string;
  readonly createdAtSeconds: number;
  /** JSON. */
  readonly document: string;
}

/** @returns the document, as JSON; undefined if AWS has no such policy, or it is not here */
export function managedPolicy(arn: string): string | undefined {
  return byArn.get(arn)?.document;
}

export function findManagedPolicy(arn: string): ManagedPolicy | undefined {
  return byArn.get(arn);
}

/** In the order of their ARNs. */
export const managedPolicies: readonly ManagedPolicy[] = [
  policy("AdministratorAccess", {
    policyId: "ANPAIWMBCKSKIEE64ZLYK",
    description: "Provides full access to AWS services and resources.",
    statements: [allow("*")],
  }),
  policy("AmazonSNSFullAccess", {
    policyId: "ANPAJWEKLCXXUNT2SOLSG",
    description: "Provides full access to Amazon SNS via the AWS Management Console.",
    statements: [allow("sns:*")],
  }),
  policy("AmazonSNSReadOnlyAccess", {
    policyId: "ANPAIZGQCQTFOFPMHSB6W",
    description: "Provides read only access to Amazon SNS via the AWS Management Console.",
    statements: [
      allow(
        "sns:GetTopicAttributes",
        "sns:List*",
        "sns:CheckIfPhoneNumberIsOptedOut",
        "sns:GetEndpointAttributes",
        "sns:GetDataProtectionPolicy",
        "sns:GetPlatformApplicationAttributes",
        "sns:GetSMSAttributes",
        "sns:GetSMSSandboxAccountStatus",
        "sns:GetSubscriptionAttributes",
      ),
    ],
  }),
  policy("AmazonSQSFullAccess", {
    policyId: "ANPAI65L554VRJ33ECQS6",
    description: "Provides full access to Amazon SQS via the AWS Management Console.",
    statements: [allow("sqs:*")],
  }),
  policy("AmazonSQSReadOnlyAccess", {
    policyId: "ANPAIUGSSQY362XGCM6KW",
    description: "Provides read only access to Amazon SQS via the AWS Management Console.",
    statements: [
      allow(
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListDeadLetterSourceQueues",
        "sqs:ListQueues",
        "sqs:ListMessageMoveTasks",
        "sqs:ListQueueTags",
      ),
    ],
  }),
  policy("IAMFullAccess", {
    policyId: "ANPAI7XKCFMBPM3QQRRVQ",
    description: "Provides full access to IAM via the AWS Management Console.",
    statements: [allow("iam:*")],
  }),
  policy("IAMReadOnlyAccess", {
    policyId: "ANPAJKSO7NDY4T57MWDSQ",
    description: "Provides read only access to IAM via the AWS Management Console.",
    statements: [
      allow(
        "iam:GenerateCredentialReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:Get*",
        "iam:List*",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
      ),
    ],
  }),
  policy("PowerUserAccess", {
    policyId: "ANPAJYRXTHIB4FOVS3ZXS",
    description:
      "Provides full access to AWS services and resources, but does not allow management of Users and groups.",
    statements: [
      { Effect: "Allow", NotAction: ["iam:*", "organizations:*", "account:*"], Resource: "*" },
      allow("iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole", "iam:ListRoles"),
    ],
  }),
  policy("AWSLambdaSQSQueueExecutionRole", {
    policyId: "ANPAJFWJZI6JNND4TSELK",
    path: "/service-role/",
    description:
      "Provides receive message, delete message, and read attribute access to SQS queues, and write permissions " +
      "to CloudWatch logs.",
    createdAtSeconds: Date.UTC(2018, 5, 14) / 1000,
    statements: [allow("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")],
  }),
];

const byArn: ReadonlyMap<string, ManagedPolicy> = new Map(managedPolicies.map((each) => [each.arn, each]));

type Statement = Readonly<Record<string, unknown>>;

function allow(...actions: readonly string[]): Statement {
  return { Effect: "Allow", Action: actions, Resource: "*" };
}

function policy(
  name: string,
  about: {
    readonly policyId: string;
    readonly description: string;
    readonly statements: readonly Statement[];
    readonly path?: string;
    readonly createdAtSeconds?: number;
  },
): ManagedPolicy {
  const { path = "/", createdAtSeconds = Date.UTC(2015, 1, 6) / 1000 } = about;
  return {
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    policyId: about.policyId,
    name,
    path,
    description: about.description,
    createdAtSeconds,
    document: JSON.stringify({ Version: "2012-10-17", Statement: about.statements }),
  };
}

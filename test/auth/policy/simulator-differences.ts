import { alice, guest, home, root, variable, worker } from "./asking.ts";
import type { Case, Document, Statement } from "./simulator-cases.ts";
import { key, queue } from "./simulator-pools.ts";
import {
  conditionsOf,
  documentsOf,
  hasUnknown,
  isShortArn,
  notResourcesOf,
  resourcesOf,
  statementsOf,
  type WrittenCondition,
} from "./simulator-reading.ts";

/** Where we decide otherwise than the simulator, and why. */
export interface Difference {
  readonly why: string;
  /** Whether the case has what we differ about. */
  readonly has: (given: Case) => boolean;
  readonly example: Case;
  readonly ours: string;
  readonly theirs: string;
}

/** docs/decisions/0015-policy-decisions.md tells them in prose. */
export const differences: readonly Difference[] = [
  {
    why: "an account's root needs no policy; the simulator knows no root",
    has: ({ principal }) => principal.kind === "root",
    example: example({ principal: root }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "no session policy limits what a resource allows to everyone, or to the session itself",
    has: ({ session, principal, policy }) =>
      session !== undefined &&
      statementsOf(policy).some(({ Effect, Principal: named }) => {
        const { AWS: arns = [] } = named === "*" ? { AWS: ["*"] } : (named ?? {});
        return Effect === "Allow" && (arns.includes("*") || arns.includes(principal.arn));
      }),
    example: example({
      principal: worker,
      session: documentWith({ Action: ["sqs:ReceiveMessage"] }),
      policy: documentWith({ Principal: { AWS: [worker.arn] } }),
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "a NotPrincipal of an account and somebody of it spares only the latter; the simulator spares all",
    has: ({ principal, policy }) =>
      statementsOf(policy).some(({ NotPrincipal: named = "*" }) => {
        const { AWS: arns = [] } = named === "*" ? {} : named;
        return arns.includes(principal.account) && arns.length > 1;
      }),
    example: example({
      principal: worker,
      identity: [documentWith({})],
      policy: documentWith({ Effect: "Deny", NotPrincipal: { AWS: [alice.arn, home] } }),
    }),
    ours: "ExplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "which user made a federated user is not told by its name, as the simulator thinks",
    has: ({ principal, policy }) =>
      principal.kind === "federated" && JSON.stringify(policy ?? {}).includes(":user/guest"),
    example: example({
      principal: guest,
      policy: documentWith({ Principal: { AWS: [`arn:aws:iam::${home}:user/guest`] } }),
    }),
    ours: "ImplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "before version 2012-10-17 variables are text; the simulator fills them in",
    has: (given) =>
      documentsOf(given).some((each) => each.Version === "2008-10-17" && JSON.stringify(each).includes("${")),
    example: example({
      identity: [{ ...documentWith(wants("StringEquals", variable("aws:username"))), Version: "2008-10-17" }],
      context: { "aws:username": "alice", "aws:UserAgent": "alice" },
    }),
    ours: "ImplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "a variable without a value is equal to nothing, so a negated operator holds; for the simulator none does",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, wanted }) => operator.includes("Not") && wanted.some((text) => hasUnknown(given, text)),
      ),
    example: example({
      identity: [
        documentWith({}),
        documentWith({ Effect: "Deny", ...wants("StringNotEquals", variable("aws:username")) }),
      ],
      context: { "aws:UserAgent": "alice" },
    }),
    ours: "ExplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "a resource with a variable without a value is none, so NotResource spares none; the simulator spares all",
    has: (given) => notResourcesOf(given).some((text) => hasUnknown(given, text)),
    example: example({
      action: "kms:Decrypt",
      resource: key,
      identity: [
        documentWith({
          Effect: "Deny",
          NotResource: [`arn:aws:kms:us-east-1:${home}:key/${variable("aws:PrincipalTag/none")}`],
        }),
      ],
      policy: documentWith({ Principal: "*" }),
    }),
    ours: "ExplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "a variable may begin the last part of an ARN; the simulator takes the colon in its name for a border",
    has: (given) => resourcesOf(...documentsOf(given)).some((text) => /:[^:/]*\$\{[^}]*:/.test(text)),
    example: example({
      identity: [documentWith({ Resource: [queue.arn.replace("alice", variable("aws:username"))] })],
      context: { "aws:username": "alice" },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "the escapes of signs mean the signs where wildcards mean nothing, too; the simulator leaves them as text",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, wanted }) =>
          /^String(Not)?Equals/.test(operator) && wanted.some((text) => /\$\{[*?$]\}/.test(text)),
      ),
    example: example({
      identity: [documentWith(wants("StringEquals", `r${variable("*")}d`))],
      context: { "aws:UserAgent": "r*d" },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "a date and seconds since 1970 are compared as instants; the simulator takes the seconds for milliseconds",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, said, wanted }) =>
          operator.startsWith("Date") &&
          said.some((value) => wanted.some((text) => isIso(text) !== isIso(value))),
      ),
    example: example({
      identity: [documentWith({ Condition: { DateEquals: { "aws:CurrentTime": ["1795341600"] } } })],
      context: { "aws:CurrentTime": "2026-11-22T10:00:00Z" },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "an IPv6 address has many spellings; the simulator compares single ones as texts, and only with IPv6",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, said, wanted }) =>
          operator.endsWith("IpAddress") &&
          wanted.some((text) => !text.includes("/")) &&
          [...said, ...wanted].some((text) => text.includes(":")),
      ),
    example: example({
      identity: [documentWith({ Condition: { IpAddress: { "aws:SourceIp": ["2001:db8::1"] } } })],
      context: { "aws:SourceIp": "2001:db8:0:0:0:0:0:1" },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "0.0.0.0/0 is every IPv4 address; the simulator's shift by 32 makes it one",
    has: (given) => conditionsOf(given).some(({ wanted }) => wanted.includes("0.0.0.0/0")),
    example: example({
      identity: [documentWith({ Condition: { IpAddress: { "aws:SourceIp": ["0.0.0.0/0"] } } })],
      context: { "aws:SourceIp": "10.1.2.3" },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "a value that cannot be compared does not keep a negated operator from denying",
    has: (given) => conditionsOf(given).some((each) => denies(each) && each.said.some(isUnreadable)),
    example: example({
      identity: [
        documentWith({}),
        documentWith({
          Effect: "Deny",
          Condition: { NumericNotEquals: { "aws:MultiFactorAuthAge": ["60"] } },
        }),
      ],
      context: { "aws:MultiFactorAuthAge": "never" },
    }),
    ours: "ExplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "several values without a quantifier do not keep a negated operator from denying",
    has: (given) =>
      conditionsOf(given).some(
        (each) => denies(each) && each.quantifier === undefined && each.said.length > 1,
      ),
    example: example({
      identity: [
        documentWith({}),
        documentWith({ Effect: "Deny", Condition: { StringNotEquals: { "aws:TagKeys": ["a"] } } }),
      ],
      context: { "aws:TagKeys": ["a", "b"] },
    }),
    ours: "ExplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "a key that could have several values needs no quantifier while it has one",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, key, quantifier, said }) =>
          operator !== "Null" && key === "aws:tagkeys" && quantifier === undefined && said.length === 1,
      ),
    example: example({
      identity: [documentWith({ Condition: { StringEquals: { "aws:TagKeys": ["a"] } } })],
      context: { "aws:TagKeys": ["a"] },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "an ARN pattern that ends in a star stands for the parts it lacks",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, wanted }) =>
          operator.startsWith("Arn") && wanted.some((text) => isShortArn(text) && text.endsWith("*")),
      ),
    example: example({
      identity: [documentWith({ Condition: { ArnLike: { "aws:SourceArn": ["arn:aws:sns:*"] } } })],
      context: { "aws:SourceArn": `arn:aws:sns:us-east-1:${home}:news` },
    }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "any other pattern of too few parts is no ARN, and its not being met lets nobody in",
    has: (given) =>
      conditionsOf(given).some(
        ({ operator, wanted }) =>
          operator.startsWith("ArnNot") && wanted.some((text) => isShortArn(text) && !text.endsWith("*")),
      ),
    example: example({
      identity: [documentWith({ Condition: { ArnNotLike: { "aws:SourceArn": ["arn:aws:sns:*:news"] } } })],
      context: { "aws:SourceArn": `arn:aws:sns:us-east-1:${home}:news` },
    }),
    ours: "ImplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "a star in a resource's own policy reaches across colons",
    has: ({ policy }) => resourcesOf(policy).some((text) => isShortArn(text) && !text.endsWith("*")),
    example: example({ policy: documentWith({ Principal: "*", Resource: ["arn:aws:*:jobs-alice"] }) }),
    ours: "Allowed",
    theirs: "ImplicitlyDenied",
  },
  {
    why: "NotResource spares what an incomplete ARN means and no more; the simulator spares all",
    has: (given) => notResourcesOf(given).some(isShortArn),
    example: example({
      identity: [documentWith({}), documentWith({ Effect: "Deny", NotResource: ["arn:aws:sns"] })],
    }),
    ours: "ExplicitlyDenied",
    theirs: "Allowed",
  },
  {
    why: "an ARN is matched with regard to case; the simulator disregards it in the first five parts",
    has: (given) => resourcesOf(...documentsOf(given)).some((text) => text.includes(":SQS:")),
    example: example({ identity: [documentWith({ Resource: [`arn:aws:SQS:us-east-1:${home}:*`] })] }),
    ours: "ImplicitlyDenied",
    theirs: "Allowed",
  },
];

/** Alice sends, and no policy knows of it. */
function example(parts: Partial<Case>): Case {
  return {
    principal: alice,
    action: "sqs:SendMessage",
    resource: queue,
    context: {},
    identity: [],
    session: undefined,
    policy: undefined,
    ...parts,
  };
}

/** Of one statement, which allows everything unless it is told otherwise. */
function documentWith(parts: Partial<Statement>): Document {
  const all = { Effect: "Allow", Action: ["*"], ...(!parts.NotResource && { Resource: ["*"] }) } as const;
  return { Version: "2012-10-17", Statement: [{ ...all, ...parts }] };
}

function wants(operator: string, text: string): Pick<Statement, "Condition"> {
  return { Condition: { [operator]: { "aws:UserAgent": [text] } } };
}

function denies({ effect, operator }: WrittenCondition): boolean {
  return effect === "Deny" && operator.includes("Not");
}

function isIso(text: string): boolean {
  return text.includes("-");
}

/** The values in the pools that are none of their key's type. */
function isUnreadable(value: string): boolean {
  return value === "never" || value === "news";
}

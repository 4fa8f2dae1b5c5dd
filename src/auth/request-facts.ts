import type { Caller } from "./caller.ts";
import type { ConditionContext } from "./policy/decide.ts";

/** What a request says of itself beside its caller, for the conditions of policies. */
export interface RequestFacts {
  /** When it came in. */
  readonly nowMs: number;
  /** `aws:RequestedRegion` */
  readonly region: string;
  /** `aws:SourceIp`; undefined where nobody trustworthy tells it. */
  readonly sourceIp: string | undefined;
  /** Whether it came over TLS. */
  readonly secure: boolean;
  readonly userAgent: string | undefined;
  readonly referer: string | undefined;
}

/** What only one access is about. */
export interface AccessFacts {
  /** `aws:ResourceTag/…` */
  readonly resourceTags?: Readonly<Record<string, string>> | undefined;
  /** `aws:RequestTag/…` and `aws:TagKeys`; a key alone where tags are taken away. */
  readonly requestTags?: RequestTags | undefined;
  /** Keys of one service, such as `kms:ViaService`, in lower case. */
  readonly more?: ReadonlyMap<string, string> | undefined;
}

export type RequestTags = Iterable<readonly [key: string, value: string | undefined]>;

/**
 * The values of condition keys, computed when a condition asks.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export function conditionsOf(caller: Caller, request: RequestFacts, access: AccessFacts): ConditionContext {
  return {
    get(key) {
      const value = key.includes("/")
        ? taggedValue(key, caller, access)
        : plainValues.get(key)?.(caller, request);
      if (value !== undefined) return [value];
      if (key === "aws:tagkeys") return access.requestTags && Array.from(access.requestTags, ([tag]) => tag);
      const more = access.more?.get(key);
      return more === undefined ? undefined : [more];
    },
  };
}

type Value = (caller: Caller, request: RequestFacts) => string | undefined;

/** A map: of an object, a policy could ask for `constructor` as well. */
const plainValues: ReadonlyMap<string, Value> = new Map(
  Object.entries<Value>({
    "aws:sourceip": (_, { sourceIp }) => sourceIp,
    "aws:securetransport": (_, { secure }) => String(secure),
    "aws:useragent": (_, { userAgent }) => userAgent,
    "aws:referer": (_, { referer }) => referer,
    "aws:requestedregion": (_, { region }) => region,
    "aws:currenttime": (_, { nowMs }) => new Date(nowMs).toISOString(),
    "aws:epochtime": (_, { nowMs }) => String(Math.floor(nowMs / 1000)),
    "aws:principalarn": ({ kind, roleArn, arn }) => (signs(kind) ? (roleArn ?? arn) : undefined),
    "aws:principalaccount": ({ kind, account }) => (signs(kind) ? account : undefined),
    "aws:principaltype": ({ kind }) => principalTypes[kind],
    "aws:principalisawsservice": ({ kind }) => String(kind === "service"),
    "aws:principalservicename": ({ service }) => service,
    "aws:userid": ({ userId }) => userId,
    "aws:username": ({ userName }) => userName,
    "aws:tokenissuetime": ({ tokenIssuedAtMs }) =>
      tokenIssuedAtMs === undefined ? undefined : new Date(tokenIssuedAtMs).toISOString(),
    "aws:sourceidentity": ({ session }) => session?.sourceIdentity,
    // Nobody here has a second factor; long-lived keys do not know the key at all.
    "aws:multifactorauthpresent": ({ session }) => (session ? "false" : undefined),
    "aws:viaawsservice": () => "false",
    "aws:sourcearn": ({ source }) => source?.arn,
    "aws:sourceaccount": ({ source }) => source?.account,
  }),
);

const principalTypes = {
  root: "Account",
  user: "User",
  role: "AssumedRole",
  federated: "FederatedUser",
  service: undefined,
  anonymous: "Anonymous",
} as const;

function signs(kind: Caller["kind"]): boolean {
  return kind !== "anonymous" && kind !== "service";
}

/** Tags are looked up by the whole key in any case, for conditions name keys in any case. */
function taggedValue(key: string, caller: Caller, access: AccessFacts): string | undefined {
  const slash = key.indexOf("/");
  const [kind, name] = [key.slice(0, slash), key.slice(slash + 1)];
  switch (kind) {
    case "aws:principaltag":
      return tagOf(caller.tags, name);
    case "aws:resourcetag":
      return tagOf(access.resourceTags && Object.entries(access.resourceTags), name);
    case "aws:requesttag":
      return tagOf(access.requestTags, name);
    default:
      return undefined;
  }
}

function tagOf(tags: RequestTags | undefined, name: string): string | undefined {
  for (const [key, value] of tags ?? []) if (key.toLowerCase() === name) return value;
  return undefined;
}

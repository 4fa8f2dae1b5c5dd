import type { KeyPrincipal, OwnPolicies, PrincipalTags, RolePrincipal } from "../catalog/principals.ts";
import { openSecret, type RootKeys } from "../encryption/secrets.ts";
import { assert } from "../lib/result.ts";
import { type Caller, type CallerSession, rootCaller } from "./caller.ts";
import { accessKeyOwner, roleArn, sessionArn, userArn } from "./identity.ts";
import { managedPolicy } from "./managed-policies.ts";
import type { Policy } from "./policy/document.ts";
import { policyOf } from "./policy/document.ts";
import type { Session, SessionHolder } from "./session-token.ts";
import type { Credential } from "./sigv4.ts";

/** From what the catalog has of a principal to the caller that it is. */

/** A role whose sessions may come. */
export interface KnownRole {
  readonly account: string;
  readonly roleId: string;
  readonly name: string;
  readonly arn: string;
  readonly tags: ReadonlyMap<string, string>;
  readonly policies: readonly Policy[];
}

/** Throws if the key's secret does not open. */
export function openKey(key: KeyPrincipal, roots: RootKeys): Credential {
  const { accessKeyId, account, userName, userId, path } = key;
  const secret = openSecret(roots, key.sealedSecret, accessKeyOwner(accessKeyId));
  assert(
    secret.ok,
    `the secret of access key ${accessKeyId} does not open: ${secret.ok ? "" : secret.error}`,
  );
  return {
    secretAccessKey: secret.value,
    caller:
      userName === ""
        ? rootCaller(account, accessKeyId)
        : {
            kind: "user",
            ...{ account, arn: userArn(account, userName, path), userId, accessKeyId, userName },
            ...tagged(tagMap(key.tags)),
            policies: policiesOf(key, accessKeyId),
          },
  };
}

export function knownRole(role: RolePrincipal): KnownRole {
  const { account, roleId, roleName: name, path } = role;
  const arn = roleArn(account, name, path);
  return { account, roleId, name, arn, tags: tagMap(role.tags), policies: policiesOf(role, arn) };
}

/**
 * The caller of a user's, or root's, own temporary credentials.
 *
 * @param user whose key issued them; undefined: there is none any more
 */
export function userSessionCaller(
  { accessKeyId, session }: OpenedSession,
  user: Caller | undefined,
): Caller | undefined {
  if (session.holder.kind !== "user" || user === undefined) return undefined;
  return user.userId === session.holder.userId
    ? { ...user, accessKeyId, ...sessionFacts(session) }
    : undefined;
}

/**
 * The caller of a role's session.
 *
 * @param role undefined: there is none any more. One of another id was created after the session.
 * @param sessionPolicies undefined: the session is not limited
 */
export function roleSessionCaller(
  { accessKeyId, session }: OpenedSession,
  role: KnownRole | undefined,
  sessionPolicies: readonly Policy[] | undefined,
): Caller | undefined {
  const { holder } = session;
  if (holder.kind !== "role" || role?.roleId !== holder.roleId) return undefined;
  return {
    kind: "role",
    account: role.account,
    arn: sessionArn(role.account, role.name, holder.sessionName),
    roleArn: role.arn,
    userId: roleUserId(holder),
    accessKeyId,
    ...tagged(withSessionTags(role.tags, session.tags)),
    policies: role.policies,
    ...(sessionPolicies && { sessionPolicies }),
    ...sessionFacts(session),
  };
}

/** `AROA…:session`, also the AssumedRoleId and the SenderId of messages. */
export function roleUserId({ roleId, sessionName }: Extract<SessionHolder, { kind: "role" }>): string {
  return `${roleId}:${sessionName}`;
}

/** A session whose token was opened beside this key. */
export interface OpenedSession {
  readonly accessKeyId: string;
  readonly session: Session;
}

function sessionFacts(session: Session): Required<Pick<Caller, "tokenIssuedAtMs" | "session">> {
  const { issuingKeyId, sourceIdentity, tags = [], transitiveTagKeys = [] } = session;
  const inherited = tags.filter(([key]) => transitiveTagKeys.includes(key));
  const facts: CallerSession = {
    issuingKeyId,
    ...(inherited.length > 0 && { transitiveTags: new Map(inherited) }),
    ...(sourceIdentity !== undefined && { sourceIdentity }),
  };
  return { tokenIssuedAtMs: session.issuedAtSeconds * 1000, session: facts };
}

/** A session's tag takes the place of the role's of the same key, in whatever case. */
function withSessionTags(
  own: ReadonlyMap<string, string>,
  tags: Session["tags"] = [],
): ReadonlyMap<string, string> {
  if (tags.length === 0) return own;
  const given = new Set(tags.map(([key]) => key.toLowerCase()));
  return new Map([...Array.from(own).filter(([key]) => !given.has(key.toLowerCase())), ...tags]);
}

function policiesOf({ policies, awsPolicyArns }: OwnPolicies, whose: string): readonly Policy[] {
  const documents = [...policies];
  for (const arn of awsPolicyArns) {
    const document = managedPolicy(arn);
    if (document === undefined) console.error(`${whose} has policy ${arn}, which does not exist`);
    else documents.push(document);
  }
  return documents.map((document) => policyOf(document, "identity"));
}

function tagMap(tags: PrincipalTags): ReadonlyMap<string, string> {
  return new Map(Object.entries(tags));
}

function tagged(tags: ReadonlyMap<string, string>): Pick<Caller, "tags"> {
  return tags.size > 0 ? { tags } : {};
}

import type { Owner } from "../../catalog/identities/owner.ts";
import { ok, type Result } from "../../lib/result.ts";
import type { ActionError, ServiceError } from "../../queue/errors.ts";
import { type Infer, type Members, required, type StructureShape, string } from "../../shapes/shape.ts";
import type { AccountAction, RequestContext } from "../action.ts";
import { type Check, constraints, violated } from "./constraints.ts";
import { iamErrors } from "./errors.ts";
import { iamAction, type Subject } from "./iam-action.ts";
import { roleSubject, userSubject } from "./subjects.ts";

/** Users and roles have policies, tags and much else by the same rules: their actions are declared once for both. */
export interface OwnerKind {
  readonly kind: Owner["kind"];
  /** In the names of actions. */
  readonly noun: "User" | "Role";
  /** What names it in a request. */
  readonly member: "UserName" | "RoleName";
  /** As error texts name that. */
  readonly checkedAs: string;
  find(name: string, context: RequestContext): Promise<Subject<FoundOwner>>;
  missing(name: string): ServiceError;
}

export interface FoundOwner extends Owner {
  /** JSON object, key to value. */
  readonly tags: string;
}

export const userKind: OwnerKind = {
  kind: "user",
  noun: "User",
  member: "UserName",
  checkedAs: "userName",
  find: async (name, context) => asOwner("user", await userSubject(name, context)),
  missing: iamErrors.noSuchUser,
};

export const roleKind: OwnerKind = {
  kind: "role",
  noun: "Role",
  member: "RoleName",
  checkedAs: "roleName",
  find: async (name, context) => asOwner("role", await roleSubject(name, context)),
  missing: iamErrors.noSuchRole,
};

export const ownerKinds: readonly OwnerKind[] = [userKind, roleKind];

/** An action on a user or role, which the request names beside its other `input`. */
export function ownerAction<I extends Members, O extends Members>(
  of: OwnerKind,
  declared: {
    readonly name: string;
    readonly input: I;
    readonly output: O;
    readonly checks?: (input: Infer<StructureShape<I>>) => readonly Check[];
    /** What is wrong with the input beyond single values. */
    readonly problem?: (input: Infer<StructureShape<I>>) => ActionError | undefined;
    /** Of the request, for conditions. */
    readonly asks?: (input: Infer<StructureShape<I>>) => Pick<Subject<unknown>, "requestTags" | "more">;
    readonly changes?: boolean;
    readonly run: (
      context: RequestContext & { readonly input: Infer<StructureShape<I>>; readonly found: FoundOwner },
    ) => Promise<Result<Infer<StructureShape<O>>, ActionError>>;
  },
): AccountAction {
  const { name, output, changes, checks, problem, asks, run } = declared;
  // The member's name is known when this runs, not when it is compiled.
  const nameIn = (input: unknown) => (input as Readonly<Record<string, string>>)[of.member] ?? "";
  return iamAction({
    name,
    input: { [of.member]: required(string), ...declared.input } as I,
    output,
    check: (input) =>
      violated([[of.checkedAs, nameIn(input), constraints.name], ...(checks?.(input) ?? [])]) ??
      problem?.(input),
    find: async (input, context) => {
      const subject = await of.find(nameIn(input), context);
      const { more = [], ...facts } = asks?.(input) ?? {};
      return ok({ ...subject, ...facts, more: new Map([...(subject.more ?? []), ...more]) });
    },
    ...(changes !== undefined && { changes }),
    run,
  });
}

function asOwner(kind: Owner["kind"], subject: Subject<Omit<FoundOwner, "kind">>): Subject<FoundOwner> {
  const { found } = subject;
  return { ...subject, found: found.ok ? ok({ ...found.value, kind }) : found };
}

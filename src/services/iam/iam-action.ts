import { type Access, authorize } from "../../auth/authorize.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type ActionError, sqsError } from "../../queue/errors.ts";
import type { Infer, Members, StructureShape } from "../../shapes/shape.ts";
import { type AccountAction, accountAction, type RequestContext } from "../action.ts";

/** What an action is about, as policies see it, and what was found there. */
export interface Subject<S> {
  readonly arn: string;
  /** Of somebody else's, which nothing here allows; the caller's own account if not given. */
  readonly account?: string;
  /** `aws:ResourceTag/…`, `iam:ResourceTag/…` */
  readonly tags?: Readonly<Record<string, string>>;
  readonly requestTags?: Access["requestTags"];
  /** Other condition keys, in lower case. */
  readonly more?: ReadonlyMap<string, string>;
  /** The error is answered only to those who may: others do not learn what is there. */
  readonly found: Result<S, ActionError>;
}

interface Declaration<I extends Members, O extends Members, S> {
  /** Also the permission: `iam:{name}`. */
  readonly name: string;
  readonly input: I;
  readonly output: O;
  /** What is wrong with the input by itself. */
  readonly check?: (input: Infer<StructureShape<I>>) => ActionError | undefined;
  readonly find: (
    input: Infer<StructureShape<I>>,
    context: RequestContext,
  ) => Subject<S> | Promise<Result<Subject<S>, ActionError>>;
  /** Afterwards this isolate remembers nothing of who may do what in the account. */
  readonly changes?: boolean;
  readonly run: (
    context: RequestContext & { readonly input: Infer<StructureShape<I>>; readonly found: S },
  ) => Promise<Result<Infer<StructureShape<O>>, ActionError>>;
}

/**
 * An action of IAM: check the input, find what it is about, ask whether the caller may, run. There is no way to `run`
 * but through `authorize`, and nothing is found but in the caller's own account.
 */
export function iamAction<I extends Members, O extends Members, S>(
  declared: Declaration<I, O, S>,
): AccountAction {
  const { name, input, output, check, find, changes = false, run } = declared;
  const permission = `iam:${name}`;
  return accountAction({
    name,
    permission,
    input,
    output,
    // It depends on what is found: the path and the tags of a user stand in no request.
    concerns: "askedInRun",
    run: async (context) => {
      const { caller, facts } = context;
      if (caller.tokenIssuedAtMs !== undefined && caller.kind !== "role") return err(notForSessions);
      const problem = check?.(context.input);
      if (problem) return err(problem);
      const looked = await find(context.input, context);
      const subject = "ok" in looked ? looked : ok(looked);
      if (!subject.ok) return subject;
      const { found } = subject.value;
      const allowed = authorize(caller, { permission, ...accessOf(subject.value, caller.account) }, facts);
      if (!allowed.ok) return allowed;
      if (!found.ok) return found;
      try {
        return await run({ ...context, found: found.value });
      } finally {
        // Also when it failed: the database may have done it all the same.
        if (changes) context.forgetIdentity(caller.account);
      }
    },
  });
}

/** What GetSessionToken gave, without MFA, is refused by IAM as if it were unknown: a stolen one makes no users. */
const notForSessions = sqsError(
  "InvalidClientTokenId",
  "The security token included in the request is invalid.",
);

function accessOf(subject: Subject<unknown>, ownAccount: string): Omit<Access, "permission"> {
  const { arn, account = ownAccount, tags = {}, requestTags, more = [] } = subject;
  const tagKeys = Object.entries(tags).map(
    ([key, value]) => [`iam:resourcetag/${key.toLowerCase()}`, value] as const,
  );
  return {
    resource: { arn, account },
    resourceTags: tags,
    requestTags,
    more: new Map([...tagKeys, ...more]),
  };
}

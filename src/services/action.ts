import type { Access } from "../auth/authorize.ts";
import type { Caller } from "../auth/caller.ts";
import type { RequestFacts, RequestTags } from "../auth/request-facts.ts";
import type { SessionKeys } from "../auth/session-token.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { DataKeys } from "../catalog/data-keys.ts";
import type { Identities } from "../catalog/identities/identities.ts";
import type { Principals } from "../catalog/principals.ts";
import type { Topics } from "../catalog/topics.ts";
import type { Blinding } from "../encryption/blinding.ts";
import type { Bodies } from "../encryption/bodies.ts";
import type { Secret } from "../encryption/secrets.ts";
import { err, ok, type Result } from "../lib/result.ts";
import { type ActionError, queueDoesNotExist, type SqsError } from "../queue/errors.ts";
import { ownerOnlyActions } from "../queue/policy-document.ts";
import { parseQueueUrl } from "../queue/queue-url.ts";
import type { QueueId, QueueSettings } from "../queue/settings.ts";
import type { Infer, Members, StructureShape } from "../shapes/shape.ts";
import { structure } from "../shapes/shape.ts";
import type { Received, Refusal, ShardCall, ShardReply } from "../shard/calls.ts";
import type { ShardClient } from "../shard/client.ts";
import type { Kms } from "./kms/kms.ts";

/** What all requests of an isolate share. */
export interface IsolateContext {
  /** The account of the deployment's own credential. */
  readonly rootAccount: string;
  readonly strictTiming: boolean;
  readonly catalog: Catalog;
  readonly dataKeys: DataKeys;
  readonly bodies: Bodies;
  readonly blinding: Blinding;
  readonly identities: Identities;
  /** Seals under the root key what only this deployment may open. */
  readonly sealSecret: (secret: Secret) => string;
  readonly principals: Principals;
  /** They seal session tokens. */
  readonly sessionKeys: SessionKeys;
  /**
   * To be called after every change of a user, role, policy, attachment or key of an account: this isolate sees it at
   * once, others within 60 s.
   */
  readonly forgetIdentity: (account: string) => void;
  readonly kms: Kms;
  readonly topics: Topics;
}

/** What every action is handed beside its input. */
export interface RequestContext extends IsolateContext {
  readonly caller: Caller;
  /** What the conditions of policies may ask of the request. */
  readonly facts: RequestFacts;
  /** From the signature's scope: where the client believes it talks to. */
  readonly region: string;
  /** Origin of the queue URLs in answers, without a trailing slash. */
  readonly baseUrl: string;
  /** UUID: names what this request sends, however often its action has to begin again. */
  readonly batchId: string;
  /** When the request came in. */
  readonly nowMs: number;
  /** The `X-Amzn-Trace-Id` header, which SQS turns into AWSTraceHeader. */
  readonly traceHeader: string | undefined;
  readonly shards: ShardClient;
  readonly client: WaitingClient;
}

/** Who waits for the answer: nothing is leased for one that has hung up. */
export interface WaitingClient {
  /** Fires when the client has hung up. */
  readonly signal: AbortSignal;
  /** Whether it is still there, found out by writing to it where need be. */
  isThere(): Promise<boolean>;
}

/** The queue that a request is about, found and authorized. */
export interface OpenQueue {
  readonly settings: QueueSettings;
  /**
   * Asks the queue's shard. A shard that has newer settings than these refuses; then the whole action runs
   * again with the newer ones, authorization included, so an action must not have had an effect before its
   * first call, and makes at most one call that has one.
   */
  call<C extends ShardCall>(call: C): Promise<Exclude<ShardReply<C>, Refusal>>;
  /** Receives; with nothing to deliver it waits up to `waitMs` for a message, or until the client hangs up. */
  receive(request: ReceiveRequest): Promise<Received>;
}

export interface ReceiveRequest {
  readonly max: number;
  readonly visibilityMs: number;
  readonly waitMs: number;
  /** ReceiveRequestAttemptId of a FIFO queue: the same id again is given the same messages again. */
  readonly attempt?: string;
  /** Asked when it has waited, before it leases anything; if not, it ends with nothing. */
  readonly mayStill?: () => Promise<boolean>;
}

type Run<I, O, C> = (context: C & { readonly input: I }) => Promise<Result<O, ActionError>>;

/** Reads from the input which queue a request is about; whether there is such a queue is not asked here. */
export type Locate<I> = (
  input: I,
  context: Pick<RequestContext, "caller" | "region">,
) => Result<QueueId, SqsError>;

/** What an action on an account is about, as policies see it. */
export type Concerns<I> = (input: I, context: RequestContext) => Pick<Access, "resource" | "requestTags">;

interface Declaration<I extends Members, O extends Members> {
  /** Also the permission, as `sqs:{name}` unless another is given: batch forms ask for the single action. */
  readonly name: string;
  /** With its service: `sqs:SendMessage`. */
  readonly permission?: string;
  /** SQS does not take it at a queue's own URL (in Query; AWS JSON ignores the path). */
  readonly onlyAtRoot?: boolean;
  /** It changes one place after another, and goes on to the end when its client hangs up in between. */
  readonly outlivesClient?: boolean;
  readonly input: I;
  readonly output: O;
}

export interface AccountAction {
  readonly scope: "account";
  readonly name: string;
  readonly permission: string;
  readonly onlyAtRoot: boolean;
  readonly outlivesClient: boolean;
  readonly input: StructureShape;
  readonly output: StructureShape;
  /** `run` asks by itself: what is allowed depends on what it finds. */
  readonly concerns: Concerns<never> | "askedInRun";
  readonly run: Run<never, unknown, RequestContext>;
}

export interface QueueAction {
  readonly scope: "queue";
  readonly name: string;
  readonly permission: string;
  readonly onlyAtRoot: boolean;
  readonly outlivesClient: boolean;
  readonly input: StructureShape;
  readonly output: StructureShape;
  readonly locate: Locate<never>;
  /** What the client is told when the located queue does not exist. */
  readonly missing: SqsError;
  /** What other accounts are told instead of AccessDenied. */
  readonly deniedToOthers: SqsError | undefined;
  /** No policy can allow it to other accounts. */
  readonly ownerOnly: boolean;
  readonly asksShardFirst: boolean;
  readonly requestTags: ((input: never) => RequestTags) | undefined;
  readonly run: Run<never, unknown, RequestContext & { readonly queue: OpenQueue }>;
}

export type Action = AccountAction | QueueAction;

/** An action on the account: it names no queue, or one that need not exist. */
export function accountAction<I extends Members, O extends Members>(
  declared: Declaration<I, O> & {
    readonly concerns: Concerns<Infer<StructureShape<I>>> | "askedInRun";
    readonly run: Run<Infer<StructureShape<I>>, Infer<StructureShape<O>>, RequestContext>;
  },
): AccountAction {
  return {
    ...declared,
    scope: "account",
    permission: declared.permission ?? `sqs:${declared.name}`,
    onlyAtRoot: declared.onlyAtRoot ?? false,
    outlivesClient: declared.outlivesClient ?? false,
    input: structure(declared.input),
    output: structure(declared.output),
    concerns: declared.concerns as AccountAction["concerns"],
    run: declared.run as AccountAction["run"],
  };
}

/** An action on one queue: the one that its required member `QueueUrl` names, unless it says how to `locate` it. */
export function queueAction<I extends Members, O extends Members>(
  declared: Declaration<I, O> & {
    readonly locate?: Locate<Infer<StructureShape<I>>>;
    readonly missing?: SqsError;
    readonly deniedToOthers?: SqsError;
    /**
     * Its first step is a call to the shard, which refuses outdated settings: then a copy of them is good enough
     * to authorize by. All others are authorized by what the catalog has now.
     */
    readonly asksShardFirst?: boolean;
    /** `aws:RequestTag/…`, `aws:TagKeys` */
    readonly requestTags?: (input: Infer<StructureShape<I>>) => RequestTags;
    readonly run: Run<
      Infer<StructureShape<I>>,
      Infer<StructureShape<O>>,
      RequestContext & { readonly queue: OpenQueue }
    >;
  },
): QueueAction {
  const permission = declared.permission ?? `sqs:${declared.name}`;
  return {
    ...declared,
    scope: "queue",
    permission,
    ownerOnly: ownerOnlyActions.includes(permission.slice("sqs:".length)),
    asksShardFirst: declared.asksShardFirst ?? false,
    deniedToOthers: declared.deniedToOthers,
    requestTags: declared.requestTags as QueueAction["requestTags"],
    onlyAtRoot: declared.onlyAtRoot ?? false,
    outlivesClient: declared.outlivesClient ?? false,
    input: structure(declared.input),
    output: structure(declared.output),
    locate: (declared.locate ?? locateByUrl) as QueueAction["locate"],
    missing: declared.missing ?? queueDoesNotExist,
    run: declared.run as QueueAction["run"],
  };
}

const locateByUrl: Locate<{ readonly QueueUrl: string }> = ({ QueueUrl }, { caller, region }) => {
  const path = parseQueueUrl(QueueUrl, caller.account);
  return path ? ok({ ...path, region }) : err(queueDoesNotExist);
};

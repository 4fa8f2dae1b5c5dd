import type { KnownMoveTask, NewMoveTask } from "../../catalog/move-tasks.ts";
import { err, ok, type Result } from "../../lib/result.ts";
import { type SqsError, sqsError } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import type { RequestContext } from "../action.ts";

type Context = Pick<RequestContext, "catalog" | "shards">;

/**
 * Counts a move task that is about to begin among its account's. Tasks end in their shards, where nobody tells
 * the catalog: only an account that seems to have reached the bound has its shards asked which still run.
 *
 * @returns `OverLimit` if as many as SQS allows are running
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
 */
export async function admitMoveTask(task: NewMoveTask, context: Context): Promise<Result<void, SqsError>> {
  const { catalog } = context;
  const admit = () => catalog.admitMoveTask(task, limits.activeMoves);
  if (await admit()) return ok(undefined);
  const { account } = task.source;
  const known = await catalog.moveTasks(account);
  const active = await Promise.all(known.map((each) => isActive(each, context)));
  const ended = known.filter((_, i) => !active[i]).map(({ taskId }) => taskId);
  await catalog.forgetMoveTasks(account, ended);
  return (await admit()) ? ok(undefined) : err(tooMany);
}

/** A shard that cannot be asked just now may well be running its task. */
async function isActive({ source }: KnownMoveTask, { shards }: Context): Promise<boolean> {
  if (!source) return false;
  const reply = await shards.call(source, { kind: "listMoves" }).catch(() => undefined);
  if (reply?.kind !== "movesListed") return true;
  return reply.tasks.some(({ status }) => status === "RUNNING" || status === "CANCELLING");
}

const tooMany = sqsError(
  "OverLimit",
  `${limits.activeMoves} message move tasks are active, which is the maximum for an account.`,
);

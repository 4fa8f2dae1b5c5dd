import { err, ok } from "../../lib/result.ts";
import { invalidParameter } from "../../queue/errors.ts";
import { limits } from "../../queue/limits.ts";
import { queueArn } from "../../queue/queue-arn.ts";
import { integer, list, optional, required, string, structure } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { locateByArn, resourceNotFound } from "./queue-by-arn.ts";
import { writeTaskHandle } from "./task-handle.ts";

const moveTask = structure({
  TaskHandle: optional(string),
  Status: optional(string),
  SourceArn: optional(string),
  DestinationArn: optional(string),
  MaxNumberOfMessagesPerSecond: optional(integer),
  ApproximateNumberOfMessagesMoved: optional(integer),
  ApproximateNumberOfMessagesToMove: optional(integer),
  FailureReason: optional(string),
  StartedTimestamp: optional(integer),
});

/**
 * Lists the last move tasks of a dead-letter queue, newest first.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html
 */
export const listMessageMoveTasks = queueAction({
  name: "ListMessageMoveTasks",
  input: { SourceArn: required(string), MaxResults: optional(integer) },
  output: { Results: optional(list(moveTask, { queryName: "ListMessageMoveTasksResultEntry" })) },
  locate: ({ SourceArn: arn }, { region }) => locateByArn({ parameter: "SourceArn", arn, region }),
  missing: resourceNotFound("SourceArn"),
  run: async ({ input: { MaxResults = 1 }, queue }) => {
    if (MaxResults < 1 || MaxResults > limits.listedMoves) {
      return err(
        invalidParameter(
          "Value for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and 10.",
        ),
      );
    }
    const sourceArn = queueArn(queue.settings);
    const { tasks } = await queue.call({ kind: "listMoves" });
    return ok({
      Results: tasks.slice(0, MaxResults).map((task) => ({
        // The only thing to be done with it is to cancel the task.
        TaskHandle: task.status === "RUNNING" ? writeTaskHandle({ ...task, sourceArn }) : undefined,
        Status: task.status,
        SourceArn: sourceArn,
        DestinationArn: task.targetArn,
        MaxNumberOfMessagesPerSecond: task.rate,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        FailureReason: task.reason,
        StartedTimestamp: task.startedAtMs,
      })),
    });
  },
});

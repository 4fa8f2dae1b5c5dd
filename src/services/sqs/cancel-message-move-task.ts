import { err, ok } from "../../lib/result.ts";
import { invalidParameter, sqsError } from "../../queue/errors.ts";
import { integer, optional, required, string } from "../../shapes/shape.ts";
import { queueAction } from "../action.ts";
import { locateByArn, resourceNotFound } from "./queue-by-arn.ts";
import { readTaskHandle } from "./task-handle.ts";

/**
 * Ends a running move task. What it has moved stays moved.
 *
 * @see https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CancelMessageMoveTask.html
 */
export const cancelMessageMoveTask = queueAction({
  name: "CancelMessageMoveTask",
  input: { TaskHandle: required(string) },
  output: { ApproximateNumberOfMessagesMoved: optional(integer) },
  locate: ({ TaskHandle }, { region }) => {
    const handle = readTaskHandle(TaskHandle);
    if (!handle) return err(invalidParameter("Value for parameter TaskHandle is invalid."));
    return locateByArn({ parameter: "SourceArn", arn: handle.sourceArn, region });
  },
  missing: resourceNotFound("SourceArn"),
  run: async ({ input, queue }) => {
    const taskId = readTaskHandle(input.TaskHandle)?.taskId ?? "";
    const { moved } = await queue.call({ kind: "cancelMove", taskId });
    if (moved === undefined) return err(sqsError("ResourceNotFoundException", "Task does not exist."));
    return ok({ ApproximateNumberOfMessagesMoved: moved });
  },
});

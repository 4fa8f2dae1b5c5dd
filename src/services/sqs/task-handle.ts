import { fromBase64, fromUtf8Strict, toBase64, utf8 } from "../../lib/bytes.ts";
import { parseJsonObject } from "../../lib/json.ts";

/** What the handle of a move task says: which task, and the queue that it empties. */
export interface TaskHandle {
  /** UUID. */
  readonly taskId: string;
  readonly sourceArn: string;
}

/** SQS's own form, which clients are known to look into: base64 of JSON, the task's id first. */
export function writeTaskHandle({ taskId, sourceArn }: TaskHandle): string {
  return toBase64(utf8(JSON.stringify({ taskId, sourceArn })));
}

/** Undefined unless it has that form. It is not signed: whoever may cancel a task may know its handle. */
export function readTaskHandle(text: string): TaskHandle | undefined {
  const bytes = fromBase64(text);
  const json = bytes && fromUtf8Strict(bytes);
  const handle = json === undefined ? undefined : parseJsonObject(json);
  const taskId = handle?.["taskId"];
  const sourceArn = handle?.["sourceArn"];
  if (typeof taskId !== "string" || typeof sourceArn !== "string") return undefined;
  return { taskId, sourceArn };
}

import { HttpConnection } from "./http-connection.ts";
import { exchangeOk } from "./queue-client.ts";
import { type Requests, receiptHandlesIn, type Workload } from "./workload.ts";

/**
 * Has the floor answer a workload's calls byte by byte as ours does: makes each call once at ours, and hands
 * the floor what was answered.
 */
export async function teachFloor(
  urls: { readonly ours: string; readonly floor: string },
  requests: Requests,
  { batch }: Pick<Workload, "batch">,
): Promise<void> {
  const connection = await HttpConnection.open(urls.ours);
  const sent = await exchangeOk(connection, requests.send());
  const received = await exchangeOk(connection, requests.receive);
  const deleted = await exchangeOk(connection, requests.deletion(receiptHandlesIn(received)));
  connection.close();
  const suffix = batch === 1 ? "" : "Batch";
  const answers = {
    [`AmazonSQS.SendMessage${suffix}`]: sent.toString(),
    "AmazonSQS.ReceiveMessage": received.toString(),
    [`AmazonSQS.DeleteMessage${suffix}`]: deleted.toString(),
  };
  const taught = await fetch(`${urls.floor}/answers`, { method: "PUT", body: JSON.stringify(answers) });
  if (!taught.ok) throw new Error(`the floor did not take its answers: HTTP ${taught.status}`);
}

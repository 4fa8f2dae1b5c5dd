import { snsHost, type TopicArn } from "./topic-arn.ts";

/*
 * Scheme, host and path are compared as texts and never parsed first: what has no second spelling cannot be read in
 * two ways, by us and by the one who fetches it. So there is no port, user, upper case or encoded dot to think of.
 */

/** Whether a certificate of the topic's SNS may be fetched from `url`: a file at the root of its own region's host. */
export function isCertificateUrl(url: string, topic: TopicArn): boolean {
  const path = after(`https://${snsHost(topic)}/`, url);
  return path !== undefined && CERTIFICATE_FILE.test(path);
}

/** Whether a GET of `url` ends a subscription to the topic, and does nothing else. */
export function isUnsubscribeUrl(url: string, topic: TopicArn): boolean {
  const query = queryOf(url, topic);
  if (query?.size !== 2 || query.get("Action") !== "Unsubscribe") return false;
  const subscription = after(`${topic.arn}:`, query.get("SubscriptionArn") ?? "");
  return subscription !== undefined && SUBSCRIPTION_ID.test(subscription);
}

/** Whether a GET of `url` confirms the subscription to the topic that was given the token, and does nothing else. */
export function isConfirmationUrl(url: string, { topic, token }: Confirmed): boolean {
  const query = queryOf(url, topic);
  return (
    query?.size === 3 &&
    query.get("Action") === "ConfirmSubscription" &&
    query.get("TopicArn") === topic.arn &&
    query.get("Token") === token
  );
}

export interface Confirmed {
  readonly topic: TopicArn;
  readonly token: string;
}

const CERTIFICATE_FILE = /^[\w-]{1,128}\.pem$/;
const SUBSCRIPTION_ID = /^[\w-]{1,64}$/;

/** The parameters of a call to the topic's SNS, each to be compared whole. Undefined if it is none. */
function queryOf(url: string, topic: TopicArn): URLSearchParams | undefined {
  const text = after(`https://${snsHost(topic)}/?`, url);
  return text === undefined ? undefined : new URLSearchParams(text);
}

function after(start: string, text: string): string | undefined {
  return text.startsWith(start) ? text.slice(start.length) : undefined;
}

import type { TopicArn } from "./topic-arn.ts";

/** What SNS posts to an HTTP endpoint, in the right form but not yet known to be from SNS. */
export type SnsMessage = SnsNotification | SnsConfirmation;

export interface SnsNotification extends SnsFields {
  readonly type: "Notification";
  readonly subject: string | undefined;
  /** Not signed. */
  readonly unsubscribeUrl: string | undefined;
  /** Not signed: SNS vouches for none of them. */
  readonly attributes: readonly SnsAttribute[];
}

export interface SnsConfirmation extends SnsFields {
  readonly type: "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly token: string;
  readonly subscribeUrl: string;
}

export interface SnsAttribute {
  readonly name: string;
  /** `String`, `String.Array`, `Number` or `Binary`. */
  readonly type: string;
  /** In base64 if it is Binary. */
  readonly value: string;
}

interface SnsFields {
  /** A UUID in lower case; the same each time that SNS delivers the message. */
  readonly messageId: string;
  readonly topic: TopicArn;
  readonly message: string;
  /** When it was published, as SNS wrote and signed it: ISO 8601 in UTC. */
  readonly timestamp: string;
  /** 1: SHA-1. 2: SHA-256. */
  readonly signatureVersion: "1" | "2";
  /** In base64. */
  readonly signature: string;
  readonly signingCertUrl: string;
}

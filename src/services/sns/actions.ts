import type { Action } from "../action.ts";
import { addPermission } from "./add-permission.ts";
import { confirmSubscription } from "./confirm-subscription.ts";
import { createTopic } from "./create-topic.ts";
import { deleteTopic } from "./delete-topic.ts";
import { getSubscriptionAttributes } from "./get-subscription-attributes.ts";
import { getTopicAttributes } from "./get-topic-attributes.ts";
import { listSubscriptions } from "./list-subscriptions.ts";
import { listSubscriptionsByTopic } from "./list-subscriptions-by-topic.ts";
import { listTagsForResource } from "./list-tags-for-resource.ts";
import { listTopics } from "./list-topics.ts";
import { publish } from "./publish.ts";
import { publishBatch } from "./publish-batch.ts";
import { removePermission } from "./remove-permission.ts";
import { setSubscriptionAttributes } from "./set-subscription-attributes.ts";
import { setTopicAttributes } from "./set-topic-attributes.ts";
import { subscribe } from "./subscribe.ts";
import { tagResource } from "./tag-resource.ts";
import { unsubscribe } from "./unsubscribe.ts";
import { untagResource } from "./untag-resource.ts";

/** What clients can ask of SNS, by name: topics that deliver to queues. */
export const snsActions: ReadonlyMap<string, Action> = new Map(
  [
    createTopic,
    deleteTopic,
    listTopics,
    getTopicAttributes,
    setTopicAttributes,
    subscribe,
    confirmSubscription,
    unsubscribe,
    listSubscriptions,
    listSubscriptionsByTopic,
    getSubscriptionAttributes,
    setSubscriptionAttributes,
    publish,
    publishBatch,
    addPermission,
    removePermission,
    tagResource,
    untagResource,
    listTagsForResource,
  ].map((action) => [action.name, action]),
);

import { describe, expect, it } from "vitest";
import {
  isCertificateUrl,
  isConfirmationUrl,
  isUnsubscribeUrl,
} from "../../../../src/services/sns/inbound/sns-urls.ts";
import { certificateUrl, host, topicArn, topicOf } from "./sns-in-hand.ts";

const topic = topicOf(topicArn);

describe("a certificate's URL", () => {
  it.each([certificateUrl, `${host}/SimpleNotificationService.pem`, `${host}/${"a".repeat(128)}.pem`])(
    "may be %s",
    (url) => {
      expect(isCertificateUrl(url, topic)).toBe(true);
    },
  );

  it("is at amazonaws.com.cn in China, and only there", () => {
    const inChina = topicOf("arn:aws-cn:sns:cn-north-1:123456789012:t");
    expect(isCertificateUrl("https://sns.cn-north-1.amazonaws.com.cn/a.pem", inChina)).toBe(true);
    expect(isCertificateUrl("https://sns.cn-north-1.amazonaws.com/a.pem", inChina)).toBe(false);
    expect(isCertificateUrl("https://sns.us-east-1.amazonaws.com.cn/a.pem", topic)).toBe(false);
  });

  it.each([
    "",
    "http://sns.us-east-1.amazonaws.com/a.pem",
    "HTTPS://sns.us-east-1.amazonaws.com/a.pem",
    "https:/sns.us-east-1.amazonaws.com/a.pem",
    "//sns.us-east-1.amazonaws.com/a.pem",
    "file:///sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-west-2.amazonaws.com/a.pem",
    "https://sns.amazonaws.com/a.pem",
    "https://amazonaws.com/a.pem",
    "https://us-east-1.amazonaws.com/a.pem",
    "https://s3.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.s3.amazonaws.com/a.pem",
    "https://evil.sns.us-east-1.amazonaws.com/a.pem",
    "https://evilsns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com.evil.com/a.pem",
    "https://sns.us-east-1.amazonaws.com.cn/a.pem",
    "https://sns.us-east-1.amazonaws.comevil.com/a.pem",
    "https://sns.us-east-1.amazonaws.evil.com/a.pem",
    "https://snsxus-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1xamazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com@evil.com/a.pem",
    "https://sns.us-east-1.amazonaws.com:x@evil.com/a.pem",
    "https://user@sns.us-east-1.amazonaws.com/a.pem",
    "https://user:password@sns.us-east-1.amazonaws.com/a.pem",
    "https://evil.com/@sns.us-east-1.amazonaws.com/a.pem",
    "https://evil.com#https://sns.us-east-1.amazonaws.com/a.pem",
    "https://evil.com?https://sns.us-east-1.amazonaws.com/a.pem",
    "https://evil.com\\sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com\\@evil.com/a.pem",
    "https://sns.us-east-1.amazonaws.com\\a.pem",
    "https://sns.us-east-1.amazonaws.com:443/a.pem",
    "https://sns.us-east-1.amazonaws.com:8443/a.pem",
    "https://sns.us-east-1.amazonaws.com./a.pem",
    "https://SNS.us-east-1.amazonaws.com/a.pem",
    "https://sns.US-EAST-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com/a.PEM",
    "https://sns%2eus-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws%2ecom/a.pem",
    "https://sns.us-east-1.amazonaws。com/a.pem",
    "https://ѕns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com",
    "https://sns.us-east-1.amazonaws.com/",
    "https://sns.us-east-1.amazonaws.com/.pem",
    "https://sns.us-east-1.amazonaws.com/a",
    "https://sns.us-east-1.amazonaws.com/a.pem/",
    "https://sns.us-east-1.amazonaws.com/a.pem.txt",
    "https://sns.us-east-1.amazonaws.com/a.pem?x=.pem",
    "https://sns.us-east-1.amazonaws.com/?Action=x.pem",
    "https://sns.us-east-1.amazonaws.com/a.pem#.pem",
    "https://sns.us-east-1.amazonaws.com/a.pem?",
    "https://sns.us-east-1.amazonaws.com/a.pem#",
    "https://sns.us-east-1.amazonaws.com/a%2epem",
    "https://sns.us-east-1.amazonaws.com/a%00.pem",
    "https://sns.us-east-1.amazonaws.com//a.pem",
    "https://sns.us-east-1.amazonaws.com/b/a.pem",
    "https://sns.us-east-1.amazonaws.com/../a.pem",
    "https://sns.us-east-1.amazonaws.com/%2e%2e/a.pem",
    "https://sns.us-east-1.amazonaws.com/..;/a.pem",
    "https://sns.us-east-1.amazonaws.com/a;b.pem",
    " https://sns.us-east-1.amazonaws.com/a.pem",
    "https://sns.us-east-1.amazonaws.com/a.pem ",
    "https://sns.us-east-1.amazonaws.com/a.pem\n",
    "https://sns.us-east-1.amazonaws.com\n/a.pem",
    "https://sns.us-east-1.amazonaws.com\t.evil.com/a.pem",
    `${host}/${"a".repeat(129)}.pem`,
  ])("may not be %j", (url) => {
    expect(isCertificateUrl(url, topic)).toBe(false);
  });
});

describe("a URL that confirms", () => {
  const token = "2336412f37f";
  const arn = encodeURIComponent(topicArn);
  const confirms = (url: string) => isConfirmationUrl(url, { topic, token });

  it.each([
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${arn}&Token=${token}`,
    `${host}/?Token=${token}&TopicArn=${topicArn}&Action=ConfirmSubscription`,
  ])("may be %s", (url) => {
    expect(confirms(url)).toBe(true);
  });

  it.each([
    `http://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `https://sns.us-east-1.amazonaws.com.evil.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `https://sns.us-east-1.amazonaws.com@evil.com/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `https://sns.us-east-1.amazonaws.com:444/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `${host}/x?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `${host}?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}`,
    `${host}/?Action=DeleteTopic&TopicArn=${topicArn}&Token=${token}`,
    `${host}/?Action=confirmsubscription&TopicArn=${topicArn}&Token=${token}`,
    `${host}/?TopicArn=${topicArn}&Token=${token}`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}`,
    `${host}/?Action=ConfirmSubscription&Token=${token}`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}2&Token=${token}`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}0`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}&Token=other`,
    `${host}/?Action=ConfirmSubscription&Action=Subscribe&TopicArn=${topicArn}&Token=${token}`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}&AuthenticateOnUnsubscribe=true`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}#`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=${token}\n`,
    `${host}/?Action=ConfirmSubscription&TopicArn=${topicArn}&Token=+${token}`,
    "",
  ])("may not be %j", (url) => {
    expect(confirms(url)).toBe(false);
  });
});

describe("a URL that unsubscribes", () => {
  const id = "c9135db0-26c4-47ec-8998-413945fb5a96";

  it("names a subscription to the topic", () => {
    expect(isUnsubscribeUrl(`${host}/?Action=Unsubscribe&SubscriptionArn=${topicArn}:${id}`, topic)).toBe(
      true,
    );
  });

  it.each([
    `https://evil.com/?Action=Unsubscribe&SubscriptionArn=${topicArn}:${id}`,
    `https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${topicArn}:${id}`,
    `${host}/?Action=DeleteTopic&SubscriptionArn=${topicArn}:${id}`,
    `${host}/?Action=Unsubscribe&SubscriptionArn=${topicArn}`,
    `${host}/?Action=Unsubscribe&SubscriptionArn=${topicArn}2:${id}`,
    `${host}/?Action=Unsubscribe&SubscriptionArn=${topicArn}:${id}:x`,
    `${host}/?Action=Unsubscribe&SubscriptionArn=${topicArn}:${id}&x=1`,
    `${host}/?Action=Unsubscribe`,
    "javascript:alert(1)",
    "",
  ])("may not be %j", (url) => {
    expect(isUnsubscribeUrl(url, topic)).toBe(false);
  });
});

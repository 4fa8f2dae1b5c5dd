import type { RequestFacts } from "./auth/request-facts.ts";
import type { Signed } from "./auth/sigv4.ts";
import type { Deployment } from "./deployment.ts";
import type { WireRequest } from "./protocols/protocol.ts";
import { limits } from "./queue/limits.ts";
import type { RequestContext } from "./services/action.ts";

/** What of a context is known only once a request has come in. */
type Asked = Pick<Signed, "caller" | "region"> & Pick<RequestContext, "nowMs" | "client" | "shards">;

/** What an action is handed for a request. Root keys and credentials stay behind: no action needs them. */
export function contextOf(deployment: Deployment, request: WireRequest, asked: Asked): RequestContext {
  const { settings, credentials, rootKeys, snsEndpoint, ...shared } = deployment;
  const { caller, region, nowMs, client, shards } = asked;
  return {
    ...shared,
    ...{ caller, region, nowMs, client, shards },
    facts: factsOf(request, settings.clientIpHeader, asked),
    baseUrl: settings.publicUrl ?? request.origin,
    batchId: crypto.randomUUID(),
    traceHeader: request.headers.get("x-amzn-trace-id") ?? undefined,
  };
}

/** @param clientIpHeader the header that tells a client's address; empty: none can be trusted */
function factsOf(
  { headers, origin }: WireRequest,
  clientIpHeader: string,
  { region, nowMs }: Pick<Asked, "region" | "nowMs">,
): RequestFacts {
  return {
    nowMs,
    region,
    sourceIp: clientIpHeader === "" ? undefined : (headers.get(clientIpHeader) ?? undefined),
    secure: origin.startsWith("https:"),
    userAgent: headers.get("user-agent")?.slice(0, limits.conditionHeaderLength),
    referer: headers.get("referer")?.slice(0, limits.conditionHeaderLength),
  };
}

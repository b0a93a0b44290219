// A trace as Network Watcher's connectivityCheck answers it (ConnectivityInformation). Hops that
// only this program knows of are named in fields that start with `interplane`.

#include "base/digest.h"
#include "view/trace.h"

// A GUID-shaped id that is the same for the same node in every run.
static const char *hop_id(const struct view *view, uint32_t node, struct ip address) {
	struct digest low;
	struct digest high;

	digest_init(&low);
	digest_add_text(&low, view_node(view, node));
	digest_add_u64(&low, address.hi);
	digest_add_u64(&low, address.lo);
	high = low;
	digest_add_u64(&high, 1);
	return arena_printf(view->arena, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(low.value >> 32),
		(unsigned)(low.value >> 16 & 0xffff), (unsigned)(low.value & 0xfff),
		(unsigned)(0x8000 | (high.value >> 48 & 0x3fff)),
		(unsigned long long)(high.value & 0xffffffffffffULL));
}

static const char *hop_type(const struct view *view, uint32_t node) {
	if (node == TOPO_NONE)
		return "Internet";
	switch (view->topo->nodes[node].kind) {
	case TOPO_GATEWAY:
		return "VirtualNetworkGateway";
	case TOPO_HOST:
		return "VirtualAppliance";
	case TOPO_FABRIC:
		return "VnetLocal";
	case TOPO_ROUTER:
	case TOPO_EDGE:
	case TOPO_SERVICE:
		break;
	}
	return "VirtualNetwork";
}

static const char *issue_type(enum drop drop, bool is_user_route) {
	if (drop == DROP_DENIED)
		return "NetworkSecurityRule";
	if (drop == DROP_NONE_ROUTE || drop == DROP_NO_HOST || drop == DROP_NOT_FORWARDING)
		return is_user_route ? "UserDefinedRoute" : "Platform";
	return drop == DROP_COUNT ? "Unknown" : "Platform";
}

static void put_issue(const struct view *view, const struct round_trip *trip, json_t *issues) {
	const char *cause = view_origin_text(view, trip->stopped.origin);
	bool is_rule = trip->stopped.drop == DROP_DENIED;
	json_t *issue = json_push_object(issues);

	json_put_text(issue, "origin", trip->stopped.on_return ? "Inbound" : "Outbound");
	json_put_text(issue, "severity", "Error");
	json_put_text(issue, "type",
		issue_type(trip->stopped.drop, view_place(view, trip->stopped.origin) != NULL));
	json_t *context = json_push_object(json_put_array(issue, "context"));
	json_put_text(context, "key", is_rule ? "RuleName" : "RouteType");
	json_put_text(context, "value", cause != NULL ? cause : "System");
	json_put_text(issue, "interplaneReason",
		trip->stopped.drop != DROP_COUNT ? drop_name(trip->stopped.drop) : "lost");
	json_put_text(issue, "interplaneOrigin", view_place(view, trip->stopped.origin));
}

static json_t *hop_object(
	const struct view *view, const char *type, uint32_t node, struct ip address) {
	json_t *hop = json_object();

	json_put_text(hop, "type", type);
	json_put_text(hop, "id", hop_id(view, node, address));
	json_put_text(hop, "address", ip_is_none(address) ? "" : view_ip(view, address));
	json_put_text(hop, "resourceId", node != TOPO_NONE ? view_node(view, node) : "Unknown");
	json_put_text(hop, "interplaneNode", node != TOPO_NONE ? view_node(view, node) : NULL);
	return hop;
}

// The way from one hop to the next, with the round trip to that one.
static void put_link(const json_t *next, const struct traceroute_hop *hop, json_t *links) {
	json_t *link = json_push_object(links);
	int64_t min_ns = INT64_MAX;
	int64_t max_ns = 0;

	json_put(link, "nextHopId", json_incref(json_object_get(next, "id")));
	json_put_text(link, "linkType", "VirtualNetwork");
	json_put_text(link, "resourceId", "");
	json_put_array(link, "issues");
	json_put_object(link, "context");
	for (size_t i = 0; i < TRACEROUTE_ATTEMPTS; i++) {
		if (hop->rtt_ns[i] < 0)
			continue;
		min_ns = hop->rtt_ns[i] < min_ns ? hop->rtt_ns[i] : min_ns;
		max_ns = hop->rtt_ns[i] > max_ns ? hop->rtt_ns[i] : max_ns;
	}
	if (min_ns == INT64_MAX)
		return;
	json_t *times = json_put_object(link, "properties");
	json_put_int(times, "roundTripTimeMin", min_ns / MS_NS);
	json_put_int(times, "roundTripTimeAvg", (min_ns + max_ns) / 2 / MS_NS);
	json_put_int(times, "roundTripTimeMax", max_ns / MS_NS);
}

// Fields that speak of the neighbours in the list, which is the source and then the trace's hops.
static void link_hops(const struct traceroute *trace, json_t *hops) {
	for (size_t i = 0; i < json_array_size(hops); i++) {
		json_t *hop = json_array_get(hops, i);
		json_t *next = json_put_array(hop, "nextHopIds");
		json_t *previous = json_put_array(hop, "previousHopIds");
		if (i + 1 < json_array_size(hops))
			json_push(next, json_incref(json_object_get(json_array_get(hops, i + 1), "id")));
		if (i != 0)
			json_push(previous, json_incref(json_object_get(json_array_get(hops, i - 1), "id")));
		json_t *links = json_put_array(hop, "links");
		if (i + 1 < json_array_size(hops))
			put_link(json_array_get(hops, i + 1), &trace->hops[i], links);
		json_put_array(hop, "previousLinks");
		if (json_object_get(hop, "issues") == NULL)
			json_put_array(hop, "issues");
	}
}

static void put_latency(const struct traceroute *trace, json_t *object) {
	const struct traceroute_hop *last =
		trace->hop_count != 0 ? &trace->hops[trace->hop_count - 1] : NULL;
	int64_t min_ns = INT64_MAX;
	int64_t max_ns = 0;
	int64_t sum_ns = 0;
	int answered = 0;

	for (size_t i = 0; last != NULL && last->is_destination && i < TRACEROUTE_ATTEMPTS; i++) {
		int64_t rtt_ns = last->rtt_ns[i];
		if (rtt_ns < 0)
			continue;
		min_ns = rtt_ns < min_ns ? rtt_ns : min_ns;
		max_ns = rtt_ns > max_ns ? rtt_ns : max_ns;
		sum_ns += rtt_ns;
		answered++;
	}
	if (answered != 0) {
		json_put_int(object, "avgLatencyInMs", sum_ns / answered / MS_NS);
		json_put_int(object, "minLatencyInMs", min_ns / MS_NS);
		json_put_int(object, "maxLatencyInMs", max_ns / MS_NS);
		json_put_real(object, "interplaneLatencyMs", view_ms_number(sum_ns / answered));
	}
	json_put_int(object, "probesSent", TRACEROUTE_ATTEMPTS);
	json_put_int(object, "probesFailed", TRACEROUTE_ATTEMPTS - answered);
}

json_t *view_trace_azure(const struct view *view, const struct traceroute *trace) {
	const struct round_trip *whole = &trace->whole;
	const struct question *question = &whole->question;
	json_t *object = json_object();
	json_t *hops = json_put_array(object, "hops");

	json_push(hops, hop_object(view, "Source", question->from, question->source));
	for (size_t i = 0; i < trace->hop_count; i++) {
		const struct traceroute_hop *hop = &trace->hops[i];
		if (hop->is_destination)
			json_push(hops, hop_object(view, "Destination", hop->node, hop->address));
		else
			json_push(hops, hop_object(view, hop_type(view, hop->node), hop->node, hop->address));
	}
	if (!whole->reached) {
		json_t *last = json_array_get(hops, json_array_size(hops) - 1);
		put_issue(view, whole, json_put_array(last, "issues"));
	}
	link_hops(trace, hops);
	json_put_text(object, "connectionStatus", whole->reached ? "Reachable" : "Unreachable");
	put_latency(trace, object);
	json_put_text(object, "interplaneVerdict", verdict_name(whole->verdict));
	return object;
}

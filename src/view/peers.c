#include "view/routes.h"

// As the gateway's own list names states (BgpPeerStatus.state, AZ-GW-4).
static const char *azure_state(enum bgp_state state) {
	switch (state) {
	case BGP_IDLE:
		return "Idle";
	case BGP_CONNECT:
	case BGP_ACTIVE:
	case BGP_OPEN_SENT:
	case BGP_OPEN_CONFIRM:
		return "Connecting";
	case BGP_ESTABLISHED:
		return "Connected";
	}
	return "Unknown";
}

static const char *state_name(enum bgp_state state) {
	switch (state) {
	case BGP_IDLE:
		return "idle";
	case BGP_CONNECT:
		return "connect";
	case BGP_ACTIVE:
		return "active";
	case BGP_OPEN_SENT:
		return "open-sent";
	case BGP_OPEN_CONFIRM:
		return "open-confirm";
	case BGP_ESTABLISHED:
		return "established";
	}
	return "unknown";
}

static int64_t age_ns(const struct view *view, const struct bgp_peer_status *status) {
	return instant_since(loop_now(world_loop(view->world)), status->since);
}

void view_peers_text(const struct view *view, uint32_t node, struct text *out) {
	const struct bgp_speaker *speaker = world_speaker(view->world, node);

	text_add(
		out, "Neighbour             Address           AS          State         Received  Sent\n");
	for (size_t i = 0; i < bgp_peer_count(speaker); i++) {
		struct bgp_peer_status status;
		struct text line;
		bgp_peer_status(bgp_peer_at(speaker, i), &status);
		text_init(&line);
		text_printf(&line, "%s ", status.config->name);
		text_pad_to(&line, 22);
		text_printf(&line, "%s ", view_ip(view, status.config->remote));
		text_pad_to(&line, 40);
		text_printf(&line, "%u ", status.config->remote_asn);
		text_pad_to(&line, 52);
		text_printf(&line, "%s ", state_name(status.state));
		text_pad_to(&line, 66);
		text_printf(&line, "%8zu  %4zu", status.routes_received, status.routes_sent);
		if (status.state != BGP_ESTABLISHED && status.last_error[0] != '\0')
			text_printf(&line, "  (%s)", status.last_error);
		text_printf(out, "%s\n", text_chars(&line));
		text_done(&line);
	}
}

static json_t *peer_json(const struct view *view, const struct bgp_peer *peer) {
	struct bgp_peer_status status;
	json_t *object = json_object();

	bgp_peer_status(peer, &status);
	json_put_text(object, "neighbor", status.config->name);
	json_put_text(object, "address", view_ip(view, status.config->remote));
	json_put_text(object, "localAddress", view_ip(view, status.config->local));
	json_put_int(object, "asn", status.config->remote_asn);
	json_put_text(object, "state", state_name(status.state));
	json_put_real(object, "ageS", (double)(age_ns(view, &status) / MS_NS) / 1000.0);
	json_put_int(object, "holdS", status.hold_s);
	json_put_int(object, "routesReceived", (long long)status.routes_received);
	json_put_int(object, "routesSent", (long long)status.routes_sent);
	json_put_int(object, "messagesReceived", (long long)status.messages_in);
	json_put_int(object, "messagesSent", (long long)status.messages_out);
	json_put_text(object, "lastError", status.last_error[0] != '\0' ? status.last_error : NULL);
	json_put_text(object, "origin", view_place(view, status.config->origin));
	return object;
}

json_t *view_peers_json(const struct view *view, uint32_t node) {
	const struct bgp_speaker *speaker = world_speaker(view->world, node);
	const struct topo_node *topo = &view->topo->nodes[node];
	json_t *object = json_object();

	json_put_text(object, "node", topo->name);
	json_put_text(object, "kind", topo->kind_name);
	json_put_int(object, "asn", topo->bgp->asn);
	json_put(object, "down", view_down(view));
	json_t *peers = json_put_array(object, "peers");
	for (size_t i = 0; i < bgp_peer_count(speaker); i++)
		json_push(peers, peer_json(view, bgp_peer_at(speaker, i)));
	return object;
}

// d.hh:mm:ss.fffffff, days only when there are some.
static const char *azure_duration(const struct view *view, int64_t ns) {
	long long seconds = ns / SECOND_NS;
	const char *days = seconds >= 86400 ? arena_printf(view->arena, "%lld.", seconds / 86400) : "";

	return arena_printf(view->arena, "%s%02lld:%02lld:%02lld.%07lld", days, seconds / 3600 % 24,
		seconds / 60 % 60, seconds % 60, (long long)(ns % SECOND_NS / 100));
}

json_t *view_peers_azure(const struct view *view, uint32_t node) {
	const struct bgp_speaker *speaker = world_speaker(view->world, node);
	json_t *object = json_object();
	json_t *value = json_put_array(object, "value");

	for (size_t i = 0; i < bgp_peer_count(speaker); i++) {
		struct bgp_peer_status status;
		json_t *peer = json_push_object(value);
		bgp_peer_status(bgp_peer_at(speaker, i), &status);
		json_put_text(peer, "localAddress", view_ip(view, status.config->local));
		json_put_text(peer, "neighbor", view_ip(view, status.config->remote));
		json_put_int(peer, "asn", status.config->remote_asn);
		json_put_text(peer, "state", azure_state(status.state));
		json_put_text(peer, "connectedDuration",
			azure_duration(view, status.state == BGP_ESTABLISHED ? age_ns(view, &status) : 0));
		json_put_int(peer, "routesReceived", (long long)status.routes_received);
		json_put_int(peer, "messagesSent", (long long)status.messages_out);
		json_put_int(peer, "messagesReceived", (long long)status.messages_in);
		json_put_text(peer, "interplaneNeighbor", status.config->name);
	}
	return object;
}

struct advertising {
	const struct view *view;
	struct text *out;
	json_t *rows;
};

static bool add_sent_text(void *owner, struct prefix prefix, const struct attributes *as_sent) {
	struct advertising *advertising = owner;
	struct text line;

	text_init(&line);
	text_printf(&line, "%s ", view_prefix(advertising->view, prefix));
	text_pad_to(&line, 21);
	text_printf(&line, "%s ", view_ip(advertising->view, as_sent->spec.next_hop));
	text_pad_to(&line, 39);
	as_path_format(as_sent, " ", &line);
	text_printf(advertising->out, "%s\n", text_chars(&line));
	text_done(&line);
	return true;
}

void view_advertised_text(const struct view *view, const struct bgp_peer *peer, struct text *out) {
	struct advertising advertising = {view, out, NULL};

	text_add(out, "Prefix               Next hop          Path\n");
	bgp_peer_walk_advertised(peer, add_sent_text, &advertising);
}

static bool add_sent_json(void *owner, struct prefix prefix, const struct attributes *as_sent) {
	struct advertising *advertising = owner;
	json_t *row = json_push_object(advertising->rows);

	json_put_text(row, "prefix", view_prefix(advertising->view, prefix));
	json_push_text(
		json_put_array(row, "nextHops"), view_ip(advertising->view, as_sent->spec.next_hop));
	json_t *as_path = json_put_array(row, "asPath");
	for (size_t i = 0; i < as_sent->spec.as_count; i++)
		json_push_int(as_path, as_sent->spec.as_path[i].asn);
	return true;
}

json_t *view_advertised_json(const struct view *view, uint32_t node, const struct bgp_peer *peer) {
	struct bgp_peer_status status;
	json_t *object = json_object();

	bgp_peer_status(peer, &status);
	json_put_text(object, "node", view_node(view, node));
	json_put_text(object, "advertisedTo", status.config->name);
	struct advertising advertising = {view, NULL, json_put_array(object, "routes")};
	bgp_peer_walk_advertised(peer, add_sent_json, &advertising);
	return object;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

static struct loop *loop_of(const struct bgp_peer *peer) {
	return peer->speaker->config.loop;
}

bool bgp_is_external(const struct bgp_peer *peer) {
	return peer->codec.is_external;
}

// The outgoing connection tries again, unless it or a session stands meanwhile.
static void retry_fires(struct timer *timer, void *owner) {
	struct bgp_peer *peer = owner;
	struct bgp_connection *out = &peer->connections[BGP_OUTGOING];

	(void)timer;
	if (!peer->established && out->state < BGP_OPEN_SENT)
		bgp_connection_event(out, BGP_RETRY_EXPIRES);
}

// A failing incoming connection does not put off an attempt that is due already.
void bgp_peer_retry_start(struct bgp_peer *peer, const struct bgp_connection *by) {
	if (peer->config.passive || peer->connections[BGP_OUTGOING].state == BGP_IDLE)
		return;
	if (by->direction == BGP_INCOMING && timer_is_running(&peer->retry))
		return;
	timer_start(loop_of(peer), &peer->retry, BGP_CONNECT_RETRY_NS);
}

struct bgp_peer *bgp_peer_new(struct bgp_speaker *speaker, const struct bgp_peer_config *config) {
	struct bgp_peer *peer = memory_alloc(sizeof(*peer));

	peer->speaker = speaker;
	peer->config = *config;
	peer->config.name = memory_strdup(config->name ? config->name : "");
	peer->config.import = policy_ref(config->import);
	peer->config.export = policy_ref(config->export);
	peer->source.name = peer->config.name;
	peer->source.peer = config->remote;
	peer->source.origin = config->origin;
	peer->since = loop_now(speaker->config.loop);
	for (int i = 0; i < BGP_DIRECTIONS; i++)
		bgp_connection_init(&peer->connections[i], peer, (enum bgp_direction)i);
	timer_init(&peer->retry, TIMER_PERIODIC, retry_fires, peer);
	return peer;
}

void bgp_peer_free(struct bgp_peer *peer) {
	for (int i = 0; i < BGP_DIRECTIONS; i++)
		bgp_connection_event(&peer->connections[i], BGP_FAIL);
	timer_stop(loop_of(peer), &peer->retry);
	rib_withdraw_source(peer->speaker->config.rib, &peer->source);
	bgp_out_clear(peer);
	free(peer->out.sent);
	free(peer->out.flags);
	free(peer->out.pending.items);
	policy_unref(peer->config.import);
	policy_unref(peer->config.export);
	free((char *)(uintptr_t)peer->config.name);
	free(peer);
}

void bgp_peer_reason(struct bgp_peer *peer, const char *format, ...) {
	va_list args;

	va_start(args, format);
	vsnprintf(peer->reason, sizeof(peer->reason), format, args);
	va_end(args);
}

// The more advanced of the two connections; the incoming one only waits until it has a stream.
void bgp_peer_show_state(struct bgp_peer *peer) {
	enum bgp_state out = peer->connections[BGP_OUTGOING].state;
	enum bgp_state in = peer->connections[BGP_INCOMING].state;
	enum bgp_state shown = peer->config.passive || (in > out && in >= BGP_OPEN_SENT) ? in : out;

	if (shown == peer->state)
		return;
	peer->state = shown;
	peer->since = loop_now(loop_of(peer));
}

static void tell(const struct bgp_peer *peer, enum bgp_state state, const char *why) {
	const struct bgp_speaker_config *config = &peer->speaker->config;

	if (config->peer_changed)
		config->peer_changed(config->owner, &peer->config, state, why);
}

static void set_source(struct bgp_peer *peer, const struct bgp_open *open) {
	bool is_external = open->asn != peer->speaker->config.asn;

	peer->source.kind = is_external ? ROUTE_EBGP : ROUTE_IBGP;
	peer->source.router_id = open->router_id;
	peer->source.distance = peer->config.distance;
	if (peer->source.distance == 0)
		peer->source.distance = is_external ? BGP_DISTANCE_EXTERNAL : BGP_DISTANCE_INTERNAL;
	peer->codec.is_external = is_external;
	peer->codec.has_as4 = open->has_as4;
}

void bgp_peer_established(struct bgp_peer *peer, struct bgp_connection *connection) {
	struct bgp_connection *other = &peer->connections[connection->direction == BGP_OUTGOING];

	assert(!peer->established);
	peer->established = connection;
	peer->families = connection->open.families;
	set_source(peer, &connection->open);
	if (other->state == BGP_CONNECT) // still knocking; nobody knows of it yet
		bgp_connection_event(other, BGP_FAIL);
	timer_stop(loop_of(peer), &peer->retry);
	bgp_peer_show_state(peer);
	bgp_out_mark_all(peer, peer->families, 0);
	tell(peer, BGP_ESTABLISHED, "established");
}

void bgp_peer_down(struct bgp_peer *peer) {
	peer->established = NULL;
	bgp_out_clear(peer);
	peer->routes_received = 0;
	rib_withdraw_source(peer->speaker->config.rib, &peer->source);
	bgp_speaker_wake(peer->speaker);
	bgp_peer_show_state(peer);
	tell(peer, peer->state, peer->reason);
}

// RFC 4271 6.8 with RFC 6286 2.3: the connection that the speaker with the higher identifier (of
// equal ones, the higher AS) opened is kept. Against an established session the newcomer loses.
struct bgp_connection *bgp_peer_collision(struct bgp_connection *fresh) {
	struct bgp_peer *peer = fresh->peer;
	const struct bgp_speaker_config *own = &peer->speaker->config;
	struct bgp_connection *other = &peer->connections[fresh->direction == BGP_OUTGOING];
	bool is_higher = own->router_id > fresh->open.router_id;

	if (other->state == BGP_ESTABLISHED)
		return fresh;
	if (other->state != BGP_OPEN_CONFIRM)
		return NULL;
	if (own->router_id == fresh->open.router_id)
		is_higher = own->asn > fresh->open.asn;
	return &peer->connections[is_higher ? BGP_INCOMING : BGP_OUTGOING];
}

void bgp_peer_start(struct bgp_peer *peer) {
	bgp_connection_event(&peer->connections[BGP_INCOMING], BGP_START_PASSIVE);
	if (!peer->config.passive)
		bgp_connection_event(&peer->connections[BGP_OUTGOING], BGP_START);
}

void bgp_peer_shut(struct bgp_peer *peer) {
	for (int i = 0; i < BGP_DIRECTIONS; i++)
		bgp_connection_event(&peer->connections[i], BGP_STOP);
}

void bgp_peer_stop(struct bgp_peer *peer) {
	bgp_peer_reason(peer, "administrative shutdown");
	bgp_peer_shut(peer);
}

void bgp_peer_fail(struct bgp_peer *peer, const char *why) {
	bgp_peer_reason(peer, "%s", why);
	for (int i = 0; i < BGP_DIRECTIONS; i++)
		bgp_connection_event(&peer->connections[i], BGP_FAIL);
}

void bgp_peer_nudge(struct bgp_peer *peer) {
	struct bgp_connection *out = &peer->connections[BGP_OUTGOING];
	bool is_idle_in = peer->connections[BGP_INCOMING].state < BGP_OPEN_SENT;

	if (is_idle_in && (out->state == BGP_ACTIVE || out->state == BGP_CONNECT))
		bgp_connection_event(out, BGP_RETRY_EXPIRES);
}

void bgp_peer_ask_refresh(struct bgp_peer *peer) {
	uint8_t message[BGP_MESSAGE_MAX];

	if (!peer->established || !peer->established->open.has_refresh)
		return;
	for (uint8_t family = BGP_IPV4; family <= BGP_IPV6; family = (uint8_t)(family << 1))
		if (peer->families & family)
			bgp_connection_send(peer->established, message, bgp_refresh_encode(family, message));
}

void bgp_peer_status(const struct bgp_peer *peer, struct bgp_peer_status *out) {
	*out = (struct bgp_peer_status){
		.config = &peer->config,
		.state = peer->state,
		.since = peer->since,
		.routes_received = peer->routes_received,
		.routes_sent = peer->out.sent_count,
		.messages_in = peer->messages_in,
		.messages_out = peer->messages_out,
		.updates_in = peer->updates_in,
		.updates_out = peer->updates_out,
		.last_error = peer->reason,
	};
	out->remote_asn = peer->config.remote_asn;
	if (peer->established) {
		out->remote_asn = peer->established->open.asn;
		out->remote_router_id = peer->established->open.router_id;
		out->hold_s = peer->established->hold_s;
	}
}

// Acts on what the state machine decides: streams, timers, messages.

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

static struct loop *loop_of(const struct bgp_connection *connection) {
	return connection->peer->speaker->config.loop;
}

static void hold_fires(struct timer *timer, void *owner) {
	struct bgp_connection *connection = owner;

	(void)timer;
	bgp_peer_reason(connection->peer, "hold timer expired");
	bgp_connection_event(connection, BGP_HOLD_EXPIRES);
}

static void keepalive_fires(struct timer *timer, void *owner) {
	(void)timer;
	bgp_connection_event(owner, BGP_KEEPALIVE_EXPIRES);
}

void bgp_connection_init(
	struct bgp_connection *connection, struct bgp_peer *peer, enum bgp_direction direction) {
	connection->peer = peer;
	connection->direction = direction;
	connection->state = BGP_IDLE;
	timer_init(&connection->hold, TIMER_PERIODIC, hold_fires, connection);
	timer_init(&connection->keepalive, TIMER_PERIODIC, keepalive_fires, connection);
}

static void stream_opened(void *owner, struct stream *stream) {
	struct bgp_connection *connection = owner;

	assert(connection->stream == stream);
	bgp_connection_event(connection, BGP_TCP_OPENED);
}

static void stream_received(
	void *owner, struct stream *stream, const uint8_t *bytes, size_t length) {
	struct bgp_connection *connection = owner;

	assert(connection->stream == stream);
	bgp_connection_receive(connection, bytes, length);
}

static void stream_ended(void *owner, struct stream *stream, enum stream_end why) {
	static const char *const WORDS[] = {
		[STREAM_CLOSED] = "connection closed by the neighbour",
		[STREAM_RESET] = "connection reset",
		[STREAM_TIMEOUT] = "connection timed out",
		[STREAM_REFUSED] = "connection refused",
	};
	struct bgp_connection *connection = owner;

	assert(connection->stream == stream);
	connection->stream = NULL;
	bgp_peer_reason(connection->peer, "%s", WORDS[why]);
	bgp_connection_event(connection, BGP_TCP_FAILS);
}

static void stream_drained(void *owner, struct stream *stream) {
	struct bgp_connection *connection = owner;

	(void)stream;
	bgp_speaker_wake(connection->peer->speaker);
}

static const struct stream_events STREAM_EVENTS = {
	.opened = stream_opened,
	.received = stream_received,
	.ended = stream_ended,
	.drained = stream_drained,
};

bool bgp_connection_send(struct bgp_connection *connection, const uint8_t *message, size_t length) {
	struct stream *stream = connection->stream;

	if (!stream || stream->ops->send(stream, message, length) != 0)
		return false;
	connection->peer->messages_out++;
	return true;
}

static void notify(struct bgp_connection *connection, const struct bgp_error *error) {
	uint8_t message[BGP_MESSAGE_MAX];

	bgp_connection_send(connection, message, bgp_notification_encode(error, message));
}

static void notify_code(struct bgp_connection *connection, uint8_t code, uint8_t subcode) {
	struct bgp_error error = {.code = code, .subcode = subcode};

	notify(connection, &error);
}

void bgp_stream_refuse(struct stream *stream) {
	struct bgp_error error = {.code = BGP_CEASE, .subcode = BGP_CEASE_COLLISION};
	uint8_t message[BGP_MESSAGE_MAX];

	stream->ops->send(stream, message, bgp_notification_encode(&error, message));
	stream->ops->close(stream);
}

static void release(struct bgp_connection *connection) {
	timer_stop(loop_of(connection), &connection->hold);
	timer_stop(loop_of(connection), &connection->keepalive);
	free(connection->input);
	connection->input = NULL;
	connection->input_length = 0;
	connection->stream = NULL;
	connection->stream_count++;
}

static void do_connect(struct bgp_connection *connection) {
	const struct bgp_speaker_config *config = &connection->peer->speaker->config;

	assert(!connection->stream);
	connection->stream =
		config->connect(config->owner, &connection->peer->config, &STREAM_EVENTS, connection);
	if (connection->stream) {
		connection->input = memory_alloc(BGP_MESSAGE_MAX);
		return;
	}
	bgp_peer_reason(connection->peer, "no way to the neighbour");
	bgp_connection_event(connection, BGP_TCP_FAILS);
}

void bgp_connection_adopt(struct bgp_connection *connection, struct stream *stream) {
	assert(!connection->stream);
	stream_set_owner(stream, &STREAM_EVENTS, connection);
	connection->stream = stream;
	connection->input = memory_alloc(BGP_MESSAGE_MAX);
	bgp_connection_event(connection, BGP_TCP_OPENED);
}

static uint8_t families_offered(const struct bgp_peer_config *config) {
	uint8_t families = 0;

	if (config->ipv4 || !config->ipv6)
		families |= BGP_IPV4;
	if (config->ipv6)
		families |= BGP_IPV6;
	return families;
}

static uint16_t hold_offered(const struct bgp_peer_config *config) {
	return config->hold_s ? config->hold_s : BGP_HOLD_S;
}

static void send_open(struct bgp_connection *connection) {
	const struct bgp_peer *peer = connection->peer;
	struct bgp_open open = {
		.asn = peer->speaker->config.asn,
		.router_id = peer->speaker->config.router_id,
		.hold_s = hold_offered(&peer->config),
		.families = families_offered(&peer->config),
		.has_refresh = true,
		.has_as4 = true,
	};
	uint8_t message[BGP_MESSAGE_MAX];

	bgp_connection_send(connection, message, bgp_open_encode(&open, message));
	timer_start(loop_of(connection), &connection->hold, BGP_OPEN_HOLD_NS);
}

// RFC 4271 4.2: the smaller hold time; a third of it between keepalives (4.4).
static void accept_open(struct bgp_connection *connection) {
	const struct bgp_peer_config *config = &connection->peer->config;
	uint16_t ours = hold_offered(config);
	uint16_t theirs = connection->open.hold_s;

	connection->hold_s = ours < theirs ? ours : theirs;
	connection->keepalive_s = connection->hold_s / 3;
	if (config->keepalive_s && config->keepalive_s < connection->keepalive_s)
		connection->keepalive_s = config->keepalive_s;
	connection->open.families &= families_offered(config);
}

static void send_keepalive(struct bgp_connection *connection) {
	uint8_t message[BGP_MESSAGE_MAX];

	bgp_connection_send(connection, message, bgp_keepalive_encode(message));
}

// A negotiated hold time of 0 means neither timer.
static void restart(struct bgp_connection *connection, struct timer *timer, uint16_t seconds) {
	if (connection->hold_s == 0)
		timer_stop(loop_of(connection), timer);
	else
		timer_start(loop_of(connection), timer, seconds * SECOND_NS);
}

static void close_stream(struct bgp_connection *connection) {
	struct stream *stream = connection->stream;

	release(connection);
	if (stream)
		stream->ops->close(stream);
}

static void reset_stream(struct bgp_connection *connection) {
	struct stream *stream = connection->stream;

	release(connection);
	if (stream)
		stream->ops->reset(stream);
}

// A peer that says too much stays away until somebody has looked at it (RFC 4486 4).
static void process_update(struct bgp_connection *connection) {
	if (bgp_import_update(connection))
		return;
	bool is_too_much = connection->error.code == BGP_CEASE;
	bgp_connection_event(connection, BGP_MESSAGE_BAD);
	if (is_too_much)
		bgp_peer_shut(connection->peer);
}

static void process_refresh(struct bgp_connection *connection) {
	uint8_t family = 0;

	if (bgp_refresh_decode(connection->message, &family) == 0)
		bgp_out_mark_all(connection->peer, family & connection->peer->families, BGP_OUT_RESEND);
}

// `from` is the state the event came in (RFC 6608 counts its subcodes from OpenSent).
static void act(struct bgp_connection *connection, enum bgp_action action, enum bgp_state from) {
	struct bgp_peer *peer = connection->peer;

	switch (action) {
	case BGP_DO_NOTHING:
	case BGP_ACTIONS:
		break;
	case BGP_DO_CONNECT:
		do_connect(connection);
		break;
	case BGP_DO_START_RETRY:
		bgp_peer_retry_start(peer, connection);
		break;
	case BGP_DO_STOP_RETRY:
		timer_stop(loop_of(connection), &peer->retry);
		break;
	case BGP_DO_SEND_OPEN:
		send_open(connection);
		break;
	case BGP_DO_ACCEPT_OPEN:
		accept_open(connection);
		break;
	case BGP_DO_SEND_KEEPALIVE:
		send_keepalive(connection);
		break;
	case BGP_DO_RESTART_HOLD:
		restart(connection, &connection->hold, connection->hold_s);
		break;
	case BGP_DO_RESTART_KEEPALIVE:
		restart(connection, &connection->keepalive, connection->keepalive_s);
		break;
	case BGP_DO_ESTABLISH:
		bgp_peer_established(peer, connection);
		break;
	case BGP_DO_PROCESS_UPDATE:
		process_update(connection);
		break;
	case BGP_DO_PROCESS_REFRESH:
		process_refresh(connection);
		break;
	case BGP_DO_NOTIFY:
		notify(connection, &connection->error);
		break;
	case BGP_DO_NOTIFY_HOLD:
		notify_code(connection, BGP_ERROR_HOLD, 0);
		break;
	case BGP_DO_NOTIFY_FSM:
		bgp_peer_reason(peer, "message out of turn in %s", bgp_state_name(from));
		notify_code(connection, BGP_ERROR_FSM, (uint8_t)(from - BGP_OPEN_SENT + 1));
		break;
	case BGP_DO_NOTIFY_SHUTDOWN:
		notify_code(connection, BGP_CEASE, BGP_CEASE_SHUTDOWN);
		break;
	case BGP_DO_NOTIFY_COLLISION:
		notify_code(connection, BGP_CEASE, BGP_CEASE_COLLISION);
		break;
	case BGP_DO_CLOSE:
		close_stream(connection);
		break;
	case BGP_DO_RESET:
		reset_stream(connection);
		break;
	case BGP_DO_FORGET:
		release(connection);
		break;
	}
}

void bgp_connection_event(struct bgp_connection *connection, enum bgp_event event) {
	struct bgp_peer *peer = connection->peer;
	enum bgp_state from = connection->state;
	const struct bgp_transition *transition = bgp_fsm_next(from, event, NULL);

	connection->state = transition->next;
	for (size_t i = 0; i < BGP_ACTIONS_MAX && transition->actions[i] != BGP_DO_NOTHING; i++)
		act(connection, transition->actions[i], from);
	if (peer->established == connection && connection->state != BGP_ESTABLISHED)
		bgp_peer_down(peer);
	bgp_peer_show_state(peer);
}

// Cuts a stream into messages and turns them into events.

#include <string.h>

#include "base/assert.h"
#include "proto/bgp/bgp_int.h"

static void bad_message(struct bgp_connection *connection) {
	bgp_peer_reason(connection->peer, "sent a notification: %s",
		bgp_error_text(connection->error.code, connection->error.subcode));
	bgp_connection_event(connection, BGP_MESSAGE_BAD);
}

static bool refuse(struct bgp_connection *connection, uint8_t subcode) {
	connection->error = (struct bgp_error){.code = BGP_ERROR_OPEN, .subcode = subcode};
	return false;
}

// RFC 4271 6.2, as far as it depends on the peer.
static bool open_is_acceptable(struct bgp_connection *connection) {
	const struct bgp_peer *peer = connection->peer;
	const struct bgp_speaker_config *own = &peer->speaker->config;
	const struct bgp_peer_config *config = &peer->config;
	const struct bgp_open *open = &connection->open;
	uint8_t wanted = 0;

	if (config->remote_asn != 0 && open->asn != config->remote_asn)
		return refuse(connection, BGP_OPEN_BAD_AS);
	// RFC 6286 2.2: identifiers are unique within an AS.
	if (open->asn == own->asn && open->router_id == own->router_id)
		return refuse(connection, BGP_OPEN_BAD_IDENTIFIER);
	if (config->ipv4 || !config->ipv6)
		wanted |= BGP_IPV4;
	if (config->ipv6)
		wanted |= BGP_IPV6;
	return (open->families & wanted) != 0 || refuse(connection, BGP_OPEN_BAD_CAPABILITY);
}

static void handle_open(struct bgp_connection *connection) {
	// Out of turn, the machine says so; what was negotiated must not change then.
	if (connection->state != BGP_OPEN_SENT) {
		bgp_connection_event(connection, BGP_OPEN_COMES);
		return;
	}
	if (bgp_open_decode(connection->message, &connection->open, &connection->error) < 0 ||
		!open_is_acceptable(connection)) {
		bad_message(connection);
		return;
	}
	struct bgp_connection *loser = bgp_peer_collision(connection);
	if (loser) {
		bgp_peer_reason(connection->peer, "connection collision");
		bgp_connection_event(loser, BGP_COLLISION_LOST);
	}
	if (loser != connection)
		bgp_connection_event(connection, BGP_OPEN_COMES);
}

static void handle_notification(struct bgp_connection *connection) {
	struct bgp_error error;

	if (bgp_notification_decode(connection->message, &error) == 0)
		bgp_peer_reason(connection->peer, "received a notification: %s",
			bgp_error_text(error.code, error.subcode));
	bgp_connection_event(connection, BGP_NOTIFICATION_COMES);
}

static void handle(struct bgp_connection *connection, enum bgp_message_type type) {
	connection->peer->messages_in++;
	switch (type) {
	case BGP_OPEN:
		handle_open(connection);
		break;
	case BGP_UPDATE:
		connection->peer->updates_in++;
		bgp_connection_event(connection, BGP_UPDATE_COMES);
		break;
	case BGP_NOTIFICATION:
		handle_notification(connection);
		break;
	case BGP_KEEPALIVE:
		bgp_connection_event(connection, BGP_KEEPALIVE_COMES);
		break;
	case BGP_ROUTE_REFRESH:
		bgp_connection_event(connection, BGP_REFRESH_COMES);
		break;
	}
}

// Handles the first message of `bytes` when it is whole. Returns its length, 0 when more must come.
static size_t handle_first(struct bgp_connection *connection, const uint8_t *bytes, size_t length) {
	struct bgp_header header;

	if (length < BGP_HEADER_BYTES)
		return 0;
	if (bgp_header_decode(bytes, &header, &connection->error) < 0) {
		bad_message(connection);
		return length;
	}
	if (length < header.length)
		return 0;
	connection->message =
		reader_of(bytes + BGP_HEADER_BYTES, (size_t)header.length - BGP_HEADER_BYTES);
	handle(connection, header.type);
	return header.length;
}

// How much more the message begun in the buffer needs: first its header, then what that says.
static size_t still_missing(const struct bgp_connection *connection) {
	size_t whole = BGP_HEADER_BYTES;

	if (connection->input_length >= BGP_HEADER_BYTES)
		whole = get_u16(connection->input + BGP_LENGTH_OFFSET);
	return whole - connection->input_length;
}

// Takes bytes for the message in the buffer and handles it when it is whole.
static size_t piece_together(
	struct bgp_connection *connection, const uint8_t *bytes, size_t length) {
	uint32_t stream = connection->stream_count;
	size_t missing = still_missing(connection);
	size_t taken = length < missing ? length : missing;

	memcpy(connection->input + connection->input_length, bytes, taken);
	connection->input_length += taken;
	if (handle_first(connection, connection->input, connection->input_length) > 0 &&
		connection->stream_count == stream)
		connection->input_length = 0;
	return taken;
}

// Whole messages are handled where they lie; only one that came in pieces is copied.
void bgp_connection_receive(
	struct bgp_connection *connection, const uint8_t *bytes, size_t length) {
	uint32_t stream = connection->stream_count;

	while (length > 0 && connection->stream_count == stream) {
		size_t taken = 0;
		if (connection->input_length == 0)
			taken = handle_first(connection, bytes, length);
		if (taken == 0)
			taken = piece_together(connection, bytes, length);
		bytes += taken;
		length -= taken;
	}
}

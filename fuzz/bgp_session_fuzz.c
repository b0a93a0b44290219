// A speaker against a neighbour that says anything: node 0's session gets the input as it comes,
// in pieces, with pauses, on either connection.
//
// The input is records: a byte of what happens, a byte of length, then that many bytes of stream.

#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "proto/bgp/bgp_lab.h"

// An input of megabytes would take longer and show no more.
#define RECORDS_MAX 200

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

enum {
	SAY_OUTGOING,
	SAY_INCOMING,
	SAY_OPEN, // so that deeper states are within reach
	SAY_KEEPALIVE,
	PAUSE,
	FAIL,
	NUDGE,
	NEWCOMER,
	KINDS,
};

static void say(struct bgp_connection *connection, const uint8_t *bytes, size_t length) {
	struct stream *stream = connection->stream;

	if (stream && connection->state >= BGP_OPEN_SENT)
		stream->events->received(stream->owner, stream, bytes, length);
}

static void say_open(struct bgp_connection *connection) {
	const struct bgp_open open = {.asn = 65002,
		.router_id = 9,
		.hold_s = 90,
		.has_as4 = true,
		.has_refresh = true,
		.families = BGP_IPV4 | BGP_IPV6};
	uint8_t message[BGP_MESSAGE_MAX];

	say(connection, message, bgp_open_encode(&open, message));
}

static void say_keepalive(struct bgp_connection *connection) {
	uint8_t message[BGP_MESSAGE_MAX];

	say(connection, message, bgp_keepalive_encode(message));
}

// An incoming connection whose other end is nobody.
static void newcomer(struct lab *lab) {
	struct lab_stream *ends = ARENA_ARRAY(lab->arena, struct lab_stream, 2);

	for (int i = 0; i < 2; i++)
		ends[i] = (struct lab_stream){.stream.ops = &LAB_OPS, .lab = lab, .other = &ends[1 - i]};
	ends[1].is_gone = true;
	bgp_accept(lab->nodes[0].speaker, &ends[0].stream, lab_address(0), lab_address(1));
}

static void happen(struct lab *lab, struct bgp_peer *peer, uint8_t kind, struct reader bytes) {
	size_t length = reader_left(&bytes);
	struct bgp_connection *connections = peer->connections;

	if (kind == SAY_OUTGOING || kind == SAY_INCOMING)
		say(&connections[kind], bytes.at, length);
	if (kind == SAY_OPEN)
		say_open(&connections[length & 1]);
	if (kind == SAY_KEEPALIVE)
		say_keepalive(&connections[length & 1]);
	if (kind == PAUSE)
		lab_run(lab, (int64_t)length * SECOND_NS);
	if (kind == FAIL)
		bgp_peer_fail(peer, "the fuzzer says so");
	if (kind == NUDGE)
		bgp_peer_nudge(peer);
	if (kind == NEWCOMER)
		newcomer(lab);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct reader in = reader_of(data, size_bytes);
	struct lab lab;

	lab_init(&lab);
	lab_add(&lab, 0, 65001);
	lab_add(&lab, 1, 65002);
	struct bgp_peer_config config = lab_peer(0, 1, 65002);
	config.ipv4 = config.ipv6 = true;
	config.max_prefixes = 100;
	struct bgp_peer *peer = bgp_peer_add(lab.nodes[0].speaker, &config);
	lab_originate(&lab, 0, "10.1.0.0/16");
	bgp_peer_start(peer);
	lab_run(&lab, 2 * LAB_DELAY_NS); // node 1 has no such peer: its reset comes later
	for (int i = 0; i < RECORDS_MAX && reader_left(&in) > 0; i++) {
		uint8_t kind = read_u8(&in) % KINDS;
		uint8_t length = read_u8(&in);
		size_t left = reader_left(&in);
		happen(&lab, peer, kind, read_part(&in, length < left ? length : left));
		assert((peer->established != NULL) == (peer->state == BGP_ESTABLISHED));
	}
	lab_run(&lab, 400 * SECOND_NS);
	lab_done(&lab);
	return 0;
}

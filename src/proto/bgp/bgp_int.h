// Inside of the speaker: a speaker has peers, a peer has two connections and what it was sent.
#pragma once

#include "loop/pace.h"
#include "proto/bgp/bgp.h"
#include "proto/bgp/bgp_fsm.h"
#include "proto/bgp/bgp_prefixes.h"
#include "proto/bgp/bgp_wire.h"

#define BGP_CONNECT_RETRY_NS (30 * SECOND_NS)
#define BGP_OPEN_HOLD_NS (240 * SECOND_NS) // RFC 4271 8.2.2: a large value until the OPEN comes
#define BGP_HOLD_S 180
#define BGP_DISTANCE_EXTERNAL 20
#define BGP_DISTANCE_INTERNAL 200

// A stream with more than this under way takes no more updates for now.
#define BGP_UNSENT_MAX ((size_t)256 * 1024)
// How soon it is asked again: at first, and at most while nothing moves.
#define BGP_STALL_FIRST_NS (10 * MS_NS)
#define BGP_STALL_LAST_NS (1 * SECOND_NS)

#define BGP_REASON_CHARS 96

enum bgp_direction {
	BGP_OUTGOING,
	BGP_INCOMING,
	BGP_DIRECTIONS,
};

struct bgp_connection {
	struct bgp_peer *peer;
	enum bgp_direction direction;
	enum bgp_state state;
	struct stream *stream;
	struct timer hold, keepalive;
	uint8_t *input; // BGP_MESSAGE_MAX bytes while there is a stream
	size_t input_length;
	uint32_t stream_count;        // streams it has had, to notice that one went while being read
	struct bgp_open open;         // the peer's
	struct bgp_error error;       // to be sent by BGP_DO_NOTIFY
	struct reader message;        // body of the message being handled
	uint16_t hold_s, keepalive_s; // negotiated
};

enum { // flags of a prefix towards a peer
	BGP_OUT_PENDING = 1 << 0,
	BGP_OUT_RESEND = 1 << 1, // even when nothing changed (RFC 2918)
};

struct bgp_number_list {
	uint32_t *items;
	size_t count, room;
};

// What a peer was sent and what it is still owed, by prefix number. A number with anything here
// holds one reference in the speaker's prefix list.
struct bgp_out {
	struct attributes **sent;
	uint8_t *flags;
	size_t room;
	struct bgp_number_list pending;
	size_t sent_count;
};

struct bgp_peer {
	struct bgp_speaker *speaker;
	struct bgp_peer_config config;
	struct route_source source;
	struct bgp_connection connections[BGP_DIRECTIONS];
	struct bgp_connection *established; // NULL when neither is
	struct timer retry;
	struct bgp_codec codec;
	struct bgp_out out;
	uint8_t families;     // negotiated
	enum bgp_state state; // as shown
	instant since;
	size_t routes_received;
	uint64_t messages_in, messages_out, updates_in, updates_out;
	char reason[BGP_REASON_CHARS]; // why the last session or attempt ended
};

struct bgp_origination {
	struct bgp_network network;
	uint32_t *communities;
	bool is_dirty, is_in_rib;
};

struct bgp_speaker {
	struct bgp_speaker_config config;
	char *name;
	struct bgp_peer **peers;
	size_t peer_count, peer_room;
	struct bgp_origination *networks; // sorted by prefix
	size_t network_count, network_room;
	bool has_dirty_network;
	struct route_source local;
	struct bgp_prefixes prefixes;
	struct timer flush;
	struct pace pace; // of the flush
	int64_t stall_ns; // until streams that were full are asked again; 0 when none was
	bool is_flushing;
};

// Session (bgp_session.c).
void bgp_connection_init(
	struct bgp_connection *connection, struct bgp_peer *peer, enum bgp_direction direction);
void bgp_connection_event(struct bgp_connection *connection, enum bgp_event event);
void bgp_connection_adopt(struct bgp_connection *connection, struct stream *stream);
// False when it did not go: the stream is full or gone.
bool bgp_connection_send(struct bgp_connection *connection, const uint8_t *message, size_t length);
void bgp_stream_refuse(struct stream *stream); // a newcomer that loses at once (RFC 4271 6.8)

// Input (bgp_input.c): cuts the stream into messages and turns them into events.
void bgp_connection_receive(struct bgp_connection *connection, const uint8_t *bytes, size_t length);

// Peer (bgp_peer.c).
struct bgp_peer *bgp_peer_new(struct bgp_speaker *speaker, const struct bgp_peer_config *config);
void bgp_peer_free(struct bgp_peer *peer);
void bgp_peer_reason(struct bgp_peer *peer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void bgp_peer_established(struct bgp_peer *peer, struct bgp_connection *connection);
void bgp_peer_down(struct bgp_peer *peer);
void bgp_peer_retry_start(struct bgp_peer *peer, const struct bgp_connection *by);
void bgp_peer_show_state(struct bgp_peer *peer);
// Stays down until it is started again.
void bgp_peer_shut(struct bgp_peer *peer);
// The connection that must give way now that an OPEN came on `fresh`; NULL when it is alone.
struct bgp_connection *bgp_peer_collision(struct bgp_connection *fresh);
bool bgp_is_external(const struct bgp_peer *peer);

// Import (bgp_import.c). False with connection->error set when the session must end.
bool bgp_import_update(struct bgp_connection *connection);

// Export (bgp_export.c). What the peer is to know of a prefix: a counted reference, or NULL.
struct attributes *bgp_export(const struct bgp_peer *peer, struct prefix prefix);

// Output (bgp_out.c).
void bgp_out_mark(struct bgp_peer *peer, uint32_t number, uint8_t flags);
void bgp_out_mark_all(struct bgp_peer *peer, uint8_t families, uint8_t flags);
bool bgp_out_flush(struct bgp_peer *peer); // true when anything was handed over
void bgp_out_clear(struct bgp_peer *peer);

// Speaker (bgp_speaker.c). Something is to be flushed.
void bgp_speaker_wake(struct bgp_speaker *speaker);

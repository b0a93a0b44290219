// What the files of this folder share: a connection, the stack it belongs to, and their calls.
//
// Callbacks to owners may close, reset and open streams, and send() may bring the answer back
// before it returns. So a connection is only marked when it ends, and freed when the last call into
// the stack has left (tcp_stack_leave).
#pragma once

#include "base/random.h"
#include "proto/tcp/tcp.h"
#include "proto/tcp/tcp_congestion.h"
#include "proto/tcp/tcp_fsm.h"
#include "proto/tcp/tcp_queue.h"
#include "proto/tcp/tcp_reassembly.h"
#include "proto/tcp/tcp_rto.h"
#include "proto/tcp/tcp_wire.h"

// Owners get their bytes at once, so the window is always open and needs no scaling.
#define TCP_WINDOW_BYTES 65535U
// A path of 68 bytes (RFC 791) leaves this much; a jumbo frame of 9216 the other.
#define TCP_MSS_MIN 28
#define TCP_MSS_MAX 9176

// Which connection a segment belongs to, seen from this end.
struct tcp_pair {
	struct ip local, remote;
	uint16_t local_port, remote_port;
};

struct tcp_connection {
	struct stream stream; // events NULL: nobody owns it
	struct tcp_stack *stack;
	struct tcp_connection *next, *previous; // of the stack's, in the order of their creation
	struct tcp_connection *next_in_bucket;
	struct tcp_connection *next_ended;

	struct tcp_pair pair;
	enum tcp_state state;
	bool is_passive;   // the peer connected
	bool is_half_open; // counted in the stack's half_open
	bool has_fin;      // our FIN is queued behind the data
	bool has_peer_fin; // the peer's is known, maybe behind a gap
	bool ack_due;
	bool wants_drained;
	bool is_measuring; // a round trip, until `measured_end` is acknowledged

	// Sending, RFC 9293 3.3.1. `sent_next` goes back to `unacknowledged` when all is sent again;
	// `highest` never does.
	uint32_t first_sequence; // ISS
	uint32_t unacknowledged; // SND.UNA
	uint32_t sent_next;      // SND.NXT
	uint32_t highest;
	uint32_t fin_sequence;
	uint32_t peer_window;                             // SND.WND
	uint32_t window_sequence, window_acknowledgement; // SND.WL1, SND.WL2
	uint32_t measured_end;
	instant measured_from;
	uint32_t mss;           // what fits the path and the peer
	uint16_t offered_mss;   // our option
	unsigned timeouts;      // since something new was acknowledged
	struct tcp_queue queue; // data from `unacknowledged` on
	struct tcp_congestion congestion;
	struct tcp_rto rto;

	uint32_t expected; // RCV.NXT
	uint32_t peer_fin_sequence;
	struct tcp_reassembly reassembly;

	instant challenges_from;
	unsigned challenges;
	struct timer retransmit, linger, flush;
};

struct tcp_listener {
	uint16_t port;
	tcp_accept_fn *accept;
	void *owner;
};

struct tcp_listeners {
	struct tcp_listener *items;
	size_t count, room;
};

// Connections by pair: a hash of chains.
struct tcp_table {
	struct tcp_connection **buckets;
	size_t bucket_count; // a power of two
	size_t count;
};

struct tcp_stack {
	struct loop *loop;
	struct tcp_output output;
	struct random random;
	struct tcp_counters counters;
	struct tcp_listeners listeners;
	struct tcp_table table;
	struct tcp_connection *first, *last;
	struct tcp_connection *ended; // to be freed
	unsigned depth;               // calls into the stack that have not returned
	size_t half_open;
	size_t bytes_in_flight;
	uint16_t next_port;
};

// tcp_table.c
void tcp_table_init(struct tcp_table *table);
void tcp_table_done(struct tcp_table *table);
struct tcp_connection *tcp_table_find(const struct tcp_table *table, const struct tcp_pair *pair);
void tcp_table_insert(struct tcp_table *table, struct tcp_connection *connection);
void tcp_table_remove(struct tcp_table *table, struct tcp_connection *connection);

// tcp_stack.c
void tcp_stack_enter(struct tcp_stack *stack);
void tcp_stack_leave(struct tcp_stack *stack);
const struct tcp_listener *tcp_stack_listener(const struct tcp_stack *stack, uint16_t port);

// tcp_session.c
struct tcp_connection *tcp_connection_new(struct tcp_stack *stack, const struct tcp_pair *pair);
void tcp_connection_free(struct tcp_connection *connection);
// What we take and, until the peer or the path says less, what we send. Before the SYN only.
void tcp_connection_set_mss(struct tcp_connection *connection, uint16_t mss);
// Takes the step that the table has for the event and does what it says.
void tcp_connection_event(struct tcp_connection *connection, enum tcp_event event);

// tcp_send.c
// Sends what is due and what the windows let go.
void tcp_connection_flush(struct tcp_connection *connection);
// The retransmission timer expired: all that is not acknowledged goes again.
void tcp_connection_resend(struct tcp_connection *connection);
// One segment from the oldest byte not acknowledged.
void tcp_connection_resend_first(struct tcp_connection *connection);
// The path takes no larger segments; what is on its way is sent again in smaller ones.
void tcp_connection_shrink(struct tcp_connection *connection, uint32_t mss);
void tcp_connection_send_reset(struct tcp_connection *connection);
// Answers a segment that belongs to nothing (RFC 9293 3.10.7.1).
void tcp_stack_refuse(
	struct tcp_stack *stack, const struct tcp_pair *pair, const struct tcp_segment *segment);

// tcp_receive.c
void tcp_connection_receive(struct tcp_connection *connection, const struct tcp_segment *segment);
// Notes what the peer's SYN says, in whichever state it came.
void tcp_connection_learn_syn(struct tcp_connection *connection, const struct tcp_segment *segment);

// The sequence number of the queue's first byte: the SYN has one of its own.
static inline uint32_t tcp_connection_data_start(const struct tcp_connection *connection) {
	bool is_syn_out = connection->unacknowledged == connection->first_sequence;

	return connection->unacknowledged + is_syn_out;
}

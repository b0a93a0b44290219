// A small TCP: the reliable stream that BGP rides on inside the world.
//
// True TCP headers (RFC 9293), three-way handshake, cumulative acknowledgement, retransmission by
// timeout with back-off (RFC 6298) and fast retransmit, MSS option, path MTU lowering, orderly
// close and reset. No urgent data, no window scaling, no SACK. It owns neither socket nor clock:
// segments leave by a callback and come in by tcp_input().
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "loop/stream.h"
#include "net/ip.h"

struct tcp_stack;

// How a stack reaches the world. `segment` holds header and payload, checksum set; valid only
// during the call.
struct tcp_output {
	void (*send)(void *owner, struct ip source, struct ip destination, const uint8_t *segment,
		size_t length);
	void *owner;
	// The largest segment the local port takes: its MTU less 40 bytes for IPv4, 60 for IPv6. NULL,
	// or a result of 0: a connecting end goes by its tcp_address, an accepting one offers what it
	// was offered.
	uint16_t (*mss)(void *owner, struct ip local);
};

// `name` picks the stack's random stream (initial sequence numbers, ports).
struct tcp_stack *tcp_stack_new(
	struct loop *loop, const struct tcp_output *output, const char *name);
void tcp_stack_free(struct tcp_stack *stack); // drops all streams without a word

// A new incoming connection that has completed its handshake. The acceptor takes it over with
// stream_set_owner() or resets it.
typedef void tcp_accept_fn(void *owner, struct stream *stream, struct ip local, struct ip remote);
// `accept` NULL stops listening; connections already accepted stay.
void tcp_listen(struct tcp_stack *stack, uint16_t port, tcp_accept_fn *accept, void *owner);

struct tcp_address {
	struct ip local, remote;
	uint16_t remote_port;
	uint16_t mss_bytes; // 0: what tcp_output's mss() says, else 536 for IPv4, 1220 for IPv6
};

// Starts connecting; `events->opened` or `events->ended` follows, never during the call. What is
// sent meanwhile is queued. Gives up after some 30 s.
struct stream *tcp_connect(struct tcp_stack *stack, const struct tcp_address *to,
	const struct stream_events *events, void *owner);

// A segment that arrived at one of the node's addresses. Bad checksums are dropped and counted.
void tcp_input(struct tcp_stack *stack, struct ip source, struct ip destination,
	const uint8_t *segment, size_t length);

// ICMP said "packet too big" for this pair: segments shrink to fit (RFC 1191, 8201).
void tcp_path_mtu(struct tcp_stack *stack, struct ip local, struct ip remote, uint32_t mtu_bytes);
// Ends every stream of a local address that vanished, as a router does when a port goes away:
// STREAM_RESET, and nothing is sent.
void tcp_drop_local(struct tcp_stack *stack, struct ip local);

// Bytes that owners have sent and peers not yet acknowledged, queued ones included, over all
// streams; half of "no update in flight".
size_t tcp_bytes_in_flight(const struct tcp_stack *stack);

struct tcp_counters {
	uint64_t segments_in, segments_out, retransmissions, bad_checksums, malformed, resets_in;
	uint64_t resets_out;
};
const struct tcp_counters *tcp_stack_counters(const struct tcp_stack *stack);

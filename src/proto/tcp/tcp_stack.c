#include <stdlib.h>

#include "base/assert.h"
#include "base/memory.h"
#include "proto/tcp/tcp_int.h"

// Connections that have not finished their handshake; a further SYN is dropped, and its sender
// tries again (RFC 4987 3.1).
#define HALF_OPEN_MAX 256
// RFC 6335 6: the ports for outgoing connections.
#define EPHEMERAL_FIRST 49152
#define EPHEMERAL_COUNT 16384

#define IPV4_AND_TCP_BYTES 40
#define IPV6_AND_TCP_BYTES 60
// The least MTU there is: RFC 791 3.2, RFC 8200 5. Less than that was never said by a router.
#define MTU_MIN_V4 68
#define MTU_MIN_V6 1280

struct tcp_stack *tcp_stack_new(
	struct loop *loop, const struct tcp_output *output, const char *name) {
	struct tcp_stack *stack = memory_alloc(sizeof(*stack));

	assert(output->send != NULL);
	stack->loop = loop;
	stack->output = *output;
	random_init(&stack->random, loop_seed(loop), name, "tcp");
	tcp_table_init(&stack->table);
	stack->next_port = (uint16_t)random_below(&stack->random, EPHEMERAL_COUNT);
	return stack;
}

void tcp_stack_free(struct tcp_stack *stack) {
	if (stack == NULL)
		return;
	assert(stack->depth == 0);
	while (stack->first != NULL)
		tcp_connection_free(stack->first);
	tcp_table_done(&stack->table);
	free(stack->listeners.items);
	free(stack);
}

void tcp_stack_enter(struct tcp_stack *stack) {
	stack->depth++;
}

void tcp_stack_leave(struct tcp_stack *stack) {
	assert(stack->depth > 0);
	if (--stack->depth > 0)
		return;
	while (stack->ended != NULL) {
		struct tcp_connection *ended = stack->ended;
		stack->ended = ended->next_ended;
		tcp_connection_free(ended);
	}
}

const struct tcp_listener *tcp_stack_listener(const struct tcp_stack *stack, uint16_t port) {
	for (size_t i = 0; i < stack->listeners.count; i++) {
		const struct tcp_listener *listener = &stack->listeners.items[i];
		if (listener->port == port && listener->accept != NULL)
			return listener;
	}
	return NULL;
}

void tcp_listen(struct tcp_stack *stack, uint16_t port, tcp_accept_fn *accept, void *owner) {
	struct tcp_listener listener = {port, accept, owner};

	for (size_t i = 0; i < stack->listeners.count; i++) {
		if (stack->listeners.items[i].port == port) {
			stack->listeners.items[i] = listener;
			return;
		}
	}
	ARRAY_PUSH(&stack->listeners, listener);
}

// The next ephemeral port that is free towards this peer (RFC 6056 3.3.2, the simple one).
static uint16_t port_pick(struct tcp_stack *stack, struct tcp_pair *pair) {
	for (unsigned tries = 0; tries < EPHEMERAL_COUNT; tries++) {
		pair->local_port = (uint16_t)(EPHEMERAL_FIRST + stack->next_port);
		stack->next_port = (uint16_t)((stack->next_port + 1) % EPHEMERAL_COUNT);
		if (tcp_table_find(&stack->table, pair) == NULL)
			return pair->local_port;
	}
	return 0;
}

struct stream *tcp_connect(struct tcp_stack *stack, const struct tcp_address *to,
	const struct stream_events *events, void *owner) {
	struct tcp_pair pair = {
		.local = to->local, .remote = to->remote, .remote_port = to->remote_port};

	// Sixteen thousand connections between two addresses can't be meant.
	pair.local_port = port_pick(stack, &pair);
	assert(pair.local_port != 0);
	tcp_stack_enter(stack);
	struct tcp_connection *connection = tcp_connection_new(stack, &pair);
	if (to->mss_bytes != 0)
		tcp_connection_set_mss(connection, to->mss_bytes);
	stream_set_owner(&connection->stream, events, owner);
	tcp_connection_event(connection, TCP_GOT_CONNECT);
	tcp_stack_leave(stack);
	return &connection->stream;
}

// RFC 9293 3.10.7.2. A listening end answers with a connection of its own.
static void connection_accept(
	struct tcp_stack *stack, const struct tcp_pair *pair, const struct tcp_segment *segment) {
	if (stack->half_open == HALF_OPEN_MAX)
		return;
	struct tcp_connection *connection = tcp_connection_new(stack, pair);
	// Between two ends on one path, what one takes the other will.
	if (segment->mss != 0 &&
		(stack->output.mss == NULL || stack->output.mss(stack->output.owner, pair->local) == 0))
		tcp_connection_set_mss(connection, segment->mss);
	connection->is_passive = true;
	connection->is_half_open = true;
	stack->half_open++;
	tcp_connection_learn_syn(connection, segment);
	tcp_connection_event(connection, TCP_GOT_SYN);
	tcp_connection_flush(connection);
}

static void segment_dispatch(
	struct tcp_stack *stack, const struct tcp_pair *pair, const struct tcp_segment *segment) {
	const uint8_t kind = segment->flags & (TCP_SYN | TCP_ACK | TCP_RST);
	struct tcp_connection *connection = tcp_table_find(&stack->table, pair);

	if (connection != NULL)
		tcp_connection_receive(connection, segment);
	else if (kind == TCP_SYN && tcp_stack_listener(stack, pair->local_port) != NULL)
		connection_accept(stack, pair, segment);
	else
		tcp_stack_refuse(stack, pair, segment);
}

void tcp_input(struct tcp_stack *stack, struct ip source, struct ip destination,
	const uint8_t *bytes, size_t length) {
	struct tcp_segment segment;

	stack->counters.segments_in++;
	if (!tcp_checksum_holds(source, destination, bytes, length)) {
		stack->counters.bad_checksums++;
		return;
	}
	if (tcp_segment_decode(bytes, length, &segment) != 0) {
		stack->counters.malformed++;
		return;
	}
	if ((segment.flags & TCP_RST) != 0)
		stack->counters.resets_in++;
	struct tcp_pair pair = {
		.local = destination,
		.remote = source,
		.local_port = segment.destination_port,
		.remote_port = segment.source_port,
	};
	tcp_stack_enter(stack);
	segment_dispatch(stack, &pair, &segment);
	tcp_stack_leave(stack);
}

void tcp_path_mtu(struct tcp_stack *stack, struct ip local, struct ip remote, uint32_t mtu_bytes) {
	uint32_t least = ip_is_v4(local) ? MTU_MIN_V4 : MTU_MIN_V6;
	uint32_t headers = ip_is_v4(local) ? IPV4_AND_TCP_BYTES : IPV6_AND_TCP_BYTES;
	uint32_t mss = (mtu_bytes < least ? least : mtu_bytes) - headers;
	struct tcp_connection *last = stack->last;

	tcp_stack_enter(stack);
	for (struct tcp_connection *c = stack->first; c != NULL; c = c == last ? NULL : c->next) {
		if (c->state != TCP_CLOSED && ip_equal(c->pair.local, local) &&
			ip_equal(c->pair.remote, remote))
			tcp_connection_shrink(c, mss);
	}
	tcp_stack_leave(stack);
}

void tcp_drop_local(struct tcp_stack *stack, struct ip local) {
	// Owners may connect anew from the very address; those connections are not the ones meant.
	struct tcp_connection *last = stack->last;

	tcp_stack_enter(stack);
	for (struct tcp_connection *c = stack->first; c != NULL; c = c == last ? NULL : c->next) {
		if (c->state != TCP_CLOSED && ip_equal(c->pair.local, local))
			tcp_connection_event(c, TCP_GOT_ADDRESS_LOSS);
	}
	tcp_stack_leave(stack);
}

size_t tcp_bytes_in_flight(const struct tcp_stack *stack) {
	return stack->bytes_in_flight;
}

const struct tcp_counters *tcp_stack_counters(const struct tcp_stack *stack) {
	return &stack->counters;
}

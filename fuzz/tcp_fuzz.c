// Any segments into a stack with a listening port and one open connection, mixed with the passing
// of time and with what owners do.
//
// The input is records: a byte that says what happens; a segment is two bytes of length and its
// bytes. Ports and checksum are put right, and numbers are counted from what the stack said last,
// or hardly any segment would get past the first checks.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/wire.h"
#include "proto/tcp/tcp.h"
#include "proto/tcp/tcp_wire.h"

#define RECORDS_MAX 500 // an input of megabytes would take longer and show no more
#define SEGMENT_MAX 2000
#define LISTEN_PORT 179
#define PEER_PORT 5000
#define STREAMS_MAX 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

// The stack, its streams, and the one foreign host that says all that it hears.
struct probe {
	struct loop *loop;
	struct tcp_stack *stack;
	struct ip local, remote;
	struct stream *streams[STREAMS_MAX];
	struct tcp_segment said; // by the stack, last
	uint8_t temper;          // what owners do in their callbacks
};

static size_t stream_index(const struct probe *probe, const struct stream *stream) {
	size_t index = 0;

	while (index < STREAMS_MAX && probe->streams[index] != stream)
		index++;
	return index;
}

// What an owner may do at any time; the stream is gone afterwards when it ends it.
static void stream_act(struct probe *probe, struct stream *stream, uint8_t what) {
	size_t index = stream_index(probe, stream);
	static const uint8_t words[3000] = "what BGP has to say";

	assert(index < STREAMS_MAX);
	switch (what % 4) {
	case 0:
		break;
	case 1:
		(void)stream->ops->send(stream, words, (size_t)what * 11);
		break;
	case 2:
		probe->streams[index] = NULL;
		stream->ops->close(stream);
		break;
	case 3:
		probe->streams[index] = NULL;
		stream->ops->reset(stream);
		break;
	}
}

static void probe_opened(void *owner, struct stream *stream) {
	struct probe *probe = owner;

	stream_act(probe, stream, probe->temper);
}

static void probe_received(
	void *owner, struct stream *stream, const uint8_t *bytes, size_t length) {
	struct probe *probe = owner;

	assert(length > 0 && bytes != NULL);
	stream_act(probe, stream, probe->temper / 4);
}

static void probe_ended(void *owner, struct stream *stream, enum stream_end why) {
	struct probe *probe = owner;
	size_t index = stream_index(probe, stream);

	(void)why;
	assert(index < STREAMS_MAX); // each ends once, and only while it is owned
	probe->streams[index] = NULL;
}

static const struct stream_events probe_events = {
	.opened = probe_opened,
	.received = probe_received,
	.ended = probe_ended,
};

static void probe_accept(void *owner, struct stream *stream, struct ip local, struct ip remote) {
	struct probe *probe = owner;
	size_t index = stream_index(probe, NULL);

	assert(ip_equal(local, probe->local) && ip_equal(remote, probe->remote));
	if (index == STREAMS_MAX)
		return; // the stack resets what nobody takes
	probe->streams[index] = stream;
	stream_set_owner(stream, &probe_events, probe);
	stream_act(probe, stream, probe->temper / 16);
}

static void probe_send(
	void *owner, struct ip source, struct ip destination, const uint8_t *segment, size_t length) {
	struct probe *probe = owner;

	assert(tcp_checksum_holds(source, destination, segment, length));
	assert(tcp_segment_decode(segment, length, &probe->said) == 0);
	probe->said.payload = NULL;
}

static void probe_connect(struct probe *probe) {
	const struct tcp_address to = {
		.local = probe->local, .remote = probe->remote, .remote_port = PEER_PORT};
	size_t index = stream_index(probe, NULL);

	if (index < STREAMS_MAX)
		probe->streams[index] = tcp_connect(probe->stack, &to, &probe_events, probe);
}

static void segment_input(struct probe *probe, uint8_t *bytes, size_t length) {
	tcp_checksum_set(probe->remote, probe->local, bytes, length);
	tcp_input(probe->stack, probe->remote, probe->local, bytes, length);
}

// Answers what the stack said last, so that its connection is open.
static void handshake_answer(struct probe *probe) {
	uint8_t bytes[TCP_HEADER_BYTES + TCP_MSS_OPTION_BYTES];
	const struct tcp_segment answer = {
		.source_port = probe->said.destination_port,
		.destination_port = probe->said.source_port,
		.sequence = 1000,
		.acknowledgement = probe->said.sequence + 1,
		.flags = TCP_SYN | TCP_ACK,
		.window = 65535,
		.mss = 1460,
	};

	segment_input(probe, bytes, tcp_header_encode(&answer, bytes));
}

static void segment_arrive(struct probe *probe, struct reader *in, bool is_new) {
	uint8_t bytes[SEGMENT_MAX];
	size_t length = read_u16(in) % SEGMENT_MAX;
	const uint8_t *view = read_view(in, length);

	if (view == NULL)
		return;
	memcpy(bytes, view, length);
	if (length >= TCP_HEADER_BYTES) {
		put_u16(bytes, is_new ? get_u16(bytes) : probe->said.destination_port);
		put_u16(bytes + 2, is_new ? LISTEN_PORT : probe->said.source_port);
		put_u32(bytes + 4, get_u32(bytes + 4) + probe->said.acknowledgement);
		put_u32(
			bytes + 8, get_u32(bytes + 8) + probe->said.sequence + tcp_segment_span(&probe->said));
		tcp_checksum_set(probe->remote, probe->local, bytes, length);
	}
	tcp_input(probe->stack, probe->remote, probe->local, bytes, length);
}

static void record_play(struct probe *probe, struct reader *in) {
	uint8_t what = read_u8(in);
	struct stream *stream;

	switch (what % 8) {
	case 0:
		probe->temper = read_u8(in);
		break;
	case 1:
		loop_run_until(probe->loop, instant_add(loop_now(probe->loop), what * 500 * MS_NS));
		break;
	case 2:
		stream = probe->streams[read_u8(in) % STREAMS_MAX];
		if (stream != NULL)
			stream_act(probe, stream, what / 8);
		break;
	case 3:
		tcp_path_mtu(probe->stack, probe->local, probe->remote, read_u16(in));
		break;
	case 4:
		if (what < 128)
			probe_connect(probe);
		else if (what > 250)
			tcp_drop_local(probe->stack, probe->local);
		else
			loop_run_until(probe->loop, loop_now(probe->loop));
		break;
	case 5:
		segment_arrive(probe, in, true);
		break;
	case 6:
	case 7:
		segment_arrive(probe, in, false);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	struct probe probe = {.local = ip_of_v4(0x0a000001), .remote = ip_of_v4(0x0a000002)};
	const struct tcp_output output = {.send = probe_send, .owner = &probe};
	struct reader in = reader_of(data, size_bytes);
	struct clock clock;

	clock_init_virtual(&clock);
	probe.loop = loop_new(&clock, 1);
	probe.stack = tcp_stack_new(probe.loop, &output, "fuzz");
	tcp_listen(probe.stack, LISTEN_PORT, probe_accept, &probe);
	probe_connect(&probe);
	loop_run_until(probe.loop, (instant){0});
	handshake_answer(&probe);
	for (int records = 0; records < RECORDS_MAX && reader_left(&in) > 0; records++)
		record_play(&probe, &in);
	// Left alone, all comes to its end.
	loop_run_until(probe.loop, instant_add(loop_now(probe.loop), 3600 * SECOND_NS));
	assert(loop_work_pending(probe.loop) == 0);
	assert(tcp_bytes_in_flight(probe.stack) == 0);
	tcp_stack_free(probe.stack);
	loop_free(probe.loop);
	return 0;
}

// BFD packets off the wire: whatever decodes encodes to the same bytes, and a session takes any
// order of packets and pauses.
//
// The input is records: a byte that says what happens, then 24 bytes where a packet arrives.

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/wire.h"
#include "proto/bfd/bfd.h"
#include "proto/bfd/bfd_wire.h"

// An input of megabytes would take longer and show no more.
#define RECORDS_MAX 500

#define YOUR_DISCRIMINATOR_OFFSET 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes);

struct probe {
	struct bfd_session *session;
	uint32_t discriminator; // the session's own, learned from what it sends
};

static void probe_send(void *owner, const uint8_t bytes[BFD_PACKET_BYTES]) {
	struct probe *probe = owner;
	struct bfd_packet packet;

	assert(bfd_packet_decode(bytes, BFD_PACKET_BYTES, &packet) == 0);
	probe->discriminator = packet.my_discriminator;
}

static void probe_changed(void *owner, enum bfd_state state, enum bfd_diagnostic why) {
	const struct probe *probe = owner;

	(void)why;
	assert(state == BFD_UP || state == BFD_DOWN);
	assert(bfd_session_state(probe->session) == state);
}

static void round_trip(const uint8_t *bytes, size_t length) {
	struct bfd_packet packet;
	struct bfd_packet again;
	uint8_t written[BFD_PACKET_BYTES];

	if (bfd_packet_decode(bytes, length, &packet) != 0)
		return;
	bfd_packet_encode(&packet, written);
	assert(written[0] == bytes[0] && written[1] == bytes[1] && written[2] == bytes[2]);
	assert(memcmp(written + 4, bytes + 4, BFD_PACKET_BYTES - 4) == 0);
	assert(bfd_packet_decode(written, sizeof(written), &again) == 0);
}

// A packet as the input has it; one that names no session's discriminator at random is aimed at
// ours, or hardly any would get past that check.
static void packet_arrive(struct probe *probe, const uint8_t *bytes, bool is_aimed) {
	uint8_t packet[BFD_PACKET_BYTES];

	memcpy(packet, bytes, sizeof(packet));
	if (is_aimed)
		put_u32(packet + YOUR_DISCRIMINATOR_OFFSET, probe->discriminator);
	bfd_session_input(probe->session, packet, sizeof(packet));
}

static void record_play(struct probe *probe, struct loop *loop, struct reader *in) {
	uint8_t what = read_u8(in);
	const uint8_t *bytes;

	switch (what % 8) {
	case 0:
		bfd_session_stop(probe->session);
		break;
	case 1:
		bfd_session_start(probe->session);
		break;
	case 2:
		bfd_session_set_intervals(
			probe->session, (1 + what / 8) * 10 * MS_NS, what / 64 * 100 * MS_NS);
		break;
	case 3:
	case 4:
		loop_run_until(loop, instant_add(loop_now(loop), what * 10 * MS_NS));
		break;
	case 5:
	case 6:
	case 7:
		bytes = read_view(in, BFD_PACKET_BYTES);
		if (bytes != NULL)
			packet_arrive(probe, bytes, what % 8 != 5);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes) {
	const struct bfd_config config = {"fuzz", 300 * MS_NS, 300 * MS_NS, 3};
	struct probe probe = {0};
	const struct bfd_events events = {probe_send, probe_changed, &probe};
	struct reader in = reader_of(data, size_bytes);
	struct clock clock;

	round_trip(data, size_bytes);
	clock_init_virtual(&clock);
	struct loop *loop = loop_new(&clock, 1);
	probe.session = bfd_session_new(loop, &config, &events);
	bfd_session_start(probe.session);
	for (int records = 0; records < RECORDS_MAX && reader_left(&in) > 0; records++)
		record_play(&probe, loop, &in);
	bfd_session_free(probe.session);
	assert(loop_next_due(loop).ns == INSTANT_NEVER.ns);
	loop_free(loop);
	return 0;
}

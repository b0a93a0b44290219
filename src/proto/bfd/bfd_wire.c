#include "proto/bfd/bfd_wire.h"

#include <errno.h>

#include "base/wire.h"

#define VERSION 1

// The second byte: two bits of state, then these flags.
enum {
	FLAG_POLL = 0x20,
	FLAG_FINAL = 0x10,
	FLAG_CONTROL_PLANE_INDEPENDENT = 0x08,
	FLAG_AUTHENTICATION = 0x04,
	FLAG_DEMAND = 0x02,
	FLAG_MULTIPOINT = 0x01,
};

// RFC 5880 6.8.6, up to where a session is needed.
static bool is_valid(const struct bfd_packet *packet, uint8_t flags) {
	if ((flags & (FLAG_AUTHENTICATION | FLAG_MULTIPOINT)) != 0)
		return false;
	if (packet->poll && packet->final) // 6.5
		return false;
	if (packet->detect_multiplier == 0 || packet->my_discriminator == 0)
		return false;
	return packet->your_discriminator != 0 || packet->state <= BFD_DOWN;
}

int bfd_packet_decode(const uint8_t *bytes, size_t length, struct bfd_packet *out) {
	struct reader in = reader_of(bytes, length);
	struct bfd_packet packet = {0};

	uint8_t version_and_diagnostic = read_u8(&in);
	uint8_t flags = read_u8(&in);
	packet.diagnostic = version_and_diagnostic & 0x1f;
	packet.state = (enum bfd_state)(flags >> 6);
	packet.poll = (flags & FLAG_POLL) != 0;
	packet.final = (flags & FLAG_FINAL) != 0;
	packet.control_plane_independent = (flags & FLAG_CONTROL_PLANE_INDEPENDENT) != 0;
	packet.demand = (flags & FLAG_DEMAND) != 0;
	packet.detect_multiplier = read_u8(&in);
	uint8_t packet_bytes = read_u8(&in);
	packet.my_discriminator = read_u32(&in);
	packet.your_discriminator = read_u32(&in);
	packet.desired_min_tx_us = read_u32(&in);
	packet.required_min_rx_us = read_u32(&in);
	packet.required_min_echo_rx_us = read_u32(&in);
	if (in.short_read || version_and_diagnostic >> 5 != VERSION)
		return -EBADMSG;
	if (packet_bytes < BFD_PACKET_BYTES || packet_bytes > length || !is_valid(&packet, flags))
		return -EBADMSG;
	*out = packet;
	return 0;
}

void bfd_packet_encode(const struct bfd_packet *packet, uint8_t bytes[BFD_PACKET_BYTES]) {
	struct writer out = writer_of(bytes, BFD_PACKET_BYTES);
	unsigned flags = (unsigned)packet->state << 6;

	flags |= packet->poll ? FLAG_POLL : 0;
	flags |= packet->final ? FLAG_FINAL : 0;
	flags |= packet->control_plane_independent ? FLAG_CONTROL_PLANE_INDEPENDENT : 0;
	flags |= packet->demand ? FLAG_DEMAND : 0;
	write_u8(&out, (uint8_t)(VERSION << 5 | (packet->diagnostic & 0x1f)));
	write_u8(&out, (uint8_t)flags);
	write_u8(&out, packet->detect_multiplier);
	write_u8(&out, BFD_PACKET_BYTES);
	write_u32(&out, packet->my_discriminator);
	write_u32(&out, packet->your_discriminator);
	write_u32(&out, packet->desired_min_tx_us);
	write_u32(&out, packet->required_min_rx_us);
	write_u32(&out, packet->required_min_echo_rx_us);
}

// BFD control packets: bytes to struct and back (RFC 5880 4.1). Pure.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/bfd/bfd.h"

// The mandatory section without the fixed version and length.
struct bfd_packet {
	uint8_t diagnostic; // any of 0 to 31
	enum bfd_state state;
	bool poll, final;
	bool control_plane_independent;
	bool demand;
	uint8_t detect_multiplier;
	uint32_t my_discriminator, your_discriminator;
	uint32_t desired_min_tx_us, required_min_rx_us, required_min_echo_rx_us;
};

// Applies the checks of 6.8.6 that need no session. -EBADMSG, and *out untouched, when one fails.
// Authenticated packets fail, too: no session here has authentication.
int bfd_packet_decode(const uint8_t *bytes, size_t length, struct bfd_packet *out);
void bfd_packet_encode(const struct bfd_packet *packet, uint8_t bytes[BFD_PACKET_BYTES]);

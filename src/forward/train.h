// Trains: packets of one flow and size, the last one perhaps smaller, that cross the network
// together as one. Unlike a large segment's pieces each of them has an end of its own: it is
// delivered, dropped and answered by itself, and segment.h cuts a train apart where that matters.
// Two kinds:
// - Datagrams that a host sent in one go (merge.h), behind one IP and one UDP header.
// - The ESP packets that one large packet became, behind one IP header, each sealed, numbered and
//   opened by itself. Only the tunnels here make them.
#pragma once

#include "forward/packet.h"
#include "net/packet_format.h"

// The protocol behind the network header: of a large packet always its transport.
static inline uint8_t packet_protocol(const struct packet *packet) {
	const uint8_t *bytes = packet->bytes + packet->start;
	return bytes[bytes[0] >> 4 == 6 ? 6 : 9];
}

static inline bool packet_is_train(const struct packet *packet) {
	return packet->piece_bytes != 0 && packet_protocol(packet) != PROTOCOL_TCP;
}

static inline bool packet_is_esp_train(const struct packet *packet) {
	return packet->piece_bytes != 0 && packet_protocol(packet) == PROTOCOL_ESP;
}

// Appends an ESP packet, which stays the caller's, to the one or the train it comes behind, from
// the same tunnel. False when there is no room, or when it is longer than those before it.
bool train_append(struct packet *train, const struct packet *packet);

// Trains: the ESP packets that one large segment became, which cross the network together as one
// packet, as the segment would have. Behind one outer header stand the packets' bodies, each as
// long as the first but for the last; every one of them is sealed, numbered and opened by itself,
// and segment.h cuts a train into the packets it stands for. Only the tunnels here make them.
#pragma once

#include "forward/packet.h"
#include "net/packet_format.h"

static inline bool packet_is_train(const struct packet *packet) {
	const uint8_t *bytes = packet->bytes + packet->start;
	return packet->piece_bytes != 0 && bytes[bytes[0] >> 4 == 6 ? 6 : 9] == PROTOCOL_ESP;
}

// Appends an ESP packet, which stays the caller's, to the one or the train it comes behind, from
// the same tunnel. False when there is no room, or when it is longer than those before it.
bool train_append(struct packet *train, const struct packet *packet);

// How much may be in flight: slow start, congestion avoidance, fast retransmit and fast recovery
// (RFC 5681, 6582, 6928). Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Invariant: mss <= window <= TCP_CONGESTION_MAX.
#define TCP_CONGESTION_MAX (1U << 20)

struct tcp_congestion {
	uint32_t mss;
	uint32_t window;
	uint32_t threshold;
	uint32_t recover; // RFC 6582: the highest sequence sent when loss was last seen
	uint8_t duplicates;
	bool in_recovery;
};

// Where the sender stands.
struct tcp_flight {
	uint32_t unacknowledged; // the oldest sequence number not acknowledged
	uint32_t highest;        // one past the highest ever sent
};

// `syn_was_lost`: begin with a single segment (RFC 5681 3.1).
void tcp_congestion_init(
	struct tcp_congestion *c, uint32_t mss, uint32_t first_sequence, bool syn_was_lost);
// `acked` new bytes were acknowledged; flight->unacknowledged is already past them. True: the
// segment there is lost too and is to be sent again.
bool tcp_congestion_acknowledged(
	struct tcp_congestion *c, const struct tcp_flight *flight, uint32_t acked);
// A duplicate acknowledgement. True: fast retransmit.
bool tcp_congestion_duplicate(struct tcp_congestion *c, const struct tcp_flight *flight);
void tcp_congestion_timeout(struct tcp_congestion *c, const struct tcp_flight *flight);
// The path's MTU got smaller; that is no congestion (RFC 1191 6.5).
void tcp_congestion_set_mss(struct tcp_congestion *c, uint32_t mss);

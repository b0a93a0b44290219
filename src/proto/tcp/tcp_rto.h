// The retransmission timeout (RFC 6298). Pure.
#pragma once

#include <stdint.h>

#include "base/instant.h"

#define TCP_RTO_FIRST_NS (1 * SECOND_NS)
#define TCP_RTO_MIN_NS (200 * MS_NS)
#define TCP_RTO_MAX_NS (60 * SECOND_NS)
// What RFC 6298 5.7 falls back to when the SYN itself was lost.
#define TCP_RTO_AFTER_SYN_LOSS_NS (3 * SECOND_NS)

// Invariant: min <= timeout <= max.
struct tcp_rto {
	int64_t smoothed_ns; // 0 before the first sample
	int64_t variation_ns;
	int64_t timeout_ns;
};

void tcp_rto_init(struct tcp_rto *rto);
// A round trip was measured, on a segment sent only once (section 3, Karn's algorithm). Ends a
// back-off.
void tcp_rto_sample(struct tcp_rto *rto, int64_t round_trip_ns);
// The timer expired: twice as long (5.5).
void tcp_rto_back_off(struct tcp_rto *rto);
// The handshake is done, but its SYN was sent more than once (5.7).
void tcp_rto_syn_was_lost(struct tcp_rto *rto);

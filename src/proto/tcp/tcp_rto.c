#include "proto/tcp/tcp_rto.h"

#include <stdlib.h>

static int64_t bounded(int64_t timeout_ns) {
	if (timeout_ns < TCP_RTO_MIN_NS)
		return TCP_RTO_MIN_NS;
	return timeout_ns > TCP_RTO_MAX_NS ? TCP_RTO_MAX_NS : timeout_ns;
}

void tcp_rto_init(struct tcp_rto *rto) {
	*rto = (struct tcp_rto){.timeout_ns = TCP_RTO_FIRST_NS};
}

void tcp_rto_sample(struct tcp_rto *rto, int64_t round_trip_ns) {
	if (rto->smoothed_ns == 0) { // 2.2
		rto->smoothed_ns = round_trip_ns;
		rto->variation_ns = round_trip_ns / 2;
	} else { // 2.3: beta 1/4, alpha 1/8, the variation first
		int64_t error_ns = llabs(rto->smoothed_ns - round_trip_ns);
		rto->variation_ns += (error_ns - rto->variation_ns) / 4;
		rto->smoothed_ns += (round_trip_ns - rto->smoothed_ns) / 8;
	}
	rto->timeout_ns = bounded(rto->smoothed_ns + 4 * rto->variation_ns);
}

void tcp_rto_back_off(struct tcp_rto *rto) {
	rto->timeout_ns = bounded(2 * rto->timeout_ns);
}

void tcp_rto_syn_was_lost(struct tcp_rto *rto) {
	rto->timeout_ns = TCP_RTO_AFTER_SYN_LOSS_NS;
}

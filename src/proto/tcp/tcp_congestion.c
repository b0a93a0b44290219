#include "proto/tcp/tcp_congestion.h"

#include "proto/tcp/tcp_wire.h"

#define DUPLICATES_FOR_LOSS 3 // RFC 5681 3.2
#define FIRST_WINDOW_SEGMENTS 10
#define FIRST_WINDOW_BYTES 14600

static uint32_t smaller(uint32_t a, uint32_t b) {
	return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b) {
	return a > b ? a : b;
}

static void window_set(struct tcp_congestion *c, uint32_t window) {
	c->window = larger(c->mss, smaller(window, TCP_CONGESTION_MAX));
}

// RFC 5681 eq. 4.
static uint32_t half_of_flight(const struct tcp_congestion *c, const struct tcp_flight *flight) {
	return larger((flight->highest - flight->unacknowledged) / 2, 2 * c->mss);
}

void tcp_congestion_init(
	struct tcp_congestion *c, uint32_t mss, uint32_t first_sequence, bool syn_was_lost) {
	*c = (struct tcp_congestion){
		.mss = mss, .threshold = TCP_CONGESTION_MAX, .recover = first_sequence};
	// RFC 6928 2.
	uint32_t window = smaller(FIRST_WINDOW_SEGMENTS * mss, larger(2 * mss, FIRST_WINDOW_BYTES));
	window_set(c, syn_was_lost ? mss : window);
}

bool tcp_congestion_acknowledged(
	struct tcp_congestion *c, const struct tcp_flight *flight, uint32_t acked) {
	c->duplicates = 0;
	if (!c->in_recovery) {
		if (c->window < c->threshold) // slow start: RFC 5681 eq. 2
			window_set(c, c->window + smaller(acked, c->mss));
		else // congestion avoidance: eq. 3
			window_set(c, c->window + larger(1, c->mss * c->mss / c->window));
		return false;
	}
	if (!sequence_before(flight->unacknowledged, c->recover)) { // RFC 6582 3.2 step 3, full
		uint32_t in_flight = flight->highest - flight->unacknowledged;
		c->in_recovery = false;
		window_set(c, smaller(c->threshold, larger(in_flight, c->mss) + c->mss));
		return false;
	}
	// Partial: deflate by what was acknowledged, and one segment more may go.
	uint32_t deflated = c->window > acked ? c->window - acked : 0;
	window_set(c, deflated + (acked >= c->mss ? c->mss : 0));
	return true;
}

bool tcp_congestion_duplicate(struct tcp_congestion *c, const struct tcp_flight *flight) {
	if (c->in_recovery) { // RFC 5681 3.2 step 4: a segment has left the network
		window_set(c, c->window + c->mss);
		return false;
	}
	if (c->duplicates < DUPLICATES_FOR_LOSS)
		c->duplicates++;
	else
		return false;
	// RFC 6582 3.2 step 2: duplicates of what a timeout has sent again say nothing new.
	if (c->duplicates < DUPLICATES_FOR_LOSS || sequence_before(flight->unacknowledged, c->recover))
		return false;
	c->threshold = half_of_flight(c, flight);
	c->recover = flight->highest;
	c->in_recovery = true;
	window_set(c, c->threshold + DUPLICATES_FOR_LOSS * c->mss);
	return true;
}

void tcp_congestion_timeout(struct tcp_congestion *c, const struct tcp_flight *flight) {
	c->threshold = half_of_flight(c, flight);
	c->recover = flight->highest;
	c->in_recovery = false;
	c->duplicates = 0;
	window_set(c, c->mss); // RFC 5681 3.1: the loss window
}

void tcp_congestion_set_mss(struct tcp_congestion *c, uint32_t mss) {
	c->mss = mss;
	c->in_recovery = false;
	c->duplicates = 0;
	window_set(c, c->window);
}

#include "forward/forward_int.h"

// Two bounds. A TTL that a tunnel starts anew can't end a loop (CE-TTL-1), so nodes that lower it
// are counted beside the packet; and a loop through nodes that don't lower it at all ends as well.
bool step_pass(struct step *step) {
	struct packet *packet = step->packet;
	if (UNLIKELY(++packet->passed > FORWARD_PASSED_MAX)) {
		step_drop(step, DROP_LOOP, 0);
		return false;
	}
	if (!step->router->decrements_ttl)
		return true;
	if (UNLIKELY(++packet->visited > FORWARD_VISITED_MAX)) {
		step_drop(step, DROP_LOOP, 0);
		return false;
	}
	if (UNLIKELY(step->header.ttl <= 1)) {
		step_drop(step, DROP_TTL_EXPIRED, 0);
		return false;
	}
	ip_header_decrement_ttl(packet_data(packet));
	step->header.ttl--;
	if (step_is_traced(step))
		step_record(step, (struct trace_record){.step = TRACE_DECREMENTED, .port = UINT32_MAX});
	return true;
}

#include "forward/forward_int.h"

void step_record(const struct step *step, struct trace_record record) {
	record.when = step->now;
	record.node = step->router->id;
	record.ttl = step->header.ttl;
	trace_add(step->packet->trace, &record);
}

// Counts, tells the holder, answers with an ICMP error where one is due, gives the packet back.
void step_drop(struct step *step, enum drop drop, uint32_t origin) {
	struct forward *forward = step->forward;
	step->router->drops[drop]++;
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){
				.step = TRACE_DROPPED,
				.drop = (uint8_t)drop,
				.port = step->in != NULL ? step->in->id : UINT32_MAX,
				.origin = origin,
			});
	if (forward->dropped != NULL)
		forward->dropped(forward->owner, step->router, step->packet, drop);
	if (step->in != NULL)
		icmp_error_answer(step, drop);
	packet_put(forward->pool, step->packet);
}

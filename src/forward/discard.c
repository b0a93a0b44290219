#include "forward/forward_int.h"
#include "forward/segment.h"
#include "forward/train.h"

void step_record(const struct step *step, struct trace_record record) {
	record.when = step->now;
	record.node = step->router->id;
	record.ttl = step->header.ttl;
	trace_add(step->packet->trace, &record);
}

static void drop_pieces(struct step *step, enum drop drop, uint32_t origin) {
	struct packet *next = packet_cut(step->forward->pool, step->packet);
	while (next != NULL) {
		struct step part = *step;
		part.packet = next;
		next = next->next;
		part.packet->next = NULL;
		part.header.total_bytes = (uint16_t)part.packet->length;
		step_drop(&part, drop, origin);
	}
}

// Counts (as many as it would be on a wire), tells the holder, answers with an ICMP error where one
// is due, gives the packet back.
void step_drop(struct step *step, enum drop drop, uint32_t origin) {
	struct forward *forward = step->forward;
	if (UNLIKELY(packet_is_train(step->packet))) {
		drop_pieces(step, drop, origin);
		return;
	}
	step->router->drops[drop] += packet_pieces(step->packet);
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

#include "forward/forward_int.h"

#include "forward/segment.h"
#include "forward/train.h"

// RFC 4303 3.4.1: ESP is not taken off a fragment. The holder reassembles what it is delivered and
// puts the whole in again.
static bool is_whole_esp(const struct step *step) {
	return step->header.protocol == PROTOCOL_ESP && !step->header.more_fragments &&
		step->header.fragment_offset == 0;
}

static void deliver_pieces(struct step *step) {
	struct packet *next = packet_cut(step->forward->pool, step->packet);
	while (next != NULL) {
		struct packet *piece = next;
		next = piece->next;
		piece->next = NULL;
		step->forward->deliver(step->forward->owner, step->router, step->in, piece);
	}
}

void step_deliver(struct step *step) {
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){
				.step = TRACE_DELIVERED, .port = step->in != NULL ? step->in->id : UINT32_MAX});
	if (packet_is_train(step->packet)) {
		deliver_pieces(step);
		return;
	}
	packet_finish_checksum(step->packet);
	step->forward->deliver(step->forward->owner, step->router, step->in, step->packet);
}

// The packet is for this router. The tunnel port to go on from when an inner packet came out.
static struct port *take(struct step *step) {
	struct port *inner = NULL;
	if (is_whole_esp(step) && step_decapsulate(step, &inner))
		return inner;
	step_deliver(step);
	return NULL;
}

// One pass from a port; the same result.
static struct port *input_once(struct step *step) {
	struct port *in = step->in;
	in->packets_in += packet_pieces(step->packet);
	if (!step_begin(step, TRACE_ENTERED))
		return NULL;
	const struct asked asked = {
		.router = step->router,
		.port = in,
		.key = &step->key,
		.step = step,
		.is_known = in->flows != NULL && flow_is_known(step, in, false),
	};
	struct verdict verdict = admit(&asked);
	if (UNLIKELY(verdict.edge == EDGE_DROP)) {
		step_drop(step, verdict.drop, verdict.origin);
		return NULL;
	}
	if (in->flows != NULL && !asked.is_known)
		flow_open(step, in, false);
	if (verdict.edge == EDGE_DELIVER)
		return take(step);
	if (step_pass(step))
		step_route(step, in->fib);
	return NULL;
}

void forward_input(struct forward *forward, struct router *router, struct port *in,
	struct packet *packet, instant now) {
	struct step step;
	step_init(&step, forward, router, packet, now);
	step.in = in;
	for (int depth = 0; depth <= TUNNEL_DEPTH_MAX; depth++) {
		struct port *inner = input_once(&step);
		if (inner == NULL)
			return;
		step.in = inner;
	}
	step_drop(&step, DROP_LOOP, 0);
}

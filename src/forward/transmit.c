#include "base/assert.h"
#include "forward/forward_int.h"
#include "forward/segment.h"
#include "forward/tunnel.h"

// What is encrypted can't be cut or finished any more by those who come after.
static void encapsulate_pieces(struct step *step, struct port *out) {
	struct packet *next = packet_cut(step->forward->pool, step->packet);
	while (next != NULL) {
		struct step part = *step;
		part.packet = next;
		next = next->next;
		part.packet->next = NULL;
		step_encapsulate(&part, out);
	}
}

void step_transmit(struct step *step, struct port *out) {
	out->packets_out++;
	if (out->tunnel != NULL) {
		if (packet_is_finished(step->packet))
			step_encapsulate(step, out);
		else
			encapsulate_pieces(step, out);
		return;
	}
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){.step = TRACE_SENT, .port = out->id, .via = step->packet->via});
	step->forward->transmit(step->forward->owner, step->router, out, step->packet);
}

// The outer packet is one of the router's own and leaves by the underlay port straight to the other
// end: a tunnel's outside is not looked up, so it can't be routed into itself.
void step_encapsulate(struct step *step, struct port *out) {
	struct router *router = step->router;
	const struct tunnel_config *config = tunnel_config(out->tunnel);
	struct packet *packet = step->packet;
	int result = tunnel_encapsulate(out->tunnel, packet, router->next_identification++);
	if (result < 0) {
		step_drop(step, tunnel_drop(result), 0);
		return;
	}
	if (config->inner_ttl_reset != 0)
		step->header.ttl = config->inner_ttl_reset;
	packet->via = config->remote;
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){
				.step = TRACE_ENCAPSULATED, .port = out->id, .via = config->remote});
	struct port *underlay = router->ports[config->underlay_port];
	assert(underlay->tunnel == NULL);
	struct step outer = *step;
	outer.in = NULL;
	if (port_fits(underlay, packet->length)) {
		step_transmit(&outer, underlay);
		return;
	}
	int decoded = ip_header_decode(packet_data(packet), packet->length, &outer.header);
	assert(decoded == 0);
	step_fragment(&outer, underlay);
}

#include "base/assert.h"
#include "forward/forward_int.h"
#include "forward/segment.h"
#include "forward/train.h"
#include "forward/tunnel.h"

void step_transmit(struct step *step, struct port *out) {
	out->packets_out += packet_pieces(step->packet);
	if (out->tunnel != NULL) {
		step_encapsulate(step, out);
		return;
	}
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){.step = TRACE_SENT, .port = out->id, .via = step->packet->via});
	step->forward->transmit(step->forward->owner, step->router, out, step->packet);
}

// An inner packet becomes an outer one. False when it was dropped.
static bool seal(struct step *step, struct port *out) {
	struct router *router = step->router;
	const struct tunnel_config *config = tunnel_config(out->tunnel);
	int result = tunnel_encapsulate(out->tunnel, step->packet, router->next_identification++);
	if (result < 0) {
		step_drop(step, tunnel_drop(result), 0);
		return false;
	}
	if (config->inner_ttl_reset != 0)
		step->header.ttl = config->inner_ttl_reset;
	step->packet->via = config->remote;
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){
				.step = TRACE_ENCAPSULATED, .port = out->id, .via = config->remote});
	return true;
}

// The outer packet is one of the router's own and leaves by the underlay port straight to the other
// end: a tunnel's outside is not looked up, so it can't be routed into itself.
static void send_outer(const struct step *step, const struct port *out, struct packet *packet) {
	struct port *underlay = step->router->ports[tunnel_config(out->tunnel)->underlay_port];
	struct step outer = *step;
	assert(underlay->tunnel == NULL);
	outer.in = NULL;
	outer.packet = packet;
	if (port_fits(underlay, packet_wire_bytes(packet))) {
		step_transmit(&outer, underlay);
		return;
	}
	int decoded = ip_header_decode(packet_data(packet), packet->length, &outer.header);
	assert(decoded == 0);
	step_fragment(&outer, underlay);
}

// What is encrypted can't be cut or finished any more by those who come after. The pieces of a
// large segment go on as a train; the next one is cut into the buffer that the last one left, which
// is still in the cache.
static void encapsulate_pieces(struct step *step, struct port *out) {
	struct packet_pool *pool = step->forward->pool;
	struct packet *train = NULL;
	struct step part = *step;
	struct cutter cutter;
	cutter_init(&cutter, step->packet);
	while ((part.packet = cutter_next(&cutter, pool)) != NULL) {
		part.header = step->header;
		if (!seal(&part, out))
			continue;
		if (train != NULL && train_append(train, part.packet)) {
			packet_put(pool, part.packet);
			continue;
		}
		if (train != NULL)
			send_outer(&part, out, train);
		train = part.packet;
	}
	if (train != NULL)
		send_outer(&part, out, train);
}

void step_encapsulate(struct step *step, struct port *out) {
	if (!packet_is_finished(step->packet))
		encapsulate_pieces(step, out);
	else if (seal(step, out))
		send_outer(step, out, step->packet);
}

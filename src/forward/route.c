#include "base/assert.h"
#include "forward/forward_int.h"

// The row for the packet, one of its hops by the flow's hash, and on to that port. Equal flows take
// equal hops whether or not a port is down: taking it out of the table is routing's work.
void step_route(struct step *step, const struct fib *fib) {
	struct router *router = step->router;
	struct ip address = lookup_address(step->in, step->packet->via, &step->key);
	struct fib_match match;
	struct verdict verdict = lookup_row(fib, address, &match);
	if (UNLIKELY(verdict.edge == EDGE_DROP)) {
		step_drop(step, verdict.drop, verdict.origin);
		return;
	}
	const struct fib_route *route = match.route;
	uint16_t index = 0;
	if (route->hop_count > 1)
		index = (uint16_t)(flow_hash(&step->key, router->hash_seed) % route->hop_count);
	const struct fib_hop *hop = &route->hops[index];
	assert(hop->port < router->port_count);
	step->packet->via = ip_is_none(hop->via) ? address : hop->via;
	if (step_is_traced(step))
		step_record(step,
			(struct trace_record){
				.step = TRACE_ROUTED,
				.port = hop->port,
				.origin = route->origin,
				.hop_index = index,
				.hop_count = route->hop_count,
				.prefix = match.prefix,
				.via = step->packet->via,
			});
	step_leave(step, router->ports[hop->port]);
}

#include "forward/forward_int.h"
#include "forward/tunnel.h"

static size_t walk_end(struct verdict verdict, struct walk_hop *hop) {
	*hop = (struct walk_hop){
		.port = UINT32_MAX,
		.is_delivered = verdict.edge == EDGE_DELIVER,
		.is_dropped = verdict.edge == EDGE_DROP,
		.drop = verdict.edge == EDGE_DROP ? verdict.drop : DROP_COUNT,
		.origin = verdict.origin,
	};
	return 1;
}

static bool is_known(const struct walk_input *input, const struct port *port, bool is_leaving) {
	return port != NULL && input->knows != NULL && input->knows(input->owner, port, is_leaving);
}

// What a member of the set does, as step_leave() would find it.
static void walk_leave(struct asked *asked, const struct walk_input *input,
	struct header_box *scope, struct walk_hop *hop) {
	const struct port *out = asked->router->ports[hop->port];
	asked->port = out;
	asked->is_known = is_known(input, out, true);
	struct verdict verdict = leave_scope(asked, scope);
	hop->is_dropped = verdict.edge == EDGE_DROP;
	if (hop->is_dropped) {
		hop->drop = verdict.drop;
		hop->origin = verdict.origin;
	}
	hop->ttl_reset = out->tunnel != NULL && tunnel_config(out->tunnel)->inner_ttl_reset != 0;
}

size_t forward_walk(const struct router *router, const struct port *in,
	const struct walk_input *input, struct header_box *scope, struct walk_hop hops[FIB_HOPS_MAX]) {
	const struct flow_key *key = &input->key;
	struct asked asked = {
		.router = router,
		.port = input->originated ? NULL : in,
		.key = key,
		.is_originated = input->originated,
	};
	asked.is_known = is_known(input, asked.port, false);
	struct verdict verdict = admit_scope(&asked, scope);
	if (verdict.edge != EDGE_ON)
		return walk_end(verdict, &hops[0]);
	struct ip address = lookup_address(asked.port, input->via, key);
	// A next hop given by name that happens to be this header's destination is not that of others.
	bool is_given = asked.port != NULL && in->by_next_hop && !ip_is_none(input->via);
	if (is_given && ip_equal(address, key->destination))
		box_narrow_destination(scope, address, address);
	struct fib_match match;
	const struct fib *fib = input->originated ? &router->fib : in->fib;
	verdict = lookup_row_scope(fib, address, key, scope, &match);
	if (verdict.edge != EDGE_ON)
		return walk_end(verdict, &hops[0]);
	for (size_t i = 0; i < match.route->hop_count; i++) {
		const struct fib_hop *hop = &match.route->hops[i];
		struct ip via = ip_is_none(hop->via) ? address : hop->via;
		hops[i] = (struct walk_hop){
			.port = hop->port,
			.via = ip_is_none(hop->via) && ip_equal(via, key->destination) ? IP_NONE : via,
			.drop = DROP_COUNT,
			.origin = match.route->origin,
			.ttl_lowered = router->decrements_ttl && !input->originated,
		};
		walk_leave(&asked, input, scope, &hops[i]);
	}
	return match.route->hop_count;
}

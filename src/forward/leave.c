#include "forward/forward_int.h"

#include "base/assert.h"
#include "forward/segment.h"
#include "forward/tunnel.h"

// A tunnel leaves by another port of the router and needs keys. It depends on no header.
BODY struct verdict tunnel_check(const struct router *router, const struct port *out) {
	const struct tunnel_config *config = tunnel_config(out->tunnel);
	assert(config->underlay_port < router->port_count);
	if (!tunnel_is_up(out->tunnel))
		return verdict_drop(DROP_TUNNEL_DOWN, 0);
	if (!router->ports[config->underlay_port]->is_up)
		return verdict_drop(DROP_LINK_DOWN, 0);
	return verdict_on();
}

// May it leave by this port? What the router made itself bears its own address, which needs no
// route here.
BODY struct verdict leave_body(const struct asked *asked, struct header_box *scope) {
	const struct port *out = asked->port;
	const struct fib *fib = &asked->router->fib;
	struct verdict verdict = verdict_on();
	if (UNLIKELY(!out->is_up))
		return verdict_drop(DROP_LINK_DOWN, 0);
	if (out->filter_out_count > 0)
		verdict = scope != NULL
			? filter_check_scope(asked, out->filters_out, out->filter_out_count, scope)
			: filter_check(asked, out->filters_out, out->filter_out_count);
	if (verdict.edge != EDGE_ON)
		return verdict;
	if (out->check_out != SOURCE_CHECK_NONE && !asked->is_originated)
		verdict = scope != NULL ? source_check_scope(out->check_out, out, fib, asked->key, scope)
								: source_check(out->check_out, out, fib, asked->key);
	if (verdict.edge != EDGE_ON)
		return verdict;
	return out->tunnel != NULL ? tunnel_check(asked->router, out) : verdict_on();
}

struct verdict leave(const struct asked *asked) {
	return leave_body(asked, NULL);
}

struct verdict leave_scope(const struct asked *asked, struct header_box *scope) {
	return leave_body(asked, scope);
}

void step_leave(struct step *step, struct port *out) {
	const struct asked asked = {
		.router = step->router,
		.port = out,
		.key = &step->key,
		.step = step,
		.is_known = out->flows != NULL && flow_is_known(step, out, true),
		.is_originated = step->in == NULL,
	};
	struct verdict verdict = leave(&asked);
	if (UNLIKELY(verdict.edge == EDGE_DROP)) {
		step_drop(step, verdict.drop, verdict.origin);
		return;
	}
	if (out->flows != NULL && !asked.is_known)
		flow_open(step, out, true);
	if (step->in != NULL && UNLIKELY((out->tcp_mtu_bytes | step->in->tcp_mtu_bytes) != 0))
		step_clamp(step, out);
	if (UNLIKELY(!port_fits(out, packet_wire_bytes(step->packet))))
		step_fragment(step, out);
	else
		step_transmit(step, out);
}

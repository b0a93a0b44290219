#include "forward/forward_int.h"

// From the wire to "for me", "for another" or a drop. Filters come before the local check: a
// network security group guards the node's own addresses too.
BODY struct verdict admit_body(const struct asked *asked, struct header_box *scope) {
	const struct port *in = asked->port;
	if (UNLIKELY(!asked->router->is_up))
		return verdict_drop(DROP_NODE_DOWN, 0);
	if (UNLIKELY(in != NULL && !in->is_up))
		return verdict_drop(DROP_LINK_DOWN, 0);
	struct verdict verdict =
		scope != NULL ? address_check_scope(asked->key, scope) : address_check(asked->key);
	if (UNLIKELY(verdict.edge != EDGE_ON))
		return verdict;
	if (in != NULL && in->filter_in_count > 0) {
		verdict = scope != NULL
			? filter_check_scope(asked, in->filters_in, in->filter_in_count, scope)
			: filter_check(asked, in->filters_in, in->filter_in_count);
		if (verdict.edge != EDGE_ON)
			return verdict;
	}
	if (in != NULL && in->check_in != SOURCE_CHECK_NONE) {
		verdict = scope != NULL ? source_check_scope(in->check_in, in, in->fib, asked->key, scope)
								: source_check(in->check_in, in, in->fib, asked->key);
		if (verdict.edge != EDGE_ON)
			return verdict;
	}
	return scope != NULL ? local_check_scope(asked, scope) : local_check(asked);
}

struct verdict admit(const struct asked *asked) {
	return admit_body(asked, NULL);
}

struct verdict admit_scope(const struct asked *asked, struct header_box *scope) {
	return admit_body(asked, scope);
}

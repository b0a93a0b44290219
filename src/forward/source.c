#include "forward/forward_int.h"

// AZ-SRC-1, AZ-X-12 and AZ-X-22, without knowing why: the source must have a route here that is
// neither a drop nor marked as no proof of a source.
static bool leads_out_of(const struct fib_route *route, uint32_t port) {
	for (uint16_t i = 0; i < route->hop_count; i++) {
		if (route->hops[i].port == port)
			return true;
	}
	return false;
}

BODY struct verdict source_body(enum source_check check, const struct port *port,
	const struct fib *fib, const struct flow_key *key, struct header_box *scope) {
	if (check == SOURCE_CHECK_NONE)
		return verdict_on();
	struct fib_match match;
	if (scope != NULL) {
		struct prefix same = family_prefix(key->source);
		match = fib_lookup_scope(fib, key->source, &same);
		header_box_narrow_source(scope, same);
	} else {
		match = fib_lookup(fib, key->source);
	}
	if (match.route == NULL)
		return verdict_drop(DROP_SOURCE_NOT_KNOWN, 0);
	if (match.route->action == FIB_DROP || match.route->not_a_source)
		return verdict_drop(DROP_SOURCE_NOT_KNOWN, match.route->origin);
	if (check == SOURCE_CHECK_STRICT && !leads_out_of(match.route, port->id))
		return verdict_drop(DROP_SOURCE_ELSEWHERE, match.route->origin);
	return verdict_on();
}

struct verdict source_check(enum source_check check, const struct port *port, const struct fib *fib,
	const struct flow_key *key) {
	return source_body(check, port, fib, key, NULL);
}

struct verdict source_check_scope(enum source_check check, const struct port *port,
	const struct fib *fib, const struct flow_key *key, struct header_box *scope) {
	return source_body(check, port, fib, key, scope);
}

#include "forward/forward_int.h"

BODY struct verdict lookup_verdict(const struct fib_match *found, struct fib_match *match) {
	if (found->route == NULL)
		return verdict_drop(DROP_NO_ROUTE, 0);
	if (found->route->action == FIB_DROP)
		return verdict_drop(found->route->drop, found->route->origin);
	if (found->route->hop_count == 0)
		return verdict_drop(DROP_NO_ROUTE, found->route->origin);
	*match = *found;
	return verdict_on();
}

struct verdict lookup_row(const struct fib *fib, struct ip address, struct fib_match *match) {
	struct fib_match found = fib_lookup(fib, address);
	return lookup_verdict(&found, match);
}

struct verdict lookup_row_scope(const struct fib *fib, struct ip address,
	const struct flow_key *key, struct header_box *scope, struct fib_match *match) {
	struct prefix same = family_prefix(address);
	struct fib_match found = fib_lookup_scope(fib, address, &same);
	if (ip_equal(address, key->destination))
		header_box_narrow_destination(scope, same);
	return lookup_verdict(&found, match);
}

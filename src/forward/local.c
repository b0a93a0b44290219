#include "forward/forward_int.h"

// The neighbours of the destination among the sorted own addresses bound the headers that get the
// same answer.
static void local_narrow(
	const struct router *router, size_t index, bool is_local, struct header_box *scope) {
	if (is_local) {
		box_narrow_destination(scope, router->local[index], router->local[index]);
		return;
	}
	struct ip low = index > 0 ? ip_next(router->local[index - 1]) : IP_NONE;
	struct ip high = index < router->local_count ? ip_previous(router->local[index])
												 : (struct ip){UINT64_MAX, UINT64_MAX};
	box_narrow_destination(scope, low, high);
}

BODY struct verdict local_body(const struct asked *asked, struct header_box *scope) {
	const struct router *router = asked->router;
	size_t index = router_local_index(router, asked->key->destination);
	bool is_local =
		index < router->local_count && ip_equal(router->local[index], asked->key->destination);
	if (scope != NULL)
		local_narrow(router, index, is_local, scope);
	if (is_local)
		return (struct verdict){.edge = EDGE_DELIVER};
	if (!router->forwards && !asked->is_originated)
		return verdict_drop(DROP_NOT_FORWARDING, 0);
	return verdict_on();
}

struct verdict local_check(const struct asked *asked) {
	return local_body(asked, NULL);
}

struct verdict local_check_scope(const struct asked *asked, struct header_box *scope) {
	return local_body(asked, scope);
}

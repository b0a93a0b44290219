#include "forward/router.h"

#include "forward/forward_int.h"

size_t router_local_index(const struct router *router, struct ip address) {
	size_t low = 0;
	size_t high = router->local_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ip_compare(router->local[middle], address) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool router_has_address(const struct router *router, struct ip address) {
	size_t index = router_local_index(router, address);
	return index < router->local_count && ip_equal(router->local[index], address);
}

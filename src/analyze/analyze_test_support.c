#include "analyze/analyze_test_support.h"

#include "base/assert.h"

static void join(
	struct lab *lab, uint32_t a, const char *a_address, uint32_t b, const char *b_address) {
	lab_link(lab, lab_port(lab, a, a_address, 1), lab_port(lab, b, b_address, 1), MS_NS);
}

void diamond_begin(struct lab *lab) {
	lab_begin(lab);
	uint32_t a = lab_host(lab, "a", "10.0.0.10/24", "10.0.0.1");
	uint32_t b = lab_host(lab, "b", "10.0.9.10/24", "10.0.9.1");
	uint32_t r1 = lab_router(lab, "r1", "site");
	uint32_t r2 = lab_router(lab, "r2", "site");
	uint32_t r3 = lab_router(lab, "r3", "site");
	uint32_t r4 = lab_router(lab, "r4", "site");

	lab_link(lab, a, lab_port(lab, r1, "10.0.0.1/24", 1), MS_NS);
	lab_link(lab, b, lab_port(lab, r4, "10.0.9.1/24", 1), MS_NS);
	join(lab, r1, "10.0.1.0/31", r2, "10.0.1.1/31");
	join(lab, r1, "10.0.2.0/31", r3, "10.0.2.1/31");
	join(lab, r2, "10.0.3.0/31", r4, "10.0.3.1/31");
	join(lab, r3, "10.0.4.0/31", r4, "10.0.4.1/31");
}

uint32_t diamond_link(const struct lab *lab, const char *name) {
	uint32_t link = topo_find_link(lab->topo, name);

	assert(link != TOPO_NONE);
	return link;
}

uint32_t diamond_node(const struct lab *lab, const char *name) {
	uint32_t node = topo_find_node(lab->topo, name);

	assert(node != TOPO_NONE);
	return node;
}

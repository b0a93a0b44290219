// Routers inside a cloud: what the cloud leaves of a router to be lowered, in the words of sites.

#include "topo/site.h"

#include "base/assert.h"
#include "topo/site_int.h"

static struct site_router_ref ref_of(
	const struct site_appliance *appliance, const struct topo *topo) {
	const struct topo_node *node = &topo->nodes[appliance->node];

	assert(appliance->site->router_count == 1 && appliance->port_count > 0);
	assert(node->port_count >= appliance->port_count);
	return (struct site_router_ref){
		.site = appliance->site,
		.router = &appliance->site->routers[0],
		.node = appliance->node,
		.first_port = node->ports[0],
	};
}

static struct site_lowering lowering_of(const struct site_appliance *appliance, struct topo *topo,
	struct diagnostics *mistakes, struct site_router_ref *ref) {
	return (struct site_lowering){
		.topo = topo,
		.sites = appliance->site,
		.site_count = 1,
		.mistakes = mistakes,
		.is_appliance = true,
		.routers = ref,
		.router_count = 1,
	};
}

void site_appliance_lower_ports(
	const struct site_appliance *appliance, struct topo *topo, struct diagnostics *mistakes) {
	struct site_router_ref ref = ref_of(appliance, topo);
	struct site_lowering lowering = lowering_of(appliance, topo, mistakes, &ref);

	for (size_t i = appliance->port_count; i < ref.router->interface_count; i++) {
		site_check_interface(&lowering, &ref.router->interfaces[i]);
		site_interface_lower(&lowering, &ref, &ref.router->interfaces[i]);
	}
	topo->nodes[ref.node].is_doubtful = site_router_is_doubtful(&lowering, ref.router);
	for (size_t i = 0; i < ref.router->interface_count; i++)
		assert(topo->nodes[ref.node].ports[i] == ref.first_port + i);
	site_rpf_lower(&lowering, &ref);
}

void site_appliance_lower(
	const struct site_appliance *appliance, struct topo *topo, struct diagnostics *mistakes) {
	struct site_router_ref ref = ref_of(appliance, topo);
	struct site_lowering lowering = lowering_of(appliance, topo, mistakes, &ref);

	site_policy_check(&lowering, appliance->site);
	site_check_neighbors(&lowering, ref.router);
	for (size_t i = 0; i < ref.router->static_count; i++)
		site_static_lower(&lowering, &ref, &ref.router->statics[i]);
	if (ref.router->bgp.given)
		site_bgp_lower(&lowering, &ref);
	site_tunnels_lower(&lowering);
}

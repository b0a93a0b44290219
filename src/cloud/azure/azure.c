#include "cloud/azure/azure_int.h"

#include <stdlib.h>

#include "cloud/azure/answer_int.h"
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"
#include "cloud/azure/nsg_int.h"

static struct azure_cloud *azure_of(struct cloud *cloud) {
	return (struct azure_cloud *)cloud;
}

static void add_route_origins(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	cloud->route_origins = ARENA_ARRAY(cloud->arena, uint32_t, model->route_table_count);
	for (size_t t = 0; t < model->route_table_count; t++) {
		const struct azure_route_table *table = &model->route_tables[t];
		for (size_t i = 0; i < table->route_count; i++) {
			uint32_t origin = topo_origin_add(cloud->topo, table->routes[i].place, "AZ-NIC-10",
				"route %s of routeTable %s", table->routes[i].name, table->name);
			if (i == 0)
				cloud->route_origins[t] = origin;
		}
	}
}

static void add_rule_origins(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	cloud->nsg_origins = ARENA_ARRAY(cloud->arena, uint32_t, model->security_group_count);
	for (size_t g = 0; g < model->security_group_count; g++) {
		const struct azure_security_group *nsg = &model->security_groups[g];
		cloud->nsg_origins[g] = (uint32_t)cloud->topo->origin_count;
		for (size_t i = 0; i < nsg->rule_count; i++)
			topo_origin_add(cloud->topo, nsg->rules[i].place, "AZ-NSG-2",
				"rule %u, %s, of networkSecurityGroup %s", nsg->rules[i].priority,
				nsg->rules[i].name, nsg->name);
		for (size_t i = 0; i < NSG_DEFAULTS; i++)
			topo_origin_add(cloud->topo, nsg->place, "AZ-NSG-1",
				"default rule %s of networkSecurityGroup %s", nsg_default_names[i], nsg->name);
	}
}

static void add_origins(struct azure_cloud *cloud) {
	struct place nowhere = {0};

	add_route_origins(cloud);
	add_rule_origins(cloud);
	cloud->none_origin = topo_origin_add(
		cloud->topo, nowhere, "AZ-NIC-6", "Azure's route for reserved ranges, next hop None");
	cloud->internet_origin = topo_origin_add(
		cloud->topo, nowhere, "AZ-NIC-6", "Azure's default route, next hop Internet");
}

// All mistakes are found first, also those of a file in which others were found before. Nothing is
// built from a model that breaks rules.
static void azure_lower(
	struct cloud *seam, struct topo *topo, struct names *port_names, struct diagnostics *mistakes) {
	struct azure_cloud *cloud = azure_of(seam);
	(void)port_names; // what sites offer is found by topo_offer_find()
	cloud->topo = topo;
	cloud->mistakes = mistakes;
	azure_resolve(cloud);
	add_origins(cloud);
	azure_check_ranges(cloud);
	azure_peering_lower(cloud);
	azure_address_assign(cloud);
	azure_check(cloud);
	azure_check_joint(cloud);
	if (diagnostics_error_count(mistakes) > 0) {
		azure_machine_sketch(cloud);
		return;
	}
	azure_vnet_lower(cloud);
	azure_machine_lower(cloud); // finds the mistakes of appliances, the last there are
	if (diagnostics_error_count(mistakes) > 0)
		return;
	azure_endpoint_lower(cloud);
	azure_gateway_lower(cloud);
	azure_msee_lower(cloud);
	azure_ergw_lower(cloud);
	azure_vpngw_lower(cloud);
	azure_vnet_lower_tables(cloud);
}

static void azure_free(struct cloud *seam) {
	if (!seam)
		return;
	struct azure_cloud *cloud = azure_of(seam);
	struct names *all[] = {cloud->vnet_names, cloud->subnet_names, cloud->machine_names,
		cloud->route_table_names, cloud->nsg_names, cloud->circuit_names,
		cloud->local_gateway_names, cloud->gateway_names, cloud->connection_names,
		cloud->used_addresses};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i])
			names_free(all[i]);
	}
	azure_controllers_free(cloud);
	for (size_t s = 0; cloud->subnets && s < cloud->subnet_count; s++)
		free(cloud->subnets[s].items);
	free(cloud->tagged.items);
	arena_free(cloud->arena);
	free(cloud);
}

static const struct cloud_ops azure_ops = {
	.name = "azure",
	.lower = azure_lower,
	.attach = azure_attach,
	.effective_routes = azure_effective_routes,
	.next_hop = azure_next_hop,
	.flow_verify = azure_flow_verify,
	.free = azure_free,
};

struct cloud *azure_cloud_new(const struct azure_model *model) {
	struct azure_cloud *cloud = memory_alloc(sizeof(*cloud));

	cloud->cloud.ops = &azure_ops;
	cloud->model = model;
	cloud->arena = arena_new();
	return &cloud->cloud;
}

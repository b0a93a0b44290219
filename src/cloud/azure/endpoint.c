// Private endpoints: an address in a subnet behind which a service answers (AZ-NIC-17). The routes
// to it are rows of other subnets (see row.c); here it becomes a node.
//
// It is answered from and never asks: TCP is, ping is not. What it sends passes by the user's
// routes whatever its subnet says, so its port looks in a table of the subnet without them.
// Service endpoints are nothing but rows of their subnet; here their prefixes are checked.
#include "cloud/azure/endpoint_int.h"

#include "base/assert.h"

#include "cloud/azure/lower_int.h"

bool azure_policies_hold_routes(const struct azure_subnet *subnet) {
	const char *word = subnet->endpoint_policies;

	return word && (text_equal(word, "Enabled") || text_equal(word, "RouteTableEnabled"));
}

bool azure_policies_hold_groups(const struct azure_subnet *subnet) {
	const char *word = subnet->endpoint_policies;

	return word && (text_equal(word, "Enabled") || text_equal(word, "NetworkSecurityGroupEnabled"));
}

// The subnet's group guards what comes to the endpoint, if its policies say so. It has nothing to
// say about what the endpoint sends: those are answers.
static void set_filter(struct azure_cloud *cloud, const struct lowered_endpoint *lowered) {
	const struct lowered_subnet *subnet = &cloud->subnets[lowered->subnet];

	if (!subnet->nsg || !azure_policies_hold_groups(subnet->subnet))
		return;
	struct topo_filter *filter = ARENA_NEW(cloud->topo->arena, struct topo_filter);
	azure_nsg_filter(cloud, subnet->nsg, subnet->vnet, true, filter);
	cloud->topo->ports[lowered->subnet_port].filters_out = filter;
	cloud->topo->ports[lowered->subnet_port].filter_out_count = 1;
}

static void add_default_route(struct azure_cloud *cloud, const struct lowered_endpoint *lowered,
	uint32_t port, struct ip address) {
	const struct azure_subnet *subnet = cloud->subnets[lowered->subnet].subnet;
	bool has_network = subnet->address_prefix_count > 0;
	struct route_hop hop = {
		.port = port,
		.via =
			has_network ? ip_next(prefix_first(azure_subnet_prefix_of(subnet, address))) : IP_NONE,
	};
	struct topo_route route = {
		.prefix = ip_is_v4(address) ? prefix_default_v4() : prefix_default_v6(),
		.hops = &hop,
		.hop_count = 1,
		.origin = lowered->origin,
	};

	topo_route_add(cloud->topo, lowered->node, &route);
}

static void join_subnet(struct azure_cloud *cloud, struct lowered_endpoint *lowered) {
	struct lowered_subnet *subnet = &cloud->subnets[lowered->subnet];
	const char *name = lowered->endpoint->name;
	struct topo *topo = cloud->topo;
	uint32_t port = topo_port_add(topo, lowered->node, "endpoint", lowered->origin);
	struct topo_address *own =
		ARENA_ARRAY(topo->arena, struct topo_address, lowered->address_count);

	for (size_t i = 0; i < lowered->address_count; i++) {
		struct ip address = lowered->addresses[i];
		own[i] = (struct topo_address){address, azure_subnet_prefix_of(subnet->subnet, address)};
	}
	topo_port_set_addresses(topo, port, own, lowered->address_count);
	for (size_t i = 0; i < lowered->address_count; i++) {
		struct topo_node *node = &topo->nodes[lowered->node];
		bool is_v4 = ip_is_v4(own[i].address);
		struct ip *known = is_v4 ? &node->address : &node->address6;
		if (!ip_is_none(*known))
			continue;
		*known = own[i].address;
		add_default_route(cloud, lowered, port, own[i].address);
	}
	struct azure_attachment what = {
		name, lowered->origin, lowered->addresses, lowered->address_count};
	lowered->subnet_port = azure_subnet_attach(cloud, lowered->subnet, &what);
	if (subnet->without_user == TOPO_NONE)
		subnet->without_user = topo_table_add(topo, subnet->node,
			arena_printf(cloud->arena, "%s endpoints", topo->nodes[subnet->node].name));
	topo->ports[lowered->subnet_port].table = subnet->without_user;
	azure_link(cloud, port, lowered->subnet_port, lowered->origin);
}

void azure_endpoint_lower(struct azure_cloud *cloud) {
	for (size_t e = 0; e < cloud->model->endpoint_count; e++) {
		struct lowered_endpoint *lowered = &cloud->endpoints[e];
		const struct azure_private_endpoint *endpoint = lowered->endpoint;
		lowered->node = topo_node_add(cloud->topo, endpoint->name, TOPO_SERVICE, lowered->origin);
		assert(lowered->node != TOPO_NONE); // azure_check_joint() saw to it
		cloud->topo->nodes[lowered->node].kind_name = "privateEndpoint";
		join_subnet(cloud, lowered);
		set_filter(cloud, lowered);
	}
}

static void check_prefix(struct azure_cloud *cloud, const struct azure_vnet *vnet,
	const struct azure_service_endpoint *service, size_t at) {
	struct prefix prefix = service->prefixes[at];
	struct place place = azure_place(cloud, &service->prefixes[at], service->place);
	char text[PREFIX_TEXT_BYTES], range[PREFIX_TEXT_BYTES];

	prefix_format(prefix, text);
	if (prefix_is_default(prefix)) {
		azure_mistake(
			cloud, place, "%s is not the prefix of a service: it holds every address", text);
		return;
	}
	for (size_t i = 0; i < vnet->address_space_count; i++) {
		if (!prefix_overlaps(vnet->address_space[i], prefix))
			continue;
		azure_mistake(cloud, place,
			"prefix %s of service endpoint %s overlaps range %s of %s: a service endpoint is for "
			"the service's public addresses",
			text, service->service, prefix_format(vnet->address_space[i], range), vnet->name);
		return;
	}
}

static void check_services(struct azure_cloud *cloud, const struct lowered_subnet *subnet) {
	const struct azure_vnet *vnet = cloud->vnets[subnet->vnet].vnet;

	for (size_t s = 0; s < subnet->subnet->service_endpoint_count; s++) {
		const struct azure_service_endpoint *service = &subnet->subnet->service_endpoints[s];
		if (azure_is_doubtful(cloud, &service->service))
			continue;
		for (size_t i = 0; i < s; i++) {
			const struct azure_service_endpoint *other = &subnet->subnet->service_endpoints[i];
			if (azure_is_doubtful(cloud, &other->service) ||
				!text_equal(other->service, service->service))
				continue;
			azure_mistake(cloud, azure_place(cloud, &service->service, service->place),
				"subnet %s/%s has service endpoint %s twice", vnet->name, subnet->subnet->name,
				service->service);
			break;
		}
		if (service->prefix_count == 0)
			azure_lint(cloud, service->place, "service-endpoint-without-prefixes",
				"service endpoint %s of subnet %s/%s has no addressPrefixes, so it has no routes "
				"here: the service is reached as the Internet is",
				service->service, vnet->name, subnet->subnet->name);
		for (size_t i = 0; i < service->prefix_count; i++)
			check_prefix(cloud, vnet, service, i);
	}
}

static bool is_seen_from(const struct azure_cloud *cloud, const struct lowered_subnet *subnet,
	const struct lowered_endpoint *endpoint) {
	const struct lowered_vnet *vnet = &cloud->vnets[subnet->vnet];
	uint32_t home = cloud->subnets[endpoint->subnet].vnet;
	bool is_seen = subnet->vnet == home;

	for (size_t p = 0; p < vnet->peer_count; p++)
		is_seen = is_seen || vnet->peers[p].vnet == home;
	return is_seen;
}

static bool is_in_use(const struct azure_cloud *cloud, const struct azure_route_table *table,
	const struct lowered_endpoint *endpoint) {
	for (size_t s = 0; s < cloud->subnet_count; s++) {
		const struct lowered_subnet *subnet = &cloud->subnets[s];
		if (subnet->route_table == table && is_seen_from(cloud, subnet, endpoint))
			return true;
	}
	return false;
}

// A route around an endpoint that people mean to steer by, and can't: without policies only one of
// its very address does.
static void check_route(struct azure_cloud *cloud, const struct azure_route_table *table,
	const struct azure_route *route, const struct lowered_endpoint *endpoint) {
	const struct lowered_subnet *home = &cloud->subnets[endpoint->subnet];
	const char *vnet = cloud->vnets[home->vnet].vnet->name;
	char text[PREFIX_TEXT_BYTES];

	for (size_t i = 0; i < endpoint->address_count; i++) {
		struct prefix host = prefix_host(endpoint->addresses[i]);
		if (prefix_is_default(route->address_prefix) || prefix_equal(route->address_prefix, host) ||
			!prefix_covers(route->address_prefix, host) || !is_in_use(cloud, table, endpoint))
			continue;
		azure_lint(cloud, route->place, "endpoint-not-steered",
			"route %s (%s) does not steer to privateEndpoint %s, whose own route is longer; set "
			"privateEndpointNetworkPolicies of subnet %s/%s to RouteTableEnabled (AZ-NIC-17)",
			route->name, prefix_format(route->address_prefix, text), endpoint->endpoint->name, vnet,
			home->subnet->name);
		return;
	}
}

static void check_endpoint(struct azure_cloud *cloud, const struct lowered_endpoint *endpoint) {
	const struct azure_model *model = cloud->model;
	const struct lowered_subnet *home = &cloud->subnets[endpoint->subnet];

	if (home->is_gateway_subnet)
		azure_mistake(cloud,
			azure_place(cloud, &endpoint->endpoint->subnet, endpoint->endpoint->place),
			"%s can't be in the GatewaySubnet of %s, which is for gateways only",
			endpoint->endpoint->name, cloud->vnets[home->vnet].vnet->name);
	for (size_t t = 0; !azure_policies_hold_routes(home->subnet) && t < model->route_table_count;
		 t++) {
		const struct azure_route_table *table = &model->route_tables[t];
		for (size_t i = 0; i < table->route_count; i++)
			check_route(cloud, table, &table->routes[i], endpoint);
	}
}

void azure_endpoint_check(struct azure_cloud *cloud) {
	for (size_t s = 0; s < cloud->subnet_count; s++)
		check_services(cloud, &cloud->subnets[s]);
	for (size_t e = 0; e < cloud->model->endpoint_count; e++) {
		if (cloud->endpoints[e].subnet != TOPO_NONE)
			check_endpoint(cloud, &cloud->endpoints[e]);
	}
}

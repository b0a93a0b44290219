// Who is who: every name of the model gets its number, every reference its target or a mistake
// with the nearest known name.
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"

#include <string.h>

#include "base/marks.h"

void azure_mistake(struct azure_cloud *cloud, struct place place, const char *format, ...) {
	va_list args;

	va_start(args, format);
	diagnostics_tell(cloud->mistakes, place, NULL, format, args);
	va_end(args);
}

void azure_lint(
	struct azure_cloud *cloud, struct place place, const char *code, const char *format, ...) {
	va_list args;

	va_start(args, format);
	diagnostics_tell(cloud->mistakes, place, code, format, args);
	va_end(args);
}

struct place azure_place(
	const struct azure_cloud *cloud, const void *member, struct place otherwise) {
	return marks_place(diagnostics_marks(cloud->mistakes), member, otherwise);
}

bool azure_is_doubtful(const struct azure_cloud *cloud, const void *member) {
	return marks_is_doubtful(diagnostics_marks(cloud->mistakes), member);
}

void azure_doubt(struct azure_cloud *cloud, const void *member) {
	marks_doubt(diagnostics_marks(cloud->mistakes), member);
}

void azure_keep_marks(
	struct azure_cloud *cloud, const void *part, const void *copy, size_t size_bytes) {
	marks_copy(diagnostics_marks(cloud->mistakes), part, copy, size_bytes);
}

bool azure_gateways_are_doubtful(const struct azure_cloud *cloud, const struct azure_vnet *vnet) {
	bool is_doubtful = azure_is_doubtful(cloud, &vnet->gateways);

	for (size_t g = 0; !is_doubtful && g < vnet->gateway_count; g++)
		is_doubtful = azure_is_doubtful(cloud, &vnet->gateways[g].gateway_type);
	return is_doubtful;
}

// Numbers are positions in the model's arrays, so a name that stands twice must still use one up:
// it gets a name that nobody can refer to.
static uint32_t add_name(struct azure_cloud *cloud, struct names *names, const char *kind,
	const char *name, struct place place) {
	if (names_find(names, name) == NAME_NONE)
		return names_add(names, name);
	azure_mistake(cloud, place, "there is already a %s named \"%s\"", kind, name);
	struct text text;
	text_init(&text);
	text_printf(&text, "%s\n%zu", name, names_count(names));
	uint32_t number = names_add(names, text_chars(&text));
	text_done(&text);
	return number;
}

// Names of one kind. `are_doubtful`: some of their definitions could not be read.
struct known {
	const struct names *names;
	const char *kind;
	bool are_doubtful;
};

static uint32_t find_name(struct azure_cloud *cloud, const struct known *known,
	const char *const *member, struct place otherwise) {
	const char *name = *member;
	uint32_t number = name ? names_find(known->names, name) : NAME_NONE;

	if (!name || (number == NAME_NONE && known->are_doubtful))
		return TOPO_NONE;
	if (number != NAME_NONE)
		return number;
	const char *near =
		diagnostics_is_full(cloud->mistakes) ? NULL : names_nearest(known->names, name);
	azure_mistake(cloud, azure_place(cloud, member, otherwise), "there is no %s \"%s\"%s%s%s",
		known->kind, name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	azure_doubt(cloud, member);
	return TOPO_NONE;
}

static struct known known_gateways(const struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;
	struct known known = {
		cloud->gateway_names, "virtualNetworkGateway", azure_is_doubtful(cloud, &model->vnets)};

	for (size_t v = 0; !known.are_doubtful && v < model->vnet_count; v++)
		known.are_doubtful = azure_is_doubtful(cloud, &model->vnets[v].gateways);
	return known;
}

static struct known known_subnets(const struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;
	struct known known = {cloud->subnet_names, "subnet", azure_is_doubtful(cloud, &model->vnets)};

	for (size_t v = 0; !known.are_doubtful && v < model->vnet_count; v++)
		known.are_doubtful = azure_is_doubtful(cloud, &model->vnets[v].subnets);
	return known;
}

static void name_vnets(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	for (size_t v = 0; v < model->vnet_count; v++) {
		const struct azure_vnet *vnet = &model->vnets[v];
		add_name(cloud, cloud->vnet_names, "virtualNetwork", vnet->name, vnet->place);
		cloud->subnet_count += vnet->subnet_count;
		cloud->gateway_count += vnet->gateway_count;
		for (size_t s = 0; s < vnet->subnet_count; s++) {
			const struct azure_subnet *subnet = &vnet->subnets[s];
			char *full = arena_printf(cloud->arena, "%s/%s", vnet->name, subnet->name);
			add_name(cloud, cloud->subnet_names, "subnet", full, subnet->place);
		}
		for (size_t g = 0; g < vnet->gateway_count; g++)
			add_name(cloud, cloud->gateway_names, "virtualNetworkGateway", vnet->gateways[g].name,
				vnet->gateways[g].place);
	}
}

// NAME_ALL(cloud, names, kind, array, count): the names of a plain list of the model.
#define NAME_ALL(cloud, names, kind, array, count) \
	for (size_t i = 0; i < (count); i++)           \
	add_name((cloud), (names), (kind), (array)[i].name, (array)[i].place)

static void name_all(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	cloud->vnet_names = names_new();
	cloud->subnet_names = names_new();
	cloud->gateway_names = names_new();
	cloud->machine_names = names_new();
	cloud->route_table_names = names_new();
	cloud->nsg_names = names_new();
	cloud->circuit_names = names_new();
	cloud->local_gateway_names = names_new();
	cloud->connection_names = names_new();
	name_vnets(cloud);
	NAME_ALL(cloud, cloud->machine_names, "virtualMachine", model->machines, model->machine_count);
	NAME_ALL(cloud, cloud->route_table_names, "routeTable", model->route_tables,
		model->route_table_count);
	NAME_ALL(cloud, cloud->nsg_names, "networkSecurityGroup", model->security_groups,
		model->security_group_count);
	NAME_ALL(
		cloud, cloud->circuit_names, "expressRouteCircuit", model->circuits, model->circuit_count);
	NAME_ALL(cloud, cloud->local_gateway_names, "localNetworkGateway", model->local_gateways,
		model->local_gateway_count);
	NAME_ALL(
		cloud, cloud->connection_names, "connection", model->connections, model->connection_count);
}

static void resolve_gateways(struct azure_cloud *cloud, uint32_t v, size_t *next) {
	struct lowered_vnet *vnet = &cloud->vnets[v];

	vnet->er = TOPO_NONE;
	vnet->vpn = TOPO_NONE;
	for (size_t g = 0; g < vnet->vnet->gateway_count; g++) {
		const struct azure_gateway *gateway = &vnet->vnet->gateways[g];
		uint32_t number = (uint32_t)(*next)++;
		bool is_doubtful = azure_is_doubtful(cloud, &gateway->gateway_type);
		bool is_er = !is_doubtful && text_equal(gateway->gateway_type, "ExpressRoute");
		cloud->gateways[number] = (struct lowered_gateway){
			.gateway = gateway,
			.vnet = v,
			.asn = !is_er && gateway->asn ? gateway->asn : AZURE_ASN,
			.is_er = is_er,
			.is_doubtful = is_doubtful,
			.origin = topo_origin_add(
				cloud->topo, gateway->place, NULL, "virtualNetworkGateway %s", gateway->name),
			.learned_origin = topo_origin_add(cloud->topo, gateway->place, "AZ-NIC-9",
				"a route that virtualNetworkGateway %s learned", gateway->name),
		};
		if (is_doubtful)
			continue;
		uint32_t *slot = is_er ? &vnet->er : &vnet->vpn;
		if (*slot != TOPO_NONE) // AZ-VPN-16
			azure_mistake(cloud, gateway->place,
				"%s already has a gateway of type %s, %s; a virtual network holds one of each",
				vnet->vnet->name, gateway->gateway_type, cloud->gateways[*slot].gateway->name);
		*slot = number;
	}
}

static const struct azure_security_group *nsg_of(
	struct azure_cloud *cloud, const char *const *member, struct place place) {
	const struct known known = {cloud->nsg_names, "networkSecurityGroup",
		azure_is_doubtful(cloud, &cloud->model->security_groups)};
	uint32_t number = find_name(cloud, &known, member, place);

	return number == TOPO_NONE ? NULL : &cloud->model->security_groups[number];
}

static void resolve_subnet(
	struct azure_cloud *cloud, uint32_t v, uint32_t number, const struct azure_subnet *subnet) {
	const struct known tables = {cloud->route_table_names, "routeTable",
		azure_is_doubtful(cloud, &cloud->model->route_tables)};
	uint32_t table = find_name(cloud, &tables, &subnet->route_table, subnet->place);

	cloud->subnets[number] = (struct lowered_subnet){
		.subnet = subnet,
		.vnet = v,
		.route_table = table == TOPO_NONE ? NULL : &cloud->model->route_tables[table],
		.nsg = nsg_of(cloud, &subnet->network_security_group, subnet->place),
		.is_gateway_subnet = text_equal(subnet->name, "GatewaySubnet"),
		.node = TOPO_NONE,
		.without_user = TOPO_NONE,
		.next_offset = 4, // AZ-NIC-20
		.origin = topo_origin_add(cloud->topo, subnet->place, NULL, "subnet %s/%s",
			cloud->vnets[v].vnet->name, subnet->name),
	};
	for (size_t i = 0; i < subnet->service_endpoint_count; i++) {
		uint32_t origin = topo_origin_add(cloud->topo, subnet->service_endpoints[i].place,
			"AZ-NIC-9", "service endpoint %s of subnet %s/%s", subnet->service_endpoints[i].service,
			cloud->vnets[v].vnet->name, subnet->name);
		if (i == 0)
			cloud->subnets[number].first_service = origin;
	}
	if (cloud->subnets[number].is_gateway_subnet)
		cloud->vnets[v].gateway_subnet = number;
}

static void resolve_vnets(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;
	size_t gateway = 0;
	uint32_t subnet = 0;

	for (uint32_t v = 0; v < model->vnet_count; v++) {
		struct lowered_vnet *vnet = &cloud->vnets[v];
		vnet->vnet = &model->vnets[v];
		vnet->gateway_subnet = TOPO_NONE;
		vnet->gateway_vnet = TOPO_NONE;
		vnet->gateway_peer = TOPO_NONE;
		vnet->group = TOPO_NONE;
		vnet->first_subnet = subnet;
		vnet->origin = topo_origin_add(
			cloud->topo, vnet->vnet->place, NULL, "virtualNetwork %s", vnet->vnet->name);
		vnet->range_origins = ARENA_ARRAY(cloud->arena, uint32_t, vnet->vnet->address_space_count);
		for (size_t s = 0; s < vnet->vnet->subnet_count; s++)
			resolve_subnet(cloud, v, subnet++, &vnet->vnet->subnets[s]);
		resolve_gateways(cloud, v, &gateway);
	}
}

static void resolve_connection(struct azure_cloud *cloud, size_t c, const struct known *gateways) {
	const struct azure_connection *connection = &cloud->model->connections[c];
	struct lowered_connection *lowered = &cloud->connections[c];
	struct place place = connection->place;

	lowered->connection = connection;
	lowered->pair = TOPO_NONE;
	const struct known locals = {cloud->local_gateway_names, "localNetworkGateway",
		azure_is_doubtful(cloud, &cloud->model->local_gateways)};
	const struct known circuits = {cloud->circuit_names, "expressRouteCircuit",
		azure_is_doubtful(cloud, &cloud->model->circuits)};
	lowered->gateway1 = find_name(cloud, gateways, &connection->gateway1, place);
	lowered->gateway2 = find_name(cloud, gateways, &connection->gateway2, place);
	lowered->local_gateway = find_name(cloud, &locals, &connection->local_gateway, place);
	lowered->circuit = find_name(cloud, &circuits, &connection->circuit, place);
	lowered->origin = topo_origin_add(cloud->topo, place, NULL, "connection %s", connection->name);
}

static void resolve_machines(struct azure_cloud *cloud, const struct known *subnets) {
	const struct azure_model *model = cloud->model;
	uint32_t next = 0;

	for (uint32_t m = 0; m < model->machine_count; m++) {
		const struct azure_machine *machine = &model->machines[m];
		cloud->machines[m] =
			(struct lowered_machine){.machine = machine, .node = TOPO_NONE, .first_nic = next};
		if (machine->nic_count == 0 && !azure_is_doubtful(cloud, &machine->nics))
			azure_mistake(cloud, machine->place, "%s has no network interface: give its subnet",
				machine->name);
		for (size_t n = 0; n < machine->nic_count; n++) {
			const struct azure_nic *nic = &machine->nics[n];
			cloud->nics[next++] = (struct lowered_nic){
				.nic = nic,
				.machine = m,
				.subnet = find_name(cloud, subnets, &nic->subnet, nic->place),
				.nsg = nsg_of(cloud, &nic->network_security_group, nic->place),
				.origin = topo_origin_add(cloud->topo, nic->place, NULL,
					"network interface %s of virtualMachine %s",
					nic->name && *nic->name ? nic->name : "eth0", machine->name),
			};
		}
	}
}

static void resolve_endpoints(struct azure_cloud *cloud, const struct known *subnets) {
	const struct azure_model *model = cloud->model;

	for (size_t e = 0; e < model->endpoint_count; e++) {
		const struct azure_private_endpoint *endpoint = &model->endpoints[e];
		cloud->endpoints[e] = (struct lowered_endpoint){
			.endpoint = endpoint,
			.subnet = find_name(cloud, subnets, &endpoint->subnet, endpoint->place),
			.node = TOPO_NONE,
			.origin = topo_origin_add(cloud->topo, endpoint->place, "AZ-NIC-17",
				endpoint->group_id_count ? "privateEndpoint %s (%s)" : "privateEndpoint %s",
				endpoint->name, endpoint->group_id_count ? endpoint->group_ids[0] : ""),
		};
	}
}

void azure_resolve(struct azure_cloud *cloud) {
	const struct azure_model *model = cloud->model;

	name_all(cloud);
	for (size_t m = 0; m < model->machine_count; m++)
		cloud->nic_count += model->machines[m].nic_count;
	cloud->vnets = ARENA_ARRAY(cloud->arena, struct lowered_vnet, model->vnet_count);
	cloud->subnets = ARENA_ARRAY(cloud->arena, struct lowered_subnet, cloud->subnet_count);
	cloud->gateways = ARENA_ARRAY(cloud->arena, struct lowered_gateway, cloud->gateway_count);
	cloud->circuits = ARENA_ARRAY(cloud->arena, struct lowered_circuit, model->circuit_count);
	cloud->connections =
		ARENA_ARRAY(cloud->arena, struct lowered_connection, model->connection_count);
	cloud->machines = ARENA_ARRAY(cloud->arena, struct lowered_machine, model->machine_count);
	cloud->nics = ARENA_ARRAY(cloud->arena, struct lowered_nic, cloud->nic_count);
	cloud->endpoints = ARENA_ARRAY(cloud->arena, struct lowered_endpoint, model->endpoint_count);
	resolve_vnets(cloud);
	const struct known subnets = known_subnets(cloud);
	resolve_machines(cloud, &subnets);
	resolve_endpoints(cloud, &subnets);
	for (size_t c = 0; c < model->circuit_count; c++) {
		cloud->circuits[c].circuit = &model->circuits[c];
		cloud->circuits[c].origin = topo_origin_add(cloud->topo, model->circuits[c].place, NULL,
			"expressRouteCircuit %s", model->circuits[c].name);
	}
	const struct known gateways = known_gateways(cloud);
	for (size_t c = 0; c < model->connection_count; c++)
		resolve_connection(cloud, c, &gateways);
}

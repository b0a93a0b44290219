// What Azure does at run time: what gateways learn is programmed into the NICs of their VNet and of
// spokes that use them, a while later (AZ-NIC-9, AZ-PEER-9).
//
// One shared layer a VNet with gateways; all subnets that take its routes refer to it. Hops name
// slot 0 of whichever subnet looks (see vnet.c) and the address in the GatewaySubnet to go to.
// That a prefix inside a VNet's own or a peer's ranges is not for its NICs (AZ-X-14) is the matter
// of their own layers (see udr.c).
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "cloud/azure/answer_int.h"
#include "cloud/azure/gateway_int.h"
#include "cloud/azure/tag_int.h"
#include "net/lpm.h"

#define PROGRAMMING_DELAY_NS SECOND_NS
#define SLOT_TOWARDS_GATEWAYS 0

struct change {
	struct prefix prefix;
	instant due;
};

struct programmed { // one VNet with gateways
	struct azure_controller *controller;
	uint32_t vnet;
	// In the order they happened. A prefix waits at most once, so the queue is bounded by the
	// prefixes that gateways hold.
	struct {
		struct change *items;
		size_t count, first, room;
	} queue;
	struct lpm *waiting;
	struct timer timer;
	bool is_widened; // the set of learned prefixes changed since rules were made of it
};

struct azure_controller {
	struct azure_cloud *cloud;
	struct world *world;
	struct programmed *vnets; // by VNet; unused without gateways
	uint32_t *vnet_of_node;   // TOPO_NONE for nodes that are no gateway instance
	struct azure_tag_rules *rules;
};

// For one prefix the weights decide between ExpressRoute and VPN (AZ-GW-8).
struct choice { // the ways out for a prefix, of the highest weight so far
	struct fib_hop hops[FIB_HOPS_MAX];
	uint16_t count;
	uint32_t weight, origin;
};

static void add_way(struct choice *choice, uint32_t weight, struct ip via, uint32_t origin) {
	if (choice->count > 0 && weight < choice->weight)
		return;
	if (weight > choice->weight)
		choice->count = 0;
	choice->weight = weight;
	choice->origin = origin;
	for (uint16_t i = 0; i < choice->count; i++) {
		if (ip_equal(choice->hops[i].via, via))
			return;
	}
	if (choice->count < FIB_HOPS_MAX)
		choice->hops[choice->count++] = (struct fib_hop){SLOT_TOWARDS_GATEWAYS, via};
}

static const struct rib_entry *entry_of(struct world *world, uint32_t node, struct prefix prefix) {
	struct rib *rib = world_rib(world, node);
	const struct rib_entry *entry = rib ? rib_find(rib, prefix) : NULL;

	if (!entry || entry->chosen == 0 || !world_node_is_up(world, node))
		return NULL;
	return entry;
}

// AZ-NIC-14, AZ-X-6: the tunnel endpoint of every MSEE in the gateway's multipath set.
static void add_er_ways(struct world *world, const struct lowered_gateway *gateway,
	struct prefix prefix, struct choice *choice) {
	for (size_t i = 0; i < gateway->instance_count; i++) {
		const struct rib_entry *entry = entry_of(world, gateway->instances[i].node, prefix);
		for (uint16_t p = 0; entry && p < entry->chosen; p++) {
			const struct path *path = entry->paths[p];
			if (path->source->kind == ROUTE_EBGP)
				add_way(
					choice, path->weight, path->attributes->spec.next_hop, gateway->learned_origin);
		}
	}
}

// AZ-X-9: instances whose own best route is eBGP or static; not those that go through their twin.
// AZ-X-7: a BGP peer's own address only where no ExpressRoute gateway is.
static bool is_own_way(const struct path *path, bool has_er) {
	if (path->source->kind == ROUTE_EBGP)
		return true;
	if (path->source->kind != ROUTE_LOCAL)
		return false;
	return path->tag == TAG_STATIC || (path->tag == TAG_PEER_HOST && !has_er);
}

static void add_vpn_ways(struct world *world, const struct lowered_gateway *gateway, bool has_er,
	struct prefix prefix, struct choice *choice) {
	for (size_t i = 0; i < gateway->instance_count; i++) {
		const struct lowered_instance *instance = &gateway->instances[i];
		const struct rib_entry *entry = entry_of(world, instance->node, prefix);
		if (entry && is_own_way(entry->paths[0], has_er))
			add_way(choice, entry->paths[0]->weight, instance->address, gateway->learned_origin);
	}
}

static bool is_same(const struct fib_route *route, const struct choice *choice) {
	if (!route || route->hop_count != choice->count || route->origin != choice->origin)
		return false;
	return memcmp(route->hops, choice->hops, choice->count * sizeof(choice->hops[0])) == 0;
}

// AZ-NIC-8, AZ-X-15: with 0/0 from BGP a subnet has neither the Internet row nor the None ones.
static void set_weak_rows(
	struct programmed *programmed, const struct lowered_subnet *subnet, bool present) {
	struct azure_cloud *cloud = programmed->controller->cloud;
	struct fib_layer *layer = world_table_layer(programmed->controller->world, subnet->effective);
	struct azure_rows rows;

	azure_rows_collect(cloud, subnet, &rows);
	for (size_t i = 0; i < rows.count; i++) {
		const struct azure_row *row = &rows.items[i];
		const struct fib_route *now = fib_layer_get(layer, row->prefix);
		if (row->preference != AZURE_PREFER_WEAK || !prefix_is_v4(row->prefix))
			continue;
		if (!present && now && now->preference == AZURE_PREFER_WEAK)
			fib_layer_remove(layer, row->prefix);
		if (!present || now)
			continue;
		struct fib_route route = {
			.action = FIB_DROP,
			.drop = row->type == ROW_NONE ? DROP_NONE_ROUTE : DROP_LEFT_TO_INTERNET,
			.preference = AZURE_PREFER_WEAK,
			.not_a_source = true,
			.origin = row->origin,
		};
		fib_layer_set(layer, row->prefix, &route);
	}
	azure_rows_done(&rows);
}

static void default_changed(struct programmed *programmed, bool is_programmed) {
	struct azure_cloud *cloud = programmed->controller->cloud;
	uint32_t group = cloud->vnets[programmed->vnet].group;

	for (uint32_t s = 0; s < cloud->subnet_count; s++) {
		const struct lowered_subnet *subnet = &cloud->subnets[s];
		if (azure_subnet_group(cloud, subnet) == group)
			set_weak_rows(programmed, subnet, !is_programmed);
		struct lowered_subnet plain = azure_subnet_without_user(subnet);
		if (plain.effective != TOPO_NONE && azure_subnet_group(cloud, &plain) == group)
			set_weak_rows(programmed, &plain, !is_programmed);
	}
}

static void program(struct programmed *programmed, struct prefix prefix) {
	struct azure_cloud *cloud = programmed->controller->cloud;
	struct world *world = programmed->controller->world;
	const struct lowered_vnet *vnet = &cloud->vnets[programmed->vnet];
	struct fib_layer *layer = world_group_layer(world, vnet->group);
	const struct fib_route *before = fib_layer_get(layer, prefix);
	bool was_there = before != NULL;
	struct choice choice;

	memset(&choice, 0, sizeof(choice)); // hops are compared as bytes
	if (vnet->er != TOPO_NONE)
		add_er_ways(world, &cloud->gateways[vnet->er], prefix, &choice);
	if (vnet->vpn != TOPO_NONE)
		add_vpn_ways(world, &cloud->gateways[vnet->vpn], vnet->er != TOPO_NONE, prefix, &choice);
	if (choice.count == 0 ? !was_there : is_same(before, &choice))
		return;
	struct fib_route route = {
		.action = FIB_FORWARD,
		.preference = AZURE_PREFER_GATEWAY,
		.hop_count = choice.count,
		.origin = choice.origin,
		.hops = choice.hops,
	};
	if (choice.count > 0)
		fib_layer_set(layer, prefix, &route);
	else
		fib_layer_remove(layer, prefix);
	if (was_there != (choice.count > 0)) {
		programmed->is_widened = true;
		if (prefix_equal(prefix, prefix_default_v4()))
			default_changed(programmed, choice.count > 0);
	}
	world_note_change(world);
}

static void refresh_rules(struct programmed *programmed) {
	struct azure_controller *controller = programmed->controller;

	if (!programmed->is_widened)
		return;
	programmed->is_widened = false;
	azure_tag_rules_refresh(controller->rules, programmed->vnet);
}

static void fire(struct timer *timer, void *owner) {
	struct programmed *programmed = owner;
	struct loop *loop = world_loop(programmed->controller->world);

	while (programmed->queue.first < programmed->queue.count) { // bounded by the queue
		struct change change = programmed->queue.items[programmed->queue.first];
		if (instant_compare(change.due, loop_now(loop)) > 0)
			break;
		programmed->queue.first++;
		lpm_remove(programmed->waiting, change.prefix);
		program(programmed, change.prefix);
	}
	refresh_rules(programmed);
	if (programmed->queue.first < programmed->queue.count) {
		timer_start_at(loop, timer, programmed->queue.items[programmed->queue.first].due);
		return;
	}
	programmed->queue.first = 0;
	programmed->queue.count = 0;
}

static int64_t programming_delay(const struct azure_cloud *cloud) {
	int64_t given = cloud->model->switches.programming_delay_ns;

	if (given < 0)
		return 0;
	return given ? given : PROGRAMMING_DELAY_NS;
}

static void rib_changed(void *owner, uint32_t node, const struct rib_entry *entry) {
	struct azure_controller *controller = owner;
	struct loop *loop = world_loop(controller->world);
	uint32_t v = controller->vnet_of_node[node];

	if (v == TOPO_NONE)
		return;
	struct programmed *programmed = &controller->vnets[v];
	if (lpm_get(programmed->waiting, entry->prefix) != LPM_NONE)
		return;
	lpm_insert(programmed->waiting, entry->prefix, 0);
	struct change change = {
		entry->prefix, instant_add(loop_now(loop), programming_delay(controller->cloud))};
	ARRAY_PUSH(&programmed->queue, change);
	if (!timer_is_running(&programmed->timer))
		timer_start_at(loop, &programmed->timer, change.due);
}

static void init_vnet(struct azure_controller *controller, uint32_t v) {
	struct azure_cloud *cloud = controller->cloud;
	struct programmed *programmed = &controller->vnets[v];
	uint32_t gateways[] = {cloud->vnets[v].er, cloud->vnets[v].vpn};

	programmed->controller = controller;
	programmed->vnet = v;
	if (cloud->vnets[v].group == TOPO_NONE)
		return;
	programmed->waiting = lpm_new();
	timer_init(&programmed->timer, TIMER_WORK, fire, programmed);
	for (size_t g = 0; g < 2; g++) {
		if (gateways[g] == TOPO_NONE)
			continue;
		const struct lowered_gateway *gateway = &cloud->gateways[gateways[g]];
		for (size_t i = 0; i < gateway->instance_count; i++)
			controller->vnet_of_node[gateway->instances[i].node] = v;
	}
}

// The world ends without telling: what a controller holds is freed with the cloud, or when another
// world takes the place of the one it served.
static void controller_free(struct azure_controller *controller) {
	for (size_t v = 0; v < controller->cloud->model->vnet_count; v++) {
		free(controller->vnets[v].queue.items);
		lpm_free(controller->vnets[v].waiting);
	}
	azure_tag_rules_free(controller->rules);
	free(controller->vnets);
	free(controller->vnet_of_node);
	free(controller);
}

void azure_controllers_free(struct azure_cloud *cloud) {
	for (size_t i = 0; i < cloud->controllers.count; i++)
		controller_free(cloud->controllers.items[i]);
	free(cloud->controllers.items);
}

static void keep(struct azure_cloud *cloud, struct azure_controller *controller) {
	for (size_t i = 0; i < cloud->controllers.count; i++) {
		if (cloud->controllers.items[i]->world != controller->world)
			continue;
		controller_free(cloud->controllers.items[i]);
		cloud->controllers.items[i] = controller;
		return;
	}
	ARRAY_PUSH(&cloud->controllers, controller);
}

void azure_attach(struct cloud *seam, struct world *world) {
	struct azure_cloud *cloud = (struct azure_cloud *)seam;
	size_t nodes = world_topo(world)->node_count;
	struct azure_controller *controller = memory_alloc(sizeof(*controller));

	controller->cloud = cloud;
	controller->world = world;
	controller->vnets =
		memory_alloc(memory_product(cloud->model->vnet_count + 1, sizeof(*controller->vnets)));
	controller->vnet_of_node = memory_alloc(memory_product(nodes + 1, sizeof(uint32_t)));
	controller->rules = azure_tag_rules_new(cloud, world);
	for (size_t n = 0; n < nodes; n++)
		controller->vnet_of_node[n] = TOPO_NONE;
	for (uint32_t v = 0; v < cloud->model->vnet_count; v++)
		init_vnet(controller, v);
	keep(cloud, controller);
	world_watch_ribs(world, rib_changed, controller);
}

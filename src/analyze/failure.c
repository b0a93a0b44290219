#include "analyze/failure.h"

static bool carries_tunnel(const struct topo *topo, uint32_t link) {
	for (size_t i = 0; i < topo->tunnel_count; i++) {
		for (int side = 0; side < 2; side++) {
			uint32_t port = topo->tunnels[i].underlay_port[side];
			if (port != TOPO_NONE && topo->ports[port].link == link)
				return true;
		}
	}
	return false;
}

// Down from the start, or with an end that is shut: it can't fail any more.
static bool is_dead(const struct topo *topo, const struct topo_link *link) {
	for (size_t e = 0; e < link->end_count && link->end_count == 2; e++) {
		if (topo->ports[link->ends[e].port].is_shut)
			return true;
	}
	return link->is_down;
}

static void add(struct failure *list, size_t *count, const struct failure *failure) {
	for (size_t i = 0; i < *count; i++) {
		if (list[i].kind == failure->kind && list[i].number == failure->number)
			return;
	}
	list[(*count)++] = *failure;
}

// A tunnel fails with the path under it, unless that is a link which can fail by itself.
static void add_tunnel(const struct topo *topo, const struct topo_tunnel *tunnel,
	struct failure *list, size_t *count) {
	if (!tunnel->can_fail || tunnel->underlay_port[0] == TOPO_NONE)
		return;
	uint32_t link = topo->ports[tunnel->underlay_port[0]].link;
	if (link == TOPO_NONE || is_dead(topo, &topo->links[link]))
		return;
	struct failure failure = {FAILURE_LINK, link, topo->links[link].name, true};
	add(list, count, &failure);
}

struct failure *failure_list(const struct topo *topo, struct arena *arena, size_t *count) {
	size_t room = topo->link_count + topo->tunnel_count + topo->node_count + 1;
	struct failure *list = ARENA_ARRAY(arena, struct failure, room);

	*count = 0;
	for (uint32_t i = 0; i < topo->link_count; i++) {
		const struct topo_link *link = &topo->links[i];
		if (!link->can_fail || is_dead(topo, link))
			continue;
		list[(*count)++] = (struct failure){FAILURE_LINK, i, link->name, carries_tunnel(topo, i)};
	}
	for (size_t i = 0; i < topo->tunnel_count; i++)
		add_tunnel(topo, &topo->tunnels[i], list, count);
	for (uint32_t i = 0; i < topo->node_count; i++) {
		if (topo->nodes[i].can_fail)
			list[(*count)++] = (struct failure){FAILURE_NODE, i, topo->nodes[i].name, false};
	}
	return list;
}

void failure_apply(struct world *world, const struct failure *failure) {
	if (failure->kind == FAILURE_NODE)
		world_set_node(world, failure->number, false);
	else
		world_set_link(world, failure->number, WORLD_DOWN, TOPO_NONE);
}

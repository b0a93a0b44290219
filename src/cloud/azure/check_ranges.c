// Address spaces and subnets: what lies in them is judged only where they are right themselves.
#include "cloud/azure/lower_int.h"

#include <stdlib.h>

static void check_ranges(struct azure_cloud *cloud, const struct azure_vnet *vnet) {
	char a[PREFIX_TEXT_BYTES], b[PREFIX_TEXT_BYTES];

	if (vnet->address_space_count == 0 && !azure_is_doubtful(cloud, &vnet->address_space)) {
		azure_mistake(cloud, azure_place(cloud, &vnet->address_space, vnet->place),
			"%s has no addressSpace", vnet->name);
		azure_doubt(cloud, &vnet->address_space);
	}
	for (size_t i = 0; i < vnet->address_space_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (prefix_overlaps(vnet->address_space[i], vnet->address_space[k]))
				azure_mistake(cloud, azure_place(cloud, &vnet->address_space[i], vnet->place),
					"ranges %s and %s of %s overlap", prefix_format(vnet->address_space[k], a),
					prefix_format(vnet->address_space[i], b), vnet->name);
		}
	}
}

static bool is_inside_vnet(const struct azure_vnet *vnet, struct prefix prefix) {
	for (size_t i = 0; i < vnet->address_space_count; i++) {
		if (prefix_covers(vnet->address_space[i], prefix))
			return true;
	}
	return false;
}

struct subnet_prefix {
	struct prefix prefix;
	const struct azure_subnet *subnet;
	struct place place;
};

static int compare_prefixes(const void *left, const void *right) {
	return prefix_compare(((const struct subnet_prefix *)left)->prefix,
		((const struct subnet_prefix *)right)->prefix);
}

static bool is_later(struct place a, struct place b) {
	return a.line > b.line || (a.line == b.line && a.column > b.column);
}

// Sorted, a prefix that overlaps any before it overlaps the last one that was not inside another.
static void check_subnets(struct azure_cloud *cloud, const struct azure_vnet *vnet) {
	struct {
		struct subnet_prefix *items;
		size_t count, room;
	} all = {0};
	char a[PREFIX_TEXT_BYTES], b[PREFIX_TEXT_BYTES];
	bool is_space_doubtful =
		azure_is_doubtful(cloud, &vnet->address_space) || vnet->address_space_count == 0;

	for (size_t s = 0; s < vnet->subnet_count; s++) {
		const struct azure_subnet *subnet = &vnet->subnets[s];
		for (size_t i = 0; i < subnet->address_prefix_count; i++) {
			struct subnet_prefix one = {subnet->address_prefixes[i], subnet,
				azure_place(cloud, &subnet->address_prefixes[i], subnet->place)};
			ARRAY_PUSH(&all, one);
			if (is_space_doubtful || is_inside_vnet(vnet, one.prefix))
				continue;
			azure_mistake(cloud, one.place, "subnet %s: %s is outside the address space of %s (%s)",
				subnet->name, prefix_format(one.prefix, a), vnet->name,
				prefix_format(vnet->address_space[0], b));
			azure_doubt(cloud, &subnet->address_prefixes);
		}
	}
	if (all.count > 0)
		qsort(all.items, all.count, sizeof(*all.items), compare_prefixes);
	for (size_t i = 1, wide = 0; i < all.count; i++) {
		const struct subnet_prefix *before = &all.items[wide];
		if (!prefix_overlaps(before->prefix, all.items[i].prefix)) {
			wide = i;
			continue;
		}
		const struct subnet_prefix *after = &all.items[i];
		if (is_later(before->place, after->place)) { // the one further down is the newcomer
			after = before;
			before = &all.items[i];
		}
		azure_mistake(cloud, after->place, "subnet %s (%s) overlaps subnet %s (%s)",
			after->subnet->name, prefix_format(after->prefix, a), before->subnet->name,
			prefix_format(before->prefix, b));
		azure_doubt(cloud, &after->subnet->address_prefixes);
		azure_doubt(cloud, &before->subnet->address_prefixes);
	}
	free(all.items);
}

void azure_check_ranges(struct azure_cloud *cloud) {
	for (size_t v = 0; v < cloud->model->vnet_count; v++) {
		check_ranges(cloud, &cloud->model->vnets[v]);
		check_subnets(cloud, &cloud->model->vnets[v]);
	}
}

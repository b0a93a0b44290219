// What a peer is to know of a prefix: which path, whether at all, and in what form.

#include "base/assert.h"
#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

#define LOCAL_PREFERENCE_DEFAULT 100

// A route on its way out; the AS path is worked on in place.
struct draft {
	struct attributes_spec spec;
	struct as_hop as_path[AS_PATH_MAX];
	struct attributes *held; // whose other arrays the spec points into, or NULL
};

static const struct path *find_local(const struct rib_entry *entry) {
	for (uint16_t i = 0; i < entry->path_count; i++)
		if (entry->paths[i]->source->kind == ROUTE_LOCAL && !entry->paths[i]->never_best)
			return entry->paths[i];
	return NULL;
}

// The best of what BGP itself holds. A plain route in use that is redistributed counts as BGP's
// own, but behind a network statement for the same prefix, which has the better origin. One that is
// not redistributed does not silence the best BGP path behind it, as on common routers.
static const struct path *choose(const struct bgp_peer *peer, const struct rib_entry *entry) {
	uint32_t redistribute = peer->speaker->config.redistribute;

	for (uint16_t i = 0; i < entry->path_count; i++) {
		const struct path *path = entry->paths[i];
		if (!path->is_reachable || path->never_best)
			return NULL; // those behind it are no better
		if (!route_is_plain(path->source->kind))
			return path;
		if (i < entry->chosen && (redistribute >> path->source->kind & 1)) {
			const struct path *local = find_local(entry);
			return local ? local : path;
		}
	}
	return NULL;
}

// RFC 4271 9.2: nothing from inside the AS to inside, nothing back to where it came from.
static bool may_advertise(const struct bgp_peer *peer, const struct path *path) {
	if (path->source == &peer->source)
		return false;
	if (path->source->kind == ROUTE_IBGP && !bgp_is_external(peer))
		return false;
	if (!path->attributes)
		return true;
	if (attributes_has_community(path->attributes, COMMUNITY_NO_ADVERTISE))
		return false;
	return !bgp_is_external(peer) ||
		!attributes_has_community(path->attributes, COMMUNITY_NO_EXPORT);
}

static void draft_set(struct draft *draft, const struct attributes_spec *spec) {
	draft->spec = *spec;
	for (size_t i = 0; i < spec->as_count; i++)
		draft->as_path[i] = spec->as_path[i];
	draft->spec.as_path = draft->as_path;
}

static size_t leading_private(const struct draft *draft) {
	size_t count = 0;

	while (count < draft->spec.as_count && asn_is_private(draft->as_path[count].asn))
		count++;
	return count;
}

static void drop_hops(struct draft *draft, size_t first, bool only_private) {
	uint16_t kept = 0;

	for (size_t i = 0; i < draft->spec.as_count; i++)
		if (only_private ? !asn_is_private(draft->as_path[i].asn) : i >= first)
			draft->as_path[kept++] = draft->as_path[i];
	draft->spec.as_count = kept;
}

static void strip_private(struct draft *draft, enum strip_private mode) {
	size_t leading = leading_private(draft);

	switch (mode) {
	case STRIP_PRIVATE_NONE:
		break;
	case STRIP_PRIVATE_LEADING: // AZ-X-1
		drop_hops(draft, leading, false);
		break;
	case STRIP_PRIVATE_ALL:
		drop_hops(draft, 0, true);
		break;
	case STRIP_PRIVATE_ONLY_IF_ALL:
		if (leading == draft->spec.as_count)
			draft->spec.as_count = 0;
		break;
	}
}

static uint32_t remote_asn(const struct bgp_peer *peer) {
	assert(peer->established);
	return peer->established->open.asn;
}

// AZ-X-2: wherever the peer's own AS stands, it would take the path for a loop.
static void override_as(const struct bgp_peer *peer, struct draft *draft) {
	for (size_t i = 0; i < draft->spec.as_count; i++)
		if (draft->as_path[i].asn == remote_asn(peer))
			draft->as_path[i].asn = peer->speaker->config.asn;
}

// Before the policy, so that what a policy prepends stays (AZ-ER-22 together with AZ-X-1).
static void prepare_external(
	const struct bgp_peer *peer, const struct path *path, struct draft *draft) {
	strip_private(draft, peer->config.strip_private);
	if (peer->config.as_override)
		override_as(peer, draft);
	// RFC 4271 5.1.4: a MED stays between two neighbouring AS.
	if (path->source->kind == ROUTE_EBGP || path->source->kind == ROUTE_IBGP)
		draft->spec.has_med = false;
	draft->spec.next_hop = IP_NONE;
	draft->spec.has_local_preference = false;
}

static struct ip self_address(const struct bgp_peer *peer, bool is_v6) {
	struct ip local = peer->config.local;

	if (!ip_is_none(local) && ip_is_v4(local) != is_v6)
		return local;
	return is_v6 ? peer->speaker->config.self_v6 : peer->speaker->config.self_v4;
}

static void prepend_own(const struct bgp_peer *peer, struct draft *draft) {
	size_t count = draft->spec.as_count < AS_PATH_MAX ? draft->spec.as_count : AS_PATH_MAX - 1;

	for (size_t i = count; i > 0; i--)
		draft->as_path[i] = draft->as_path[i - 1];
	draft->as_path[0] = (struct as_hop){.asn = peer->speaker->config.asn};
	draft->spec.as_count = (uint16_t)(count + 1);
}

// The rules that hold whatever the policy said. False when there is no next hop to give.
static bool finish(const struct bgp_peer *peer, bool is_v6, struct draft *draft) {
	struct attributes_spec *spec = &draft->spec;

	if (ip_is_none(spec->next_hop))
		spec->next_hop = self_address(peer, is_v6);
	if (ip_is_none(spec->next_hop) || ip_is_v4(spec->next_hop) == is_v6)
		return false;
	if (bgp_is_external(peer)) {
		prepend_own(peer, draft);
		spec->has_local_preference = false;
	} else if (!spec->has_local_preference) {
		spec->has_local_preference = true;
		spec->local_preference = LOCAL_PREFERENCE_DEFAULT;
	}
	if (!peer->config.send_communities)
		spec->community_count = 0;
	return true;
}

// False when the policy rejects.
static bool apply_policy(const struct bgp_peer *peer, struct prefix prefix, const struct path *path,
	struct draft *draft) {
	struct attributes_table *table = peer->speaker->config.attributes;
	struct policy_route route = {
		.prefix = prefix,
		.attributes = attributes_intern(table, &draft->spec),
		.kind = path->source->kind,
		.weight = path->weight,
		.tag = path->tag,
	};
	size_t term;
	enum policy_verdict verdict = policy_apply(peer->config.export, table, &route, &term);

	draft_set(draft, &route.attributes->spec);
	draft->held = route.attributes;
	if (route.next_hop_self)
		draft->spec.next_hop = IP_NONE;
	return verdict == POLICY_ACCEPT;
}

static struct attributes *export_draft(const struct bgp_peer *peer, struct prefix prefix,
	const struct path *path, struct draft *draft) {
	if (bgp_is_external(peer))
		prepare_external(peer, path, draft);
	else if (peer->config.next_hop_self)
		draft->spec.next_hop = IP_NONE;
	if (peer->config.export && !apply_policy(peer, prefix, path, draft))
		return NULL;
	if (!finish(peer, !prefix_is_v4(prefix), draft))
		return NULL;
	return attributes_intern(peer->speaker->config.attributes, &draft->spec);
}

// Made for this peer alone, whatever the table holds and the policy says.
static struct attributes *export_default(const struct bgp_peer *peer, struct prefix prefix) {
	struct draft draft = {.spec = {.origin = ORIGIN_IGP}};

	draft.spec.as_path = draft.as_path;
	if (!finish(peer, !prefix_is_v4(prefix), &draft))
		return NULL;
	return attributes_intern(peer->speaker->config.attributes, &draft.spec);
}

struct attributes *bgp_export(const struct bgp_peer *peer, struct prefix prefix) {
	static const struct attributes_spec PLAIN = {.origin = ORIGIN_INCOMPLETE};

	if (!(peer->families & (prefix_is_v4(prefix) ? BGP_IPV4 : BGP_IPV6)))
		return NULL;
	if (peer->config.default_originate && prefix_is_default(prefix))
		return export_default(peer, prefix);
	const struct rib_entry *entry = rib_find(peer->speaker->config.rib, prefix);
	const struct path *path = entry ? choose(peer, entry) : NULL;
	if (!path || !may_advertise(peer, path))
		return NULL;
	struct draft draft;
	draft.held = NULL;
	draft_set(&draft, path->attributes ? &path->attributes->spec : &PLAIN);
	struct attributes *result = export_draft(peer, prefix, path, &draft);
	attributes_unref(peer->speaker->config.attributes, draft.held);
	return result;
}

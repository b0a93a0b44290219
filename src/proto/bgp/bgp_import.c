// What comes of a received UPDATE: loop check, import policy, routing table.

#include "base/memory.h"
#include "proto/bgp/bgp_int.h"

static void withdraw(struct bgp_peer *peer, struct prefix prefix) {
	if (rib_withdraw(peer->speaker->config.rib, prefix, &peer->source))
		peer->routes_received--;
}

static void withdraw_part(struct bgp_peer *peer, struct bgp_nlri nlri) {
	struct prefix prefix;

	while (bgp_nlri_next(&nlri, &prefix))
		withdraw(peer, prefix);
}

// RFC 4271 5.1.3: one's own address is nobody's next hop. 9.1.2: nor is a path of one's own AS
// taken, more often than allowed.
static bool is_acceptable(const struct bgp_peer *peer, const struct attributes *attributes) {
	const struct bgp_speaker_config *own = &peer->speaker->config;
	struct ip next_hop = attributes->spec.next_hop;

	if (ip_equal(next_hop, peer->config.local) || ip_equal(next_hop, own->self_v4) ||
		ip_equal(next_hop, own->self_v6))
		return false;
	return as_path_occurrences(attributes, own->asn) <= peer->config.allow_own_as;
}

static struct attributes *with_next_hop(
	const struct bgp_peer *peer, struct attributes *attributes, struct ip next_hop) {
	struct attributes_spec spec = attributes->spec;

	spec.next_hop = next_hop;
	struct attributes *changed = attributes_intern(peer->speaker->config.attributes, &spec);
	attributes_unref(peer->speaker->config.attributes, attributes);
	return changed;
}

static void import_prefix(
	struct bgp_peer *peer, struct prefix prefix, struct attributes *attributes) {
	const struct bgp_speaker_config *own = &peer->speaker->config;
	struct policy_route route = {
		.prefix = prefix,
		.attributes = attributes_ref(attributes),
		.kind = peer->source.kind,
		.weight = peer->config.weight,
	};
	size_t term;

	if (policy_apply(peer->config.import, own->attributes, &route, &term) == POLICY_REJECT) {
		withdraw(peer, prefix);
		attributes_unref(own->attributes, route.attributes);
		return;
	}
	// On the way in, "self" can only mean the peer's self.
	if (route.next_hop_self)
		route.attributes = with_next_hop(peer, route.attributes, peer->config.remote);
	struct path_spec path = {
		.attributes = route.attributes,
		.weight = route.weight,
		.tag = route.tag,
		.origin = peer->config.origin,
		.never_best = route.never_best,
		.no_forwarding = route.no_forwarding,
	};
	if (rib_update(own->rib, prefix, &peer->source, &path))
		peer->routes_received++;
	attributes_unref(own->attributes, route.attributes);
}

static void import_part(struct bgp_peer *peer, struct bgp_update *update, int part) {
	struct attributes_table *table = peer->speaker->config.attributes;
	struct bgp_nlri nlri = update->reached[part];
	struct prefix prefix;

	if (reader_left(&nlri.bytes) == 0 || !(peer->families & (nlri.is_v6 ? BGP_IPV6 : BGP_IPV4)))
		return;
	if (update->treatment == BGP_TREAT_WITHDRAW) {
		withdraw_part(peer, nlri);
		return;
	}
	update->attributes.next_hop = update->next_hop[part];
	struct attributes *attributes = attributes_intern(table, &update->attributes);
	if (is_acceptable(peer, attributes)) {
		while (bgp_nlri_next(&nlri, &prefix))
			import_prefix(peer, prefix, attributes);
	} else {
		withdraw_part(peer, nlri);
	}
	attributes_unref(table, attributes);
}

bool bgp_import_update(struct bgp_connection *connection) {
	struct bgp_peer *peer = connection->peer;
	struct bgp_update update;

	if (bgp_update_decode(connection->message, &peer->codec, &update, &connection->error) < 0) {
		bgp_peer_reason(peer, "sent a notification: %s",
			bgp_error_text(connection->error.code, connection->error.subcode));
		return false;
	}
	if (update.treatment != BGP_TREAT_NORMAL)
		bgp_peer_reason(peer, "attribute %u malformed: %s", update.offender,
			update.treatment == BGP_TREAT_WITHDRAW ? "routes withdrawn" : "left out");
	for (int part = 0; part < BGP_PARTS; part++)
		withdraw_part(peer, update.withdrawn[part]);
	for (int part = 0; part < BGP_PARTS; part++)
		import_part(peer, &update, part);
	bgp_speaker_wake(peer->speaker);
	if (peer->config.max_prefixes == 0 || peer->routes_received <= peer->config.max_prefixes)
		return true;
	bgp_peer_reason(peer, "more than %u prefixes", peer->config.max_prefixes);
	connection->error = (struct bgp_error){.code = BGP_CEASE, .subcode = BGP_CEASE_MAX_PREFIXES};
	return false;
}

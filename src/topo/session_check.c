#include "topo/session_check.h"

#include "topo/topo_build.h"

static const struct topo_neighbor *session_back(
	const struct topo *topo, const struct topo_neighbor *neighbor) {
	const struct topo_bgp *bgp = topo->nodes[neighbor->peer_node].bgp;

	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		const struct topo_neighbor *back = &topo->neighbors[bgp->neighbors[i]];
		if (ip_equal(back->remote, neighbor->local) && ip_equal(back->local, neighbor->remote))
			return back;
	}
	return NULL;
}

// A session back to another address of this node is the likeliest slip.
static const struct topo_neighbor *session_to_other_address(
	const struct topo *topo, const struct topo_neighbor *neighbor) {
	const struct topo_bgp *bgp = topo->nodes[neighbor->peer_node].bgp;

	for (size_t i = 0; bgp != NULL && i < bgp->neighbor_count; i++) {
		const struct topo_neighbor *back = &topo->neighbors[bgp->neighbors[i]];
		if (ip_equal(back->local, neighbor->remote) && back->peer_node == neighbor->node)
			return back;
	}
	return NULL;
}

static void check_one_sided(const struct topo *topo, const struct topo_neighbor *neighbor,
	struct place place, struct diagnostics *mistakes) {
	const char *peer = topo->nodes[neighbor->peer_node].name;
	const struct topo_neighbor *other = session_to_other_address(topo, neighbor);
	char remote[IP_TEXT_BYTES], local[IP_TEXT_BYTES], expected[IP_TEXT_BYTES];

	ip_format(neighbor->remote, remote);
	ip_format(neighbor->local, local);
	if (other != NULL)
		diagnostics_warning(mistakes, place, "one-sided-session",
			"%s at %s expects this session from %s, and it comes from %s", peer, remote,
			ip_format(other->remote, expected), local);
	else
		diagnostics_warning(mistakes, place, "one-sided-session",
			"%s has the address %s, but no BGP session with %s: this one can't come up", peer,
			remote, local);
}

static void check_as_numbers(const struct topo *topo, const struct topo_neighbor *neighbor,
	const struct topo_neighbor *back, struct place place, struct diagnostics *mistakes) {
	const struct topo_node *node = &topo->nodes[neighbor->node];
	const struct topo_node *peer = &topo->nodes[neighbor->peer_node];

	if (neighbor->remote_asn != peer->bgp->asn)
		diagnostics_warning(mistakes, place, "wrong-as",
			"%s is expected in AS %u and is in AS %u: the session can't come up", peer->name,
			neighbor->remote_asn, peer->bgp->asn);
	// The other router's own neighbour tells it, where there is one.
	else if (peer->kind == TOPO_GATEWAY && back->remote_asn != node->bgp->asn)
		diagnostics_warning(mistakes, place, "wrong-as",
			"%s expects AS %u here, and %s is in AS %u: the session can't come up", peer->name,
			back->remote_asn, node->name, node->bgp->asn);
}

void topo_check_sessions(const struct topo *topo, struct diagnostics *mistakes) {
	for (size_t i = 0; i < topo->neighbor_count; i++) {
		const struct topo_neighbor *neighbor = &topo->neighbors[i];
		enum topo_kind kind = topo->nodes[neighbor->node].kind;
		if (kind != TOPO_ROUTER && kind != TOPO_HOST)
			continue;
		struct place place = topo_origin(topo, neighbor->origin)->place;
		char remote[IP_TEXT_BYTES];
		if (neighbor->peer_node == TOPO_NONE) {
			diagnostics_warning(mistakes, place, "unknown-neighbor",
				"no node in this file has the address %s: the session can't come up",
				ip_format(neighbor->remote, remote));
			continue;
		}
		const struct topo_neighbor *back = session_back(topo, neighbor);
		if (back == NULL)
			check_one_sided(topo, neighbor, place, mistakes);
		else
			check_as_numbers(topo, neighbor, back, place, mistakes);
	}
}

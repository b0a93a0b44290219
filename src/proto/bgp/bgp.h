// BGP: a speaker with its peers over a routing table.
//
// RFC 4271 machine and wire, capabilities (5492), 4-octet AS numbers (6793), multiprotocol IPv4 and
// IPv6 unicast (4760), route refresh (2918), revised error handling (7606). It owns neither socket
// nor clock: streams come from its owner, timers from the loop.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop/loop.h"
#include "loop/stream.h"
#include "net/ip.h"
#include "route/policy.h"
#include "route/rib.h"

#define BGP_PORT 179

enum bgp_state { // RFC 4271 8.2.2
	BGP_IDLE,
	BGP_CONNECT,
	BGP_ACTIVE,
	BGP_OPEN_SENT,
	BGP_OPEN_CONFIRM,
	BGP_ESTABLISHED,
};

enum strip_private {
	STRIP_PRIVATE_NONE,
	STRIP_PRIVATE_LEADING, // the private ASNs in front of the first public one
	STRIP_PRIVATE_ALL,
	STRIP_PRIVATE_ONLY_IF_ALL, // only when the path holds nothing else
};

struct bgp_peer_config {
	const char *name; // of the neighbour, for sources and explanations
	struct ip local, remote;
	uint32_t remote_asn;          // 0: any
	uint32_t origin;              // in the file
	uint16_t hold_s, keepalive_s; // 0: 180 and a third of the negotiated hold time
	uint8_t distance;             // of learned routes; 0: 20 external, 200 internal
	uint32_t weight;              // of learned routes, before the import policy
	uint8_t allow_own_as;         // how often the own ASN may stand in a received path
	bool passive, next_hop_self, as_override, send_communities, default_originate;
	bool ipv4, ipv6; // families offered; neither: IPv4
	enum strip_private strip_private;
	uint32_t max_prefixes;          // session ends beyond; 0: no limit
	struct policy *import, *export; // referenced; NULL: everything
};

struct bgp_speaker_config {
	const char *name; // of the node
	struct loop *loop;
	struct rib *rib;
	struct attributes_table *attributes;
	uint32_t asn, router_id;
	struct ip self_v4, self_v6; // next hop self where a session has no address of the family
	uint32_t
		redistribute; // bit set of 1 << enum route_kind, besides ROUTE_LOCAL; origin incomplete
	// Opens a stream to peer->remote from peer->local; NULL when there is no way. Events as given.
	struct stream *(*connect)(void *owner, const struct bgp_peer_config *peer,
		const struct stream_events *events, void *events_owner);
	// A session was established or went down (`why` in plain words), for logs and convergence.
	void (*peer_changed)(
		void *owner, const struct bgp_peer_config *peer, enum bgp_state state, const char *why);
	void *owner;
};

struct bgp_speaker;
struct bgp_peer;

struct bgp_speaker *bgp_speaker_new(const struct bgp_speaker_config *config);
// Resets its streams and takes its routes out of the table; goes before table, streams and loop.
void bgp_speaker_free(struct bgp_speaker *speaker);

// Originates a prefix while the table holds a plain route (not BGP) for exactly it; `always`
// without that. It is put into the table as ROUTE_LOCAL with the given weight and attributes.
struct bgp_network {
	struct prefix prefix;
	bool always;
	uint32_t weight, tag, origin;
	uint32_t community_count;
	const uint32_t *communities;
};
void bgp_network_add(struct bgp_speaker *speaker, const struct bgp_network *network);
void bgp_network_remove(struct bgp_speaker *speaker, struct prefix prefix);

struct bgp_peer *bgp_peer_add(struct bgp_speaker *speaker, const struct bgp_peer_config *config);
void bgp_peer_start(struct bgp_peer *peer);
void bgp_peer_stop(struct bgp_peer *peer); // administrative, with a Cease
// What ends a session from outside: the port went down, BFD said so. Reconnects when it can.
void bgp_peer_fail(struct bgp_peer *peer, const char *why);
// Its path came back: try to connect now instead of at the retry timer.
void bgp_peer_nudge(struct bgp_peer *peer);
// Asks the peer to say everything again (RFC 2918), which runs it through the import policy anew.
void bgp_peer_ask_refresh(struct bgp_peer *peer);
// An incoming connection. Takes the stream over, or resets it when no peer has this pair of
// addresses. Connection collisions end as RFC 4271 6.8 says.
void bgp_accept(
	struct bgp_speaker *speaker, struct stream *stream, struct ip local, struct ip remote);

// The table changed (called from the rib's `changed`): what is due goes to the peers at the next
// bgp_flush(), attributes packed together (RFC 4271 9.2). Whatever comes up by itself, the speaker
// flushes table and peers by a timer at the end of the same instant; an owner may do so earlier,
// but never from inside `changed`. Applying conditional networks may flush the table once more.
void bgp_rib_changed(struct bgp_speaker *speaker, const struct rib_entry *entry);
void bgp_flush(struct bgp_speaker *speaker);
bool bgp_has_pending(const struct bgp_speaker *speaker); // updates not yet handed to streams

size_t bgp_peer_count(const struct bgp_speaker *speaker);
struct bgp_peer *bgp_peer_at(const struct bgp_speaker *speaker, size_t index); // order of adding

struct bgp_peer_status {
	const struct bgp_peer_config *config;
	enum bgp_state state;
	instant since; // of the present state
	uint32_t remote_asn, remote_router_id;
	uint16_t hold_s;                     // negotiated
	size_t routes_received, routes_sent; // accepted now; advertised now
	uint64_t messages_in, messages_out, updates_in, updates_out;
	const char *last_error; // "" when none
};
void bgp_peer_status(const struct bgp_peer *peer, struct bgp_peer_status *out);

// What was advertised to the peer, in prefix order.
typedef bool bgp_advertised_fn(void *owner, struct prefix prefix, const struct attributes *as_sent);
void bgp_peer_walk_advertised(const struct bgp_peer *peer, bgp_advertised_fn *visit, void *owner);

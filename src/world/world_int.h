// What the files of world/ share. Ports are known by their number in topo; a router's own slot of a
// port is its position in the node.
#pragma once

#include "base/digest.h"
#include "base/memory.h"
#include "base/random.h"
#include "loop/pace.h"
#include "net/lpm.h"
#include "net/packet_format.h"
#include "proto/bfd/bfd.h"
#include "proto/psk/psk.h"
#include "proto/tcp/tcp.h"
#include "world/attach.h"
#include "world/rest_int.h"
#include "world/world.h"

#define WORLD_DEFAULT_MTU 1500
#define WORLD_DEFAULT_QUEUE 1000
#define WORLD_FLIGHTS_MAX 16384
#define WORLD_DEFAULT_TTL 64

struct igp_site;
struct igp_node;
struct local_fragments;

struct world_port {
	struct port port; // what forwarding sees
	uint32_t number, node;
	uint32_t link, end;         // TOPO_NONE for a tunnel's port
	struct fib *fib;            // its own pair of layers when it has a table
	world_attached_fn *arrived; // the node lives outside: who takes what arrives
	void *arrived_owner;
};

// One end of a live link.
struct world_end {
	uint32_t port;
	bool sees_down;       // its carrier is gone
	bool loses;           // what it sends vanishes
	instant free_at;      // the transmitter is busy until then
	instant last_arrival; // packets of one end stay in order
	uint32_t queued;
};

struct world_link {
	uint32_t number;
	struct world_quality quality;
	enum world_fault fault;
	uint32_t fault_one_way;
	instant fault_since;
	struct world_end *ends;
	size_t end_count;
	struct lpm *owners; // segments only: prefix to end
	uint32_t *riders;   // links with an end that rides on this one
	size_t rider_count, rider_room;
	struct random random;
};

struct world_tunnel {
	uint32_t number;
	struct world_tunnel_end {
		struct world *world;
		uint32_t tunnel, side;
		struct psk_session *psk;
		struct timer retire;
		const char *why_down;
		bool is_up;
	} ends[2];
};

struct world_peer {
	struct world *world;
	const struct topo_neighbor *neighbor;
	uint32_t number;
	struct bgp_peer *peer;
	struct bfd_session *bfd;
	struct policy *import, *export;
	bool bfd_holds_down; // it was up and has failed since
};

struct world_node {
	struct world *world;
	uint32_t number;
	const struct topo_node *topo;
	struct router router;
	struct rib *rib;
	struct bgp_speaker *speaker;
	struct tcp_stack *tcp;
	struct igp_node *igp;
	struct route_source connected, fixed, igp_source;
	struct timer flush;
	struct timer standby; // takes this node's place
	struct pace pace;     // of the flush
	struct local_fragments *fragments;
	struct probe *probes; // pending ones that it sent
	bool checks_sources_out;
	bool is_up;
};

// A packet on its way over a link.
struct world_flight {
	struct world_flight *next, **previous; // among those under way, or the spare ones
	struct timer timer;
	struct world *world;
	struct packet *packet;
	uint32_t to_port, link, from_end;
};

struct world {
	const struct topo *topo;
	struct loop *loop;
	struct arena *arena;
	struct forward forward;
	struct attributes_table *attributes;
	struct world_node *nodes;
	struct world_port *ports;
	struct world_link *links;
	struct world_tunnel *tunnels;
	struct world_peer *peers;
	struct fib_layer **groups; // shared layers
	struct fib_layer **tables; // own layers of topo's tables
	struct igp_site *igp_sites;
	size_t igp_site_count;
	struct world_flight *flights, *spare_flights;
	struct { // packets that have crossed a link in no time (link.c)
		struct packet *first, **last;
		bool is_allowed, is_under_way;
	} walk;
	struct igp_flood *floods; // under way
	struct {
		struct trace **items;
		size_t count, room;
	} old_traces; // of forgotten probes, while packets may still write to them
	struct capture *captures;
	struct world_watcher {
		world_rib_changed_fn *changed;
		void *owner;
		struct world_watcher *next;
	} * watchers;
	struct world_fate fate;
	struct digest digest;
	instant last_change, settles_at;
	int64_t settling_ns;                   // from the fault, or the last change, to settles_at
	uint64_t route_changes, converge_from; // reported by tables; when converging began
	uint16_t next_probe;
	bool has_started, is_ending;
};

#include "world/parts_int.h"

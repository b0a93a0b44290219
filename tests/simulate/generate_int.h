// What the two halves of the generator share: generate.c makes what is in the cloud,
// generate_site.c what is on premises.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/random.h"
#include "base/text.h"
#include "generate.h"

#define HUBS_MAX 2
#define SPOKES_MAX 3
#define SITES_MAX 2

// Addresses say where they are: hub h is 10.h.0.0/16, spoke s 10.(10+s).0.0/16, site k
// 10.(100+k).0.0/16; in IPv6 fd00:h::/32, fd00:(10+s)::/32, fd00:(100+k)::/32 (decimal digits).
#define SPOKE_NUMBER(s) (10 + (s))
#define SITE_NUMBER(k) (100 + (k))
#define SITE_ASN(k) (65100 + (k))

struct hub {
	bool has_vpn, has_er, has_nva, is_active_active, on_circuit;
	unsigned vpn_asn;
};

struct site_plan {
	bool on_circuit;
	bool to_hub[HUBS_MAX], to_hub_bgp[HUBS_MAX];
	bool to_other_site; // by a tunnel of its own
};

struct generator {
	struct random random;
	bool is_dual;
	unsigned node_count;
	unsigned hub_count, spoke_count, site_count;
	struct hub hubs[HUBS_MAX];
	unsigned spoke_hub[SPOKES_MAX];
	struct site_plan sites[SITES_MAX];
	bool has_circuit;
	unsigned table_count, group_count;
	struct text machines, tables, groups, locals, connections;
};

unsigned draw(struct generator *generator, unsigned bound); // 0 .. bound - 1
bool chance(struct generator *generator, unsigned percent);
bool take_nodes(struct generator *generator, unsigned count); // false: they would be too many

void generate_sites(struct generator *generator, struct text *out);

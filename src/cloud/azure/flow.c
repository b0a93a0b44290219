// May this flow pass a machine's security groups: both have to allow it (AZ-NSG-3), and the rule
// that decided is named as Azure names it.
#include <errno.h>

#include "base/assert.h"

#include "cloud/azure/answer_int.h"
#include "cloud/azure/endpoint_int.h"
#include "cloud/azure/lower_int.h"
#include "cloud/azure/nsg_int.h"

static const char *rule_name(const struct azure_cloud *cloud,
	const struct azure_security_group *nsg, uint32_t origin, struct arena *arena) {
	uint32_t at = origin - cloud->nsg_origins[nsg - cloud->model->security_groups];

	if (at < nsg->rule_count)
		return arena_printf(arena, "UserRule_%s", nsg->rules[at].name);
	return arena_printf(arena, "DefaultRule_%s", nsg_default_names[at - nsg->rule_count]);
}

// The rules as the world has them now; learned routes widen VirtualNetwork (AZ-NSG-4).
static const struct rule *rule_for(const struct port_filter *filter, const struct flow_key *key) {
	ptrdiff_t hit = rule_list_match(&filter->list, key);

	assert(hit >= 0); // the last rules of every list hold all headers
	return &filter->list.rules[hit];
}

static void decide(const struct azure_cloud *cloud, const struct azure_security_group *nsg,
	const struct rule *rule, struct arena *arena, struct cloud_flow_verdict *out) {
	out->group = nsg->name;
	out->origin = rule->origin;
	out->rule = rule_name(cloud, nsg, rule->origin, arena);
	out->allowed = rule->verdict == RULE_PERMIT;
}

// AZ-NIC-17: of a private endpoint, what comes in where its subnet's policies let groups count.
static int verify_endpoint(const struct azure_cloud *cloud, const struct cloud_question *at,
	const struct flow_key *key, bool inbound, struct cloud_flow_verdict *out) {
	for (size_t e = 0; e < cloud->model->endpoint_count; e++) {
		const struct lowered_endpoint *endpoint = &cloud->endpoints[e];
		if (endpoint->node != at->node)
			continue;
		const struct port *port = world_port(at->world, endpoint->subnet_port);
		*out = (struct cloud_flow_verdict){.allowed = true, .rule = ""};
		if (inbound && port->filter_out_count > 0)
			decide(cloud, cloud->subnets[endpoint->subnet].nsg, rule_for(port->filters_out, key),
				at->arena, out);
		return 0;
	}
	return -ENOENT;
}

int azure_flow_verify(struct cloud *seam, const struct cloud_question *at,
	const struct cloud_flow *flow, struct cloud_flow_verdict *out) {
	struct azure_cloud *cloud = (struct azure_cloud *)seam;
	const struct lowered_nic *nic = azure_nic_of(cloud, at->node, at->nic);
	struct flow_key key = {
		.source = flow->source,
		.destination = flow->destination,
		.protocol = flow->protocol,
		.source_port = flow->source_port,
		.destination_port = flow->destination_port,
	};

	if (!nic)
		return verify_endpoint(cloud, at, &key, flow->inbound, out);
	const struct azure_security_group *own = nic->nsg;
	const struct azure_security_group *subnet = cloud->subnets[nic->subnet].nsg;
	const struct azure_security_group *order[] = {
		flow->inbound ? subnet : own, flow->inbound ? own : subnet};
	const struct port *port = world_port(at->world, nic->subnet_port);
	const struct port_filter *filter = flow->inbound ? port->filters_out : port->filters_in;
	*out = (struct cloud_flow_verdict){.allowed = true, .rule = ""};
	filter += nic->nic->enable_ip_forwarding ? 0 : 1; // the first is about addresses (AZ-NVA-1)
	for (size_t i = 0; i < 2 && out->allowed; i++) {
		if (!order[i])
			continue;
		decide(cloud, order[i], rule_for(filter++, &key), at->arena, out);
	}
	return 0;
}

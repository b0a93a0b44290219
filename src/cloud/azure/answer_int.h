// Answers in Azure's words, and the part Azure takes at run time.
#pragma once

#include "cloud/azure/azure_int.h"

void azure_attach(struct cloud *cloud, struct world *world); // controller.c
void azure_controllers_free(struct azure_cloud *cloud);
int azure_effective_routes(struct cloud *cloud, const struct cloud_question *at,
	struct cloud_route_row **rows, size_t *count);
int azure_next_hop(struct cloud *cloud, const struct cloud_question *at, struct ip destination,
	struct cloud_next_hop *out);
int azure_flow_verify(struct cloud *cloud, const struct cloud_question *at,
	const struct cloud_flow *flow, struct cloud_flow_verdict *out);

// The NIC of a machine by its name, NULL: the primary. NULL when the node is no machine of Azure's.
const struct lowered_nic *azure_nic_of(
	const struct azure_cloud *cloud, uint32_t node, const char *name);

// Private endpoints, as lowering knows them, and the checks of service endpoints.
#pragma once

#include "cloud/azure/azure_int.h"

struct lowered_endpoint { // a private endpoint
	const struct azure_private_endpoint *endpoint;
	uint32_t subnet, node, subnet_port, origin;
	struct ip *addresses;
	size_t address_count;
};

void azure_endpoint_lower(struct azure_cloud *cloud);
void azure_endpoint_check(struct azure_cloud *cloud);
bool azure_policies_hold_routes(
	const struct azure_subnet *subnet); // privateEndpointNetworkPolicies
bool azure_policies_hold_groups(const struct azure_subnet *subnet);

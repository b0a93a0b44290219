// Security rules of one world, remade as the tag VirtualNetwork grows and shrinks (AZ-NSG-4).
#pragma once

#include "cloud/azure/azure_int.h"

struct azure_tagged { // rules made from a group for one VNet; remade as gateways learn (AZ-NSG-4)
	const struct azure_security_group *nsg;
	uint32_t vnet;
	bool inbound;
	const struct rule *rules;
	size_t count;
};

struct azure_tag_rules;

struct azure_tag_rules *azure_tag_rules_new(const struct azure_cloud *cloud, struct world *world);
void azure_tag_rules_free(struct azure_tag_rules *rules); // the world must be gone
// What the gateways of a VNet have programmed changed: remakes the rules that depend on it.
void azure_tag_rules_refresh(struct azure_tag_rules *rules, uint32_t vnet);

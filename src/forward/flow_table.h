// The flows a stateful filter has let through: a bounded table per port; replies pass by it. A flow
// has one key, that of the packets of it which enter the port; stateful.c turns those which leave.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/instant.h"
#include "net/header.h"

// What is oldest goes first when the table is full.
#define FLOW_TABLE_MAX 65536
// AZ-NSG-2 gives no figure; Azure's documented flow timeout is 4 minutes.
#define FLOW_IDLE_NS (240 * SECOND_NS)

struct flow_table;

struct flow_table *flow_table_new(void);
void flow_table_free(struct flow_table *table);
// Opens or refreshes the flow.
void flow_table_open(struct flow_table *table, const struct flow_key *key, instant now);
// Is there such a flow, not idle too long? Refreshes it.
bool flow_table_holds(struct flow_table *table, const struct flow_key *key, instant now);
// All of them, the one used longest ago first: opened again in this order, at the times they were
// used, they make the same table.
typedef void flow_table_visit_fn(void *owner, const struct flow_key *key, instant used);
void flow_table_walk(const struct flow_table *table, flow_table_visit_fn *visit, void *owner);
size_t flow_table_count(const struct flow_table *table);

// Where stateful filters let the first packet of a flow through: the ports it crossed that have
// such filters, and in which direction. There, and nowhere else, its answers pass unasked
// (AZ-NSG-2): an answer that takes another way meets filters that never saw the flow begin.
//
// Sets are interned: equal ones are one, and live as long as their table. NULL is the empty set.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct admitted;
struct admitted_table;

struct admitted_table *admitted_table_new(void);
void admitted_table_free(struct admitted_table *table); // NULL is fine

// The set of a flow that every port has let through both ways: belongs to no table.
extern const struct admitted *const ADMITTED_EVERYWHERE;

// `set` and one crossing more; `port` is its index in topo->ports.
const struct admitted *admitted_with(
	struct admitted_table *table, const struct admitted *set, uint32_t port, bool is_leaving);
// Does an answer pass unasked that enters, or leaves, by the port? Only where the flow crossed it
// the other way.
bool admitted_passes_answer(const struct admitted *set, uint32_t port, bool is_leaving);

// Asking a live world: sends recorded probes and reads what became of each, there and back.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/question.h"
#include "analyze/verdict.h"
#include "analyze/way.h"
#include "world/probe.h"
#include "world/world.h"

// Probes that are under way at once; more are asked in rounds.
#define ASK_BATCH_MAX 1024

// What one recorded probe and its answer did.
struct round_trip {
	struct question question;
	bool reached;     // it arrived and the answer came back
	bool arrived;     // the packet did
	bool is_answered; // somebody's answer came back: the destination's, or an ICMP error
	bool is_symmetric;
	bool has_back; // an answer was made: `back` is its way
	enum verdict verdict;
	int64_t rtt_ns;     // of the answer, -1 without one
	int64_t one_way_ns; // -1 when it did not arrive
	struct ip answered_by;
	struct way forward, back;
	// Where it stopped, valid when !reached.
	struct {
		uint32_t node; // TOPO_NONE: not known
		bool on_return;
		enum drop drop; // DROP_COUNT: it was still under way when the time was over
		uint32_t origin;
	} stopped;
};

// The probe a question asks with: recorded, full TTL.
struct probe_spec ask_probe(const struct question *question);

// Has a recorded probe come to its end, answer included? Its own record says so: what answers one
// of several probes with the same ports may be taken for the answer to another.
bool ask_is_over(const struct probe *probe);

// Sends all, `gap_ns` apart, and runs the world until each came to its end. `probes` gets them, to
// be freed by the caller.
void ask_send(struct world *world, const struct probe_spec *specs, size_t count, int64_t gap_ns,
	struct probe **probes);

// Reads a recorded probe. Whether an answer came back is read from the answer's own way, because
// probes of one flow with the same ports can't be told apart by what quotes them.
void ask_read(const struct world *world, const struct question *question, const struct probe *probe,
	struct arena *arena, struct round_trip *out);

// One question, or many at the same instant, answered. Everything read lives in `arena`.
void ask_one(struct world *world, const struct question *question, struct arena *arena,
	struct round_trip *out);
typedef void ask_told_fn(void *owner, size_t index, const struct round_trip *trip);
// Each answer is told in order and forgotten afterwards.
void ask_each(struct world *world, const struct question *questions, size_t count,
	ask_told_fn *told, void *owner);

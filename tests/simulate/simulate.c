// Random networks with random faults, whole: file, lowering, protocols, packets, analysis.
//
//	simulate [--first SEED] [--seeds N] [--jobs N]   TAP, a case a network
//	simulate --print SEED                            that network's topology file
//
// Of each network: it converges, or the dispute that keeps it from it is found; after that nothing
// goes in circles but through a static or user-defined route; the regions of headers hold each
// header once and real packets meet what they say; once faults are mended everything reaches what
// it reached before; a what-if says the same rehearsed and in full; every packet is given back; and
// a second run has the same digest.
//
// SEEDS in the environment stands for --seeds.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "generate.h"
#include "network.h"

#define SEEDS_DEFAULT 1000
#define SEEDS_MAX 1000000
#define JOBS_DEFAULT 2
#define JOBS_MAX 64
#define RUN_LIMIT_S 20 // of wall time, for one network
#define FAILURE_BYTES 1024

enum state {
	STATE_UNTRIED,
	STATE_UNDER_WAY,
	STATE_PASSED,
	STATE_FAILED,
};

// Shared with the workers, one a network.
struct outcome {
	uint8_t state;
	struct tally tally;
	char failure[FAILURE_BYTES];
};

struct plan {
	uint64_t first, count, jobs;
	struct outcome *outcomes;
};

static uint64_t run_network(uint64_t seed, const struct text *text, struct verdict_of_run *out) {
	struct network network;
	uint64_t digest = 0;
	if (network_load(&network, seed, text, out)) {
		struct reach before = {0};
		world_start(network.world);
		bool is_settled = network_settle(&network, out);
		if (is_settled) {
			check_loops(&network, out);
			check_regions(&network, out);
			if (out->tally.networks > 0)
				check_whatif(&network, seed, out);
			before = network_reach(&network);
		}
		if (is_settled && out->failure.length == 0 && faults_run(&network, out)) {
			struct reach after = network_reach(&network);
			network_compare_reach(&network, before, after, "faults that were mended", out);
		}
		digest = world_digest(network.world);
	}
	network_free(&network);
	return digest;
}

static void run_seed(uint64_t seed, struct outcome *outcome) {
	struct text text = {0};
	struct verdict_of_run first = {.tally.networks = 1}, second = {0};
	generate_network(seed, &text);
	uint64_t digest = run_network(seed, &text, &first);
	if (first.failure.length == 0 && digest != run_network(seed, &text, &second))
		text_add(&first.failure, "a second run has another digest\n");
	snprintf(outcome->failure, sizeof(outcome->failure), "%s", text_chars(&first.failure));
	outcome->tally = first.tally;
	outcome->state = first.failure.length == 0 ? STATE_PASSED : STATE_FAILED;
	text_done(&first.failure);
	text_done(&second.failure);
	text_done(&text);
}

static void work(const struct plan *plan, uint64_t job) {
	for (uint64_t i = job; i < plan->count; i += plan->jobs) {
		struct outcome *outcome = &plan->outcomes[i];
		if (outcome->state != STATE_UNTRIED)
			continue;
		outcome->state = STATE_UNDER_WAY;
		alarm(RUN_LIMIT_S);
		run_seed(plan->first + i, outcome);
	}
	exit(0);
}

static pid_t start_worker(const struct plan *plan, uint64_t job) {
	fflush(NULL);
	pid_t child = fork();
	assert(child >= 0);
	if (child == 0)
		work(plan, job);
	return child;
}

// A worker that died takes only the network it was at with it.
static bool note_death(const struct plan *plan, uint64_t job, int status) {
	bool is_any = false;
	for (uint64_t i = job; i < plan->count; i += plan->jobs) {
		struct outcome *outcome = &plan->outcomes[i];
		if (outcome->state != STATE_UNDER_WAY)
			continue;
		outcome->state = STATE_FAILED;
		is_any = true;
		if (WIFSIGNALED(status))
			snprintf(outcome->failure, sizeof(outcome->failure), "ended by signal %d (%s)\n",
				WTERMSIG(status), strsignal(WTERMSIG(status)));
		else
			snprintf(outcome->failure, sizeof(outcome->failure), "ended with exit code %d\n",
				WEXITSTATUS(status));
	}
	return is_any;
}

static void run_all(const struct plan *plan) {
	pid_t workers[JOBS_MAX];
	uint64_t running = plan->jobs;
	for (uint64_t job = 0; job < plan->jobs; job++)
		workers[job] = start_worker(plan, job);
	while (running > 0) {
		int status;
		pid_t child = wait(&status);
		assert(child > 0);
		running--;
		for (uint64_t job = 0; job < plan->jobs; job++) {
			if (workers[job] != child || !note_death(plan, job, status))
				continue;
			workers[job] = start_worker(plan, job);
			running++;
			break;
		}
	}
}

static void add_tally(struct tally *sum, const struct tally *tally) {
	sum->networks += tally->networks;
	sum->faults += tally->faults;
	sum->disputes += tally->disputes;
	sum->loops += tally->loops;
	sum->regions += tally->regions;
	sum->probes += tally->probes;
	sum->delivered += tally->delivered;
	sum->answers_denied += tally->answers_denied;
	sum->rehearsed += tally->rehearsed;
}

static void print_failure(const struct outcome *outcome, uint64_t seed) {
	const char *at = outcome->failure;
	while (*at != '\0') {
		size_t length = strcspn(at, "\n");
		printf("#   %.*s\n", (int)length, at);
		at += length + (at[length] == '\n');
	}
	printf("#   its file: simulate --print %lu\n", seed);
}

static int report(const struct plan *plan) {
	struct tally sum = {0};
	int failed = 0;
	printf("1..%lu\n", plan->count);
	for (uint64_t i = 0; i < plan->count; i++) {
		const struct outcome *outcome = &plan->outcomes[i];
		bool is_good = outcome->state == STATE_PASSED;
		printf("%s %lu - seed %lu\n", is_good ? "ok" : "not ok", i + 1, plan->first + i);
		add_tally(&sum, &outcome->tally);
		if (is_good)
			continue;
		failed++;
		print_failure(outcome, plan->first + i);
	}
	printf("# %lu networks, %lu faults, %lu disputes, %lu circles through static routes, "
		   "%lu regions, %lu packets of which %lu were answered and %lu had their answer denied, "
		   "%lu failures rehearsed\n",
		sum.networks, sum.faults, sum.disputes, sum.loops, sum.regions, sum.probes, sum.delivered,
		sum.answers_denied, sum.rehearsed);
	return failed > 0;
}

static uint64_t number_of(const char *text, uint64_t max) {
	long long number;
	if (text != NULL && text_to_int(text, 0, (long long)max, &number) == 0)
		return (uint64_t)number;
	fprintf(stderr, "simulate: %s is not a number up to %lu\n", text ? text : "nothing", max);
	exit(2);
}

static int print_network(uint64_t seed) {
	struct text text = {0};
	generate_network(seed, &text);
	fputs(text_chars(&text), stdout);
	text_done(&text);
	return 0;
}

int main(int count, char **arguments) {
	const char *seeds = getenv("SEEDS");
	struct plan plan = {.first = 1, .count = SEEDS_DEFAULT, .jobs = JOBS_DEFAULT};
	if (seeds != NULL)
		plan.count = number_of(seeds, SEEDS_MAX);
	for (int i = 1; i < count; i += 2) {
		const char *value = i + 1 < count ? arguments[i + 1] : NULL;
		if (text_equal(arguments[i], "--print"))
			return print_network(number_of(value, INT64_MAX));
		if (text_equal(arguments[i], "--first"))
			plan.first = number_of(value, INT64_MAX);
		else if (text_equal(arguments[i], "--seeds"))
			plan.count = number_of(value, SEEDS_MAX);
		else if (text_equal(arguments[i], "--jobs"))
			plan.jobs = number_of(value, JOBS_MAX);
		else
			return fprintf(stderr, "simulate: unknown option %s\n", arguments[i]), 2;
	}
	size_t bytes = (plan.count + 1) * sizeof(*plan.outcomes);
	plan.outcomes = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert(plan.outcomes != MAP_FAILED && plan.jobs > 0);
	run_all(&plan);
	return report(&plan);
}

// The table of subcommands.
#pragma once

#include <stdint.h>

#include "cli/options.h"

// Exit codes of every verb.
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,      // `test` and `verify` when one fails
	EXIT_WRONG_USE = 2,   // and a file that does not load
	EXIT_ENVIRONMENT = 3, // something outside of the program failed
};

struct verb {
	const char *name;
	const char *arguments; // as in the usage line
	size_t min_arguments, max_arguments;
	const char *summary;
	const char *formats;                       // separated by blanks, the first is the default
	uint64_t options;                          // besides OPTIONS_ALWAYS
	int (*run)(const struct options *options); // NULL: `lab`, which has verbs of its own
};

extern const struct verb verbs[];
extern const size_t verb_count;

const struct verb *verb_find(const char *name); // NULL when there is none
// The whole program: argv[1] is the verb. Returns the exit code.
int cli_main(int argc, char **argv);

// One file per subcommand.
int cli_check(const struct options *options);
int cli_show(const struct options *options);
int cli_trace(const struct options *options);
int cli_ping(const struct options *options);
int cli_routes(const struct options *options);
int cli_nexthop(const struct options *options);
int cli_matrix(const struct options *options);
int cli_test(const struct options *options);
int cli_whatif(const struct options *options);
int cli_flow(const struct options *options);
int cli_reach(const struct options *options);
int cli_peers(const struct options *options);
int cli_diff(const struct options *options);
int cli_generate(const struct options *options);
int cli_schema(const struct options *options);
int cli_lab(int argc, char **argv);
int cli_verify(const struct options *options);

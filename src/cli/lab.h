// `interplane lab`: verbs for a network that runs live. Each is either asked of the running lab
// over its control socket, or done here with the lab's name.
#pragma once

#include "cli/verb.h"
#include "live/control.h"
#include "live/state.h"

// The lab that --name means, else the only one that runs. EXIT_DONE, or the exit code after a line.
int lab_choose(const struct options *options, char name[STATE_NAME_MAX + 1]);
// Asks the lab. *result is the caller's. EXIT_DONE, or the exit code after the lab's own words why
// not.
int lab_ask(const struct options *options, json_t *request, json_t **result); // takes `request`
int lab_ask_named(const char *name, json_t *request, json_t **result, int *stream);

// A host's namespace, by the descriptor that the lab holds: names can be deleted, and made anew for
// something else. `status` is the lab's answer. -ENOENT when there is no such host, or -errno.
int lab_open_space(const json_t *status, const char *host);

// One line on standard error unless the process may do such things.
int lab_need_root(const char *what);

int lab_up(const struct options *options);
int lab_reload(const struct options *options);
int lab_down(const struct options *options);
int lab_list(const struct options *options);
int lab_status(const struct options *options);
int lab_down_link(const struct options *options);
int lab_cut_link(const struct options *options);
int lab_up_link(const struct options *options);
int lab_set(const struct options *options);
int lab_capture(const struct options *options);
int lab_routes(const struct options *options);
int lab_trace(const struct options *options);
int lab_shell(const struct options *options);
int lab_exec(const struct options *options, char **words); // `words` ends in NULL

// What a running lab leaves in the file system, and how it is found and cleaned away.
//
// /run/interplane/NAME/ holds `lock` (held while a process of the lab lives), `pid`, `spaces` (the
// namespaces, see spaces.h), `topology.yaml` (a copy of the file) and the control socket.
// /run/interplane/NAME.log is the log, kept when a lab ends by accident.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct names;

#define STATE_FOLDER "/run/interplane"
#define STATE_NAME_MAX 48
#define STATE_PATH_MAX 256

struct state;

// Letters, digits, `-`, `_` and `.`, the first a letter or digit.
bool state_name_is_valid(const char *name);

// Begins a lab: cleans away what a dead one of this name left, and takes the lock. -EBUSY when one
// of this name runs. *out is the caller's.
int state_begin(const char *name, struct state **out);
void state_free(struct state *state); // the lock goes with the last process that has it
const char *state_name(const struct state *state);
int state_add_name_space(struct state *state, const char *name_space);
int state_set_pid(struct state *state, pid_t pid); // of the process that carries the packets
int state_copy_topology(struct state *state, const char *path);

// Removes namespaces and files, even when someone has removed the folder. 0 or the first -errno.
int state_end(struct state *state);

// A running lab that changes hands. The process named in `pid` carries its packets; what the next
// one brings stands beside, with `.new` behind its name, until it takes over with one rename.
struct state *state_adopt(const char *name, const int descriptors[2]); // takes the descriptors
void state_descriptors(const struct state *state, int descriptors[2]); // lent
pid_t state_carrier(const struct state *state); // as `pid` has it, dead or alive; 0: not known
int state_prepare(struct state *state, const char *topology, pid_t pid);
int state_take_over(struct state *state); // nothing has changed when it fails
void state_discard(struct state *state);  // what was prepared
// Changes of hands take turns: waits for one's own, which ends with the descriptor. -errno.
int state_wait_turn(const char *name);
// Removes the lab's namespaces but those in `kept`.
int state_retain(struct state *state, const struct names *kept);

// Paths of a lab by its name, into `path`; returns it.
const char *state_path(const char *name, const char *file, char path[STATE_PATH_MAX]);
const char *state_log_path(const char *name, char path[STATE_PATH_MAX]);

bool state_is_alive(const char *name);
// The process, 0 when it is not the one that wrote its number down: numbers are used again.
pid_t state_pid(const char *name);
// Removes namespaces and files, not the log. 0 or the first -errno.
int state_clean(const char *name);

// Names of labs that left something, running or not, in order. The strings and the list are the
// caller's.
char **state_list(size_t *count);
// How many of them run; *only gets the name of the first.
size_t state_list_running(char only[STATE_NAME_MAX + 1]);

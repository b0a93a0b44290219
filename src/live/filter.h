// Filter expressions in libpcap's language, "tcp port 179 and host 10.0.0.4", compiled by libpcap
// to programs that net/bpf runs. libpcap is opened at the first expression: whoever has none does
// not wait for it, nor need it (docs/decisions/0012-libpcap-on-use.md).
#pragma once

#include "base/text.h"
#include "net/bpf.h"

// 0, and `out` for filter_done(); after a line in `problem`: -EINVAL, in libpcap's words, or
// -ELIBACC where libpcap is not installed.
int filter_compile(const char *expression, struct bpf_filter *out, struct text *problem);
void filter_done(struct bpf_filter *filter);

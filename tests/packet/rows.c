// SPDX-License-Identifier: GPL-2.0-or-later
#include "rows.h"

#define WEB	    "listen tcp/80 as http handshake off\n" SERVED
#define WEB_TLS	    "listen tcp/443 as tls handshake off\n" SERVED
#define WEB_DNS	    "listen udp/53 as dns\nlisten tcp/53 as dns handshake off\nzone served.example\n"
#define DEEP	    "listen tcp/80 as http handshake on\n" SERVED
#define DEEP_TLS    "listen tcp/443 as tls handshake on\n" SERVED
#define DEEP_DNS    "listen tcp/53 as dns handshake on\nzone served.example\n"
#define LISTED	    "zone listed.example names from NAMES\nzone sub2.listed.example\n"
#define QUIC	    "listen udp/443 as quic"
#define SERVED	    "serve www.served.example *.shop.example .both.example 192.0.2.77\n"
#define HERE	    "www.served.example"
#define STRAY	    "www.stray.example"
#define RESOLVERS   WEB_DNS "resolver 198.18.53.0/24 2001:db8:c:53::/64\n"
#define NO_NAME	    "GET / HTTP/1.0\r\n\r\n"
#define NOT_HTTP    "SSH-2.0-OpenSSH_9.2\r\n"
#define DNS_NO_NAME "\x12\x34\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00" /* no question at all */
#define DNS_ANSWER  "\x12\x34\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x01x\x00\x00\x01\x00\x01"

/* First reading: which reasons are there? */
#define ROW(...)
#define STEP(reason_, ...) extern const char covers_##reason_;
#define END
#include "rows_all.h"
#undef ROW
#undef STEP
#undef END
extern const char covers_held_forgotten, covers_room_full; /* take a full table: test_full.c, test_bind.c */
extern const char covers_learned_dropped;		   /* wants fifty visits: test_learn.c */
extern const char covers_stray_familiar,
	covers_unknown_familiar;	   /* take half an hour of the clock: test_auto.c */
extern const char covers_cannot_introduce; /* takes a race of two CPUs, or a kernel without memory */

/* A reason that no row causes is not declared, and stops the compiler here. */
#define R(nr, name, verdict, sends, counts, text) +sizeof(covers_##name)
_Static_assert(0 STRAYGATE_REASONS(R) > 0, "every reason has a packet that causes it");
#undef R

/* Second reading: the table. */
/* clang-format off */
#define ROW(what_, policy_, ...) \
	{.what = what_, .policy = policy_, .start = {__VA_ARGS__}, .steps = (const struct step[]){
#define STEP(reason_, out_, ...) {.reason = REASON_##reason_, .out = out_, .packet = {__VA_ARGS__}},
#define END {0}}},
/* clang-format on */

const struct row rows[] = {
#include "rows_all.h"
};
const size_t row_count = sizeof(rows) / sizeof(rows[0]);

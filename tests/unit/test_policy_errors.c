// SPDX-License-Identifier: GPL-2.0-or-later
/* Bad input: one line that says where, what, and what was expected; and nothing changes. */
#include <errno.h>

#include "policy_helpers.h"

TestSuite(policy_errors, .init = scratch_enter, .fini = scratch_leave);

#define X10(s) s s s s s s s s s s
#define X50(s) X10(s) X10(s) X10(s) X10(s) X10(s)
#define STATEMENTS                                                                                     \
	"device, posture, include, listen, serve, zone, stray, unnamed, unreadable, unknown, source, " \
	"resolver, limit or learn"
#define SOURCE_ACTIONS "pass | drop | limit RATE | trust"
#define ALL_ACTIONS    "pass | drop | reset | answer | limit RATE"
#define ALL_UNITS      "visits/s, packets/s or Mbit/s"

/* Each stands in the second line of a file "bad", after a good one. */
static const struct {
	const char *line, *problem;
} lines[] = {
	{"sevre a", "1: unknown statement 'sevre'; did you mean serve?"},
	{"  Listen tcp/80 as http", "3: unknown statement 'Listen'; did you mean listen?"},
	{"frobnicate a", "1: unknown statement 'frobnicate'; expected " STATEMENTS},
	{"\"serve\" a", "1: unknown statement 'serve'; did you mean serve?"},
	{"\xff\x1b[31m", "2: control character \\x1b; expected text"},
	{"\xff\xc2\x9b\xe2\x80\xae",
	 "1: unknown statement '\\xff\\xc2\\x9b\\xe2\\x80\\xae'; expected " STATEMENTS},
	{"serve a\rb", "8: control character \\x0d; expected text"},
	{"serve \"a", "7: quote without end; expected \""},
	{"serve a\"b\"", "8: quote within a word; expected a blank"},
	{"serve \"a\"b", "10: quote within a word; expected a blank"},

	{"device", "7: end of line; expected a device like eth0"},
	{"device abcdefghijklmnop",
	 "8: 'abcdefghijklmnop' is no device's name; expected 1 to 15 characters without / and :"},
	{"device eth0 a/b", "13: 'a/b' is no device's name; expected 1 to 15 characters without / and :"},
	{"device ..", "8: '..' is no device's name; expected 1 to 15 characters without / and :"},
	{"device lo lo", "11: device lo for the second time; expected it once, as at bad:2:8"},
	{"posture", "8: end of line; expected observe, auto or enforce"},
	{"posture on", "9: unexpected 'on'; expected observe, auto or enforce"},
	{"posture enforce share",
	 "22: end of line; expected a share of the clients from 0.01% to 100%, like 5%"},
	{"posture enforce share 5",
	 "23: unexpected '5'; expected a share of the clients from 0.01% to 100%, like 5%"},
	{"posture enforce share 0%",
	 "23: unexpected '0%'; expected a share of the clients from 0.01% to 100%, like 5%"},
	{"posture enforce share 101%",
	 "23: unexpected '101%'; expected a share of the clients from 0.01% to 100%, like 5%"},
	{"posture enforce share 0.001%",
	 "23: unexpected '0.001%'; expected a share of the clients from 0.01% to 100%, like 5%"},
	{"posture enforce share 5.%",
	 "23: unexpected '5.%'; expected a share of the clients from 0.01% to 100%, like 5%"},
	{"posture auto share 5%",
	 "14: share goes with enforce alone: in observe nothing is done, and in auto "
	 "each listener acts as a whole"},
	{"posture observe from 10.0.0.0/8",
	 "17: from goes with enforce alone: in observe nothing is done, and in "
	 "auto each listener acts as a whole"},
	{"posture enforce from 10.0.0.1/8", "22: 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?"},
	{"posture enforce from here",
	 "22: unexpected 'here'; expected a prefix like 203.0.113.0/24 or 2001:db8::/32"},
	{"posture enforce share 5% from 10.0.0.0/8", "26: unexpected 'from'; expected end of line"},
	{"posture observe now", "17: unexpected 'now'; expected end of line"},
	{"limit", "6: end of line; expected each, as in limit each /24 /56 to 200 visits/s"},
	{"limit 200 visits/s",
	 "7: unexpected '200'; expected each, as in limit each /24 /56 to 200 visits/s"},
	{"limit each", "11: end of line; expected the length of a client network of IPv4, /1 to /32"},
	{"limit each 24 /56 to 2 visits/s",
	 "12: unexpected '24'; expected the length of a client network of IPv4, /1 to /32"},
	{"limit each /33 /56 to 2 visits/s",
	 "12: unexpected '/33'; expected the length of a client network of IPv4, /1 to /32"},
	{"limit each /0 /56 to 2 visits/s",
	 "12: unexpected '/0'; expected the length of a client network of IPv4, /1 to /32"},
	{"limit each /024 /56 to 2 visits/s",
	 "12: unexpected '/024'; expected the length of a client network of IPv4, /1 to /32"},
	{"limit each /24 to 2 visits/s",
	 "16: unexpected 'to'; expected the length of a client network of IPv6, /1 to /128"},
	{"limit each /24 /129 to 2 visits/s",
	 "16: unexpected '/129'; expected the length of a client network of IPv6, /1 to /128"},
	{"limit each /24 /56", "19: end of line; expected to, and a rate like 200 visits/s"},
	{"limit each /24 /56 200 visits/s",
	 "20: unexpected '200'; expected to, and a rate like 200 visits/s"},
	{"limit each /24 /56 for tcp/80", "20: unexpected 'for'; expected to, and a rate like 200 visits/s"},
	{"limit each /24 /56 to 200", "23: rate '200' without unit; expected visits/s or packets/s"},
	{"limit each /24 /56 to 200 for tcp/80",
	 "23: rate '200' without unit; expected visits/s or packets/s"},
	{"limit each /24 /56 to 2 Mbit/s",
	 "25: unit Mbit/s does not fit here; expected visits/s or packets/s"},
	{"limit each /24 /56 to 2 visits/s else reset", "39: unexpected 'reset'; expected answer or drop"},
	{"limit each /24 /56 to 2 visits/s else answer 503",
	 "46: unexpected '503'; expected for or end of line"},
	{"limit each /24 /56 to 2 packets/s else answer", "40: unexpected 'answer'; expected drop"},
	{"limit each /24 /56 to 2 visits/s tcp/80",
	 "34: unexpected 'tcp/80'; expected else, for or end of line"},
	{"limit each /24 /56 to 2 visits/s for", "37: end of line; expected tcp/PORT or udp/PORT"},
	{"limit each /24 /56 to 2 visits/s for tcp/80 and tcp/443",
	 "45: unexpected 'and'; expected tcp/PORT or udp/PORT"},
	{"limit each /24 /56 to 2 visits/s for tcp/80 udp/53 tcp/80",
	 "52: 'tcp/80' for the second time; expected it once"},

	{"learn", "6: end of line; expected strays"},
	{"learn visits 5", "7: unexpected 'visits'; expected strays"},
	{"learn strays", "13: end of line; expected a number of strays from 2 to 10000"},
	{"learn strays 1 in 60s for 10m", "14: unexpected '1'; expected a number of strays from 2 to 10000"},
	{"learn strays 10001 in 60s for 10m",
	 "14: unexpected '10001'; expected a number of strays from 2 to 10000"},
	{"learn strays 50", "16: end of line; expected in TIME"},
	{"learn strays 50 in", "19: end of line; expected a duration like 10m"},
	{"learn strays 50 in 60", "20: '60' has no unit; expected s, m, h or d, as in 10m"},
	{"learn strays 50 in 61m for 10m", "20: '61m' is too long behind in; expected 1s to 3600s"},
	{"learn strays 50 in 60s", "23: end of line; expected for TIME"},
	{"learn strays 50 in 60s for 8d", "28: '8d' is too long behind for; expected 1s to 604800s"},
	{"learn strays 50 in 60s for 10m more", "32: unexpected 'more'; expected max TIME"},
	{"learn strays 50 in 60s for 10m max 5m", "32: max is shorter than for; expected at least 600s"},
	{"learn strays 50 in 60s for 10m max 1h now", "39: unexpected 'now'; expected end of line"},
	{"unknown", "8: end of line; expected dns"},
	{"unknown http drop", "9: unexpected 'http'; expected dns"},
	{"unknown dns reset", "13: unexpected 'reset'; expected pass | drop | answer | limit RATE"},
	{"unknown dns answer", "19: end of line; expected nxdomain"},
	{"unknown dns answer refused", "20: unexpected 'refused'; expected nxdomain"},
	{"unknown dns limit 5 visits/s else reset",
	 "35: unexpected 'reset'; expected answer nxdomain or drop"},
	{"unknown dns limit 5 visits/s else answer", "41: end of line; expected nxdomain"},
	{"zone a names of l", "14: unexpected 'of'; expected from FILE"},
	{"zone a names from", "18: end of line; expected the name of a file"},
	{"zone a names from l b", "21: unexpected 'b'; expected end of line"},
	{"zone *.a names from l",
	 "6: '*.a' has a wildcard, but a zone is all below its name; expected a name alone"},
	{"listen", "7: end of line; expected tcp/PORT or udp/PORT"},
	{"listen 443 as tls", "8: unexpected '443'; expected tcp/PORT or udp/PORT"},
	{"listen sctp/443 as tls", "8: unexpected 'sctp/443'; expected tcp/PORT or udp/PORT"},
	{"listen tcp/0 as tls", "8: unexpected 'tcp/0'; expected a port from 1 to 65535"},
	{"listen tcp/65536 as tls", "8: unexpected 'tcp/65536'; expected a port from 1 to 65535"},
	{"listen tcp/99999999999999999999 as tls",
	 "8: unexpected 'tcp/99999999999999999999'; expected a port from 1 to 65535"},
	{"listen tcp/https as tls", "8: unexpected 'tcp/https'; expected a port from 1 to 65535"},
	{"listen tcp/443", "15: end of line; expected 'on ADDRESS' or 'as PROTOCOL'"},
	{"listen tcp/443 tls", "16: unexpected 'tls'; expected 'on ADDRESS' or 'as PROTOCOL'"},
	{"listen tcp/443 on 192.0.2.1", "28: end of line; expected 'as PROTOCOL'"},
	{"listen tcp/443 on 192.0.2.0/24 as tls",
	 "19: unexpected '192.0.2.0/24'; expected an address of this host"},
	{"listen tcp/443 on 192.0.2.1/32 as tls",
	 "19: unexpected '192.0.2.1/32'; expected an address of this host"},
	{"listen tcp/443 on as tls", "19: unexpected 'as'; expected an address of this host"},
	{"listen tcp/443 on :: as tls", "19: :: is every address; expected one address, or no 'on'"},
	{"listen tcp/443 on 0.0.0.0 as tls",
	 "19: 0.0.0.0 is every address; expected one address, or no 'on'"},
	{"listen tcp/443 as", "18: end of line; expected http, tls or dns"},
	{"listen tcp/443 as https", "19: unexpected 'https'; expected http, tls or dns"},
	{"listen tcp/443 as quic", "19: quic is not judged on tcp; expected http, tls or dns"},
	{"listen udp/443 as tls", "19: tls is not judged on udp; expected dns or quic"},
	{"listen tcp/443 as tls handshake", "32: end of line; expected auto, on or off"},
	{"listen tcp/443 as tls handshake yes", "33: unexpected 'yes'; expected auto, on or off"},
	{"listen tcp/443 as tls handshake on handshake on",
	 "36: unexpected 'handshake'; expected proxy, observe, auto or end of line"},
	{"listen tcp/443 as tls observe observe",
	 "31: unexpected 'observe'; expected 'handshake auto|on|off' or proxy"},
	{"listen tcp/443 as tls proxy proxy",
	 "29: unexpected 'proxy'; expected 'handshake auto|on|off', observe or auto"},
	{"listen tcp/80 as http handshake on observe x", "44: unexpected 'x'; expected proxy or end of line"},
	{"listen tcp/53 as dns proxy",
	 "22: unexpected 'proxy'; expected 'handshake auto|on|off', observe or auto"},
	{"listen udp/443 as quic proxy",
	 "24: unexpected 'proxy'; expected fallback, pass, drop, limit RATE, observe or auto"},
	{"listen udp/53 as dns handshake on",
	 "22: unexpected 'handshake'; expected observe, auto or end of line"},
	{"listen tcp/443 as tls drop",
	 "23: unexpected 'drop'; expected 'handshake auto|on|off', proxy, observe or auto"},
	{"listen tcp/443 as tls auto observe",
	 "28: unexpected 'observe'; expected 'handshake auto|on|off' or proxy"},
	{"listen tcp/443 as tls observe auto",
	 "31: unexpected 'auto'; expected 'handshake auto|on|off' or proxy"},
	{"listen tcp/443 as tls auto above", "33: end of line; expected a rate like 1000 visits/s"},
	{"listen tcp/443 as tls auto above 50", "34: rate '50' without unit; expected visits/s"},
	{"listen tcp/443 as tls auto above 50 packets/s",
	 "37: unit packets/s does not fit here; expected visits/s"},
	{"listen tcp/443 as tls auto above 50 visits/s burst 9",
	 "34: a burst does not fit here; expected a rate alone"},
	{"listen udp/53 as dns above 5 visits/s",
	 "22: unexpected 'above'; expected observe, auto or end of line"},
	{"listen udp/443 as quic reset",
	 "24: unexpected 'reset'; expected pass | drop | limit RATE | fallback"},
	{"listen udp/443 as quic drop drop", "29: unexpected 'drop'; expected observe, auto or end of line"},
	{"listen udp/443 as quic limit 1 Mbit/s",
	 "32: unit Mbit/s does not fit here; expected visits/s or packets/s"},
	{"listen tcp/80 as http", "8: listen tcp/80 for the second time; expected it once, as at bad:1:8"},

	{"serve", "6: end of line; expected a name, or from FILE"},
	{"serve *", "7: '*' would be every name; expected the names that live here"},
	{"serve .", "7: '.' would be every name; expected the names that live here"},
	{"serve a..b", "7: 'a..b' has an empty label; expected single dots between labels"},
	{"serve a..", "7: 'a..' has an empty label; expected single dots between labels"},
	{"serve ..a", "7: '..a' has an empty label; expected single dots between labels"},
	{"serve www.*.a", "7: 'www.*.a' has a * that is not its first label; expected *.NAME"},
	{"serve *.*.a", "7: '*.*.a' has a * that is not its first label; expected *.NAME"},
	{"serve *a", "7: '*a' has a * that is not its first label; expected *.NAME"},
	{"serve a.example:443", "7: 'a.example:443' has a colon; expected a name without port, or [IPV6]"},
	{"serve http://a.example/",
	 "7: 'http://a.example/' has a colon; expected a name without port, or [IPV6]"},
	{"zone 10.0.0.0/8", "6: '10.0.0.0/8' has a slash; expected a name, not a URL or prefix"},
	{"serve 128/26.2.0.192.in-addr.arpa",
	 "7: '128/26.2.0.192.in-addr.arpa' has a slash; expected a name, not a URL or prefix"},
	{"serve 192.0.2.0/24", "7: '192.0.2.0/24' has a slash; expected a name, not a URL or prefix"},
	{"serve a,b", "7: 'a,b' has a character that no name has; expected letters, digits, - _ and dots"},
	{"serve b\xc3\xbc"
	 "cher.example",
	 "7: 'b\xc3\xbc"
	 "cher.example' is not ASCII; expected its xn-- form (idn2 prints it)"},
	{"serve 1.2.3", "7: '1.2.3' ends in a number; expected a name or a whole IPv4 address"},
	{"serve a.256", "7: 'a.256' ends in a number; expected a name or a whole IPv4 address"},
	{"serve *.192.0.2.1",
	 "7: '*.192.0.2.1' is an address, below which there are no names; expected a name"},
	{"serve .[::1]", "7: '.[::1]' is an address, below which there are no names; expected a name"},
	{"serve [::1", "7: '[::1' is not an IPv6 address; expected [ADDRESS]"},
	{"serve [192.0.2.1]", "7: '[192.0.2.1]' is not an IPv6 address; expected [ADDRESS]"},
	{"serve [::1/128]", "7: '[::1/128]' is not an IPv6 address; expected [ADDRESS]"},
	{"serve " X50("a") X10("a") "aaaa.b",
	 "7: '" X50("a") X10("a") "aaaa.b' has a label of more than 63 characters; expected 1 to 63"},
	{"serve " X50("aaaa.") "aaaa",
	 "7: '" X10(
		 "aaaa.aaaa.") "aaaa.aaaa.aaaa.aaaa.a...' is longer than 253 characters; expected 1 to 253"},
	{"serve a A.", "9: serve a for the second time; expected it once, as at bad:2:7"},
	{"serve first", "7: serve first for the second time; expected it once, as at bad:1:32"},
	{"serve from", "11: end of line; expected the name of a file"},
	{"serve from a b", "14: unexpected 'b'; expected end of line"},
	{"serve from \"\"", "12: unexpected ''; expected the name of a file"},
	{"zone *.a", "6: '*.a' has a wildcard, but a zone is all below its name; expected a name alone"},
	{"zone .a", "6: '.a' has a wildcard, but a zone is all below its name; expected a name alone"},
	{"zone .", "6: '.' would be every name; expected the names that live here"},
	{"zone 192.0.2.1", "6: '192.0.2.1' is an address, below which there are no names; expected a name"},

	{"stray", "6: end of line; expected http, tls or dns"},
	{"stray quic drop", "7: unexpected 'quic'; expected http, tls or dns"},
	{"stray http", "11: end of line; expected " ALL_ACTIONS},
	{"stray http trust", "12: unexpected 'trust'; expected " ALL_ACTIONS},
	{"stray http none", "12: unexpected 'none'; expected " ALL_ACTIONS},
	{"stray http drop for 1h", "21: '1h' is a duration; expected a name, like detectportal.firefox.com"},
	{"stray http drop for", "20: end of line; expected a name like detectportal.firefox.com"},
	{"stray http drop for .a.example",
	 "21: '.a.example' is many names; expected one, like detectportal.firefox.com"},
	{"stray http drop for *.a.example",
	 "21: '*.a.example' is many names; expected one, like detectportal.firefox.com"},
	{"stray http drop for a.example a.example",
	 "31: stray http for a.example for the second time; expected it once, as at bad:2:21"},
	{"stray http drop for from names",
	 "21: unexpected 'from'; expected a name: there are no lists of these"},
	{"stray http for a.example", "12: unexpected 'for'; expected " ALL_ACTIONS},
	{"stray dns drop for a.example", "16: unexpected 'for'; expected end of line"},
	{"unnamed http drop for a.example", "19: unexpected 'for'; expected end of line"},
	{"unnamed http answer for a.example", "21: unexpected 'for'; expected 503, 421, 403 or page FILE"},
	{"stray http answer 404", "19: unexpected '404'; expected 503, 421, 403 or page FILE"},
	{"stray http answer 421 403", "23: unexpected '403'; expected page FILE or end of line"},
	{"stray http answer page", "23: end of line; expected the name of a file"},
	{"stray http answer page \"\"", "24: unexpected ''; expected the name of a file"},
	{"stray http answer page there/is/none",
	 "24: cannot read 'there/is/none': No such file or directory; expected a readable file"},
	{"stray http answer page .", "24: cannot read '.': it is a directory; expected a file"},
	{"stray http answer page empty", "24: page 'empty' is empty; expected the HTML of a page"},
	{"stray http answer page long",
	 "24: page 'long' is too long; expected at most 1000 bytes, since it is sent in one packet"},
	{"stray http answer page binary",
	 "24: page 'binary' is no text; expected UTF-8 without control characters"},
	{"stray http answer page latin1",
	 "24: page 'latin1' is no text; expected UTF-8 without control characters"},
	{"stray http answer page twice", "24: page 'twice' has {name} twice; expected it once at most"},
	{"stray tls answer 80", "18: unexpected '80'; expected alert NAME or end of line"},
	{"stray tls answer alert",
	 "23: end of line; expected the name of an alert: internal_error unrecognized_name "
	 "handshake_failure access_denied protocol_version"},
	{"stray tls answer alert close_notify",
	 "24: unexpected 'close_notify'; expected the name of an alert: internal_error unrecognized_name "
	 "handshake_failure access_denied protocol_version"},
	{"stray dns answer servfail", "18: unexpected 'servfail'; expected nxdomain or end of line"},
	{"unnamed dns answer nxdomain", "20: unexpected 'nxdomain'; expected end of line"},
	{"stray http limit 1 visits/s else", "33: end of line; expected answer, reset or drop"},
	{"stray http limit 1 visits/s else pass", "34: unexpected 'pass'; expected answer, reset or drop"},
	{"unreadable http limit 1 visits/s else answer", "39: unexpected 'answer'; expected reset or drop"},
	{"source 10.0.0.0/8 limit 1 visits/s else drop", "36: unexpected 'else'; expected end of line"},
	{"stray http limit 1 else drop", "18: rate '1' without unit; expected visits/s"},
	{"unreadable tls answer", "16: unexpected 'answer'; expected pass | drop | reset | limit RATE"},
	{"unnamed tls limit", "18: end of line; expected a rate like 1000 visits/s"},
	{"unnamed tls limit 100", "19: rate '100' without unit; expected visits/s"},
	{"unnamed tls limit 100 packets/s", "23: unit packets/s does not fit here; expected visits/s"},

	{"source", "7: end of line; expected a prefix like 203.0.113.0/24, or from FILE"},
	{"source drop", "8: unexpected 'drop'; expected a prefix like 203.0.113.0/24, or from FILE"},
	{"source 203.0.113.0/24", "22: end of line; expected " SOURCE_ACTIONS},
	{"source 203.0.113.0/24 dorp", "23: unexpected 'dorp'; expected " SOURCE_ACTIONS},
	{"source 203.0.113.0/24 answer", "23: unexpected 'answer'; expected " SOURCE_ACTIONS},
	{"source 203.0.113.7/24 drop", "8: 203.0.113.7/24 has host bits set; did you mean 203.0.113.0/24?"},
	{"source 2001:db8::1/32 drop", "8: 2001:db8::1/32 has host bits set; did you mean 2001:db8::/32?"},
	{"source 203.0.113.0/33 drop",
	 "8: unexpected '203.0.113.0/33'; expected an address or prefix like 203.0.113.0/24 "
	 "or 2001:db8::/32"},
	{"source 2001:db8::/129 drop",
	 "8: unexpected '2001:db8::/129'; expected an address or prefix like 203.0.113.0/24 "
	 "or 2001:db8::/32"},
	{"source 10/8 drop",
	 "8: unexpected '10/8'; expected an address or prefix like 203.0.113.0/24 or 2001:db8::/32"},
	{"source 010.0.0.0/8 drop",
	 "8: unexpected '010.0.0.0/8'; expected an address or prefix like 203.0.113.0/24 or "
	 "2001:db8::/32"},
	{"source 10.0.0.0/08 drop",
	 "8: unexpected '10.0.0.0/08'; expected an address or prefix like 203.0.113.0/24 or "
	 "2001:db8::/32"},
	{"source 10.0.0.0/ drop",
	 "8: unexpected '10.0.0.0/'; expected an address or prefix like 203.0.113.0/24 or "
	 "2001:db8::/32"},
	{"source fe80::1%eth0 drop",
	 "8: unexpected 'fe80::1%eth0'; expected an address or prefix like 203.0.113.0/24 or "
	 "2001:db8::/32"},
	{"source a.example drop",
	 "8: unexpected 'a.example'; expected an address or prefix like 203.0.113.0/24 or "
	 "2001:db8::/32"},
	{"source 10.0.0.0/8 10.0.0.0/8 drop",
	 "19: source 10.0.0.0/8 for the second time; expected it once, as at bad:2:8"},
	{"source 10.0.0.0/8 limit x visits/s",
	 "25: unexpected 'x'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit 0 visits/s",
	 "25: unexpected '0'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit -1 visits/s",
	 "25: unexpected '-1'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit 1000000001 visits/s",
	 "25: unexpected '1000000001'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit 99999999999999999999999 visits/s",
	 "25: unexpected '99999999999999999999999'; expected a rate like 1000 visits/s (from 1 to "
	 "1000000000)"},
	{"source ::ffff:10.0.0.0/104 drop",
	 "8: ::ffff:10.0.0.0/104 is IPv4 written as IPv6; did you mean 10.0.0.0/8?"},
	{"source ::ffff:0:0/96 drop", "8: ::ffff:0:0/96 is IPv4 written as IPv6; did you mean 0.0.0.0/0?"},
	{"listen tcp/443 on ::ffff:192.0.2.1 as tls",
	 "19: ::ffff:192.0.2.1 is IPv4 written as IPv6; did you mean 192.0.2.1?"},
	{"source 10.0.0.0/8 limit 1.5 visits/s",
	 "25: unexpected '1.5'; expected a whole number from 1 to 1000000000"},
	{"source 10.0.0.0/8 limit 1. visits/s",
	 "25: unexpected '1.'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit .5 Mbit/s",
	 "25: unexpected '.5'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit 1.2345 Mbit/s",
	 "25: unexpected '1.2345'; expected a rate like 1000 visits/s (from 1 to 1000000000)"},
	{"source 10.0.0.0/8 limit 0.05 Mbit/s", "25: unexpected '0.05'; expected 0.1 to 1000000 Mbit/s"},
	{"source 10.0.0.0/8 limit 99.9 kbit/s", "25: unexpected '99.9'; expected 0.1 to 1000000 Mbit/s"},
	{"source 10.0.0.0/8 limit 2000 Gbit/s", "25: unexpected '2000'; expected 0.1 to 1000000 Mbit/s"},
	{"source 10.0.0.0/8 limit 1 Tbit/s", "27: unknown unit 'Tbit/s'; expected " ALL_UNITS},
	{"source 10.0.0.0/8 limit 10", "25: rate '10' without unit; expected " ALL_UNITS},
	{"source 10.0.0.0/8 limit 10 burst 5", "25: rate '10' without unit; expected " ALL_UNITS},
	{"source 10.0.0.0/8 limit 10 for 1h", "25: rate '10' without unit; expected " ALL_UNITS},
	{"source 10.0.0.0/8 limit 10 visits/min", "28: unknown unit 'visits/min'; expected " ALL_UNITS},
	{"source 10.0.0.0/8 limit 10 visits", "28: unknown unit 'visits'; expected " ALL_UNITS},
	{"source 10.0.0.0/8 limit 2M Mbit/s", "25: unexpected '2M'; expected 0.1 to 1000000 Mbit/s"},
	{"source 10.0.0.0/8 limit 1 visits/s burst",
	 "41: end of line; expected a number from 1 to 1000000000"},
	{"source 10.0.0.0/8 limit 1 visits/s burst 0",
	 "42: unexpected '0'; expected a number from 1 to 1000000000"},
	{"source 10.0.0.0/8 limit 1 visits/s burst 5x",
	 "42: unexpected '5x'; expected a number from 1 to 1000000000"},
	{"source 10.0.0.0/8 limit 1 Mbit/s burst 2M",
	 "40: unexpected '2M'; expected a burst of 0.1 to 1000000 Mbit"},
	{"source 10.0.0.0/8 drop for", "27: end of line; expected a duration like 10m"},
	{"source 10.0.0.0/8 drop for 10", "28: '10' has no unit; expected s, m, h or d, as in 10m"},
	{"source 10.0.0.0/8 drop for 1h30", "28: '1h30' has no unit; expected s, m, h or d, as in 10m"},
	{"source 10.0.0.0/8 drop for ever",
	 "28: 'ever' is not a duration; expected one like 90s, 10m, 1h30m or 2d"},
	{"source 10.0.0.0/8 drop for 10M",
	 "28: '10M' is not a duration; expected one like 90s, 10m, 1h30m or 2d"},
	{"source 10.0.0.0/8 drop for 1m1h",
	 "28: '1m1h' is not a duration; expected one like 90s, 10m, 1h30m or 2d"},
	{"source 10.0.0.0/8 drop for 0s", "28: '0s' is out of range; expected 1s to 3650d"},
	{"source 10.0.0.0/8 drop for 3651d", "28: '3651d' is out of range; expected 1s to 3650d"},
	{"source 10.0.0.0/8 drop for 99999999999999999999d",
	 "28: '99999999999999999999d' is out of range; expected 1s to 3650d"},
	{"source 10.0.0.0/8 drop for 1h 2m", "31: unexpected '2m'; expected end of line"},
	{"resolver", "9: end of line; expected an address, or from FILE"},
	{"resolver 192.0.2.1 drop",
	 "20: unexpected 'drop'; expected an address or prefix like 203.0.113.0/24 or 2001:db8::/32"},
	{"source from missing drop",
	 "13: cannot read 'missing': No such file or directory; expected a readable file"},
	{"source from directory drop", "13: cannot read 'directory': it is a directory; expected a file"},
	{"source from /dev/zero drop", "13: cannot read '/dev/zero': it is no regular file; expected one"},
	{"include", "8: end of line; expected the name of a file, or a pattern"},
	{"include missing", "9: cannot read 'missing': No such file or directory; expected a readable file"},
	{"include directory", "9: cannot read 'directory': it is a directory; expected a file"},
	{"include di*", "9: cannot read 'directory': it is a directory; expected a file"},
	{"include bad", "9: include of 'bad' goes in a circle; expected a file that is not being read"},
	{"include circle", NULL},
};

static void write_pages(void)
{
	char text[1002];

	write_file("empty", "");
	memset(text, 'x', sizeof(text));
	write_bytes("long", text, 1001);
	write_bytes("binary", "a\0b", 3);
	write_file("latin1", "Z\xfcrich");
	write_file("twice", "{name} {name}");
}

Test(policy_errors, each_says_where_and_what)
{
	mkdir("directory", 0755);
	write_file("circle", "\n include ./bad\n");
	write_pages();
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct policy *p = parsed("serve running");
		struct policy_error err = {.count = 0};
		char text[1024], expected[1024];

		snprintf(text, sizeof(text), "listen tcp/80 as http\n%s\nresolver 192.0.2.53\n",
			 lines[i].line);
		if (strstr(lines[i].line, "first"))
			snprintf(text, sizeof(text), "serve aaaaaaaaaaaaaaaaaaaaaaaa first\n%s",
				 lines[i].line);
		write_file("bad", text);
		snprintf(expected, sizeof(expected), "bad:2:%s", lines[i].problem ? lines[i].problem : "");
		if (!lines[i].problem)
			strcpy(expected,
			       "circle:2:10: include of './bad' goes in a circle; expected a file that is "
			       "not being read");
		cr_expect(policy_read_file(p, "bad", &err) < 0, "%s", lines[i].line);
		cr_expect_str_eq(err.text, expected, "%s\ninstead of\n%s", err.text, expected);
		assert_prints(p, "serve running\n");
		policy_free(p);
	}
}

/* What the command line says is called "-". */
Test(policy_errors, command_line)
{
	static const struct {
		const char *line, *problem;
	} commands[] = {
		{"", "-:1:1: end of line; expected a statement and its subject"},
		{" # x", "-:1:1: end of line; expected a statement and its subject"},
		{"serve ok a..b", "-:1:10: 'a..b' has an empty label; expected single dots between labels"},
		{"serve a\nserve b", "-:1:8: control character \\x0a; expected text"},
		{"include x", "-:1:1: include is for files; expected one rule (apply takes whole files)"},
	};
	struct policy *p = parsed("serve running\nstray tls drop");

	for (size_t i = 0; i < COUNT(commands); i++) {
		struct policy_error err = {.count = 0};

		cr_expect(policy_add(p, commands[i].line, &err) == -EINVAL);
		cr_expect_str_eq(err.text, commands[i].problem, "%s", err.text);
		cr_expect(policy_del(p, commands[i].line, &err) == -EINVAL);
		assert_prints(p, "serve running\nstray tls drop\n");
	}
	policy_free(p);
}

static void expect_file_error(const char *path, int expected, const char *problem)
{
	struct policy *p = parsed("serve running");
	struct policy_error err = {.count = 0};
	int got = policy_read_file(p, path, &err);

	cr_expect(got == expected, "%d", got);
	cr_expect_str_eq(err.text, problem, "%s\ninstead of\n%s", err.text, problem);
	assert_prints(p, "serve running\n");
	policy_free(p);
}

Test(policy_errors, files)
{
	mkdir("directory", 0755);
	write_file("secret", "serve a\n");
	chmod("secret", 0);
	write_bytes("nul", "serve a\nserve b\0c\n", 18);
	write_bytes("utf16", "\xff\xfes\0e\0r\0", 8);
	expect_file_error("missing", -ENOENT,
			  "missing: cannot read: No such file or directory; expected a readable file");
	expect_file_error("directory", -EISDIR, "directory: cannot read: it is a directory; expected a file");
	expect_file_error("secret/x", -ENOTDIR,
			  "secret/x: cannot read: Not a directory; expected a readable file");
	expect_file_error("a\nb", -ENOENT,
			  "a\\x0ab: cannot read: No such file or directory; expected a readable file");
	expect_file_error("nul", -EINVAL, "nul:2:8: NUL byte; expected text");
	expect_file_error(
		"utf16", -EILSEQ,
		"utf16: cannot read: it is UTF-16; expected UTF-8, as `iconv -f utf-16 -t utf-8` makes it");
	if (geteuid())
		expect_file_error("secret", -EACCES,
				  "secret: cannot read: Permission denied; expected a readable file");
}

/* As root nothing is forbidden: another user must try. */
Test(policy_errors, no_permission)
{
	struct policy_error err = {.count = 0};
	struct policy *p = policy_new();

	write_file("outer", "include secret\n");
	write_file("outer_list", "\nserve from secret\n");
	write_file("outer_glob", "include closed/*\n");
	write_file("secret", "a\n");
	mkdir("closed", 0);
	cr_assert(!chmod("secret", 0) && !chmod(scratch, 0755));
	if (!geteuid())
		cr_assert(!seteuid(65534));
	cr_expect(policy_read_file(p, "outer", &err) == -EACCES);
	cr_expect_str_eq(err.text,
			 "outer:1:9: cannot read 'secret': Permission denied; expected a readable file");
	cr_expect(policy_read_file(p, "outer_list", &err) == -EACCES);
	cr_expect_str_eq(
		err.text,
		"outer_list:2:12: cannot read 'secret': Permission denied; expected a readable file");
	cr_expect(policy_read_file(p, "outer_glob", &err) == -EACCES);
	cr_expect_str_eq(
		err.text,
		"outer_glob:1:9: cannot read 'closed/*': Permission denied; expected a readable file");
	cr_expect(policy_read_file(p, "secret", &err) == -EACCES);
	cr_expect_str_eq(err.text, "secret: cannot read: Permission denied; expected a readable file");
	cr_expect(!seteuid(getuid()) && !chmod("closed", 0755));
	policy_free(p);
}

static void write_long_line(const char *path, const char *head, size_t size)
{
	char *text = malloc(size + 1);

	memset(text, 'x', size);
	text[size] = '\n';
	memcpy(text, head, strlen(head));
	write_bytes(path, text, size + 1);
	free(text);
}

Test(policy_errors, long_lines)
{
	write_long_line("long", "serve a\nserve ", 10 * 1000 * 1000);
	expect_file_error("long", -EINVAL, "long:2:65537: line of 9999992 bytes; expected at most 65536");
	write_long_line("fits", "# ", LINE_SIZE_MAX);
	write_file("a", "serve from fits\ninclude fits\ninclude long\n");
	expect_file_error("a", -EINVAL, "long:2:65537: line of 9999992 bytes; expected at most 65536");
	write_file("a", "serve from long\n");
	expect_file_error("a", -EINVAL, "long:2:65537: line of 9999992 bytes; expected at most 65536");
}

Test(policy_errors, large_file)
{
	write_file("large", "serve a\n");
	write_file("a", "zone from large\n");
	cr_assert(!truncate("large", (off_t)FILE_SIZE_MAX + 1));
	expect_file_error("large", -EFBIG,
			  "large: cannot read: it is larger than 256 MB; expected a smaller one");
	expect_file_error("a", -EFBIG,
			  "a:1:11: cannot read 'large': it is larger than 256 MB; expected a smaller one");
}

static const struct {
	const char *statement, *list, *problem;
} lists[] = {
	{"serve from l", "ok\n ok2 b..c\n",
	 "l:2:6: 'b..c' has an empty label; expected single dots between labels"},
	{"serve from l", "ok\r\n\r\nserve x\rz\r\n",
	 "l:3:7: 'x\\x0dz' has a character that no name has; expected letters, digits, - _ and dots"},
	{"zone from l", "ok\n*.x",
	 "l:2:1: '*.x' has a wildcard, but a zone is all below its name; expected a name alone"},
	{"source from l drop", "10.0.0.0/8 # x\n\n10.0.0.1/8",
	 "l:3:1: 10.0.0.1/8 has host bits set; did you mean 10.0.0.0/8?"},
	{"source from l drop", "10.0.0.0/8x\n",
	 "l:1:1: '10.0.0.0/8x' is no prefix; expected one like 203.0.113.0/24 or 2001:db8::/32"},
	{"resolver from l", "example.com\n",
	 "l:1:1: 'example.com' is no prefix; expected one like 203.0.113.0/24 or 2001:db8::/32"},
	{"source from l drop\nsource from ./l trust", "",
	 "a:2:8: source from DIRECTORY/l for the second time; expected it once, as at a:1:8"},
};

Test(policy_errors, in_lists)
{
	for (size_t i = 0; i < COUNT(lists); i++) {
		const char *where = strstr(lists[i].problem, "DIRECTORY");
		char expected[256];

		write_file("l", lists[i].list);
		write_file("a", lists[i].statement);
		snprintf(expected, sizeof(expected), "%s", lists[i].problem);
		if (where)
			snprintf(expected, sizeof(expected), "%.*s%s%s", (int)(where - lists[i].problem),
				 lists[i].problem, scratch, where + strlen("DIRECTORY"));
		expect_file_error("a", -EINVAL, expected);
	}
	write_bytes("l", "a\n#\0\n", 5);
	write_file("a", "serve from l");
	expect_file_error("a", -EINVAL, "l:2:2: NUL byte; expected text");
}

Test(policy_errors, includes_too_deep)
{
	char name[16], text[32];

	for (int i = 1; i <= 9; i++) {
		snprintf(name, sizeof(name), "%d", i);
		snprintf(text, sizeof(text), i < 9 ? "include %d" : "serve deep", i + 1);
		write_file(name, text);
	}
	expect_file_error("1", -EINVAL, "8:1:9: includes too deep; expected at most 8");
	write_file("8", "serve deep\n");

	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};

	cr_expect(!policy_read_file(p, "1", &err), "%s", err.text);
	policy_free(p);
}

Test(policy_errors, long_paths_keep_their_end)
{
	char path[1500] = "", *at = path;
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};

	for (int i = 0; i < 70; i++)
		at += sprintf(at, "directory%03d/", i);
	strcpy(at, "edge.policy");
	cr_expect(policy_read_file(p, path, &err) == -ENOENT);
	cr_expect(!strncmp(err.text, "...", 3) &&
			  strstr(err.text, "069/edge.policy: cannot read: No such file"),
		  "%s", err.text);
	policy_free(p);
}

Test(policy_errors, too_many_rules)
{
	struct policy *p = policy_new();
	struct policy_error err = {.count = 0};
	size_t size = 64UL << 20, used = 0;
	char *text = malloc(size);

	for (unsigned int i = 0; i <= POLICY_RULES_MAX; i++)
		used += (size_t)snprintf(text + used, size - used, i % 1024 ? " n%x" : "\nserve n%x", i);
	cr_expect(policy_read_text(p, "many", text, used, &err) == -E2BIG);
	cr_expect_str_eq(err.text,
			 "many:1017:4487: policy larger than the tables; expected at most 1040000 rules",
			 "%s", err.text);
	cr_expect(policy_count(p) == 0);
	free(text);
	policy_free(p);
}

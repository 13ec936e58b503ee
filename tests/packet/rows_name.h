/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clang-format off */
/* What HTTP and TLS visits ask for, and what the policy says to that. */

ROW("a served name", WEB, .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(served, SAME, .http = "WWW.Served.EXAMPLE.", .fresh = true)
	STEP(served, SAME, .http = HERE ":8080", .fresh = true)
	STEP(served, SAME, .http = "a.b.shop.example", .fresh = true)
	STEP(served, SAME, .http = "both.example", .fresh = true)
	STEP(served, SAME, .http = "x.both.example", .fresh = true)
	STEP(served, SAME, .http = "192.0.2.77", .fresh = true)
	STEP(served, SAME, .text = "GET http://" HERE "/ HTTP/1.1\r\nHost: " HERE ":80\r\n\r\n", .fresh = true)
	STEP(served, SAME, .text = "GET / HTTP/1.1\nHost: " HERE "\n\n", .fresh = true)
END

ROW("names that only look served", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = "served.example")
	STEP(stray_reset, RST_SERVER, .http = "x." HERE, .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = "xboth.example", .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = "shop.example", .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = HERE ".evil.example", .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = "192.0.2.78", .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = HOST4B, .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = "[2001:db8::1]", .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = "GET http://" STRAY "/ HTTP/1.1\r\nHost: " STRAY "\r\n\r\n",
	     .fresh = true)
END

ROW("a stray that may pass", WEB "stray http pass\n", .how = OPEN)
	STEP(stray_passed, SAME, .http = STRAY)
	STEP(established, SAME, .http = STRAY)
END

#define PORTAL	   "detectportal.example"
#define PORTAL_WEB "stray http drop for " PORTAL "\nstray tls reset for " PORTAL "\nstray http pass for old.example " HERE "\n"

ROW("strays for names that a line is about", WEB PORTAL_WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = PORTAL)
	STEP(tail_dropped, GONE, .again = true)
	STEP(stray_reset, RST_SERVER, .http = "DetectPortal.example.:80", .fresh = true)
	STEP(tail_dropped, GONE, .again = true)
	STEP(stray_passed, SAME, .http = "old.example", .fresh = true)
	STEP(stray_reset, RST_SERVER, .http = "x." PORTAL, .fresh = true, .told = true)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .fresh = true, .told = true)
	STEP(served, SAME, .http = HERE, .fresh = true)
END

ROW("the same, TLS", WEB_TLS PORTAL_WEB, .how = OPEN, .port = 443)
	STEP(stray_reset, RST_SERVER, .tls = PORTAL)
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(stray_reset, RST_SERVER, .tls = "old.example", .fresh = true, .told = true)
	STEP(tail_answered, TLS_ALERT, .again = true)
	STEP(served, SAME, .tls = HERE, .fresh = true)
END

#define TARGET(path) path " HTTP/1.1\r\nHost: " STRAY "\r\n\r\n"
#define CHALLENGE    "/.well-known/acme-challenge/"

ROW("the challenge of a certificate passes for any name", WEB, .how = OPEN)
	STEP(acme_passed, SAME, .text = TARGET("GET " CHALLENGE "a-Token_0"))
	STEP(established, SAME, .http = STRAY)
	STEP(acme_passed, SAME, .text = TARGET("HEAD " CHALLENGE "x"), .fresh = true)
	STEP(undecided, SAME, .text = TARGET("GET " CHALLENGE "x"), .only = 5, .fresh = true)
	STEP(undecided, SAME, .text = TARGET("GET " CHALLENGE "x"), .first = 5, .only = 20)
	STEP(acme_passed, SAME, .text = TARGET("GET " CHALLENGE "x"), .first = 25)
	STEP(acme_passed, SAME, .text = "GET " CHALLENGE "x HTTP/1.1\r\nHost: " HOST4 "\r\n\r\n", .fresh = true)
	STEP(served, SAME, .text = "GET " CHALLENGE "x HTTP/1.1\r\nHost: " HERE "\r\n\r\n", .fresh = true)
END

ROW("and nothing that only looks like one", WEB, .how = OPEN)
	STEP(stray_reset, RST_SERVER, .text = TARGET("POST " CHALLENGE "x"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET " CHALLENGE), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET " CHALLENGE "../x"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET " CHALLENGE "x/../../y"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET " CHALLENGE "%2e%2e"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET " CHALLENGE "x?y"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET " CHALLENGE "x\\y"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET /" CHALLENGE "x"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET /.well-known/acme-challenges/x"), .fresh = true)
	STEP(stray_reset, RST_SERVER, .text = TARGET("GET http://" STRAY CHALLENGE "x"), .fresh = true)
	STEP(unnamed_passed, SAME, .text = "GET " CHALLENGE "x HTTP/1.0\r\n\r\n", .fresh = true)
	STEP(unnamed_passed, SAME, .text = "GET " CHALLENGE "x\r\n", .fresh = true)
	STEP(unnamed_passed, SAME, .text = "GET /.\r\n", .fresh = true)
END

ROW("strays up to a limit", WEB "stray http limit 1 visits/s burst 1\n", .how = OPEN)
	STEP(stray_passed, SAME, .http = STRAY)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .fresh = true)
	STEP(tail_dropped, GONE, .again = true)
	STEP(served, SAME, .http = HERE, .fresh = true)
END

ROW("unnamed visits pass unless a line says otherwise", WEB, .how = OPEN)
	STEP(unnamed_passed, SAME, .text = NO_NAME)
	STEP(established, SAME, .http = STRAY)
	STEP(unnamed_passed, SAME, .http = HOST4, .fresh = true)
	STEP(unnamed_passed, SAME, .http = HOST4 ":80", .fresh = true)
	STEP(unnamed_passed, SAME, .text = "GET /\r\n", .fresh = true)
	STEP(unnamed_passed, SAME, .text = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .fresh = true)
END

ROW("an IPv6 host that is the destination names nothing", WEB, .how = OPEN, .client = CLIENT6, .server = HOST6)
	STEP(unnamed_passed, SAME, .http = "[2001:DB8:0::0:1]:80")
	STEP(stray_reset, RST_SERVER, .http = "[2001:db8::2]", .fresh = true)
END

ROW("unnamed visits that are answered", WEB "unnamed http answer\n", .how = OPEN)
	STEP(unnamed_reset, RST_SERVER, .text = NO_NAME, .told = true)
	STEP(tail_answered, PAGE, .again = true)
END

ROW("unnamed visits that are dropped", WEB "unnamed http drop\n", .how = OPEN)
	STEP(unnamed_reset, RST_SERVER, .text = NO_NAME)
	STEP(tail_dropped, GONE, .again = true)
END

ROW("unreadable visits pass unless a line says otherwise", WEB, .how = OPEN)
	STEP(unreadable_passed, SAME, .text = NOT_HTTP)
	STEP(established, SAME, .http = STRAY)
	STEP(unreadable_passed, SAME, .fresh = true,
	     .text = "GET / HTTP/1.1\r\nHost: " HERE "\r\nHost: " STRAY "\r\n\r\n")
END

ROW("unreadable visits that are reset", WEB "unreadable http reset\n", .how = OPEN)
	STEP(unreadable_reset, RST_SERVER, .text = NOT_HTTP, .told = true)
	STEP(unreadable_reset, RST_SERVER, .fresh = true,
	     .text = "GET http://" HERE "/ HTTP/1.1\r\nHost: " STRAY "\r\n\r\n")
	STEP(unreadable_reset, RST_SERVER, .fresh = true,
	     .text = "GET http://" STRAY "/ HTTP/1.1\r\nHost: " HERE "\r\n\r\n")
	STEP(tail_reset, RST_CLIENT, .again = true)
	STEP(unreadable_reset, RST_SERVER, .tls = HERE, .fresh = true)
END

ROW("TLS", WEB_TLS, .how = OPEN, .port = 443)
	STEP(served, SAME, .tls = HERE)
	STEP(served, SAME, .tls = "A.Shop.Example", .fresh = true)
	STEP(stray_reset, RST_SERVER, .tls = STRAY, .fresh = true, .told = true)
	STEP(tail_answered, TLS_ALERT, .again = true)
	STEP(tail_closed, ACK_CLIENT, .flags = FIN | ACK)
	STEP(unreadable_passed, SAME, .http = HERE, .fresh = true)
END

ROW("a ClientHello that is split before, in and behind its name", WEB_TLS, .how = OPEN, .port = 443)
	STEP(undecided, SAME, .tls = STRAY, .only = 40)
	STEP(undecided, SAME, .tls = STRAY, .first = 40, .only = 65)
	STEP(stray_reset, RST_SERVER, .tls = STRAY, .first = 105)
	STEP(tail_answered, TLS_ALERT, .again = true)
END

ROW("TLS over IPv6, reset", WEB_TLS "stray tls reset\n", .how = OPEN, .port = 443, .client = CLIENT6, .server = HOST6)
	STEP(stray_reset, RST_SERVER, .tls = STRAY)
	STEP(tail_reset, RST_CLIENT, .again = true)
END

ROW("a hello without a name", WEB_TLS "unnamed tls reset\n", .how = OPEN, .port = 443)
	STEP(unnamed_reset, RST_SERVER, .data = BYTES(
		"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03"
		"RANDOMRANDOMRANDOMRANDOMRANDOM32"
		"\x00\x00\x02\x13\x01\x01\x00"))
	STEP(tail_reset, RST_CLIENT, .again = true)
END

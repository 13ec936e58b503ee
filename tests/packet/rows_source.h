/* SPDX-License-Identifier: GPL-2.0-only */
/* clang-format off */
/* Source lines: trust, drop, limit, pass. */

ROW("a trusted source is not asked for a name", WEB "source 198.18.0.0/15 trust\n", .how = OPEN)
	STEP(source_trusted, SAME, .http = STRAY)
	STEP(source_trusted, SAME, .flags = SYN)
END

ROW("a dropped source", WEB "source 198.18.0.0/15 drop\n", .how = OPEN)
	STEP(source_dropped, GONE, .flags = SYN)
	STEP(source_dropped, GONE, .http = HERE)
	STEP(source_dropped, GONE, .flags = ACK)
	STEP(no_listener, SAME, .to_port = 22, .text = NOT_HTTP)
END

ROW("a source that passes is asked for a name", WEB "source 198.18.0.0/15 pass\n", .how = OPEN)
	STEP(stray_reset, RST_SERVER, .http = STRAY)
END

ROW("a dropped source, IPv6", WEB "source 2001:db8:c::/48 drop\n", .how = OPEN, .client = CLIENT6, .server = HOST6)
	STEP(source_dropped, GONE, .http = HERE)
END

ROW("packets over the limit of their source", WEB "source 198.18.0.0/15 limit 1 packets/s burst 2\n", .how = OPEN)
	STEP(control, SAME, .flags = ACK)
	STEP(served, SAME, .http = HERE)
	STEP(source_limited, GONE, .http = HERE)
	STEP(source_limited, GONE, .flags = FIN | ACK)
END

ROW("visits over the limit of their source", WEB "source 198.18.0.0/15 limit 1 visits/s burst 2\n", .how = OPEN)
	STEP(served, SAME, .http = HERE)
	STEP(established, SAME, .http = HERE)
	STEP(stray_reset, RST_SERVER, .http = STRAY, .fresh = true)
	STEP(visit_limited, RST_SERVER, .http = HERE, .fresh = true)
	STEP(tail_dropped, GONE, .again = true)
	STEP(tail_dropped, GONE, .flags = FIN | ACK)
END

ROW("queries over the limit of their source", WEB_DNS "source 198.18.0.0/15 limit 1 visits/s burst 1\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
	STEP(source_limited, GONE, .dns = "a.served.example")
END

ROW("megabits over the limit of their source", WEB_DNS "source 198.18.0.0/15 limit 1 Mbit/s burst 1\n",
    .port = 53, .protocol = IPPROTO_UDP)
	STEP(served, SAME, .dns = "a.served.example")
END

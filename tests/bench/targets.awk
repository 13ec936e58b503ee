# SPDX-License-Identifier: GPL-2.0-or-later
# What a run of all benchmarks says, in short: reads figures as build/ns prints them,
# writes Markdown. What was not measured is left out.
#
#	awk -F '\t' -v part=targets|capacity -f targets.awk FIGURES

{
	# A gate that carried nothing has not carried the last that was tried.
	median[$1, $2, $3] = $3 == "straygate" && $8 ~ /not even/ ? 0 : $5
	# A bucket that is exact over all CPUs is one line that they share, as it must be.
	if ($1 == "scaling" && $4 == "times" && $2 !~ /contended/ && (!slowest || $5 < slowest)) {
		slowest = $5
		slowest_what = $2
	}
}

function m(b, what, who)
{
	return (b, what, who) in median ? median[b, what, who] + 0 : ""
}

function number(v,    s, whole)
{
	if (v < 100)
		return sprintf(v == int(v) ? "%d" : v < 10 ? "%.2f" : "%.1f", v)
	s = sprintf("%.0f", v >= 10000 ? int(v / 100 + 0.5) * 100 : v)
	whole = ""
	while (length(s) > 3) {
		whole = "," substr(s, length(s) - 2) whole
		s = substr(s, 1, length(s) - 3)
	}
	return s whole
}

function row(what, reached, target, met)
{
	printf "| %s | %s | %s | %s |\n", what, reached, target, met ? "yes" : "**no**"
}

# At most, at least.
function most(what, v, unit, limit)
{
	if (v != "")
		row(what, number(v) unit, "&le; " number(limit) unit, v <= limit)
}

function least(what, v, unit, limit)
{
	if (v != "")
		row(what, number(v) unit, "&ge; " number(limit) unit, v >= limit)
}

# Carried by both, and what one costs both; either may decide, for the crowd has but
# one core.
function against(b, what, peer, times,    carried, cpu, ours, theirs, on)
{
	ours = m(b, what " a second, carried", "straygate")
	theirs = m(b, what " a second, carried", peer)
	on = "core 0, one of them, when so many come"
	if (ours == "" || theirs == "")
		return
	carried = ours / theirs
	cpu = m(b, on, "straygate") > 0 && m(b, on, peer) > 0 ? m(b, on, peer) / m(b, on, "straygate") : 0
	row(what " a second, carried by one core", number(ours) ", " peer " " number(theirs) ": " number(carried) " times",
		"&ge; " times " times", carried >= times)
	if (cpu > 0)
		row("CPU time of one of these", number(m(b, on, "straygate") / 1000) " us, " peer " " \
			number(m(b, on, peer) / 1000) " us: 1/" number(cpu), "&le; 1/" times, cpu >= times)
}

function times_of(b, what, ours, peer, limit, label,    a, c)
{
	a = m(b, what, ours)
	c = m(b, what, peer)
	if (a != "" && c != "" && a > 0)
		least(label, c / a, " times", limit)
}

function targets(    none, one, mil)
{
	print "| measure | reached | target | met |"
	print "| --- | --- | --- | --- |"
	against("visit", "stray visits", "nginx return 444", 8)
	against("tls", "stray ClientHellos, 2 segments,", "nginx ssl_reject_handshake", 8)
	against("dns", "stray queries, a random label in front,", "dnsdist, rule on the suffix", 5)
	most("a packet that is not for us, over an empty program", m("packet", "not for us: TCP, other port", "straygate"), " ns", 15)
	most("established served data", m("packet", "established, data", "straygate"), " ns", 40)
	most("the same, of 65,536 visits", m("packet", "established, data, of 65,536 visits", "straygate"), " ns", 40)
	mil = m("packet", "source dropped, 1,000,000 prefixes", "straygate")
	none = m("packet", "source dropped, 8,000 addresses", "xdp-filter ip")
	if (mil != "" && none != "")
		row("source dropped, a million prefixes", number(mil) " ns, xdp-filter with 8,000 " number(none) " ns",
			"&le; xdp-filter", mil <= none)
	most("a whole stray HTTP visit, the program alone", m("packet", "a whole stray HTTP visit: SYN, ACK, request, FIN", "straygate"), " ns", 1000)
	most("the same, of a new client", m("packet", "a whole stray HTTP visit of a new client", "straygate"), " ns", 1000)
	one = m("tables", "source look-up, IPv4, 1 prefix", "straygate")
	mil = m("tables", "source look-up, IPv4, 1,000,000", "straygate")
	if (one > 0 && mil != "")
		most("source look-up among a million to one among one", mil / one, " times", 1.3)
	times_of("tables", "source look-up, IPv4, 1,000,000", "straygate", "BPF LPM trie", 8, "LPM trie's look-up among a million, IPv4, of ours")
	times_of("tables", "source look-up, IPv6, 1,000,000", "straygate", "BPF LPM trie", 4, "the same, IPv6")
	most("`apply`, a list of a million IPv4 prefixes", m("load", "apply, list of 1,000,000 IPv4 prefixes", "straygate"), " s", 1)
	most("tables of a million IPv4 and a million IPv6 prefixes", m("load", "both tables in the kernel", "straygate"), " MiB", 200)
	most("`add source` with two million loaded", m("load", "add source, with two million loaded", "straygate"), " s", 0.05)
	most("`show counters -j` with a million rules", m("load", "show counters -j, 1,000,000 rules", "straygate"), " s", 0.5)
	least("known names answered under random labels below their zone", m("torture", "known names answered", "straygate"), " %", 99.9)
	most("their p99, of that in calm", m("torture", "its p99, of that in calm", "straygate"), " times", 2)
	least("served, 100 MB down, of no gate's", m("served", "100 MB down: of no gate's", "straygate"), " times", 0.97)
	least("served, 100 MB up", m("served", "100 MB up: of no gate's", "straygate"), " times", 0.97)
	least("served, requests a second", m("served", "requests, connections kept: of no gate's", "straygate"), " times", 0.97)
	least("served, visits a second", m("served", "visits, 1 KB each: of no gate's", "straygate"), " times", 0.97)
	least("served, many short transfers", m("served", "visits, 100 KB each: of no gate's", "straygate"), " times", 0.95)
	least("served, requests a second, gate observing", m("served", "requests, connections kept: of no gate's", "straygate, observing"), " times", 0.97)
	if (slowest)
		least("2 cores beside one, least of all paths: " slowest_what, slowest, " times", 1.8)
	swaps()
	least("strays carried while watch, capture, top, scrapes and a page look on, of as many without", \
		m("seen", "carried while all look on, to nobody, pair by pair", "straygate"), " times", 0.97)
	most("packets that are not counted meanwhile", \
		m("seen", "packets that no reason counts, or that the kernel counts otherwise", \
		"straygate, watch, capture, top, scrapes and a page"), "", 0)
}

function swaps(    b, v, n)
{
	for (b in median) {
		split(b, n, SUBSEP)
		if (n[1] == "swap" && n[3] == "straygate, apply after apply" && n[2] ~ /misjudged/)
			v = median[b]
	}
	if (v != "")
		row("visits misjudged while " number(m("swap", "policies applied in 4 s", "straygate")) " policies are applied in 4 s",
			number(v), "0", v == 0)
	for (b in median) {
		split(b, n, SUBSEP)
		if (n[1] == "swap" && n[3] == "straygate, show strays after show strays" && n[2] ~ /turned away a second/)
			v = m("swap", n[2], "straygate, left alone") > 0 ? median[b] / m("swap", n[2], "straygate, left alone") : ""
	}
	if (v != "")
		least("strays turned away under `show strays` without end, of as many without", v, " times", 0.97)
}

function gbits(in_bytes, g)
{
	return g * 1e9 / 8 / in_bytes
}

# One kind of visit: what a core carries, what a link brings, how many cores that is.
function carries(b, label,    cpu, bytes)
{
	cpu = m(b, "core 0, one of them, when so many come", "straygate")
	bytes = m(b, "bytes on the wire to the server, one of them", "straygate")
	if (!(cpu > 0) || !(bytes > 0))
		return
	printf "| %s | %s us | %s | %s bytes | %s | %s | %s |\n", label, number(cpu / 1000), number(1e9 / cpu), number(bytes),
		number(gbits(bytes, 1)), number(gbits(bytes, 1) * cpu / 1e9), number(gbits(bytes, 10) * cpu / 1e9)
}

function capacity()
{
	print "| | core time each | one core carries | on the wire to the server | 1 Gbit/s is full at | cores for that | for 10 Gbit/s |"
	print "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
	carries("visit", "stray HTTP visit")
	carries("tls", "stray TLS visit")
	carries("dns", "stray DNS query")
}

# 2014, by the assumptions in docs/performance.md.
function incident(    cpu, bytes, visits)
{
	cpu = m("visit", "core 0, one of them, when so many come", "straygate")
	bytes = m("visit", "bytes on the wire to the server, one of them", "straygate")
	visits = 600e6 / 10 / 60 * 2 / 3 * 9
	if (!(cpu > 0) || !(bytes > 0))
		return
	printf "%s visits/s: %s Gbit/s to the server, and %s cores.\n", number(visits), number(visits * bytes * 8 / 1e9),
		number(visits * cpu / 1e9)
}

END {
	if (part == "targets")
		targets()
	else if (part == "capacity")
		capacity()
	else
		incident()
}

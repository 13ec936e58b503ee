// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules that hand visits on, as Docker, podman and administrators write them: text and what it publishes. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "servers/nat.h"

/* 192.0.2.1 and 2001:db8::1 are this host's. */
static const struct prefix local[] = {
	{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1}, 128},
	{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128},
};

/* "tcp/80>10.88.0.2:80 tcp/81@192.0.2.1>port:8080 " */
static void put(const struct published *p, char *out, size_t size)
{
	struct prefix addr = {.len = 128}, to = {.len = 128};
	char a[PREFIX_TEXT] = "", t[PREFIX_TEXT] = "port";
	size_t len = strlen(out);

	memcpy(addr.addr, p->addr, 16);
	memcpy(to.addr, p->to, 16);
	if (!p->any)
		prefix_print(&addr, a, sizeof(a));
	if (!p->here)
		prefix_print(&to, t, sizeof(t));
	snprintf(out + len, size - len, "%s/%u%s%s>%s:%u ", p->l4 == IPPROTO_TCP ? "tcp" : "udp", p->port,
		 *a ? "@" : "", a, t, p->to_port);
}

static void check(const char *what, const char *text, bool json, const char *wanted, size_t notes)
{
	struct model m = {0};
	struct nat_table t = {.model = &m, .by = json ? "nft" : "iptables"};
	struct published_list out = {0};
	char *copy = strdup(text), got[2048] = "";
	size_t i;

	if (json)
		nat_read_nft(&t, copy, strlen(copy));
	else
		nat_read_iptables(&t, copy);
	cr_assert_eq(nat_follow(&t, local, 2, &out), 0);
	for (i = 0; i < out.count; i++)
		put(&out.at[i], got, sizeof(got));
	cr_expect_str_eq(got, wanted, "%s: got \"%s\", wanted \"%s\"", what, got, wanted);
	cr_expect_eq(m.note_count, notes, "%s: %zu notes, wanted %zu", what, m.note_count, notes);
	nat_table_free(&t);
	free(out.at);
	free(copy);
	model_free(&m);
}

static const struct {
	const char *what, *rules, *wanted;
	size_t notes;
} iptables[] = {
	{"docker",
	 "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n"
	 "-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER\n"
	 "-A DOCKER -i docker0 -j RETURN\n"
	 "-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8000\n"
	 "-A DOCKER -d 192.0.2.1/32 ! -i docker0 -p udp -m udp --dport 53 -j DNAT --to-destination "
	 "172.17.0.3:53\n"
	 "-A DOCKER -d 127.0.0.1/32 ! -i docker0 -p tcp -m tcp --dport 9 -j DNAT --to-destination "
	 "172.17.0.4:9\n",
	 "tcp/80>172.17.0.2:8000 udp/53@192.0.2.1>172.17.0.3:53 ", 0},
	{"netavark",
	 "-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT\n"
	 "-A NETAVARK-HOSTPORT-DNAT -p tcp -m tcp --dport 8080 -m comment --comment \"dnat name: podman id: "
	 "0f -p udp --dport 1\" -j NETAVARK-DN-1D\n"
	 "-A NETAVARK-DN-1D -s 10.88.0.0/16 -p tcp -m tcp --dport 8080 -j NETAVARK-HOSTPORT-SETMARK\n"
	 "-A NETAVARK-DN-1D -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.88.0.2:80\n"
	 "-A NETAVARK-HOSTPORT-SETMARK -j MARK --set-xmark 0x2000/0x2000\n",
	 "tcp/8080>10.88.0.2:80 ", 0},
	{"kubernetes: the port is said in another chain",
	 "-A PREROUTING -j KUBE-SERVICES\n"
	 "-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
	 "-A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-SEP\n"
	 "-A KUBE-SEP -p tcp -m tcp -j DNAT --to-destination 10.244.0.5:8080\n",
	 "tcp/30080>10.244.0.5:8080 ", 0},
	{"REDIRECT, multiport, ranges",
	 "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\n"
	 "-A PREROUTING -p tcp -m multiport --dports 90,95:96 -j DNAT --to-destination 10.0.0.9\n"
	 "-A PREROUTING -p tcp -m tcp --dport 97:98 -j DNAT --to-destination 10.0.0.9:97-98\n",
	 "tcp/80>port:8080 tcp/90>10.0.0.9:90 tcp/95>10.0.0.9:95 tcp/96>10.0.0.9:96 "
	 "tcp/97>10.0.0.9:97 tcp/98>10.0.0.9:98 ",
	 0},
	{"the first one counts",
	 "-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:80\n"
	 "-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.2:80\n",
	 "tcp/80>10.0.0.1:80 ", 0},
	{"IPv6",
	 "-A PREROUTING -d 2001:db8::1/128 -p tcp -m tcp --dport 443 -j DNAT --to-destination "
	 "[fd00::2]:8443\n",
	 "tcp/443@2001:db8::1>fd00::2:8443 ", 0},
	{"for somebody else's address, and no port",
	 "-A PREROUTING -d 203.0.113.9/32 -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:80\n"
	 "-A PREROUTING -p icmp -j DNAT --to-destination 10.0.0.1\n",
	 "", 0},
	{"whatever port", "-A PREROUTING -i eth0 -j DNAT --to-destination 10.0.0.1\n", "", 1},
	{"only of what leaves", "-A OUTPUT -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:80\n", "", 0},
	{"behind a RETURN of all",
	 "-A PREROUTING -j RETURN\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\n", "", 0},
	{"chains that call each other",
	 "-A PREROUTING -j DOCKER\n-A DOCKER -j KUBE-SERVICES\n-A KUBE-SERVICES -j DOCKER\n", "", 0},
	{"what is no rule of these", "-A\n-A PREROUTING -p\n-A PREROUTING -j DNAT --to-destination x:y\n", "",
	 1},
};

Test(nat, iptables)
{
	char text[4096];
	size_t i;

	for (i = 0; i < sizeof(iptables) / sizeof(iptables[0]); i++) {
		snprintf(text, sizeof(text),
			 "# Generated\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD -j DNAT\nCOMMIT\n*nat\n"
			 ":PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:DOCKER - [0:0]\n"
			 ":KUBE-SERVICES - [0:0]\n:KUBE-NODEPORTS - [0:0]\n:KUBE-SEP - [0:0]\n"
			 ":NETAVARK-HOSTPORT-DNAT - [0:0]\n:NETAVARK-HOSTPORT-SETMARK - [0:0]\n"
			 ":NETAVARK-DN-1D - [0:0]\n%sCOMMIT\n",
			 iptables[i].rules);
		check(iptables[i].what, text, false, iptables[i].wanted, iptables[i].notes);
	}
}

#define MATCH(left, right) "{\"match\":{\"op\":\"==\",\"left\":" left ",\"right\":" right "}}"
#define DPORT(protocol)	   "{\"payload\":{\"protocol\":\"" protocol "\",\"field\":\"dport\"}}"
#define DADDR		   "{\"payload\":{\"protocol\":\"ip\",\"field\":\"daddr\"}}"
#define RULE(chain, expr)  ",{\"rule\":{\"chain\":\"" chain "\",\"expr\":[" expr "]}}"
#define DNAT(addr, port)   "{\"dnat\":{\"family\":\"ip\",\"addr\":\"" addr "\",\"port\":" port "}}"

static const struct {
	const char *what, *rules, *wanted;
	size_t notes;
} nft[] = {
	{"netavark",
	 RULE("PRE",
	      "{\"match\":{\"op\":\"==\",\"left\":{\"fib\":{\"result\":\"type\"}},\"right\":\"local\"}},"
	      "{\"jump\":{\"target\":\"HP\"}}")
		 RULE("HP", MATCH(DPORT("tcp"), "8080") ",{\"jump\":{\"target\":\"NV\"}}")
			 RULE("NV", MATCH(DPORT("tcp"), "8080") "," DNAT("10.88.0.2", "80")),
	 "tcp/8080>10.88.0.2:80 ", 0},
	{"sets and ranges of ports, an address of this host, and one of another",
	 RULE("PRE", MATCH(DADDR, "\"192.0.2.1\"") "," MATCH(
			     DPORT("tcp"), "{\"set\":[80,{\"range\":[90,91]}]}") "," DNAT("10.0.0.1", "8080"))
		 RULE("PRE", MATCH(DADDR, "\"203.0.113.9\"") "," MATCH(DPORT("tcp"),
								       "80") "," DNAT("10.0.0.1", "1")),
	 "tcp/80@192.0.2.1>10.0.0.1:8080 tcp/90@192.0.2.1>10.0.0.1:8080 tcp/91@192.0.2.1>10.0.0.1:8080 ", 0},
	{"both protocols, redirect",
	 RULE("PRE", MATCH("{\"meta\":{\"key\":\"l4proto\"}}", "{\"set\":[\"tcp\",\"udp\"]}") "," MATCH(
			     DPORT("th"), "53") ",{\"redirect\":{\"port\":5353}}"),
	 "tcp/53>port:5353 udp/53>port:5353 ", 0},
	{"a map of ports, one of verdicts",
	 RULE("PRE", "{\"dnat\":{\"family\":\"ip\",\"addr\":{\"map\":{\"key\":" DPORT(
			     "tcp") ",\"data\":{\"set\":[[7000,{\"concat\":[\"10.0.0.3\",70]}]]}}}}}")
		 RULE("PRE", "{\"vmap\":{\"key\":" DPORT(
				     "tcp") ",\"data\":{\"set\":[[81,{\"jump\":{\"target\":\"NV\"}}]]}}}")
			 RULE("NV", DNAT("10.0.0.4", "80")),
	 "tcp/7000>10.0.0.3:70 tcp/81>10.0.0.4:80 ", 0},
	{"by a map that stands elsewhere",
	 RULE("PRE",
	      MATCH(DPORT("tcp"), "80") ",{\"dnat\":{\"family\":\"ip\",\"addr\":{\"map\":{\"key\":" DPORT(
		      "tcp") ",\"data\":\"@m\"}}}}"),
	 "", 1},
	{"a loopback address",
	 RULE("PRE", MATCH(DADDR, "\"127.0.0.1\"") "," MATCH(DPORT("tcp"), "80") "," DNAT("10.0.0.1", "80")),
	 "", 0},
	{"rules of iptables",
	 RULE("PRE", MATCH(DPORT("tcp"), "80") ",{\"xt\":{\"type\":\"target\",\"name\":\"DNAT\"}}"), "", 0},
};

Test(nat, nft)
{
	char text[4096];
	size_t i;

	for (i = 0; i < sizeof(nft) / sizeof(nft[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"nftables\":[{\"metainfo\":{}},{\"chain\":{\"name\":\"PRE\",\"type\":\"nat\","
			 "\"hook\":\"prerouting\"}},{\"chain\":{\"name\":\"HP\"}},{\"chain\":{\"name\":"
			 "\"NV\"}}"
			 "%s]}",
			 nft[i].rules);
		check(nft[i].what, text, true, nft[i].wanted, nft[i].notes);
	}
}

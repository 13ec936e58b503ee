# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host's firewall of its own: what the tests share. Sourced after core.sh.

# firewall RULE: before what is established goes in, as one finds it on many a wiki.
firewall()
{
	in_victim nft -f - <<-END
		table inet filter {
			chain input {
				type filter hook input priority 0; policy drop;
				iif lo accept
				meta l4proto { icmp, icmpv6 } accept
				$1
				ct state established,related accept
				tcp dport { 22, 53, 80, 443 } accept
				udp dport 53 accept
			}
			chain forward { type filter hook forward priority 0; policy drop; }
		}
	END
}

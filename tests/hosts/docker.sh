# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A container behind a bridge, published on 80 and 443 by the rules that Docker makes
# for `docker run -p 80:80 -p 443:443`. Its network is a namespace (sg-NAME-x), as
# Docker's are. nsd stays with the host. Sourced after core.sh.
#
#	sg-NAME-x  eth0  10.88.0.2/24    docker0  10.88.0.1/24 on the victim

CONTAINER=10.88.0.2

start_container()
{
	ip netns add "sg-$T-x"
	ip -n "sg-$T-v" link add docker0 type bridge
	ip -n "sg-$T-v" addr add 10.88.0.1/24 dev docker0
	ip -n "sg-$T-v" link add veth0 type veth peer name eth0 netns "sg-$T-x"
	ip -n "sg-$T-v" link set veth0 master docker0 up
	ip -n "sg-$T-v" link set docker0 up
	ip -n "sg-$T-x" link set lo up
	ip -n "sg-$T-x" addr add $CONTAINER/24 dev eth0
	ip -n "sg-$T-x" link set eth0 up
	ip -n "sg-$T-x" route add default via 10.88.0.1
	in_victim sysctl -qw net.ipv4.ip_forward=1
	docker_rules | in_victim iptables-restore
	TB_SERVER=x start_nginx "$T"
	core_files
	start_nsd "$T"
	core_addresses
}

# As `iptables-save` shows them on a host of Docker's, less the counters.
docker_rules()
{
	cat <<-END
		*nat
		:PREROUTING ACCEPT
		:INPUT ACCEPT
		:OUTPUT ACCEPT
		:POSTROUTING ACCEPT
		:DOCKER -
		-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
		-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
		-A POSTROUTING -s 10.88.0.0/24 ! -o docker0 -j MASQUERADE
		-A POSTROUTING -s $CONTAINER/32 -d $CONTAINER/32 -p tcp -m tcp --dport 80 -j MASQUERADE
		-A POSTROUTING -s $CONTAINER/32 -d $CONTAINER/32 -p tcp -m tcp --dport 443 -j MASQUERADE
		-A DOCKER -i docker0 -j RETURN
		-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination $CONTAINER:80
		-A DOCKER ! -i docker0 -p tcp -m tcp --dport 443 -j DNAT --to-destination $CONTAINER:443
		COMMIT
		*filter
		:INPUT ACCEPT
		:FORWARD DROP
		:OUTPUT ACCEPT
		:DOCKER -
		:DOCKER-ISOLATION-STAGE-1 -
		:DOCKER-ISOLATION-STAGE-2 -
		:DOCKER-USER -
		-A FORWARD -j DOCKER-USER
		-A FORWARD -j DOCKER-ISOLATION-STAGE-1
		-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
		-A FORWARD -o docker0 -j DOCKER
		-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
		-A FORWARD -i docker0 -o docker0 -j ACCEPT
		-A DOCKER -d $CONTAINER/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
		-A DOCKER -d $CONTAINER/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 443 -j ACCEPT
		-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
		-A DOCKER-ISOLATION-STAGE-1 -j RETURN
		-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
		-A DOCKER-ISOLATION-STAGE-2 -j RETURN
		-A DOCKER-USER -j RETURN
		COMMIT
	END
}

# userland_proxy PORT: what docker-proxy does, over both families.
userland_proxy()
{
	nsenter --net="/run/netns/sg-$T-v" -- \
		socat "TCP6-LISTEN:$1,ipv6only=0,reuseaddr,fork,backlog=1024" "TCP4:$CONTAINER:$1" >/dev/null 2>&1 &
	tb_record "$TB_RUN/$T/pids/proxy-$1" $!
	tb_wait_port "$T" "$1"
}

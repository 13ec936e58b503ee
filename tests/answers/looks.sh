# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# looks: the page of a stray as it is seen on a telephone, in the dark, enlarged, for names that
# are long or strange, and in browsers without pictures. Pictures and texts, no figures: somebody
# has to look at them. Sourced by scripts/answers.

LOOKS_LONG=$(printf 'this-label-is-as-long-as-labels-can-be-which-is-63-bytes-indeed.%.0s' 1 2 3)$(printf 'b%.0s' {1..49}).example.com
# "what|name|width,height|options of Chromium"
LOOKS=(
	"plain|www.$FOREIGN|1000,600|"
	"phone|www.$FOREIGN|360,640|--force-device-scale-factor=2"
	"watch|www.$FOREIGN|200,400|--force-device-scale-factor=2"
	"dark|www.$FOREIGN|1000,600|--blink-settings=preferredColorScheme=0"
	"enlarged|www.$FOREIGN|500,360|--force-device-scale-factor=2"
	"long|$LOOKS_LONG|360,640|--force-device-scale-factor=2"
	"long-wide|$LOOKS_LONG|1000,600|"
	"idn|xn--bcher-kva.example.com|360,640|--force-device-scale-factor=2"
	"underscores|_a_b__c.example.com|360,640|--force-device-scale-factor=2"
)

# look_inside DIR FILE WIDTH,HEIGHT URL [OPTION]: in namespaces of its own.
look_inside()
{
	mount -t tmpfs none /tmp
	mount --bind "$1/resolv.conf" /etc/resolv.conf
	mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
	export HOME=/tmp
	# shellcheck disable=SC2086 # options
	timeout 60 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir=/tmp/profile \
		--screenshot="$2" --window-size="$3" ${5:-} "$4"
}

looks()
{
	local bed=$NAME-looks dir l what name size options
	bed_up "$bed" "* A $TB_VICTIM4"
	bed_policy "$bed" "stray http answer"
	dir=$TB_RUN/$bed/answers
	echo "nameserver 127.0.0.1" >"$dir/resolv.conf"
	echo "hosts: files dns" >"$dir/nsswitch.conf"
	for l in "${LOOKS[@]}"; do
		IFS='|' read -r what name size options <<<"$l"
		nsenter --net="/run/netns/sg-$bed-c" -- unshare --mount --pid --fork --kill-child --mount-proc bash -c \
			"$(declare -f look_inside); look_inside \"\$@\"" - "$dir" "$dir/look.png" "$size" "http://$name/" "$options" \
			>"$dir/look.log" 2>&1 && mv "$dir/look.png" "$OUT/looks-$what.png" ||
			echo "answers: no picture of $what: $(tail -n 1 "$dir/look.log")" >&2
		tb_crowd "$bed" curl -s -m 10 --resolve "$name:80:$TB_VICTIM4" "http://$name/" >"$OUT/looks-$what.html"
		w3m -dump -cols 60 -T text/html -I UTF-8 -O UTF-8 "$OUT/looks-$what.html" >"$OUT/looks-$what.w3m"
		lynx -dump -width 60 -force_html -display_charset=utf-8 "$OUT/looks-$what.html" >"$OUT/looks-$what.lynx"
	done
}

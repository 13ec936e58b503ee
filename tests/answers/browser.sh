# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# views: a page of a foreign site in a browser, for each answer. objects: a page of a site that
# is reached, with seven things on it that are a foreign site's. idle: a browser that nobody
# uses, and for which every name leads here. Sourced by scripts/answers.
#
# Browsers run as people have them: with a window (on Xvfb), a new profile and all that
# they do by themselves. Nothing of theirs is in the host's file system.

# What is tried: "PROTOCOL|LINE", where the protocol is that of the page's address.
VIEW_ANSWERS=(
	"http|stray http answer 503"
	"http|stray http answer 421"
	"http|stray http answer 403"
	"http|stray http reset"
	"http|stray http drop"
	"tls|stray tls answer alert internal_error"
	"tls|stray tls answer alert unrecognized_name"
	"tls|stray tls answer alert handshake_failure"
	"tls|stray tls answer alert access_denied"
	"tls|stray tls answer alert protocol_version"
	"tls|stray tls reset"
	"tls|stray tls drop"
)

FIREFOX_PREFS='user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionPolicyBypassNotification", true);
user_pref("termsofuse.bypassNotification", true);'

# Runs as the first process of its own pid and mount namespaces.
# browser_inside BROWSER DIR [URL]
browser_inside()
{
	local size=1000,720 display
	mount -t tmpfs none /tmp
	mount --bind "$2/resolv.conf" /etc/resolv.conf
	mount --bind "$2/nsswitch.conf" /etc/nsswitch.conf
	mkdir -p /tmp/home /tmp/profile /tmp/.X11-unix
	export HOME=/tmp/home XDG_RUNTIME_DIR=/tmp/home TMPDIR=/tmp
	mkfifo /tmp/display
	Xvfb -displayfd 3 -screen 0 "${size/,/x}x24" -nolisten tcp 3>/tmp/display 2>/dev/null &
	read -r display </tmp/display
	export DISPLAY=:$display
	echo "$DISPLAY" >"$2/display"
	case $1 in
	chromium)
		chromium --no-sandbox --test-type --no-first-run --no-default-browser-check --password-store=basic --disable-gpu \
			--user-data-dir=/tmp/profile --window-position=0,0 --window-size="$size" ${3:+"$3"} &
		;;
	firefox)
		echo "$4" >/tmp/profile/user.js
		firefox-esr --no-remote --profile /tmp/profile --width "${size%,*}" --height "${size#*,}" ${3:+"$3"} &
		;;
	esac
	wait
}

# browser_begin BED BROWSER [URL]
browser_begin()
{
	local dir=$TB_RUN/$1/answers
	echo "nameserver 127.0.0.1" >"$dir/resolv.conf"
	echo "hosts: files dns" >"$dir/nsswitch.conf"
	rm -f "$dir/display"
	nsenter --net="/run/netns/sg-$1-c" -- unshare --mount --pid --fork --kill-child --mount-proc bash -c \
		"$(declare -f browser_inside); browser_inside \"\$@\"" - "$2" "$dir" "${3:-}" "$FIREFOX_PREFS" >"$dir/browser.log" 2>&1 &
	tb_record "$TB_RUN/$1/pids/browser" $!
	disown # that it is killed is no news
}

# With KILL, since unshare waits for its child, which goes with it; and the first process of a
# pid namespace does not go before all others have.
browser_end()
{
	local pid first i
	pid=$(tb_recorded_alive "$TB_RUN/$1/pids/browser") || tb_die "the browser has ended by itself: $(tail -n 3 "$TB_RUN/$1/answers/browser.log")"
	read -r first _ <"/proc/$pid/task/$pid/children" || true # without newline
	kill -KILL "$pid"
	for ((i = 0; i < 100; i++)); do
		tb_runs "$first" || break
		sleep 0.1
	done
	rm -f "$TB_RUN/$1/pids/browser"
}

# picture BED FILE: of its screen, now.
picture()
{
	local pid dir=$TB_RUN/$1/answers
	pid=$(tb_recorded_alive "$TB_RUN/$1/pids/browser") || return 0
	if nsenter --mount --net --target "$pid" env DISPLAY="$(cat "$dir/display")" scrot -o "$dir/picture.png" 2>"$dir/scrot"; then
		mv "$dir/picture.png" "$2"
	else
		echo "answers: no picture $2: $(tail -n 1 "$dir/scrot")" >&2
	fi
}

# first_packet BED FILE: until there is one in the capture.
first_packet()
{
	local i
	for ((i = 0; i < 600; i++)); do
		[ "$(count "$2")" = '{}' ] || return 0
		sleep 0.2
	done
	tb_die "no packet of the browser came: $(tail -n 3 "$TB_RUN/$1/answers/browser.log")"
}

# view BED BROWSER PROTOCOL LINE URL PART
view()
{
	local bed=$1 file=$TB_RUN/$1/answers/pcap url=$5 part=$6 shot
	shot=$OUT/$2-${4// /-}
	[ "$part" = views ] || shot=$OUT/$part-$2-${4// /-}
	bed_policy "$bed" "$4"
	capture_begin "$bed" "$file"
	browser_begin "$bed" "$2" "$url"
	first_packet "$bed" "$file"
	sleep 10
	picture "$bed" "$shot-10s.png"
	sleep $((VIEW_SECONDS - 10))
	picture "$bed" "$shot.png"
	capture_end "$bed"
	browser_end "$bed"
	count "$file" "$VIEW_SECONDS" | jq -c --arg part "$part" --arg browser "$2" --arg protocol "$3" --arg line "$4" \
		--argjson seconds "$VIEW_SECONDS" \
		'.[] | {$part, $browser, $protocol, $line, $seconds, http: .["tcp/80"], tls: .["tcp/443"]}' \
		>>"$RESULTS/$part-$2"
	echo "answers: $part: $2: $4: $(tail -n 1 "$RESULTS/$part-$2" | jq -c '[.http, .tls | .connections, .asked, .packets]')" >&2
}

views()
{
	local bed=$NAME-$1 a url
	bed_up "$bed" "www.$FOREIGN. A $TB_VICTIM4"
	for a in "${VIEW_ANSWERS[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ ${a#*|stray } = $VIEWS ]] || continue
		url=http
		[ "${a%%|*}" = http ] || url=https
		view "$bed" "$1" "${a%%|*}" "${a#*|}" "$url://www.$FOREIGN/" views
	done
}

# --- a page with objects of a foreign site ----------------------------------------------

# The site that is reached is a server beside the clients, which the victim does not see. It is
# asked for by its address: for a name browsers try HTTPS first.

# objects_page URL: two stylesheets, two scripts, two pictures, and an icon, all of them
# foreign.
objects_page()
{
	cat <<-END
		<!doctype html><html lang=en><meta charset=utf-8><title>A page</title>
		<link rel=icon href=$1/icon.png><link rel=stylesheet href=$1/a.css><link rel=stylesheet href=$1/b.css>
		<script src=$1/a.js></script><script src=$1/b.js defer></script>
		<h1>A page</h1><p>Text of it.<p><img src=$1/a.png alt="first picture"> <img src=$1/b.png alt="second picture">
	END
}

# objects_site BED: of both kinds, /http.html and /tls.html
objects_site()
{
	local dir=$TB_RUN/$1/site
	mkdir -p "$dir"
	objects_page "http://www.$FOREIGN" >"$dir/http.html"
	objects_page "https://www.$FOREIGN" >"$dir/tls.html"
	nsenter --net="/run/netns/sg-$1-c" -- python3 -m http.server --bind "$TB_CROWD4" --directory "$dir" 80 >"$dir/log" 2>&1 &
	tb_record "$TB_RUN/$1/pids/site" $!
	bed_wait "$1" t 80 "$dir/log"
}

objects()
{
	local bed=$NAME-$1 a
	bed_up "$bed" "www.$FOREIGN. A $TB_VICTIM4"
	objects_site "$bed"
	for a in "${VIEW_ANSWERS[@]}"; do
		# shellcheck disable=SC2053 # a pattern
		[[ ${a#*|stray } != $VIEWS ]] || view "$bed" "$1" "${a%%|*}" "${a#*|}" "http://$TB_CROWD4/${a%%|*}.html" objects
	done
}

# --- a browser that nobody uses ------------------------------------------------------

# Names that devices and browsers ask for by themselves to learn whether a portal stands
# between them and the world.
PORTAL_CHECKS="detectportal.firefox.com connectivitycheck.gstatic.com www.gstatic.com clients3.google.com captive.apple.com www.msftconnecttest.com"
# "what it is called|LINE|LINE..."
IDLE_POLICIES=(
	"the defaults"
	"stray http drop for the portal checks|stray http drop for $PORTAL_CHECKS"
	"stray http answer 403|stray http answer 403"
	"stray http answer 403, and drop for the portal checks|stray http answer 403|stray http drop for $PORTAL_CHECKS"
	"stray http drop|stray http drop"
	"stray http drop; stray tls drop|stray http drop|stray tls drop"
)
IDLE_SECONDS=${IDLE_SECONDS:-60}

# idle_with BED BROWSER NAME LINE...
idle_with()
{
	local bed=$1 file=$TB_RUN/$1/answers/pcap
	bed_policy "$bed" "${@:4}"
	bed_gate "$bed" reset strays >/dev/null
	capture_begin "$bed" "$file"
	browser_begin "$bed" "$2"
	first_packet "$bed" "$file"
	sleep "$IDLE_SECONDS"
	capture_end "$bed"
	browser_end "$bed"
	count "$file" "$IDLE_SECONDS" | jq -c --arg browser "$2" --arg line "$3" --argjson seconds "$IDLE_SECONDS" \
		--argjson names "$(bed_gate "$bed" show strays -j --top 0 | jq -c '[.names[] | {name, "as": .["as"], visits}]')" \
		'.[] | {part: "idle", $browser, $line, $seconds, http: .["tcp/80"], tls: .["tcp/443"], $names}' \
		>>"$RESULTS/idle-$2"
	echo "answers: $2, idle: $3: $(tail -n 1 "$RESULTS/idle-$2" | jq -c '[.http, .tls | .connections, .packets], .names')" >&2
}

idle()
{
	local bed=$NAME-$1 p name lines
	bed_up "$bed" "* A $TB_VICTIM4"
	for p in "${IDLE_POLICIES[@]}"; do
		IFS='|' read -r -a lines <<<"$p"
		name=${lines[0]}
		# shellcheck disable=SC2053 # a pattern
		[[ $name = $IDLES ]] || continue
		idle_with "$bed" "$1" "$name" "${lines[@]:1}"
	done
}

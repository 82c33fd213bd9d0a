#!/bin/sh
# Installs Presidio's analyzer into a virtual environment (once) and serves it.
# Arguments go to serve.py: start.sh --port 5002 --language en --language de
set -eu
here=$(cd "$(dirname "$0")" && pwd)
venv=${TGW_PRESIDIO_VENV:-$here/.venv}
if ! cmp -s "$here/requirements.txt" "$venv/.installed"; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: -r "$here/requirements.txt"
  cp "$here/requirements.txt" "$venv/.installed"
fi
exec "$venv/bin/python" "$here/serve.py" "$@"

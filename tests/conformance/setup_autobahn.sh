#!/bin/sh
# Makes .venv-autobahn with the Autobahn WebSocket test suite, for tests/conformance. It is Python 2.7; where there is none, or the
# packages cannot be had, that is said in a line, and the tests say that they were not run. Nothing is installed outside of the project.
# $1: the Python that makes the environment.
set -u
python=$1
made=.venv-autobahn
wanted=$(cksum < requirements-autobahn.txt)
[ "$(cat $made/installed 2>/dev/null)" = "$wanted" ] && exit 0

python27=
for candidate in python2.7 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python2.7; do
  "$candidate" -c 'import ssl' 2>/dev/null && { python27=$candidate; break; }
done
[ "$python27" ] || { echo 'The Autobahn test suite needs a Python 2.7, and there is none here.'; exit 0; }

# Bounded, because `make test` waits for it. What was begun and not finished is removed, and tried again the next time.
bounded() { if command -v timeout >/dev/null; then timeout 240 "$@"; else "$@"; fi; }
quiet='--quiet --disable-pip-version-check --no-warn-script-location --no-compile --retries 1'
echo "Installing the packages of requirements-autobahn.txt in $made; this takes about a minute ..."
rm -rf $made build/virtualenv
mkdir -p build
# The last virtualenv that can make an environment for 2.7. Its log, and pip's, are in build/autobahn.log.
{
  bounded "$python" -m pip install $quiet --target build/virtualenv 'virtualenv<20.22' &&
  PYTHONPATH=build/virtualenv "$python" -m virtualenv --quiet --no-download --python "$python27" $made &&
  bounded $made/bin/python -m pip install $quiet -r requirements-autobahn.txt
} > build/autobahn.log 2>&1 && echo "$wanted" > $made/installed || {
  echo 'They could not be installed; build/autobahn.log says why.'
  rm -rf $made
}
rm -rf build/virtualenv

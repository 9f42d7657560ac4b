#!/bin/sh
# The plugin's hook. Claude copies a plugin away from the package that it came with, so `longwatch` is looked for on
# PATH; whatever goes wrong is exit code 2, since Claude takes every other failure for a yes.
longwatch=$(command -v longwatch) || {
  echo "Longwatch refused this call, because its program is not on PATH: npm install --global longwatch." >&2
  exit 2
}
# More processor time than any reading takes: Claude lets a call pass whose hook it had to end.
ulimit -t 8 2>/dev/null
"$longwatch" guard claude || {
  code=$?
  # Node crashed: a snapshot may be damaged. What was read of the call by then is missing to the second try.
  case $code in 134 | 139)
    LONGWATCH_NO_SNAPSHOT=broken "$longwatch" guard claude && exit 0
    code=$? ;;
  esac
  [ $code -eq 2 ] || echo "Longwatch refused this call, because its guard did not run or broke off." >&2
  exit 2
}
